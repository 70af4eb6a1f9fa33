#include "tickhouse/sql/duckdb/duckdb_engine.h"

#include <fmt/format.h>

#include <thread>

#include "tickhouse/core/testing.h"
#include "tickhouse/io/fs/test_folder.h"
#include "tickhouse/sql/engine/engine_contract.h"

namespace tickhouse::sql {
namespace {

SystemClock& TestClock() {
  static SystemClock clock;
  return clock;
}

INSTANTIATE_TEST_SUITE_P(DuckDb, EngineContract, ::testing::Values([]() -> std::unique_ptr<Engine> {
                           return std::make_unique<DuckEngine>(TableResolver(), DuckOptions(),
                                                               TestClock());
                         }));

// Two files of two days each 24 hourly rows; the resolver leaves out what the bounds exclude.
class DuckTables : public ::testing::Test {
 protected:
  void SetUp() override {
    DuckEngine writer(nullptr, {}, TestClock());
    for (int day = 1; day <= 2; ++day) {
      const Statement query{
          .text = fmt::format("select timestamp '2024-01-0{} 00:00:00' + to_hours(i) as DateTime, "
                              "{}00.0 + i as {} from range(24) t(i)",
                              day, day, day == 1 ? "Bid" : "Price")};
      ASSERT_OK_AND_ASSIGN(const int64_t rows,
                           writer.CopyToParquet(query, Path(day), CancelToken()));
      ASSERT_EQ(rows, 24);
    }
  }

  std::string Path(int day) const { return fmt::format("{}/day[{}].parquet", folder_.path(), day); }

  Result<std::optional<ResolvedTable>> Resolve(const TableRequest& request) {
    requests_.push_back(request);
    if (request.name.back() != "eurusd") return std::nullopt;
    ResolvedTable table{{{"DateTime", "TIMESTAMP"}, {"Bid", "DOUBLE"}}, {}};
    table.files.push_back({Path(1), {"DateTime", "Bid"}, {0, 5}});
    table.files.push_back({Path(2), {"DateTime", "Price"}, {}});
    for (const ColumnBound& bound : request.bounds) {
      if (bound.column == "DateTime" && bound.time_us.value_or(0) >= 1'704'153'600'000'000 &&
          bound.kind == BoundKind::kGreaterOrEqual) {
        table.files.erase(table.files.begin());
        break;
      }
    }
    files_ = table.files.size();
    return table;
  }

  Result<AllRows> Ask(const std::string& text, std::vector<Cell> parameters = {}) {
    requests_.clear();
    DuckEngine engine([this](const TableRequest& request) { return Resolve(request); },
                      {.threads = 2}, TestClock());
    return RunWhole(engine, {.text = text, .parameters = std::move(parameters)}, CancelToken());
  }

  std::string One(const std::string& text, std::vector<Cell> parameters = {}) {
    const auto all = Ask(text, std::move(parameters));
    if (!all) return all.error().ToString();
    return all->rows.empty() ? "none" : all->rows[0][0].value_or("null");
  }

  io::TemporaryFolder folder_;
  std::vector<TableRequest> requests_;
  std::size_t files_ = 0;
};

TEST_F(DuckTables, ReadsByNameAcrossRenamedColumnsWithoutDeletedRows) {
  EXPECT_EQ(One("select count(*) from gold.eurusd"), "46");
  EXPECT_EQ(One("select sum(Bid) from gold.eurusd"),
            fmt::format("{}.0", 100 * 22 + 276 - 5 + 200 * 24 + 276));
  EXPECT_EQ(One("select count(*) from lake.gold.eurusd"), "46");
  EXPECT_EQ(One("select count(*) from eurusd where Bid >= 200"), "24");
}

TEST_F(DuckTables, TellsTheResolverWhichRangeIsWanted) {
  for (const char* where :
       {"DateTime >= '2024-01-02'", "DateTime >= timestamp '2024-01-02 00:00:00'",
        "DateTime >= date '2024-01-02'", "'2024-01-02' <= DateTime and Bid > 1",
        "DateTime between '2024-01-02' and '2024-01-03'", "e.DateTime >= '2024-01-02'"}) {
    EXPECT_EQ(One(fmt::format("select count(*) from gold.eurusd e where {}", where)), "24")
        << where;
    EXPECT_EQ(files_, 1U) << where;
  }
  EXPECT_EQ(One("select count(*) from gold.eurusd where DateTime >= ?", {"2024-01-02"}), "24");
  EXPECT_EQ(files_, 1U);
}

TEST_F(DuckTables, AsksForEverythingWhenInDoubt) {
  for (const char* text :
       {"select count(*) from gold.eurusd where DateTime >= '2024-01-02' or Bid = 101",
        "select count(*) from gold.eurusd where not (DateTime >= '2024-01-02')",
        "select count(*) from gold.eurusd a, gold.eurusd b where a.DateTime >= '2024-01-02'",
        "select count(*) from (select 1 as DateTime) x, gold.eurusd where Bid > 1",
        "select count(*) from gold.eurusd where DateTime + interval 1 day >= '2024-01-02'",
        "select count(*) from (values (timestamp '2024-01-02 12:00:00')) l(t) asof join "
        "gold.eurusd "
        "e on l.t >= e.DateTime where e.DateTime >= '2024-01-02'"}) {
    ASSERT_OK(Ask(text)) << text;
    EXPECT_EQ(files_, 2U) << text;
  }
}

TEST_F(DuckTables, JoinsAsOf) {
  EXPECT_EQ(One("select e.Bid from (values (timestamp '2024-01-01 05:30:00')) l(t) asof join "
                "gold.eurusd e on l.t >= e.DateTime"),
            "104.0");
}

TEST_F(DuckTables, LeavesOutWhatDeleteFilesNameForTheFile) {
  DuckEngine writer(nullptr, {}, TestClock());
  const std::string deletes = folder_.path() + "/deletes[*].parquet";
  ASSERT_OK(writer.CopyToParquet(
      {.text = "select * from (values ('file:///day1', 3::bigint), ('file:///day1', 23), "
               "('file:///day2', 4)) d(file_path, pos)"},
      deletes, CancelToken()));
  const auto tables = [&](const TableRequest&) -> Result<std::optional<ResolvedTable>> {
    ResolvedTable table{{{"pos", "DOUBLE"}, {"DateTime", "TIMESTAMP"}}, {}};
    table.files.push_back({.path = Path(1),
                           .sources = {"Bid", "DateTime"},
                           .deleted = {0},
                           .position_deletes = {deletes},
                           .location = "file:///day1"});
    return table;
  };
  DuckEngine engine(tables, {}, TestClock());
  ASSERT_OK_AND_ASSIGN(
      const AllRows all,
      RunWhole(engine, {.text = "select count(*), min(pos), max(pos), sum(pos) from t"},
               CancelToken()));
  EXPECT_EQ(all.rows[0], (std::vector<Cell>{"21", "101.0", "122.0",
                                            fmt::format("{}.0", 2'400 + 276 - 100 - 103 - 123)}));
}

TEST_F(DuckTables, SaysWhichTableIsMissing) {
  const auto missing = Ask("select *\nfrom gold.nope");
  EXPECT_THAT(missing, IsError(ErrorKind::kNotFound));
  EXPECT_THAT(missing, HasErrorMessage("nope"));
}

TEST_F(DuckTables, TouchesNoOtherFile) {
  EXPECT_THAT(Ask("select * from read_text('/etc/hostname'), gold.eurusd"),
              IsError(ErrorKind::kPermission));
  EXPECT_THAT(Ask("copy (select 1) to '" + folder_.path() + "/x.csv'"),
              IsError(ErrorKind::kPermission));
  EXPECT_FALSE(Ask("set enable_external_access = true"));
}

TEST_F(DuckTables, ShowsWhatOnlyDuckDbCanWrite) {
  ASSERT_OK_AND_ASSIGN(const AllRows all,
                       Ask("select [1, 2] as l, {'a': 1} as s, interval 1 day as i, 7 as n, "
                           "timestamp_ms '2024-01-01 00:00:00.500' as m, 2 as l;"));
  EXPECT_EQ(all.rows[0],
            (std::vector<Cell>{"[1, 2]", "{'a': 1}", "1 day", "7", "2024-01-01 00:00:00.5", "2"}));
  EXPECT_EQ(all.columns[0].name, "l");
  EXPECT_EQ(all.columns[0].type, "LIST");
}

TEST_F(DuckTables, RefusesNoneAndSeveralStatements) {
  EXPECT_THAT(Ask(""), IsError(ErrorKind::kInvalidArgument));
  EXPECT_THAT(Ask("select 1; select 2"), IsError(ErrorKind::kInvalidArgument));
  EXPECT_THAT(Ask("select ?"), IsError(ErrorKind::kInvalidArgument));
  EXPECT_THAT(Ask(std::string("select\0 1", 9)), IsError(ErrorKind::kInvalidArgument));
}

TEST_F(DuckTables, NamesADamagedFile) {
  DuckEngine engine(
      [](const TableRequest&) -> Result<std::optional<ResolvedTable>> {
        return ResolvedTable{{{"a", "INTEGER"}}, {{"/nowhere/x.parquet", {"a"}, {}}}};
      },
      {}, TestClock());
  const auto missing = RunWhole(engine, {.text = "select * from t"}, CancelToken());
  EXPECT_THAT(missing, IsError(ErrorKind::kIo));
  EXPECT_THAT(missing, HasErrorMessage("/nowhere/x.parquet"));
}

constexpr const char* kEndless =
    "select count(*) from range(10000000000) a, range(1000000) b where a.range + b.range = 7";

TEST(DuckEngine, StopsAtItsTimeOut) {
  DuckEngine engine(nullptr, {.threads = 1}, TestClock());
  EXPECT_THAT(
      RunWhole(engine, {.text = kEndless, .timeout = std::chrono::milliseconds(50)}, CancelToken()),
      IsError(ErrorKind::kTimeout));
}

TEST(DuckEngine, StopsWhenCancelled) {
  DuckEngine engine(nullptr, {.threads = 1}, TestClock());
  const CancelToken cancel;
  std::thread soon([&cancel] { cancel.Cancel(); });
  EXPECT_THAT(RunWhole(engine, {.text = kEndless}, cancel), IsError(ErrorKind::kCancelled));
  soon.join();
}

TEST(DuckEngine, KeepsToItsMemory) {
  DuckEngine engine(nullptr, {.threads = 1, .memory_bytes = int64_t{32} << 20}, TestClock());
  EXPECT_THAT(
      RunWhole(engine,
               {.text = "select count(*) from (select i, random() as r from range(10000000) "
                        "t(i) order by r)"},
               CancelToken()),
      IsError(ErrorKind::kNoSpace));
}

TEST(DuckEngine, GivesManyRowsInOrder) {
  DuckEngine engine(nullptr, {.threads = 2}, TestClock());
  ASSERT_OK_AND_ASSIGN(auto stream,
                       engine.Run({.text = "select i from range(100000) t(i)"}, CancelToken()));
  int64_t next = 0;
  while (true) {
    ASSERT_OK_AND_ASSIGN(const auto batch, stream->Next());
    if (!batch) break;
    for (const Cell& cell : batch->columns[0]) ASSERT_EQ(cell, std::to_string(next++));
  }
  EXPECT_EQ(next, 100'000);
}

}  // namespace
}  // namespace tickhouse::sql
