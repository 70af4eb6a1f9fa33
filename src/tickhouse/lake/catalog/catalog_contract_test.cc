// What every catalog over rows of our own promises: memory, SQLite and PostgreSQL.
#include <nlohmann/json.hpp>
#include <thread>

#include "tickhouse/core/testing.h"
#include "tickhouse/io/fs/local_file_system.h"
#include "tickhouse/io/fs/test_folder.h"
#include "tickhouse/lake/catalog/stored_catalog.h"
#include "tickhouse/lake/catalog/test_postgres.h"

namespace tickhouse::lake {
namespace {

const TableIdentifier kEur{{"gold"}, "eurusd"};

enum class Kind { kMemory, kSqlite, kPostgres };

Field Column(int id, const char* name, TypeKind kind) {
  Field field;
  field.id = id;
  field.name = name;
  field.type.kind = kind;
  return field;
}

CreateTableRequest Ticks(const TableIdentifier& identifier) {
  CreateTableRequest request{.identifier = identifier, .schema = {}};
  request.schema.fields = {Column(11, "datetime", TypeKind::kTimestamp),
                           Column(12, "bid", TypeKind::kDouble)};
  request.spec.fields = {{.source_id = 11,
                          .field_id = 0,
                          .name = "datetime_year",
                          .transform = {.kind = TransformKind::kYear}}};
  return request;
}

class CatalogContract : public testing::TestWithParam<Kind> {
 protected:
  void SetUp() override {
    if (GetParam() == Kind::kPostgres) {
      if (SharedPostgres() == nullptr) GTEST_SKIP() << TestPostgres::kMissing;
      address_ = SharedPostgres()->Address(SharedPostgres()->NewDatabase());
    }
    ASSERT_OK_AND_ASSIGN(catalog_, Open(1));
    ASSERT_OK(catalog_->CreateNamespace({"gold"}, {}));
  }

  Result<std::unique_ptr<Catalog>> Open(uint64_t seed) {
    CatalogSettings settings{.name = "catalog-dw",
                             .warehouse = "file://" + folder_.File("warehouse"),
                             .files = files_.get(),
                             .clock = &clock_,
                             .random = Random(seed)};
    switch (GetParam()) {
      case Kind::kMemory: return MakeMemoryCatalog(std::move(settings));
      case Kind::kSqlite: return OpenSqliteCatalog(folder_.File("c.db"), std::move(settings));
      case Kind::kPostgres: return OpenPostgresCatalog(address_, std::move(settings));
    }
    return Fail(ErrorKind::kInvalidArgument, "no such kind");
  }

  std::size_t MetadataFiles() {
    std::size_t count = 0;
    const auto list = files_->ListFiles(folder_.path());
    for (const io::FileInfo& file : list.value()) {
      count += file.path.ends_with(".metadata.json") ? 1 : 0;
    }
    return count;
  }

  io::TemporaryFolder folder_;
  std::string address_;
  ManualClock clock_{FromNanos(1'700'000'000'000'000'000)};
  std::unique_ptr<io::FileSystem> files_ = io::MakeLocalFileSystem();
  std::unique_ptr<Catalog> catalog_;
};

TEST_P(CatalogContract, LoadsTheTableItMade) {
  ASSERT_OK_AND_ASSIGN(const LoadedTable made, catalog_->CreateTable(Ticks(kEur)));
  ASSERT_OK_AND_ASSIGN(const LoadedTable loaded, catalog_->LoadTable(kEur));
  EXPECT_EQ(loaded.metadata_location, made.metadata_location);
  EXPECT_EQ(TableMetadataToJson(*loaded.metadata), TableMetadataToJson(*made.metadata));
  EXPECT_EQ(loaded.metadata->location, "file://" + folder_.File("warehouse") + "/gold/eurusd");
  EXPECT_EQ(loaded.metadata->CurrentSchema().fields[0].id, 1);
  EXPECT_EQ(loaded.metadata->DefaultSpec().fields[0].source_id, 1);
  EXPECT_EQ(loaded.metadata->DefaultSpec().fields[0].field_id, 1000);
  EXPECT_EQ(loaded.metadata->format_version, 2);
}

TEST_P(CatalogContract, WritesMetadataThatTheSpecificationKnows) {
  ASSERT_OK_AND_ASSIGN(const LoadedTable made, catalog_->CreateTable(Ticks(kEur)));
  const std::string path = made.metadata_location.substr(std::string("file://").size());
  ASSERT_OK_AND_ASSIGN(const std::string text, files_->ReadWhole(path));
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
  ASSERT_OK(catalog_->CreateTable(Ticks(kEur)));
  const std::size_t files = MetadataFiles();
  EXPECT_THAT(catalog_->CreateTable(Ticks(kEur)), IsError(ErrorKind::kAlreadyExists));
  EXPECT_EQ(MetadataFiles(), files) << "a file nobody points at was left";
  EXPECT_THAT(catalog_->CreateTable(Ticks({{"silver"}, "x"})), IsError(ErrorKind::kNotFound));
  EXPECT_THAT(catalog_->LoadTable({{"gold"}, "none"}), IsError(ErrorKind::kNotFound));
  EXPECT_THAT(catalog_->DropNamespace({"gold"}), IsError(ErrorKind::kConflict));
}

TEST_P(CatalogContract, CommitsUpdatesAndRemembersWhereItWas) {
  ASSERT_OK_AND_ASSIGN(const LoadedTable made, catalog_->CreateTable(Ticks(kEur)));
  clock_.Advance(std::chrono::seconds(5));
  ASSERT_OK_AND_ASSIGN(const LoadedTable changed,
                       catalog_->CommitTable(kEur, {AssertTableUuid{made.metadata->table_uuid}},
                                             {SetProperties{{{"owner", "desk"}}}}));
  EXPECT_EQ(changed.metadata->properties.at("owner"), "desk");
  ASSERT_EQ(changed.metadata->metadata_log.size(), 1u);
  EXPECT_EQ(changed.metadata->metadata_log[0].metadata_file, made.metadata_location);
  EXPECT_EQ(changed.metadata->last_updated_ms, made.metadata->last_updated_ms + 5000);
  ASSERT_OK_AND_ASSIGN(const LoadedTable loaded, catalog_->LoadTable(kEur));
  EXPECT_EQ(loaded.metadata_location, changed.metadata_location);
}

TEST_P(CatalogContract, RefusesWhatDoesNotHoldAndChangesNothing) {
  ASSERT_OK_AND_ASSIGN(const LoadedTable made, catalog_->CreateTable(Ticks(kEur)));
  const std::size_t files = MetadataFiles();
  EXPECT_THAT(
      catalog_->CommitTable(kEur, {AssertTableUuid{"another"}}, {SetProperties{{{"a", "b"}}}}),
      IsError(ErrorKind::kConflict));
  EXPECT_THAT(catalog_->CommitTable(kEur, {AssertCreate{}}, {SetProperties{{{"a", "b"}}}}),
              IsError(ErrorKind::kConflict));
  EXPECT_THAT(catalog_->CommitTable(kEur, {}, {SetCurrentSchema{99}}),
              IsError(ErrorKind::kInvalidArgument));
  EXPECT_THAT(catalog_->CommitTable({{"gold"}, "none"}, {}, {SetProperties{}}),
              IsError(ErrorKind::kNotFound));
  ASSERT_OK_AND_ASSIGN(const LoadedTable loaded, catalog_->LoadTable(kEur));
  EXPECT_EQ(loaded.metadata_location, made.metadata_location);
  EXPECT_EQ(MetadataFiles(), files);
}

TEST_P(CatalogContract, KeepsAsManyOldMetadataFilesAsTheTableSays) {
  CreateTableRequest request = Ticks(kEur);
  request.properties = {{"write.metadata.previous-versions-max", "2"},
                        {"write.metadata.delete-after-commit.enabled", "true"}};
  ASSERT_OK(catalog_->CreateTable(request));
  for (int i = 0; i < 5; ++i) {
    ASSERT_OK(catalog_->CommitTable(kEur, {}, {SetProperties{{{"n", std::to_string(i)}}}}));
  }
  ASSERT_OK_AND_ASSIGN(const LoadedTable loaded, catalog_->LoadTable(kEur));
  EXPECT_EQ(loaded.metadata->metadata_log.size(), 2u);
  EXPECT_EQ(MetadataFiles(), 3u);
}

TEST_P(CatalogContract, RegistersRenamesAndDropsWithoutTouchingFiles) {
  ASSERT_OK_AND_ASSIGN(const LoadedTable made, catalog_->CreateTable(Ticks(kEur)));
  const TableIdentifier other{{"gold"}, "other"}, third{{"gold"}, "third"};
  ASSERT_OK(catalog_->RenameTable(kEur, other));
  EXPECT_THAT(catalog_->LoadTable(kEur), IsError(ErrorKind::kNotFound));
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
  ASSERT_OK_AND_ASSIGN(const LoadedTable made, catalog_->CreateTable(Ticks(kEur)));
  const std::string path = made.metadata_location.substr(std::string("file://").size());
  ASSERT_OK_AND_ASSIGN(const std::string text, files_->ReadWhole(path));
  ASSERT_OK(files_->WriteWhole(path, text.substr(0, text.size() / 2)));
  EXPECT_THAT(catalog_->LoadTable(kEur), IsError(ErrorKind::kCorrupt));
  EXPECT_THAT(catalog_->LoadTable(kEur), HasErrorMessage(made.metadata_location));
  ASSERT_OK(files_->Remove(path));
  EXPECT_THAT(catalog_->LoadTable(kEur), IsError(ErrorKind::kNotFound));
  EXPECT_THAT(catalog_->LoadTable(kEur), HasErrorMessage(made.metadata_location));
}

// Writers that begin from the same state: one wins each round, nobody's change is lost.
TEST_P(CatalogContract, LosesNoCommitOfManyWriters) {
  ASSERT_OK(catalog_->CreateTable(Ticks(kEur)));
  constexpr int kWriters = 4, kCommits = 5;
  std::vector<std::unique_ptr<Catalog>> own;
  for (int writer = 0; writer < kWriters && GetParam() != Kind::kMemory; ++writer) {
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
          done = mine.CommitTable(kEur, {}, {SetProperties{{{key, "done"}}}});
        }
        if (!done) ++failures;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(failures.load(), 0);
  ASSERT_OK_AND_ASSIGN(const LoadedTable loaded, catalog_->LoadTable(kEur));
  EXPECT_EQ(loaded.metadata->properties.size(), static_cast<std::size_t>(kWriters * kCommits));
  EXPECT_EQ(loaded.metadata->metadata_log.size(), static_cast<std::size_t>(kWriters * kCommits));
}

INSTANTIATE_TEST_SUITE_P(All, CatalogContract,
                         testing::Values(Kind::kMemory, Kind::kSqlite, Kind::kPostgres),
                         [](const auto& test) {
                           switch (test.param) {
                             case Kind::kMemory: return "Memory";
                             case Kind::kSqlite: return "Sqlite";
                             default: return "Postgres";
                           }
                         });

}  // namespace
}  // namespace tickhouse::lake
