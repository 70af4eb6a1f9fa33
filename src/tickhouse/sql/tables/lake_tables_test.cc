#include "tickhouse/sql/tables/lake_tables.h"

#include <fmt/format.h>

#include "tickhouse/core/clock.h"
#include "tickhouse/core/testing.h"
#include "tickhouse/io/fs/local_file_system.h"
#include "tickhouse/io/fs/test_folder.h"
#include "tickhouse/io/parquet/format/parquet_footer.h"
#include "tickhouse/lake/catalog/stored_catalog.h"
#include "tickhouse/lake/data/parquet_metrics.h"
#include "tickhouse/lake/update/append.h"
#include "tickhouse/lake/update/evolution/schema_update.h"
#include "tickhouse/lake/update/evolution/snapshot_refs.h"
#include "tickhouse/lake/update/evolution/spec_update.h"
#include "tickhouse/lake/update/file_changes.h"
#include "tickhouse/sql/duckdb/duckdb_engine.h"
#include "tickhouse/sql/tables/bound_filter.h"

namespace tickhouse::sql {
namespace {

lake::Field FieldOf(int id, std::string name, lake::TypeKind kind) {
  lake::Field field{.id = id, .name = std::move(name), .type = {}};
  field.type.kind = kind;
  return field;
}

// gold.eurusd(datetime, bid), a file of 24 hours for each day of January 2024, written by DuckDB.
class LakeTablesTest : public ::testing::Test {
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
    request.schema.fields = {FieldOf(1, "datetime", lake::TypeKind::kTimestamp),
                             FieldOf(2, "bid", lake::TypeKind::kDouble)};
    ASSERT_OK(catalog_->CreateTable(request));
  }

  static std::string Hours(int day, std::string_view time, std::string_view bid) {
    return fmt::format(
        "select timestamp '2024-01-{:02} 00:00:00' + to_hours(i) as \"{}\", {}00.0::double + "
        "i as \"{}\" from range(24) t(i)",
        day, time, day, bid);
  }

  // Rows of a query as a Parquet file; `ids`: DuckDB's FIELD_IDS, or empty.
  lake::DataFile Write(const std::string& name, const std::string& query, const std::string& ids) {
    const std::string path = folder_.File(name + ".parquet");
    DuckEngine writer(nullptr, {.only_tables = false}, clock_);
    const std::string options = ids.empty() ? "" : ", FIELD_IDS " + ids;
    EXPECT_OK(RunWhole(writer,
                       {.text = fmt::format("copy ({}) to {} (format parquet{})", query,
                                            SqlLiteral(path), options)},
                       CancelToken()));
    auto file = files_->OpenRead(path);
    EXPECT_OK(file);
    auto footer = io::ReadParquetFooter(**file);
    EXPECT_OK(footer);
    auto made = lake::MetricsFromFooter(*footer, (*file)->size(), Load().metadata->CurrentSchema());
    EXPECT_OK(made);
    made->path = "file://" + path;
    return *made;
  }

  lake::DataFile Day(int day, const std::string& time = "datetime",
                     const std::string& bid = "bid") {
    return Write(fmt::format("day{}", day), Hours(day, time, bid),
                 fmt::format("{{\"{}\": 1, \"{}\": 2}}", time, bid));
  }

  lake::DataFile Deletes(const std::string& name, const lake::DataFile& of,
                         const std::string& rows) {
    lake::DataFile file;
    file.path = "file://" + folder_.File(name + ".parquet");
    DuckEngine writer(nullptr, {.only_tables = false}, clock_);
    EXPECT_OK(RunWhole(writer,
                       {.text = fmt::format("copy (select {} as file_path, unnest({}::bigint[]) as "
                                            "pos) to {} (format parquet)",
                                            SqlLiteral(of.path), rows,
                                            SqlLiteral(folder_.File(name + ".parquet")))},
                       CancelToken()));
    file.content = lake::FileContent::kPositionDeletes;
    file.record_count = 1;
    file.file_size = 100;
    file.referenced_data_file = of.path;
    return file;
  }

  // Deletes the rows that have one of these bids.
  lake::DataFile DeletesOfBids(const std::string& name, const std::string& bids) {
    lake::DataFile file = Write(name, bids, R"({"bid": 2})");
    file.content = lake::FileContent::kEqualityDeletes;
    file.equality_ids = {2};
    return file;
  }

  lake::LoadedTable Load() {
    auto table = catalog_->LoadTable(id_);
    EXPECT_OK(table);
    return *table;
  }

  void Append(std::vector<lake::DataFile> files) {
    ASSERT_OK(lake::AppendFiles(session_, id_, std::move(files)));
  }

  void Delete(lake::DataFile deletes) {
    lake::RowDelta delta;
    delta.added_deletes = {std::move(deletes)};
    ASSERT_OK(lake::CommitRowDelta(session_, id_, delta, lake::PlannedOnHead(*Load().metadata)));
  }

  Result<AllRows> Ask(const std::string& text) {
    reads_.clear();
    DuckEngine engine(
        ResolverOf({.catalog = [this] { return catalog_.get(); },
                    .files = files_.get(),
                    .at = at_,
                    .on_read = [this](const TableRead& read) { reads_.push_back(read); }}),
        {.threads = 2}, clock_);
    return RunWhole(engine, {.text = text}, CancelToken());
  }

  std::string One(const std::string& text) {
    const auto all = Ask(text);
    if (!all) return all.error().ToString();
    return all->rows.empty() ? "none" : all->rows[0][0].value_or("null");
  }

  io::TemporaryFolder folder_;
  std::unique_ptr<io::FileSystem> files_ = io::MakeLocalFileSystem();
  SystemClock clock_;
  Random random_{9};
  lake::TableIdentifier id_{{"gold"}, "eurusd"};
  std::unique_ptr<lake::Catalog> catalog_;
  lake::UpdateSession session_;
  std::string at_;
  std::vector<TableRead> reads_;
};

TEST_F(LakeTablesTest, AnEmptyTableHasItsColumns) {
  ASSERT_OK_AND_ASSIGN(const AllRows all, Ask("select * from gold.eurusd"));
  EXPECT_TRUE(all.rows.empty());
  ASSERT_EQ(all.columns.size(), 2U);
  EXPECT_EQ(all.columns[0].type, "TIMESTAMP");
  EXPECT_EQ(reads_.at(0).snapshot_id, 0);
}

TEST_F(LakeTablesTest, GoesByManyNames) {
  Append({Day(1)});
  for (const char* name : {"gold.eurusd", "eurusd", "GOLD.EURUSD", "lake.gold.eurusd", "Eurusd"}) {
    EXPECT_EQ(One(fmt::format("select count(*) from {}", name)), "24") << name;
  }
  EXPECT_THAT(Ask("select * from silver.eurusd"), IsError(ErrorKind::kNotFound));
  EXPECT_THAT(Ask("select * from gold.gbpusd"), IsError(ErrorKind::kNotFound));
}

TEST_F(LakeTablesTest, ReadsOnlyFilesThatMayMatch) {
  for (int day = 1; day <= 5; ++day) Append({Day(day)});
  EXPECT_EQ(One("select count(*) from gold.eurusd"), "120");
  EXPECT_EQ(reads_.at(0).counters.files_selected, 5);
  for (const char* where :
       {"datetime >= '2024-01-03' and datetime < '2024-01-04'",
        "DateTime between timestamp '2024-01-03 05:00:00' and '2024-01-03 06:00:00'", "bid <= 123",
        "datetime = '2024-01-03 07:00:00'"}) {
    ASSERT_OK(Ask(fmt::format("select * from gold.eurusd where {}", where))) << where;
    EXPECT_EQ(reads_.at(0).counters.files_selected, 1) << where;
  }
  EXPECT_EQ(One("select count(*) from gold.eurusd where datetime >= '2024-01-03' and datetime < "
                "'2024-01-04'"),
            "24");
  EXPECT_EQ(One("select count(*) from gold.eurusd where datetime > '2025-01-01'"), "0");
  EXPECT_EQ(reads_.at(0).counters.files_selected, 0);
}

TEST_F(LakeTablesTest, FindsColumnsByFieldIdWhateverTheirNames) {
  Append({Day(1)});
  ASSERT_OK(
      lake::UpdateSchema(session_, id_, {lake::RenameColumn{.path = "bid", .name = "price"}}));
  Append({Day(2, "dt", "b")});
  EXPECT_EQ(One("select sum(price) from gold.eurusd"),
            fmt::format("{}.0", 24 * 100 + 276 + 24 * 200 + 276));
}

TEST_F(LakeTablesTest, ReadsAddedColumnsAsNullInOldFiles) {
  Append({Day(1)});
  ASSERT_OK(lake::UpdateSchema(
      session_, id_, {lake::AddColumn{.name = "ask", .type = {.kind = lake::TypeKind::kDouble}}}));
  EXPECT_EQ(One("select count(ask) from gold.eurusd"), "0");
  EXPECT_EQ(One("select count(*) from gold.eurusd where ask is null"), "24");
}

TEST_F(LakeTablesTest, FilesWithoutIdsAreReadByTheNameMapping) {
  lake::DataFile old = Write("old", Hours(3, "DateTime", "Bid"), "");
  EXPECT_EQ(old.record_count, 24);
  ASSERT_OK(lake::UpdateProperties(
      session_, id_,
      {{"schema.name-mapping.default",
        R"([{"field-id":1,"names":["datetime","DateTime"]},{"field-id":2,"names":["Bid"]}])"}},
      {}));
  Append({old});
  EXPECT_EQ(One("select min(bid) from gold.eurusd where datetime >= '2024-01-03'"), "300.0");
}

TEST_F(LakeTablesTest, LeavesOutDeletedRows) {
  const lake::DataFile first = Day(1);
  Append({first, Day(2)});
  Delete(Deletes("d1", first, "[0, 1, 23]"));
  Delete(Deletes("d2", first, "[1, 2]"));
  EXPECT_EQ(One("select count(*) from gold.eurusd"), "44");
  EXPECT_EQ(One("select min(bid) from gold.eurusd"), "103.0");
  EXPECT_EQ(One("select count(*) from gold.eurusd where datetime < '2024-01-02'"), "20");
}

TEST_F(LakeTablesTest, LeavesOutRowsDeletedByEquality) {
  const lake::DataFile first = Day(1);
  Append({first});
  Delete(DeletesOfBids("e", "select unnest([100, 111, 123, 999]::double[]) as bid"));
  Append({Day(2),
          Write("same", "select timestamp '2024-01-03 00:00:00' as datetime, 111.0::double as bid",
                R"({"datetime": 1, "bid": 2})")});
  EXPECT_EQ(One("select count(*) from gold.eurusd where datetime < '2024-01-02'"), "21");
  EXPECT_EQ(One("select min(bid) from gold.eurusd"), "101.0");
  EXPECT_EQ(One("select count(*) from gold.eurusd where bid = 111"), "1") << "added later";
  Delete(Deletes("d", first, "[1, 2]"));
  EXPECT_EQ(One("select count(*) from gold.eurusd where datetime < '2024-01-02'"), "19");
  ASSERT_OK(files_->Remove(folder_.File("e.parquet")));
  const auto gone = Ask("select count(*) from gold.eurusd");
  EXPECT_THAT(gone, IsError(ErrorKind::kNotFound));
  EXPECT_THAT(gone, HasErrorMessage("e.parquet"));
}

TEST_F(LakeTablesTest, AFileWhoseLastRowsAreAllDeletedByEquality) {
  Append({Day(1)});
  Delete(DeletesOfBids("e", "select i::double as bid from range(105, 200) t(i)"));
  EXPECT_EQ(One("select count(*) from gold.eurusd"), "5");
  Delete(DeletesOfBids("all", "select i::double as bid from range(50, 200) t(i)"));
  EXPECT_EQ(One("select count(*) from gold.eurusd"), "0");
}

TEST_F(LakeTablesTest, RefusesWhatIsNotParquet) {
  lake::DataFile file = Day(1);
  file.format = "ORC";
  Append({file});
  EXPECT_THAT(Ask("select * from gold.eurusd"), IsError(ErrorKind::kUnsupported));
}

TEST_F(LakeTablesTest, TravelsInTime) {
  Append({Day(1)});
  const int64_t first = *Load().metadata->current_snapshot_id;
  ASSERT_OK(lake::CreateTag(session_, id_, "audit", first));
  Append({Day(2)});
  EXPECT_EQ(One("select count(*) from gold.eurusd"), "48");
  for (const std::string& at : {std::to_string(first), std::string("audit")}) {
    at_ = at;
    EXPECT_EQ(One("select count(*) from gold.eurusd"), "24") << at;
    EXPECT_EQ(reads_.at(0).snapshot_id, first);
  }
  at_ = "nonsense";
  const auto missing = Ask("select count(*) from gold.eurusd");
  EXPECT_THAT(missing, IsError(ErrorKind::kNotFound));
  EXPECT_THAT(missing, HasErrorMessage("gold.eurusd: "));
}

TEST_F(LakeTablesTest, JoinsAsOfOverTables) {
  Append({Day(1), Day(2)});
  EXPECT_EQ(One("select e.bid from (values (timestamp '2024-01-02 05:30:00')) t(x) asof join "
                "gold.eurusd e on t.x >= e.datetime"),
            "205.0");
}

TEST_F(LakeTablesTest, NamesTheFileThatIsGone) {
  lake::DataFile file = Day(1);
  Append({file});
  ASSERT_OK(files_->Remove(folder_.File("day1.parquet")));
  const auto gone = Ask("select * from gold.eurusd");
  EXPECT_THAT(gone, IsError(ErrorKind::kNotFound));
  EXPECT_THAT(gone, HasErrorMessage("day1.parquet"));
}

TEST_F(LakeTablesTest, IsAskedForNothingByPathsAndNotWithoutALake) {
  int asked = 0;
  const TableResolver resolver = ResolverOf({.catalog = [&asked]() -> Result<lake::Catalog*> {
    ++asked;
    return nullptr;
  }});
  ASSERT_OK_AND_ASSIGN(const auto path, resolver({{"a/b.parquet"}, {}}));
  EXPECT_FALSE(path.has_value());
  EXPECT_EQ(asked, 0);
  ASSERT_OK_AND_ASSIGN(const auto table, resolver({{"gold", "eurusd"}, {}}));
  EXPECT_FALSE(table.has_value());
  EXPECT_EQ(asked, 1);
}

std::string Filter(lake::TypeKind kind, BoundKind bound, const std::string& text,
                   std::optional<int64_t> time_us = std::nullopt) {
  lake::Schema schema;
  schema.fields = {FieldOf(1, "x", kind)};
  return lake::ToText(FilterOf({{"X", bound, text, time_us}}, schema));
}

TEST(BoundFilter, TakesWhatBothUnderstandAlike) {
  using lake::TypeKind;
  EXPECT_EQ(Filter(TypeKind::kLong, BoundKind::kLess, "5"), "x < 5");
  EXPECT_EQ(Filter(TypeKind::kDouble, BoundKind::kGreaterOrEqual, "1.5"), "x >= 1.5");
  EXPECT_EQ(Filter(TypeKind::kTimestamp, BoundKind::kEqual, "", 1'500'000),
            "x = '1970-01-01T00:00:01.500000'");
}

TEST(BoundFilter, WidensDaysAndLeavesOutWhatIsRounded) {
  using lake::TypeKind;
  // A time within a day is above that day.
  EXPECT_EQ(Filter(TypeKind::kDate, BoundKind::kLess, "", 5 * 3'600'000'000), "x <= '1970-01-01'");
  EXPECT_EQ(Filter(TypeKind::kLong, BoundKind::kLess, "1.5"), "true");
  EXPECT_EQ(Filter(TypeKind::kString, BoundKind::kEqual, "5"), "true");
  EXPECT_EQ(Filter(TypeKind::kTimestamp, BoundKind::kEqual, "yesterday"), "true");
  EXPECT_EQ(Filter(TypeKind::kDouble, BoundKind::kEqual, "much"), "true");
  EXPECT_EQ(Filter(TypeKind::kFloat, BoundKind::kEqual, "1.1"), "true");
}

}  // namespace
}  // namespace tickhouse::sql
