#include "tickhouse/app/demo/demo_lake.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "tickhouse/core/testing.h"
#include "tickhouse/io/fs/local_file_system.h"
#include "tickhouse/io/fs/test_folder.h"
#include "tickhouse/io/parquet/parquet_tick_writer.h"

namespace tickhouse::app {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

constexpr int64_t kDay = int64_t{24} * 3600 * kNanosPerSecond;

class DemoLakeTest : public testing::Test {
 protected:
  DemoLakeTest() {
    environment_.files = files_.get();
    environment_.clock = &clock_;
    environment_.progress = &silent_;
    environment_.threads = 2;
  }
  std::string Path(const std::string& name) const { return folder_.File(name); }
  /// As many ticks on each day.
  void WriteClean(const std::string& symbol, const std::vector<int>& ticks_of_day) {
    auto writer = io::ParquetTickWriter::Open(
        *files_->Create(Path("clean/" + symbol + "/" + symbol + ".parquet")),
        {.metadata = {.symbol = symbol, .decimals = 5}});
    ASSERT_OK(writer);
    TickBatch batch;
    int64_t day = 19'800 * kDay;
    for (const int count : ticks_of_day) {
      for (int i = 0; i < count; ++i) {
        batch.time_ns.push_back(day + i * kNanosPerSecond);
        batch.bid.push_back(1.5);
        batch.ask.push_back(1.50002);
      }
      day += kDay;
    }
    ASSERT_OK((*writer)->Write(batch));
    ASSERT_OK((*writer)->Close());
  }
  Result<DemoLake> Make() {
    return MakeDemoLake(
        {.clean = Path("clean"), .incoming = Path("incoming"), .folder = Path("lakehouse")},
        environment_);
  }
  static std::vector<std::string> Names(const DemoLake& lake) {
    std::vector<std::string> names;
    for (const report::StageLine& stage : lake.stages) names.push_back(stage.name);
    return names;
  }
  static void ExpectAllHold(const DemoLake& lake) {
    EXPECT_TRUE(lake.problems.empty()) << lake.problems[0].message;
    for (const DemoCheck& check : lake.checks) {
      EXPECT_TRUE(check.holds()) << check.what << ": " << check.left << " " << check.right;
    }
  }

  io::TemporaryFolder folder_;
  std::unique_ptr<io::FileSystem> files_ = io::MakeLocalFileSystem();
  ManualClock clock_{FromNanos(19'900 * kDay)};
  SilentProgress silent_;
  Environment environment_;
};

TEST_F(DemoLakeTest, ShowsTwoLoadsTimeTravelAndARollback) {
  WriteClean("EURUSD", {10, 20, 5});
  WriteClean("USDJPY", {7, 0, 3});
  ASSERT_OK_AND_ASSIGN(const DemoLake lake, Make());
  ExpectAllHold(lake);
  EXPECT_THAT(Names(lake), ElementsAre("migrate", "next day", "query", "time travel", "rollback"));
  EXPECT_EQ(lake.checks.size(), 5u);
  const auto json = nlohmann::json::parse(lake.json);
  EXPECT_EQ(json["ticks"], 45);
  EXPECT_EQ(json["ticks_at_first_load"], 37);
  EXPECT_EQ(json["rollback"]["before"], 35);
  EXPECT_EQ(json["rollback"]["rolled_back"], 30);
  EXPECT_EQ(json["rollback"]["forward_again"], 35);
  EXPECT_EQ(json["snapshots"]["gold.eurusd"], 2);
  ASSERT_EQ(lake.section.tables.size(), 4u);
  const auto& snapshots = lake.section.tables[0];
  ASSERT_EQ(snapshots.rows.size(), 4u);
  EXPECT_EQ(snapshots.rows[0][5], "first-load");
  EXPECT_EQ(snapshots.rows[1][5], "main") << "forward again at the end";
  EXPECT_THAT(
      lake.section.tables[1].rows[0],
      ElementsAre("gold.eurusd", "35", HasSubstr("00:00:00"), HasSubstr("00:00:04"), "2e-05"));
}

TEST_F(DemoLakeTest, ATableThatBeginsOnTheLastDayHasNoPast) {
  WriteClean("EURUSD", {10, 20});
  WriteClean("XAUUSD", {0, 4});
  ASSERT_OK_AND_ASSIGN(const DemoLake lake, Make());
  ExpectAllHold(lake);
  EXPECT_EQ(lake.section.tables[1].rows.size(), 2u) << "now";
  EXPECT_EQ(lake.section.tables[2].rows.size(), 1u) << "then";
}

TEST_F(DemoLakeTest, OneTickIsOneLoad) {
  WriteClean("EURUSD", {1});
  ASSERT_OK_AND_ASSIGN(const DemoLake lake, Make());
  ExpectAllHold(lake);
  EXPECT_THAT(Names(lake), ElementsAre("migrate", "query", "time travel", "rollback"));
}

TEST_F(DemoLakeTest, WithoutTicksThereIsNoTable) {
  WriteClean("EURUSD", {});
  ASSERT_OK_AND_ASSIGN(const DemoLake lake, Make());
  ExpectAllHold(lake);
  EXPECT_TRUE(lake.stages.empty());
  EXPECT_THAT(lake.section.text, HasSubstr("no clean tick"));
  EXPECT_FALSE(*files_->Exists(Path("lakehouse/catalog.db")));
}

// The page is written all the same: it has to say what went wrong.
TEST_F(DemoLakeTest, AStepThatFailsIsAProblem) {
  WriteClean("EURUSD", {3, 3});
  ASSERT_OK(files_->WriteWhole(Path("lakehouse/catalog.db"), std::string(5'000, 'x')));
  ASSERT_OK_AND_ASSIGN(const DemoLake lake, Make());
  ASSERT_EQ(lake.problems.size(), 1u);
  EXPECT_EQ(lake.problems[0].kind, "corrupt");
  EXPECT_THAT(lake.problems[0].message, HasSubstr("catalog.db"));
}

TEST_F(DemoLakeTest, StopsWhenInterrupted) {
  WriteClean("EURUSD", {3, 3});
  environment_.cancel.Cancel();
  EXPECT_THAT(Make(), IsError(ErrorKind::kCancelled));
}

}  // namespace
}  // namespace tickhouse::app
