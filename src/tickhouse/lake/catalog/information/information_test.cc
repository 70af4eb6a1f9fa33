// The informational tables beside a catalog: in step with its commits, and filled anew.
#include <nlohmann/json.hpp>

#include "tickhouse/core/testing.h"
#include "tickhouse/io/fs/memory_file_system.h"
#include "tickhouse/io/fs/test_folder.h"
#include "tickhouse/lake/catalog/information/describe_table.h"
#include "tickhouse/lake/catalog/information/information_sql.h"
#include "tickhouse/lake/catalog/stored_catalog.h"
#include "tickhouse/lake/catalog/test_postgres.h"
#include "tickhouse/lake/manifest/manifest.h"

namespace tickhouse::lake {
namespace {

using enum InformationKind;
using Rows = std::vector<std::string>;

const TableIdentifier kEur{{"gold"}, "eurusd"};

enum class Kind { kSqlite, kPostgres };

Field Column(int id, const char* name, TypeKind kind) {
  Field field{.id = id, .name = name, .required = false, .type = {}};
  field.type.kind = kind;
  return field;
}

CreateTableRequest Ticks(const TableIdentifier& identifier) {
  CreateTableRequest request{.identifier = identifier, .schema = {}};
  request.schema.fields = {Column(1, "datetime", TypeKind::kTimestamp),
                           Column(2, "bid", TypeKind::kDouble)};
  request.spec.fields = {{.source_id = 1,
                          .field_id = 1000,
                          .name = "datetime_year",
                          .transform = {.kind = TransformKind::kYear}}};
  request.properties = {{"owner", "desk"}};
  return request;
}

class InformationTest : public testing::TestWithParam<Kind> {
 protected:
  void SetUp() override {
    if (GetParam() == Kind::kPostgres) {
      if (SharedPostgres() == nullptr) GTEST_SKIP() << TestPostgres::kMissing;
      address_ = SharedPostgres()->Address(SharedPostgres()->NewDatabase());
    }
    ASSERT_OK_AND_ASSIGN(foreign_, Open());  // Before there are any: it does not inform.
    ASSERT_OK_AND_ASSIGN(sql_, Connect());
    for (const InformationKind kind : kInformationKinds) {
      ASSERT_OK(sql_->Run(CreateInformationSql(InformationTableOf(kind)), {}));
    }
    ASSERT_OK_AND_ASSIGN(catalog_, Open());
    ASSERT_OK(catalog_->CreateNamespace({"gold"}, {}));
  }

  Result<std::unique_ptr<SqlConnection>> Connect() {
    return address_.empty() ? OpenSqlite(folder_.File("c.db")) : OpenPostgres(address_);
  }
  Result<std::unique_ptr<Catalog>> Open() {
    CatalogSettings settings{.name = "catalog-dw",
                             .warehouse = "/lake",
                             .files = files_.get(),
                             .clock = &clock_,
                             .random = Random(++seed_)};
    return address_.empty() ? OpenSqliteCatalog(folder_.File("c.db"), std::move(settings))
                            : OpenPostgresCatalog(address_, std::move(settings));
  }

  // A commit that adds a snapshot of one manifest; `also`: manifests it keeps.
  Status Append(Catalog& catalog, int64_t id, const std::vector<std::string>& paths) {
    TICKHOUSE_ASSIGN(const LoadedTable base, catalog.LoadTable(kEur));
    const TableMetadata& metadata = *base.metadata;
    std::vector<ManifestFile> list;
    if (const Snapshot* const head = metadata.CurrentSnapshot(); head != nullptr) {
      TICKHOUSE_ASSIGN(list, ReadManifestList(*files_, *head));
    }
    std::vector<ManifestEntry> entries;
    for (const std::string& path : paths) {
      ManifestEntry& entry = entries.emplace_back();
      entry.status = EntryStatus::kAdded;
      entry.file = {.path = path, .partition = {Value{int32_t{54}}}, .record_count = 1};
    }
    const ManifestContext context{.schema = &metadata.CurrentSchema(),
                                  .spec = &metadata.DefaultSpec()};
    TICKHOUSE_ASSIGN(
        list.emplace_back(),
        WriteManifest(*files_, "/m/" + std::to_string(id) + ".avro", context, id, entries));
    Snapshot snapshot{.id = id, .sequence_number = metadata.last_sequence_number + 1};
    snapshot.parent_id = metadata.current_snapshot_id;
    snapshot.timestamp_ms = metadata.last_updated_ms + id;
    snapshot.manifest_list = "/m/list" + std::to_string(id) + ".avro";
    snapshot.summary = {{"operation", "append"}, {"note", "it's \"quoted\""}};
    TICKHOUSE_TRY(WriteManifestList(*files_, snapshot, 2, list));
    auto done = catalog.CommitTable(
        kEur, {}, {AddSnapshot{snapshot}, SetSnapshotRef{"main", SnapshotRef{.snapshot_id = id}}});
    if (!done) return std::unexpected(done.error());
    return {};
  }

  Rows Said(InformationKind kind, const std::string& table = "eurusd") {
    std::string columns;
    for (const InformationColumn& column : InformationTableOf(kind).columns) {
      columns += (columns.empty() ? "" : ", ") + std::string(column.name);
    }
    const auto found =
        sql_->Run("SELECT " + columns + " FROM " + std::string(InformationTableOf(kind).name) +
                      " WHERE catalog_name = 'catalog-dw' AND table_namespace = "
                      "'gold' AND table_name = $1",
                  {table});
    EXPECT_OK(found);
    Rows rows;
    if (!found) return rows;
    for (const auto& row : found->rows) {
      std::string& text = rows.emplace_back();
      for (std::size_t i = 0; i < row.size(); ++i) {
        text += (i == 0 ? "" : "|") + row[i].value_or("-");
      }
    }
    std::ranges::sort(rows);
    return rows;
  }
  std::vector<Rows> SaidAll(const std::string& table = "eurusd") {
    std::vector<Rows> all;
    for (const InformationKind kind : kInformationKinds) all.push_back(Said(kind, table));
    return all;
  }
  // As it stands after a filling from nothing.
  void ExpectInStep() {
    const std::vector<Rows> before = SaidAll();
    ASSERT_OK(catalog_->SyncInformation(kEur));
    EXPECT_EQ(before, SaidAll());
  }
  void BreakInformation() {
    ASSERT_OK(sql_->Run(address_.empty()
                            ? "CREATE TRIGGER no BEFORE INSERT ON iceberg_snapshots BEGIN SELECT "
                              "RAISE(ABORT, 'broken'); END"
                            : "ALTER TABLE iceberg_snapshots ADD CONSTRAINT no CHECK (false) NOT "
                              "VALID",
                        {}));
  }
  void MendInformation() {
    ASSERT_OK(sql_->Run(
        address_.empty() ? "DROP TRIGGER no" : "ALTER TABLE iceberg_snapshots DROP CONSTRAINT no",
        {}));
  }

  io::TemporaryFolder folder_;
  std::string address_;
  uint64_t seed_ = 0;
  std::unique_ptr<io::FileSystem> files_ = io::MakeMemoryFileSystem();
  ManualClock clock_{FromNanos(1'700'000'000'000'000'000)};
  std::unique_ptr<SqlConnection> sql_;
  std::unique_ptr<Catalog> foreign_, catalog_;
};

TEST_P(InformationTest, TellsOfATableFromItsMaking) {
  ASSERT_OK(catalog_->CreateTable(Ticks(kEur)));
  EXPECT_EQ(Said(kColumns), (Rows{"bid|double|2", "datetime|timestamp|1"}));
  EXPECT_EQ(Said(kPartitions), (Rows{"0|datetime_year|year|datetime"}));
  EXPECT_EQ(Said(kProperties), (Rows{"owner|desk"}));
  for (const InformationKind kind : {kSnapshots, kManifestFiles, kDataFiles, kRefs}) {
    EXPECT_TRUE(Said(kind).empty());
  }
  ExpectInStep();
}

TEST_P(InformationTest, FollowsEachCommit) {
  ASSERT_OK(catalog_->CreateTable(Ticks(kEur)));
  ASSERT_OK(Append(*catalog_, 11, {"/d/a", "/d/b"}));
  ASSERT_OK(Append(*catalog_, 12, {"/d/c"}));
  ASSERT_OK(catalog_->CommitTable(
      kEur, {},
      {SetSnapshotRef{"eoy", SnapshotRef{.snapshot_id = 11, .is_branch = false}},
       SetProperties{{{"owner", "team"}, {"a", "b"}}}}));
  EXPECT_EQ(Said(kRefs), (Rows{"eoy|11|TAG", "main|12|BRANCH"}));
  EXPECT_EQ(Said(kDataFiles), (Rows{"11|/d/a", "11|/d/b", "12|/d/c"}));
  EXPECT_EQ(Said(kManifestFiles), (Rows{"11|/m/11.avro", "12|/m/12.avro"}));
  EXPECT_EQ(Said(kProperties), (Rows{"a|b", "owner|team"}));
  const Rows snapshots = Said(kSnapshots);
  ASSERT_EQ(snapshots.size(), 2U);
  EXPECT_TRUE(snapshots[0].starts_with("11|-|")) << snapshots[0];
  EXPECT_TRUE(snapshots[1].starts_with("12|11|")) << snapshots[1];
  const auto summary = nlohmann::json::parse(snapshots[1].substr(snapshots[1].find('{')));
  EXPECT_EQ(summary["note"], "it's \"quoted\"");
  ExpectInStep();
}

TEST_P(InformationTest, FollowsTheSchema) {
  ASSERT_OK_AND_ASSIGN(const LoadedTable made, catalog_->CreateTable(Ticks(kEur)));
  Schema schema = made.metadata->CurrentSchema();
  schema.fields[1].name = std::string(300, 'x');
  schema.fields.push_back(Column(3, "ask", TypeKind::kDouble));
  ASSERT_OK(catalog_->CommitTable(kEur, {}, {AddSchema{schema}, SetCurrentSchema{}}));
  const Rows columns = Said(kColumns);
  ASSERT_EQ(columns.size(), 3U);
  EXPECT_EQ(columns[0], "ask|double|3");
  EXPECT_EQ(columns[2], std::string(254, 'x') + "\u2026|double|2") << "as long as the column is";
  ExpectInStep();
}

TEST_P(InformationTest, CatchesUpWithWhatOthersDid) {
  ASSERT_OK(catalog_->CreateTable(Ticks(kEur)));
  ASSERT_OK(Append(*catalog_, 11, {"/d/a"}));
  ASSERT_OK(Append(*foreign_, 12, {"/d/b"}));
  EXPECT_EQ(Said(kSnapshots).size(), 1U);
  ASSERT_OK(Append(*catalog_, 13, {"/d/c"}));
  EXPECT_EQ(Said(kDataFiles), (Rows{"11|/d/a", "12|/d/b", "13|/d/c"}));
  EXPECT_EQ(Said(kRefs), (Rows{"main|13|BRANCH"}));
  ExpectInStep();
}

TEST_P(InformationTest, ForgetsWhatExpired) {
  ASSERT_OK(catalog_->CreateTable(Ticks(kEur)));
  for (const int64_t id : {11, 12, 13}) {
    ASSERT_OK(Append(*catalog_, id, {"/d/" + std::to_string(id)}));
  }
  ASSERT_OK(catalog_->CommitTable(kEur, {}, {RemoveSnapshots{{11, 12}}}));
  EXPECT_EQ(Said(kSnapshots).size(), 1U);
  EXPECT_EQ(Said(kDataFiles), (Rows{"11|/d/11", "12|/d/12", "13|/d/13"}))
      << "files of snapshots that are gone are the table's still";
  ExpectInStep();
}

TEST_P(InformationTest, GoesWithTheName) {
  const TableIdentifier gbp{{"gold"}, "gbpjpy"};
  ASSERT_OK(catalog_->CreateTable(Ticks(kEur)));
  ASSERT_OK(Append(*catalog_, 11, {"/d/a"}));
  const std::vector<Rows> told = SaidAll();
  ASSERT_OK(
      sql_->Run("INSERT INTO iceberg_properties VALUES ('catalog-dw', 'gold', 'gbpjpy', "
                "'left', 'over')",
                {}));
  ASSERT_OK(catalog_->RenameTable(kEur, gbp));
  EXPECT_EQ(SaidAll("gbpjpy"), told);
  EXPECT_TRUE(Said(kColumns).empty());
  ASSERT_OK_AND_ASSIGN(const LoadedTable table, catalog_->LoadTable(gbp));
  ASSERT_OK(catalog_->DropTable(gbp));
  for (const Rows& rows : SaidAll("gbpjpy")) EXPECT_TRUE(rows.empty());
  ASSERT_OK(catalog_->RegisterTable(kEur, table.metadata_location));
  EXPECT_EQ(SaidAll(), told);
}

// What is only told about a table must not cost the change itself.
TEST_P(InformationTest, NeverHoldsUpACommit) {
  ASSERT_OK(catalog_->CreateTable(Ticks(kEur)));
  BreakInformation();
  ASSERT_OK(Append(*catalog_, 11, {"/d/a"}));
  ASSERT_OK_AND_ASSIGN(const LoadedTable table, catalog_->LoadTable(kEur));
  EXPECT_EQ(table.metadata->current_snapshot_id, 11);
  EXPECT_TRUE(Said(kSnapshots).empty());
  EXPECT_TRUE(Said(kRefs).empty()) << "told half";
  EXPECT_THAT(catalog_->SyncInformation(kEur), HasErrorMessage("SQL"));
  MendInformation();
  ASSERT_OK(Append(*catalog_, 12, {"/d/b"}));
  EXPECT_EQ(Said(kDataFiles), (Rows{"11|/d/a", "12|/d/b"}));
}

TEST_P(InformationTest, TellsOfACommitWhoseManifestsCannotBeRead) {
  ASSERT_OK(catalog_->CreateTable(Ticks(kEur)));
  ASSERT_OK(Append(*catalog_, 11, {"/d/a"}));
  Snapshot lost{.id = 12, .parent_id = 11, .sequence_number = 2};
  ASSERT_OK_AND_ASSIGN(const LoadedTable base, catalog_->LoadTable(kEur));
  lost.timestamp_ms = base.metadata->last_updated_ms + 1;
  lost.manifest_list = "/m/none.avro";
  lost.summary = {{"operation", "append"}};
  ASSERT_OK(catalog_->CommitTable(kEur, {}, {AddSnapshot{lost}}));
  EXPECT_EQ(Said(kSnapshots).size(), 1U);
  EXPECT_THAT(catalog_->SyncInformation(kEur), IsError(ErrorKind::kNotFound));
  EXPECT_THAT(catalog_->SyncInformation(kEur), HasErrorMessage("/m/none.avro"));
  ASSERT_OK(catalog_->CommitTable(kEur, {}, {RemoveSnapshots{{12}}}));
  ExpectInStep();
}

TEST_P(InformationTest, IsWrittenForSeveralTablesAtOnce) {
  const TableIdentifier gbp{{"gold"}, "gbpjpy"};
  ASSERT_OK(catalog_->CreateTable(Ticks(kEur)));
  ASSERT_OK(catalog_->CreateTable(Ticks(gbp)));
  const auto set = [](const TableIdentifier& table) {
    return TableCommit{table, {}, {SetProperties{{{"n", table.name}}}}};
  };
  ASSERT_OK(catalog_->CommitTables({set(kEur), set(gbp)}));
  EXPECT_EQ(Said(kProperties), (Rows{"n|eurusd", "owner|desk"}));
  EXPECT_EQ(Said(kProperties, "gbpjpy"), (Rows{"n|gbpjpy", "owner|desk"}));
}

TEST_P(InformationTest, IsFilledAnewAndPruned) {
  ASSERT_OK(foreign_->CreateTable(Ticks(kEur)));
  std::vector<std::string> many;
  for (int i = 0; i < 450; ++i) many.push_back("/d/" + std::to_string(i));
  ASSERT_OK(Append(*foreign_, 11, many));
  ASSERT_OK(
      sql_->Run("INSERT INTO iceberg_data_files VALUES ('catalog-dw', 'gold', 'eurusd', 1, "
                "'/wrong')",
                {}));
  ASSERT_OK_AND_ASSIGN(const InformationCounts counts, catalog_->SyncInformation(kEur));
  EXPECT_EQ(counts.snapshots, 1);
  EXPECT_EQ(counts.data_files, 450);
  EXPECT_EQ(Said(kDataFiles).size(), 450U);
  EXPECT_THAT(catalog_->SyncInformation({{"gold"}, "none"}), IsError(ErrorKind::kNotFound));
  ASSERT_OK(
      sql_->Run("INSERT INTO iceberg_refs VALUES ('other', 'gold', 'eurusd', 'main', 1, "
                "'BRANCH')",
                {}));
  ASSERT_OK(foreign_->DropTable(kEur));
  ASSERT_OK_AND_ASSIGN(const auto gone, catalog_->PruneInformation());
  EXPECT_EQ(gone, std::vector{kEur});
  EXPECT_TRUE(Said(kDataFiles).empty());
  ASSERT_OK_AND_ASSIGN(const SqlRows others,
                       sql_->Run("SELECT 1 FROM iceberg_refs WHERE catalog_name = 'other'", {}));
  EXPECT_EQ(others.rows.size(), 1U);
}

TEST_P(InformationTest, IsNotThereForOtherCatalogs) {
  EXPECT_THAT(foreign_->SyncInformation(kEur), IsError(ErrorKind::kUnsupported));
  EXPECT_THAT(foreign_->PruneInformation(), HasErrorMessage("lake init"));
}

INSTANTIATE_TEST_SUITE_P(All, InformationTest, testing::Values(Kind::kSqlite, Kind::kPostgres));

}  // namespace
}  // namespace tickhouse::lake
