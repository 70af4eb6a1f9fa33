#include "tickhouse/app/demo/day_files.h"

#include "tickhouse/core/testing.h"
#include "tickhouse/io/fs/memory_file_system.h"
#include "tickhouse/io/parquet/parquet_tick_reader.h"
#include "tickhouse/io/parquet/parquet_tick_writer.h"

namespace tickhouse::app {
namespace {

using testing::ElementsAre;

constexpr int64_t kHour = int64_t{3600} * kNanosPerSecond;
constexpr int64_t kDay = 24 * kHour;

class DayFilesTest : public testing::Test {
 protected:
  DayFilesTest() {
    environment_.files = files_.get();
    environment_.clock = &clock_;
    environment_.progress = &silent_;
  }
  void Write(const std::string& symbol, const std::vector<int64_t>& times) {
    auto writer =
        io::ParquetTickWriter::Open(*files_->Create("clean/" + symbol + "/" + symbol + ".parquet"),
                                    {.metadata = {.symbol = symbol, .decimals = 5}});
    ASSERT_OK(writer);
    TickBatch batch;
    for (const int64_t time : times) {
      batch.time_ns.push_back(time);
      batch.bid.push_back(1.5);
      batch.ask.push_back(1.6);
    }
    ASSERT_OK((*writer)->Write(batch));
    ASSERT_OK((*writer)->Close());
  }
  std::vector<int64_t> Times(const std::string& part, const std::string& symbol) {
    auto file = files_->OpenRead("out/" + part + "/" + symbol + "/" + symbol + ".parquet");
    if (!file) return {};
    const auto info = io::ReadParquetTickInfo(**file);
    EXPECT_OK(info);
    EXPECT_EQ(info->metadata.symbol, symbol);
    auto reader = io::OpenParquetTicks(std::move(*file), {});
    EXPECT_OK(reader);
    return ReadAll(**reader)->time_ns;
  }

  std::unique_ptr<io::FileSystem> files_ = io::MakeMemoryFileSystem();
  ManualClock clock_{UtcTime()};
  SilentProgress silent_;
  Environment environment_;
};

TEST_F(DayFilesTest, CutsWhereTheLastDayBegins) {
  Write("EURUSD", {10 * kDay, 10 * kDay + kHour, 12 * kDay - kHour, 12 * kDay, 12 * kDay + kHour});
  Write("USDJPY", {11 * kDay});
  Write("XAUUSD", {12 * kDay + 2 * kHour});
  ASSERT_OK_AND_ASSIGN(const DayFiles days, SplitLastDay(environment_, "clean", "out"));
  EXPECT_EQ(days.cut_ns, 12 * kDay);
  EXPECT_THAT(days.symbols, ElementsAre("EURUSD", "USDJPY", "XAUUSD"));
  EXPECT_EQ(days.first_rows, 4);
  EXPECT_EQ(days.second_rows, 3);
  EXPECT_THAT(Times("first", "EURUSD"),
              ElementsAre(10 * kDay, 10 * kDay + kHour, 12 * kDay - kHour));
  EXPECT_THAT(Times("second", "EURUSD"), ElementsAre(12 * kDay, 12 * kDay + kHour));
  EXPECT_THAT(Times("second", "USDJPY"), ElementsAre()) << "no file without rows";
  EXPECT_THAT(Times("first", "XAUUSD"), ElementsAre());
}

TEST_F(DayFilesTest, OneDayIsCutInTheMiddle) {
  Write("EURUSD", {10 * kDay + kHour, 10 * kDay + 2 * kHour, 10 * kDay + 5 * kHour});
  ASSERT_OK_AND_ASSIGN(const DayFiles days, SplitLastDay(environment_, "clean", "out"));
  EXPECT_EQ(days.first_rows, 2);
  EXPECT_EQ(days.second_rows, 1);
}

TEST_F(DayFilesTest, OneInstantIsNotCut) {
  Write("EURUSD", {10 * kDay + kHour, 10 * kDay + kHour});
  ASSERT_OK_AND_ASSIGN(const DayFiles days, SplitLastDay(environment_, "clean", "out"));
  EXPECT_EQ(days.first_rows, 2);
  EXPECT_EQ(days.second_rows, 0);
}

TEST_F(DayFilesTest, WithoutTicksThereIsNoSymbol) {
  Write("EURUSD", {});
  ASSERT_OK_AND_ASSIGN(const DayFiles days, SplitLastDay(environment_, "clean", "out"));
  EXPECT_TRUE(days.symbols.empty());
}

TEST_F(DayFilesTest, ACutFileIsNamed) {
  Write("EURUSD", {10 * kDay, 11 * kDay});
  const std::string path = "clean/EURUSD/EURUSD.parquet";
  ASSERT_OK_AND_ASSIGN(std::string bytes, files_->ReadWhole(path));
  bytes.resize(bytes.size() / 2);
  ASSERT_OK(files_->WriteWhole(path, bytes));
  EXPECT_THAT(SplitLastDay(environment_, "clean", "out"), IsError(ErrorKind::kCorrupt));
}

}  // namespace
}  // namespace tickhouse::app
