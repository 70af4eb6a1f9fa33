// What every Catalog promises, as tests. Included by one test file of each program that has an
// implementation; that file says INSTANTIATE_TEST_SUITE_P(..., CatalogContract, ...). Tests only.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <thread>
#include <vector>

#include "tickhouse/core/clock.h"
#include "tickhouse/core/testing.h"
#include "tickhouse/io/fs/file_system.h"
#include "tickhouse/io/fs/local_file_system.h"
#include "tickhouse/io/fs/test_folder.h"
#include "tickhouse/lake/catalog/stored_catalog.h"

namespace tickhouse::lake {

/// One implementation with an empty place: a local warehouse, metadata written by us.
class CatalogUnderTest {
 public:
  virtual ~CatalogUnderTest() = default;
  /// Not empty: why this implementation cannot be tested here.
  virtual std::string skip() { return {}; }
  /// A catalog over the one place; another seed is another process.
  virtual Result<std::unique_ptr<Catalog>> Open(uint64_t seed) = 0;

  io::FileSystem& files() { return *files_; }
  std::string folder() { return folder_.path(); }
  ManualClock& clock() { return clock_; }
  CatalogSettings Settings(uint64_t seed) {
    return {.name = "catalog-dw",
            .warehouse = "file://" + folder_.File("warehouse"),
            .files = files_.get(),
            .clock = &clock_,
            .random = Random(seed)};
  }
  bool several_processes = true;

 private:
  io::TemporaryFolder folder_;
  ManualClock clock_{FromNanos(1'700'000'000'000'000'000)};
  std::unique_ptr<io::FileSystem> files_ = io::MakeLocalFileSystem();
};

struct CatalogCase {
  std::string name;
  std::function<std::unique_ptr<CatalogUnderTest>()> make;
};
inline std::string CatalogCaseName(const testing::TestParamInfo<CatalogCase>& info) {
  return info.param.name;
}
inline void PrintTo(const CatalogCase& value, std::ostream* out) {
  *out << value.name;
}

inline const TableIdentifier kContractTable{{"gold"}, "eurusd"};

inline Field ContractColumn(int id, const char* name, TypeKind kind) {
  Field field;
  field.id = id;
  field.name = name;
  field.type.kind = kind;
  return field;
}

inline CreateTableRequest ContractTicks(const TableIdentifier& identifier) {
  CreateTableRequest request{.identifier = identifier, .schema = {}};
  request.schema.fields = {ContractColumn(11, "datetime", TypeKind::kTimestamp),
                           ContractColumn(12, "bid", TypeKind::kDouble)};
  request.spec.fields = {{.source_id = 11,
                          .field_id = 0,
                          .name = "datetime_year",
                          .transform = {.kind = TransformKind::kYear}}};
  return request;
}

class CatalogContract : public testing::TestWithParam<CatalogCase> {
 protected:
  void SetUp() override {
    subject_ = GetParam().make();
    if (const std::string why = subject_->skip(); !why.empty()) GTEST_SKIP() << why;
    ASSERT_OK_AND_ASSIGN(catalog_, Open(1));
    ASSERT_OK(catalog_->CreateNamespace({"gold"}, {}));
  }

  Result<std::unique_ptr<Catalog>> Open(uint64_t seed) { return subject_->Open(seed); }
  io::FileSystem& files() { return subject_->files(); }

  std::size_t MetadataFiles() {
    std::size_t count = 0;
    const auto list = files().ListFiles(subject_->folder());
    for (const io::FileInfo& file : list.value()) {
      count += file.path.ends_with(".metadata.json") ? 1 : 0;
    }
    return count;
  }

  std::unique_ptr<CatalogUnderTest> subject_;
  std::unique_ptr<Catalog> catalog_;
};

TEST_P(CatalogContract, LoadsTheTableItMade) {
  ASSERT_OK_AND_ASSIGN(const LoadedTable made,
                       catalog_->CreateTable(ContractTicks(kContractTable)));
  ASSERT_OK_AND_ASSIGN(const LoadedTable loaded, catalog_->LoadTable(kContractTable));
  EXPECT_EQ(loaded.metadata_location, made.metadata_location);
  EXPECT_EQ(TableMetadataToJson(*loaded.metadata), TableMetadataToJson(*made.metadata));
  EXPECT_EQ(loaded.metadata->location,
            "file://" + subject_->folder() + "/warehouse" + "/gold/eurusd");
  EXPECT_EQ(loaded.metadata->CurrentSchema().fields[0].id, 1);
  EXPECT_EQ(loaded.metadata->DefaultSpec().fields[0].source_id, 1);
  EXPECT_EQ(loaded.metadata->DefaultSpec().fields[0].field_id, 1000);
  EXPECT_EQ(loaded.metadata->format_version, 2);
}

TEST_P(CatalogContract, WritesMetadataThatTheSpecificationKnows) {
  ASSERT_OK_AND_ASSIGN(const LoadedTable made,
                       catalog_->CreateTable(ContractTicks(kContractTable)));
  const std::string path = made.metadata_location.substr(std::string("file://").size());
  ASSERT_OK_AND_ASSIGN(const std::string text, files().ReadWhole(path));
  const auto json = nlohmann::json::parse(text);
  for (const char* member :
       {"format-version", "table-uuid", "location", "last-sequence-number", "last-updated-ms",
        "last-column-id", "schemas", "current-schema-id", "partition-specs", "default-spec-id",
        "last-partition-id", "sort-orders", "default-sort-order-id"}) {
    EXPECT_TRUE(json.contains(member)) << member;
  }
  EXPECT_EQ(json["last-updated-ms"], 1'700'000'000'000);
  EXPECT_EQ(json["schemas"][0]["fields"][0]["type"], "timestamp");
}

TEST_P(CatalogContract, KeepsNamesApart) {
  ASSERT_OK(catalog_->CreateTable(ContractTicks(kContractTable)));
  const std::size_t files = MetadataFiles();
  EXPECT_THAT(catalog_->CreateTable(ContractTicks(kContractTable)),
              IsError(ErrorKind::kAlreadyExists));
  EXPECT_EQ(MetadataFiles(), files) << "a file nobody points at was left";
  EXPECT_THAT(catalog_->CreateTable(ContractTicks({{"silver"}, "x"})),
              IsError(ErrorKind::kNotFound));
  EXPECT_THAT(catalog_->LoadTable({{"gold"}, "none"}), IsError(ErrorKind::kNotFound));
  EXPECT_THAT(catalog_->DropNamespace({"gold"}), IsError(ErrorKind::kConflict));
}

TEST_P(CatalogContract, CommitsUpdatesAndRemembersWhereItWas) {
  ASSERT_OK_AND_ASSIGN(const LoadedTable made,
                       catalog_->CreateTable(ContractTicks(kContractTable)));
  subject_->clock().Advance(std::chrono::seconds(5));
  ASSERT_OK_AND_ASSIGN(
      const LoadedTable changed,
      catalog_->CommitTable(kContractTable, {AssertTableUuid{made.metadata->table_uuid}},
                            {SetProperties{{{"owner", "desk"}}}}));
  EXPECT_EQ(changed.metadata->properties.at("owner"), "desk");
  ASSERT_EQ(changed.metadata->metadata_log.size(), 1u);
  EXPECT_EQ(changed.metadata->metadata_log[0].metadata_file, made.metadata_location);
  EXPECT_EQ(changed.metadata->last_updated_ms, made.metadata->last_updated_ms + 5000);
  ASSERT_OK_AND_ASSIGN(const LoadedTable loaded, catalog_->LoadTable(kContractTable));
  EXPECT_EQ(loaded.metadata_location, changed.metadata_location);
}

TEST_P(CatalogContract, RefusesWhatDoesNotHoldAndChangesNothing) {
  ASSERT_OK_AND_ASSIGN(const LoadedTable made,
                       catalog_->CreateTable(ContractTicks(kContractTable)));
  const std::size_t files = MetadataFiles();
  EXPECT_THAT(catalog_->CommitTable(kContractTable, {AssertTableUuid{"another"}},
                                    {SetProperties{{{"a", "b"}}}}),
              IsError(ErrorKind::kConflict));
  EXPECT_THAT(
      catalog_->CommitTable(kContractTable, {AssertCreate{}}, {SetProperties{{{"a", "b"}}}}),
      IsError(ErrorKind::kConflict));
  EXPECT_THAT(catalog_->CommitTable(kContractTable, {}, {SetCurrentSchema{99}}),
              IsError(ErrorKind::kInvalidArgument));
  EXPECT_THAT(catalog_->CommitTable({{"gold"}, "none"}, {}, {SetProperties{}}),
              IsError(ErrorKind::kNotFound));
  ASSERT_OK_AND_ASSIGN(const LoadedTable loaded, catalog_->LoadTable(kContractTable));
  EXPECT_EQ(loaded.metadata_location, made.metadata_location);
  EXPECT_EQ(MetadataFiles(), files);
}

TEST_P(CatalogContract, KeepsAsManyOldMetadataFilesAsTheTableSays) {
  CreateTableRequest request = ContractTicks(kContractTable);
  request.properties = {{"write.metadata.previous-versions-max", "2"},
                        {"write.metadata.delete-after-commit.enabled", "true"}};
  ASSERT_OK(catalog_->CreateTable(request));
  for (int i = 0; i < 5; ++i) {
    ASSERT_OK(
        catalog_->CommitTable(kContractTable, {}, {SetProperties{{{"n", std::to_string(i)}}}}));
  }
  ASSERT_OK_AND_ASSIGN(const LoadedTable loaded, catalog_->LoadTable(kContractTable));
  EXPECT_EQ(loaded.metadata->metadata_log.size(), 2u);
  EXPECT_EQ(MetadataFiles(), 3u);
}

TEST_P(CatalogContract, RegistersRenamesAndDropsWithoutTouchingFiles) {
  ASSERT_OK_AND_ASSIGN(const LoadedTable made,
                       catalog_->CreateTable(ContractTicks(kContractTable)));
  const TableIdentifier other{{"gold"}, "other"}, third{{"gold"}, "third"};
  ASSERT_OK(catalog_->RenameTable(kContractTable, other));
  EXPECT_THAT(catalog_->LoadTable(kContractTable), IsError(ErrorKind::kNotFound));
  ASSERT_OK(catalog_->RegisterTable(third, made.metadata_location));
  EXPECT_THAT(catalog_->RegisterTable(third, made.metadata_location),
              IsError(ErrorKind::kAlreadyExists));
  EXPECT_THAT(catalog_->RenameTable(other, third), IsError(ErrorKind::kAlreadyExists));
  ASSERT_OK(catalog_->DropTable(other));
  ASSERT_OK_AND_ASSIGN(const LoadedTable loaded, catalog_->LoadTable(third));
  EXPECT_EQ(loaded.metadata->table_uuid, made.metadata->table_uuid);
  ASSERT_OK_AND_ASSIGN(const auto tables, catalog_->ListTables({"gold"}));
  EXPECT_EQ(tables, std::vector{third});
}

TEST_P(CatalogContract, NamesAPointerThatLeadsToNothingOrToRubbish) {
  ASSERT_OK_AND_ASSIGN(const LoadedTable made,
                       catalog_->CreateTable(ContractTicks(kContractTable)));
  const std::string path = made.metadata_location.substr(std::string("file://").size());
  ASSERT_OK_AND_ASSIGN(const std::string text, files().ReadWhole(path));
  ASSERT_OK(files().WriteWhole(path, text.substr(0, text.size() / 2)));
  EXPECT_THAT(catalog_->LoadTable(kContractTable), IsError(ErrorKind::kCorrupt));
  EXPECT_THAT(catalog_->LoadTable(kContractTable), HasErrorMessage(made.metadata_location));
  ASSERT_OK(files().Remove(path));
  EXPECT_THAT(catalog_->LoadTable(kContractTable), IsError(ErrorKind::kNotFound));
  EXPECT_THAT(catalog_->LoadTable(kContractTable), HasErrorMessage(made.metadata_location));
}

// Writers that begin from the same state: one wins each round, nobody's change is lost.
TEST_P(CatalogContract, LosesNoCommitOfManyWriters) {
  ASSERT_OK(catalog_->CreateTable(ContractTicks(kContractTable)));
  constexpr int kWriters = 4, kCommits = 5;
  std::vector<std::unique_ptr<Catalog>> own;
  for (int writer = 0; writer < kWriters && subject_->several_processes; ++writer) {
    ASSERT_OK_AND_ASSIGN(own.emplace_back(), Open(100 + static_cast<uint64_t>(writer)));
  }
  std::vector<std::thread> threads;
  std::atomic<int> failures = 0;
  for (int writer = 0; writer < kWriters; ++writer) {
    threads.emplace_back([&, writer] {
      Catalog& mine = own.empty() ? *catalog_ : *own[static_cast<std::size_t>(writer)];
      for (int i = 0; i < kCommits; ++i) {
        const std::string key = std::to_string(writer) + "." + std::to_string(i);
        Result<LoadedTable> done = Fail(ErrorKind::kConflict, "");
        while (!done && (done.error().kind == ErrorKind::kConflict ||
                         done.error().kind == ErrorKind::kUnavailable)) {
          done = mine.CommitTable(kContractTable, {}, {SetProperties{{{key, "done"}}}});
        }
        if (!done) ++failures;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(failures.load(), 0);
  ASSERT_OK_AND_ASSIGN(const LoadedTable loaded, catalog_->LoadTable(kContractTable));
  EXPECT_EQ(loaded.metadata->properties.size(), static_cast<std::size_t>(kWriters * kCommits));
  EXPECT_EQ(loaded.metadata->metadata_log.size(), static_cast<std::size_t>(kWriters * kCommits));
}

TEST_P(CatalogContract, StagesATableAndMakesItWithItsFirstCommit) {
  ASSERT_OK_AND_ASSIGN(const LoadedTable staged,
                       catalog_->StageTable(ContractTicks(kContractTable)));
  EXPECT_EQ(staged.metadata_location, "");
  EXPECT_EQ(staged.metadata->CurrentSchema().fields[0].id, 1);
  EXPECT_EQ(staged.metadata->location, "file://" + subject_->folder() + "/warehouse/gold/eurusd");
  EXPECT_THAT(catalog_->LoadTable(kContractTable), IsError(ErrorKind::kNotFound));
  EXPECT_EQ(subject_->files().ListFiles(subject_->folder() + "/warehouse").has_value(), false);
  const std::vector<TableUpdate> updates{AssignUuid{staged.metadata->table_uuid},
                                         UpgradeFormatVersion{2},
                                         AddSchema{staged.metadata->CurrentSchema()},
                                         SetCurrentSchema{},
                                         AddPartitionSpec{staged.metadata->DefaultSpec()},
                                         SetDefaultSpec{},
                                         AddSortOrder{},
                                         SetDefaultSortOrder{},
                                         SetLocation{staged.metadata->location}};
  ASSERT_OK_AND_ASSIGN(const LoadedTable made,
                       catalog_->CommitTable(kContractTable, {AssertCreate{}}, updates));
  EXPECT_EQ(made.metadata->table_uuid, staged.metadata->table_uuid);
  EXPECT_THAT(catalog_->CommitTable(kContractTable, {AssertCreate{}}, updates),
              IsError(ErrorKind::kConflict));
  EXPECT_THAT(catalog_->StageTable(ContractTicks(kContractTable)),
              IsError(ErrorKind::kAlreadyExists));
  EXPECT_THAT(catalog_->StageTable(ContractTicks({{"silver"}, "x"})),
              IsError(ErrorKind::kNotFound));
}

TEST_P(CatalogContract, CommitsSeveralTablesOrNone) {
  const TableIdentifier other{{"gold"}, "other"};
  ASSERT_OK_AND_ASSIGN(const LoadedTable made,
                       catalog_->CreateTable(ContractTicks(kContractTable)));
  ASSERT_OK(catalog_->CreateTable(ContractTicks(other)));
  const auto set = [](const TableIdentifier& table, const std::string& value) {
    return TableCommit{table, {}, {SetProperties{{{"n", value}}}}};
  };
  ASSERT_OK(catalog_->CommitTables({set(kContractTable, "1"), set(other, "1")}));
  TableCommit fails = set(other, "2");
  fails.requirements = {AssertTableUuid{"another"}};
  const std::size_t files = MetadataFiles();
  EXPECT_THAT(catalog_->CommitTables({set(kContractTable, "2"), fails}),
              IsError(ErrorKind::kConflict));
  EXPECT_THAT(catalog_->CommitTables({set(kContractTable, "2"), set({{"gold"}, "none"}, "2")}),
              IsError(ErrorKind::kNotFound));
  EXPECT_THAT(catalog_->CommitTables({set(other, "2"), set(other, "3")}),
              IsError(ErrorKind::kInvalidArgument));
  EXPECT_EQ(MetadataFiles(), files) << "files of a commit that was not made were left";
  for (const TableIdentifier& table : {kContractTable, other}) {
    ASSERT_OK_AND_ASSIGN(const LoadedTable loaded, catalog_->LoadTable(table));
    EXPECT_EQ(loaded.metadata->properties.at("n"), "1");
  }
}

TEST_P(CatalogContract, KeepsNamespacesAndTheirProperties) {
  ASSERT_OK(catalog_->CreateNamespace({"gold", "fx"}, {{"owner", "desk"}, {"a", "1"}}));
  EXPECT_THAT(catalog_->CreateNamespace({"gold", "fx"}, {}), IsError(ErrorKind::kAlreadyExists));
  EXPECT_THAT(catalog_->CreateNamespace({}, {}), IsError(ErrorKind::kInvalidArgument));
  ASSERT_OK(catalog_->UpdateNamespace({"gold", "fx"}, {{"owner", "é \"x\""}}, {"a", "none"}));
  ASSERT_OK_AND_ASSIGN(const Properties properties, catalog_->LoadNamespace({"gold", "fx"}));
  EXPECT_EQ(properties, (Properties{{"owner", "é \"x\""}}));
  ASSERT_OK_AND_ASSIGN(const auto top, catalog_->ListNamespaces({}));
  EXPECT_EQ(top, std::vector<Namespace>{{"gold"}});
  ASSERT_OK_AND_ASSIGN(const auto below, catalog_->ListNamespaces({"gold"}));
  EXPECT_EQ(below, (std::vector<Namespace>{{"gold", "fx"}}));
  EXPECT_THAT(catalog_->ListNamespaces({"none"}), IsError(ErrorKind::kNotFound));
  EXPECT_THAT(catalog_->LoadNamespace({"none"}), IsError(ErrorKind::kNotFound));
  EXPECT_THAT(catalog_->UpdateNamespace({"none"}, {}, {}), IsError(ErrorKind::kNotFound));
  EXPECT_THAT(catalog_->ListTables({"none"}), IsError(ErrorKind::kNotFound));
  EXPECT_THAT(catalog_->DropNamespace({"gold"}), IsError(ErrorKind::kConflict));
  ASSERT_OK(catalog_->DropNamespace({"gold", "fx"}));
  EXPECT_THAT(catalog_->DropNamespace({"gold", "fx"}), IsError(ErrorKind::kNotFound));
}

TEST_P(CatalogContract, PointersAreTakenAwayFromWhatCannotBeRead) {
  const auto pointer = catalog_->FindPointer(kContractTable);
  if (!pointer && pointer.error().kind == ErrorKind::kUnsupported) {
    EXPECT_THAT(catalog_->MovePointer(kContractTable, "/a", "/b"),
                IsError(ErrorKind::kUnsupported));
    return;
  }
  EXPECT_THAT(pointer, IsError(ErrorKind::kNotFound)) << "the table is not there yet";
  ASSERT_OK_AND_ASSIGN(const LoadedTable made,
                       catalog_->CreateTable(ContractTicks(kContractTable)));
  ASSERT_OK_AND_ASSIGN(const std::string sound, catalog_->FindPointer(kContractTable));
  EXPECT_EQ(sound, made.metadata_location);
  const std::string nowhere = sound + ".gone";
  ASSERT_OK(catalog_->MovePointer(kContractTable, sound, nowhere));
  EXPECT_THAT(catalog_->LoadTable(kContractTable), IsError(ErrorKind::kNotFound));
  ASSERT_OK_AND_ASSIGN(const std::string broken, catalog_->FindPointer(kContractTable));
  EXPECT_EQ(broken, nowhere);
  EXPECT_THAT(catalog_->MovePointer(kContractTable, sound, nowhere), IsError(ErrorKind::kConflict));
  EXPECT_THAT(catalog_->MovePointer({{"gold"}, "none"}, sound, nowhere),
              IsError(ErrorKind::kNotFound));
  ASSERT_OK(catalog_->MovePointer(kContractTable, nowhere, sound));
  EXPECT_OK(catalog_->LoadTable(kContractTable));
}

}  // namespace tickhouse::lake
