#include "tickhouse/sql/tables/pinned_catalog.h"

#include "tickhouse/core/clock.h"
#include "tickhouse/core/testing.h"
#include "tickhouse/io/fs/local_file_system.h"
#include "tickhouse/io/fs/test_folder.h"
#include "tickhouse/lake/catalog/stored_catalog.h"
#include "tickhouse/lake/update/append.h"
#include "tickhouse/lake/update/evolution/schema_update.h"
#include "tickhouse/lake/update/evolution/snapshot_refs.h"

namespace tickhouse::sql {
namespace {

// gold.eurusd with two snapshots, a tag on the first, and a column that came between them.
class PinnedCatalogTest : public ::testing::Test {
 protected:
  void SetUp() override {
    catalog_ = lake::MakeMemoryCatalog({.name = "test",
                                        .warehouse = folder_.File("lake"),
                                        .files = files_.get(),
                                        .clock = &clock_,
                                        .random = Random(7)});
    session_.catalog = catalog_.get();
    session_.files = files_.get();
    session_.clock = &clock_;
    session_.random = &random_;
    ASSERT_OK(catalog_->CreateNamespace({"gold"}, {}));
    lake::CreateTableRequest request{.identifier = id_, .schema = {}};
    request.schema.fields = {{.id = 1, .name = "bid", .type = {.kind = lake::TypeKind::kDouble}}};
    ASSERT_OK(catalog_->CreateTable(request));
    first_ = Append("a");
    ASSERT_OK(lake::CreateTag(session_, id_, "audit", first_));
    ASSERT_OK(lake::UpdateSchema(
        session_, id_,
        {lake::AddColumn{.name = "ask", .type = {.kind = lake::TypeKind::kDouble}}}));
    second_ = Append("b");
  }

  int64_t Append(const std::string& name) {
    lake::DataFile file;
    file.path = "file://" + folder_.File(name + ".parquet");
    file.record_count = 1;
    file.file_size = 100;
    EXPECT_OK(lake::AppendFiles(session_, id_, {file}));
    const auto table = catalog_->LoadTable(id_);
    EXPECT_OK(table);
    return *table->metadata->current_snapshot_id;
  }

  PinnedCatalog Pinned(const std::string& at) {
    reads_.clear();
    return {*catalog_, at, [this](const TableRead& read) { reads_.push_back(read); }};
  }

  io::TemporaryFolder folder_;
  std::unique_ptr<io::FileSystem> files_ = io::MakeLocalFileSystem();
  SystemClock clock_;
  Random random_{9};
  lake::TableIdentifier id_{{"gold"}, "eurusd"};
  std::unique_ptr<lake::Catalog> catalog_;
  lake::UpdateSession session_;
  std::vector<TableRead> reads_;
  int64_t first_ = 0;
  int64_t second_ = 0;
};

TEST_F(PinnedCatalogTest, ShowsATableAsItWas) {
  for (const std::string& at : {std::to_string(first_), std::string("audit")}) {
    PinnedCatalog pinned = Pinned(at);
    ASSERT_OK_AND_ASSIGN(const lake::LoadedTable table, pinned.LoadTable(id_));
    EXPECT_EQ(table.metadata->current_snapshot_id, first_) << at;
    EXPECT_EQ(table.metadata->FindRef("main")->id, first_);
    EXPECT_EQ(table.metadata->CurrentSchema().fields.size(), 1U);
    ASSERT_EQ(reads_.size(), 1U);
    EXPECT_EQ(reads_[0].table, "gold.eurusd");
    EXPECT_EQ(reads_[0].snapshot_id, first_);
    // What an engine reads, it parses and checks.
    EXPECT_OK(lake::ParseTableMetadata(lake::TableMetadataToJson(*table.metadata)));
    EXPECT_NE(table.metadata->FindSnapshot(second_), nullptr);
  }
  PinnedCatalog now = Pinned("");
  ASSERT_OK_AND_ASSIGN(const lake::LoadedTable table, now.LoadTable(id_));
  EXPECT_EQ(table.metadata->current_snapshot_id, second_);
  EXPECT_EQ(table.metadata->CurrentSchema().fields.size(), 2U);
}

TEST_F(PinnedCatalogTest, AStatementSeesATableOnce) {
  PinnedCatalog pinned = Pinned("");
  ASSERT_OK(pinned.LoadTable(id_));
  Append("c");
  ASSERT_OK_AND_ASSIGN(const lake::LoadedTable again, pinned.LoadTable({{"GOLD"}, "EurUsd"}));
  EXPECT_EQ(again.metadata->current_snapshot_id, second_);
  EXPECT_EQ(reads_.size(), 1U);
}

TEST_F(PinnedCatalogTest, WhatIsMissingIsNoProblemOfOurs) {
  PinnedCatalog pinned = Pinned("audit");
  EXPECT_THAT(pinned.LoadTable({{"gold"}, "gbpusd"}), IsError(ErrorKind::kNotFound));
  EXPECT_THAT(pinned.LoadTable({{"gold", "eurusd"}, "snapshots"}), IsError(ErrorKind::kNotFound));
  EXPECT_EQ(pinned.problem(), std::nullopt);
}

TEST_F(PinnedCatalogTest, AWrongPointIsKept) {
  PinnedCatalog pinned = Pinned("never");
  // Told as the statement's fault, so that no engine tries again.
  EXPECT_THAT(pinned.LoadTable(id_), IsError(ErrorKind::kInvalidArgument));
  ASSERT_TRUE(pinned.problem().has_value());
  EXPECT_EQ(pinned.problem()->kind, ErrorKind::kNotFound);
  EXPECT_THAT(pinned.problem()->message, ::testing::HasSubstr("gold.eurusd: "));
  EXPECT_THAT(pinned.problem()->message, ::testing::HasSubstr("audit"));
}

TEST_F(PinnedCatalogTest, ChangesNothing) {
  PinnedCatalog pinned = Pinned("");
  EXPECT_THAT(pinned.DropTable(id_), IsError(ErrorKind::kPermission));
  EXPECT_THAT(pinned.RenameTable(id_, {{"gold"}, "x"}), IsError(ErrorKind::kPermission));
  EXPECT_THAT(pinned.CommitTable(id_, {}, {}), IsError(ErrorKind::kPermission));
  EXPECT_THAT(pinned.CommitTables({}), IsError(ErrorKind::kPermission));
  EXPECT_THAT(pinned.CreateTable({.identifier = id_, .schema = {}}),
              IsError(ErrorKind::kPermission));
  EXPECT_THAT(pinned.StageTable({.identifier = id_, .schema = {}}),
              IsError(ErrorKind::kPermission));
  EXPECT_THAT(pinned.RegisterTable(id_, "x"), IsError(ErrorKind::kPermission));
  EXPECT_THAT(pinned.CreateNamespace({"x"}, {}), IsError(ErrorKind::kPermission));
  EXPECT_THAT(pinned.DropNamespace({"gold"}), IsError(ErrorKind::kPermission));
  EXPECT_THAT(pinned.UpdateNamespace({"gold"}, {}, {}), IsError(ErrorKind::kPermission));
  ASSERT_OK(catalog_->LoadTable(id_));
  ASSERT_OK_AND_ASSIGN(const auto tables, pinned.ListTables({"Gold"}));
  EXPECT_EQ(tables.size(), 1U);
  ASSERT_OK_AND_ASSIGN(const auto namespaces, pinned.ListNamespaces({}));
  EXPECT_EQ(namespaces.size(), 1U);
  EXPECT_OK(pinned.LoadNamespace({"gold"}));
}

}  // namespace
}  // namespace tickhouse::sql
