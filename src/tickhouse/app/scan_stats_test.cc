#include <gtest/gtest.h>

#include "tickhouse/app/scan.h"
#include "tickhouse/app/stats.h"
#include "tickhouse/core/testing.h"
#include "tickhouse/io/fs/faulty_file_system.h"
#include "tickhouse/io/fs/memory_file_system.h"
#include "tickhouse/io/parquet/parquet_tick_writer.h"

namespace tickhouse::app {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

class ScanStatsTest : public testing::Test {
 protected:
  ScanStatsTest() {
    environment_.files = files_.get();
    environment_.clock = &clock_;
    environment_.progress = &silent_;
    environment_.threads = 2;
    stats_.in = "in";
    stats_.out = "out";
    scan_.folder = "in";
  }

  void Write(const std::string& path, const std::string& symbol, int rows) {
    TickBatch batch;
    for (int i = 0; i < rows; ++i) {
      batch.time_ns.push_back(ToNanos(*ParseUtc("2021-01-05T07:55")) + i * kNanosPerSecond);
      batch.bid.push_back(1.1);
      batch.ask.push_back(1.10002);
    }
    ASSERT_OK_AND_ASSIGN(auto file, files_->Create(path));
    io::ParquetTickWriter::Options options;
    options.metadata.symbol = symbol;
    options.metadata.decimals = 5;
    ASSERT_OK_AND_ASSIGN(auto writer, io::ParquetTickWriter::Open(std::move(file), options));
    ASSERT_OK(writer->Write(batch));
    ASSERT_OK(writer->Close());
  }

  std::unique_ptr<io::FileSystem> files_ = io::MakeMemoryFileSystem();
  ManualClock clock_{UtcTime()};
  SilentProgress silent_;
  Environment environment_;
  ScanRequest scan_;
  StatsRequest stats_;
};

TEST_F(ScanStatsTest, TheReportIsWrittenInTheFormOfItsName) {
  Write("in/a.parquet", "EURUSD", 5);
  for (const char* name : {"r.csv", "r.json"}) {
    scan_.report_path = name;
    ASSERT_OK_AND_ASSIGN(const RunReport run, Scan(scan_, environment_));
    EXPECT_THAT(run.outputs, ElementsAre(name));
  }
  EXPECT_THAT(*files_->ReadWhole("r.csv"), HasSubstr("a.parquet,5,0,0,0,False,"));
  EXPECT_THAT(*files_->ReadWhole("r.json"), HasSubstr("\"total_rows\": 5"));
  scan_.report_path = "r.txt";
  EXPECT_THAT(Scan(scan_, environment_), IsError(ErrorKind::kInvalidArgument));
}

TEST_F(ScanStatsTest, AFailedFileIsAProblemAndFindingsAreNone) {
  Write("in/a.parquet", "EURUSD", 5);
  ASSERT_OK(files_->WriteWhole("in/b.parquet", "no Parquet"));
  ASSERT_OK_AND_ASSIGN(const RunReport run, Scan(scan_, environment_));
  EXPECT_EQ(run.ExitCode(), 1);
  ASSERT_EQ(run.problems.size(), 1u);
  EXPECT_EQ(run.problems[0].item, "b.parquet");
  EXPECT_EQ(run.problems[0].kind, "corrupt");
  EXPECT_EQ(run.Count("rows"), 5);
}

TEST_F(ScanStatsTest, AFolderWithoutParquetSaysWhatToDo) {
  ASSERT_OK(files_->WriteWhole("in/a.csv", "x"));
  EXPECT_THAT(Scan(scan_, environment_), HasErrorMessage("tickhouse convert"));
  EXPECT_THAT(Stats(stats_, environment_), HasErrorMessage("tickhouse convert"));
}

TEST_F(ScanStatsTest, AFullDiskLeavesNoReport) {
  Write("in/a.parquet", "EURUSD", 5);
  const auto full = io::MakeFaultyFileSystem(
      files_.get(), [](io::FsCall call, const std::string& path, int) -> std::optional<Error> {
        if (call != io::FsCall::kAppend) return std::nullopt;
        return Error{ErrorKind::kNoSpace, path + ": no space left"};
      });
  environment_.files = full.get();
  scan_.report_path = "r.csv";
  EXPECT_THAT(Scan(scan_, environment_), IsError(ErrorKind::kNoSpace));
  EXPECT_THAT(Stats(stats_, environment_), IsError(ErrorKind::kNoSpace));
  EXPECT_FALSE(*files_->Exists("r.csv"));
  EXPECT_FALSE(*files_->Exists("out/EURUSD_daily_window_counts.csv"));
}

TEST_F(ScanStatsTest, StatsWritesFourSubjectsASymbol) {
  Write("in/x/1.parquet", "EURUSD", 5);
  Write("in/x/2.parquet", "EURUSD", 7);
  Write("in/y/1.parquet", "", 3);
  std::vector<SymbolStatistics> statistics;
  ASSERT_OK_AND_ASSIGN(const RunReport run, Stats(stats_, environment_, &statistics));
  ASSERT_EQ(statistics.size(), 2u);
  EXPECT_EQ(statistics[0].symbol, "EURUSD");
  EXPECT_EQ(statistics[0].files, 2);
  EXPECT_EQ(statistics[1].symbol, "Y");
  EXPECT_EQ(*files_->ReadWhole("out/EURUSD_daily_window_counts.csv"),
            "date,ticks_window1,ticks_window2\n2021-01-05,12,0\n");
  for (const char* name : {"daily_window_counts", "spread", "volatility", "ticks_per_hour"}) {
    EXPECT_TRUE(*files_->Exists(std::string("out/Y_") + name + ".csv")) << name;
    EXPECT_TRUE(*files_->Exists(std::string("out/Y_") + name + ".svg")) << name;
  }
  EXPECT_EQ(run.Count("rows"), 15);
}

TEST_F(ScanStatsTest, TheUsersSymbolWins) {
  Write("in/x/1.parquet", "EURUSD", 5);
  stats_.symbol = "gbp/usd";
  ASSERT_OK(Stats(stats_, environment_));
  EXPECT_TRUE(*files_->Exists("out/GBPUSD_spread.csv"));
}

TEST_F(ScanStatsTest, StatsNamesWhatItCouldNotRead) {
  Write("in/1.parquet", "EURUSD", 5);
  ASSERT_OK(files_->WriteWhole("in/2.parquet", "no Parquet"));
  Write("in/_.parquet", "", 5);
  ASSERT_OK_AND_ASSIGN(const RunReport run, Stats(stats_, environment_));
  ASSERT_GE(run.problems.size(), 2u);
  EXPECT_EQ(run.problems[0].item, "in/2.parquet");
  EXPECT_THAT(run.problems[1].message, HasSubstr("--symbol"));
  EXPECT_EQ(run.Count("rows"), 5);
}

TEST_F(ScanStatsTest, CancellationEndsBoth) {
  Write("in/1.parquet", "EURUSD", 5);
  environment_.cancel.Cancel();
  EXPECT_THAT(Scan(scan_, environment_), IsError(ErrorKind::kCancelled));
  EXPECT_THAT(Stats(stats_, environment_), IsError(ErrorKind::kCancelled));
}

}  // namespace
}  // namespace tickhouse::app
