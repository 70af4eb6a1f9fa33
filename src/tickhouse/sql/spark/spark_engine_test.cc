#include "tickhouse/sql/spark/spark_engine.h"

#include <fmt/format.h>
#include <sys/stat.h>

#include <cstdlib>
#include <thread>

#include "tickhouse/core/testing.h"
#include "tickhouse/io/fs/local_file_system.h"
#include "tickhouse/io/fs/test_folder.h"
#include "tickhouse/sql/engine/engine_contract.h"

namespace tickhouse::sql {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

SystemClock& TestClock() {
  static SystemClock clock;
  return clock;
}

io::FileSystem& TestFiles() {
  static const auto files = io::MakeLocalFileSystem();
  return *files;
}

// A real Spark, where somebody names one: TICKHOUSE_TEST_SPARK=.../bin/spark-submit.
std::string RealSpark() {
  const char* submit = std::getenv("TICKHOUSE_TEST_SPARK");
  return submit == nullptr ? "" : submit;
}

std::unique_ptr<Engine> MakeReal() {
  return std::make_unique<SparkEngine>(SparkOptions{.submit = RealSpark(), .master = "local[2]"},
                                       TestFiles(), TestClock());
}

std::vector<std::function<std::unique_ptr<Engine>()>> Engines() {
  if (RealSpark().empty()) return {};
  return {MakeReal};
}

INSTANTIATE_TEST_SUITE_P(Spark, EngineContract, ::testing::ValuesIn(Engines()));
GTEST_ALLOW_UNINSTANTIATED_PARAMETERIZED_TEST(EngineContract);

// What is done around Spark, with a shell script in its place.
class SparkEngineTest : public ::testing::Test {
 protected:
  SparkOptions Options(const std::string& script) {
    const std::string submit = folder_.File("spark-submit");
    EXPECT_OK(TestFiles().WriteWhole(submit, "#!/bin/sh\nfor last; do :; done\n" + script));
    EXPECT_EQ(::chmod(submit.c_str(), 0700), 0);
    return {.submit = submit, .master = "local[2]", .scratch = folder_.path()};
  }
  Result<AllRows> Ask(SparkOptions options, const std::string& text, Nanos timeout = Nanos::zero(),
                      const CancelToken& cancel = {}) {
    SparkEngine engine(std::move(options), TestFiles(), TestClock());
    return RunWhole(engine, {.text = text, .parameters = {"v", std::nullopt}, .timeout = timeout},
                    cancel);
  }
  // Nothing but the program is left.
  void ExpectTidy() {
    const auto left = TestFiles().ListFiles(folder_.path());
    ASSERT_OK(left);
    for (const io::FileInfo& info : *left) {
      EXPECT_THAT(info.path, Not(HasSubstr("tickhouse-spark"))) << info.path;
    }
  }

  io::TemporaryFolder folder_;
};

TEST_F(SparkEngineTest, SecretsTravelInAPrivateFileOnly) {
  SparkOptions options = Options(
      fmt::format("echo \"$@\" > {0}/words; stat -c '%a %n' $last $last/* > {0}/modes\n"
                  "cp $last/plan.json {0}/; echo '{{\"columns\": []}}' > $last/answer.json\n",
                  folder_.path()));
  options.jars = {"/a.jar", "/b.jar"};
  options.conf = {{"spark.driver.memory", "2g"}};
  options.lake = {.uri = "http://127.0.0.1:1",
                  .token = "hush-token",
                  .file_io = {{"s3.secret-access-key", "hush-key"}}};
  ASSERT_OK_AND_ASSIGN(const AllRows all, Ask(options, "select 'x'"));
  EXPECT_TRUE(all.columns.empty());
  ASSERT_OK_AND_ASSIGN(const std::string words, TestFiles().ReadWhole(folder_.File("words")));
  EXPECT_THAT(words, HasSubstr("--master local[2] --jars /a.jar,/b.jar --deploy-mode client --conf "
                               "spark.driver.memory=2g "));
  EXPECT_THAT(words, Not(HasSubstr("hush")));
  ASSERT_OK_AND_ASSIGN(const std::string plan, TestFiles().ReadWhole(folder_.File("plan.json")));
  EXPECT_THAT(plan, HasSubstr("hush-token"));
  EXPECT_THAT(plan, HasSubstr("\"spark.sql.catalog.lake.s3.secret-access-key\":\"hush-key\""));
  EXPECT_THAT(plan, HasSubstr("\"parameters\":[\"v\",null]"));
  ASSERT_OK_AND_ASSIGN(const std::string modes, TestFiles().ReadWhole(folder_.File("modes")));
  EXPECT_THAT(modes, HasSubstr("700 "));
  EXPECT_THAT(modes, HasSubstr("600 "));
  EXPECT_THAT(modes, Not(HasSubstr("644 ")));
  ExpectTidy();
}

TEST_F(SparkEngineTest, WhatTheJobSaysIsTheError) {
  const auto wrong =
      Ask(Options("echo '{\"error\": {\"kind\": \"not-found\", \"message\": \"no t\", "
                  "\"line\": 1, \"column\": 3}}' > $last/answer.json\nexit 1\n"),
          "select 1");
  EXPECT_THAT(wrong, IsError(ErrorKind::kNotFound));
  EXPECT_EQ(wrong.error().message, "line 1, column 3: no t");
  ExpectTidy();
}

TEST_F(SparkEngineTest, ASparkThatSaysNothingIsQuoted) {
  const auto died = Ask(Options("echo 'no executors today' >&2\nexit 4\n"), "select 1");
  EXPECT_THAT(died, IsError(ErrorKind::kUnavailable));
  EXPECT_THAT(died, HasErrorMessage("no executors today"));
  const auto none = Ask({.submit = "/no/such/spark-submit", .scratch = folder_.path()}, "select 1");
  EXPECT_THAT(none, IsError(ErrorKind::kUnavailable));
  EXPECT_THAT(none, HasErrorMessage("--spark-submit"));
  EXPECT_THAT(Ask(Options("echo '[' > $last/answer.json\n"), "select 1"),
              IsError(ErrorKind::kCorrupt));
  // Rows were promised, and there are none.
  EXPECT_THAT(Ask(Options("echo '{\"columns\": [{\"name\": \"a\", \"kind\": \"text\"}]}' > "
                          "$last/answer.json\nmkdir $last/rows\n"),
                  "select 1"),
              IsError(ErrorKind::kCorrupt));
  ExpectTidy();
}

TEST_F(SparkEngineTest, RefusesWhatIsNoStatementWithoutStartingSpark) {
  const SparkOptions options = Options(fmt::format("touch {}/started\n", folder_.path()));
  EXPECT_THAT(Ask(options, " ;\n"), IsError(ErrorKind::kInvalidArgument));
  EXPECT_THAT(Ask(options, "select '\xFF'"), IsError(ErrorKind::kInvalidArgument));
  EXPECT_THAT(TestFiles().Stat(folder_.File("started")), IsError(ErrorKind::kNotFound));
}

TEST_F(SparkEngineTest, EndsTheJobWhenCancelledOrLate) {
  const SparkOptions options = Options("trap '' TERM; while :; do sleep 0.05; done\n");
  EXPECT_THAT(Ask(options, "select 1", std::chrono::milliseconds(50)),
              IsError(ErrorKind::kTimeout));
  const CancelToken cancel;
  std::jthread soon([&cancel] {
    TestClock().Sleep(std::chrono::milliseconds(100), CancelToken());
    cancel.Cancel();
  });
  EXPECT_THAT(Ask(options, "select 1", Nanos::zero(), cancel), IsError(ErrorKind::kCancelled));
  ExpectTidy();
}

class RealSparkTest : public ::testing::Test {
 protected:
  void SetUp() override {
    if (RealSpark().empty()) GTEST_SKIP() << "TICKHOUSE_TEST_SPARK names no spark-submit";
    engine_ = MakeReal();
  }
  Result<AllRows> Ask(const std::string& text, std::vector<Cell> parameters = {}) {
    return RunWhole(*engine_, {.text = text, .parameters = std::move(parameters)}, CancelToken());
  }
  std::unique_ptr<Engine> engine_;
};

TEST_F(RealSparkTest, KeepsEveryTypeAndTheOrderOfManyRows) {
  ASSERT_OK_AND_ASSIGN(
      const AllRows odd,
      Ask("select timestamp '2024-01-02 03:04:05.678901' as a, timestamp '2024-01-02 03:04:05.5 "
          "UTC' as b, double('NaN') as c, double('-Infinity') as d, float(1.1) as e, "
          "cast('12345678901234567890.12' as decimal(30,2)) as f, array(1, null) as g, "
          "named_struct('t', timestamp '2024-01-02 03:04:05.678901', 'n', null) as h, "
          "map('k', 1.50) as i, interval '1' day as j, x'00ff' as k, 9007199254740993 as l, "
          "null as m, cast(1 as tinyint) as n, date '0001-01-01' as o, '' as p, 1 as p;"));
  ASSERT_EQ(odd.rows.size(), 1U);
  EXPECT_THAT(odd.rows[0],
              ElementsAre("2024-01-02 03:04:05.678901", "2024-01-02 03:04:05.5", "NaN", "-Infinity",
                          "1.1", "12345678901234567890.12", "[1,null]",
                          "{\"t\":\"2024-01-02 03:04:05.678901\",\"n\":null}", "{\"k\":1.50}",
                          "INTERVAL '1' DAY", "00FF", "9007199254740993", std::nullopt, "1",
                          "0001-01-01", "", "1"));
  EXPECT_EQ(odd.columns[0].kind, ColumnKind::kTimestamp);
  EXPECT_EQ(odd.columns[1].kind, ColumnKind::kTimestampTz);
  EXPECT_EQ(odd.columns[5].type, "decimal(30,2)");
  EXPECT_EQ(odd.columns[16].name, "p");
  ASSERT_OK_AND_ASSIGN(const AllRows many, Ask("select id from range(0, 100000, 1, 7) order by 1"));
  ASSERT_EQ(many.rows.size(), 100'000U);
  for (std::size_t i = 0; i < many.rows.size(); ++i) ASSERT_EQ(many.rows[i][0], std::to_string(i));
}

TEST_F(RealSparkTest, OnlyReads) {
  for (const char* text : {"create table t as select 1 as a", "drop table t", "use x",
                           "from (select 1 as a) insert into t select *", "set a = b",
                           "with a as (select 1) insert into t select * from a"}) {
    EXPECT_THAT(Ask(text), IsError(ErrorKind::kPermission)) << text;
  }
  ASSERT_OK_AND_ASSIGN(const AllRows shown, Ask("show tables"));
  EXPECT_TRUE(shown.rows.empty());
}

TEST_F(RealSparkTest, FailuresAreALine) {
  const auto zero = Ask("select 1 / id from range(3)");
  EXPECT_THAT(zero, IsError(ErrorKind::kInvalidArgument));
  EXPECT_THAT(zero, HasErrorMessage("DIVIDE_BY_ZERO"));
  EXPECT_THAT(zero.error().message, Not(HasSubstr("\n")));
  EXPECT_THAT(Ask("select ?", {}), IsError(ErrorKind::kInvalidArgument));
  EXPECT_THAT(Ask("select 1", {"x"}), HasErrorMessage("has 0 parameters; 1 values"));
  EXPECT_THAT(Ask("select 1; select 2"), IsError(ErrorKind::kInvalidArgument));
}

}  // namespace
}  // namespace tickhouse::sql
