#include "tickhouse/app/generate.h"

#include <algorithm>
#include <atomic>
#include <map>

#include "tickhouse/core/testing.h"
#include "tickhouse/io/fs/faulty_file_system.h"
#include "tickhouse/io/fs/memory_file_system.h"

namespace tickhouse::app {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

// Counts what was told.
class CountingProgress : public Progress {
 public:
  void Start(std::string_view, int64_t total, std::string_view) override { total_ = total; }
  void Advance(int64_t amount) override { done_ += amount; }
  void Finish() override {}
  int64_t total_ = 0;
  std::atomic<int64_t> done_ = 0;
};

class GenerateUseCase : public ::testing::Test {
 protected:
  GenerateUseCase() {
    environment_.files = files_.get();
    environment_.clock = &clock_;
    environment_.progress = &progress_;
    request_.symbols = {"EURUSD"};
    request_.rows = 2'000;
    request_.days = 2;
    request_.out = "out";
  }
  std::map<std::string, std::string> Files() {
    std::map<std::string, std::string> contents;
    const auto listed = files_->ListFiles("");
    EXPECT_THAT(listed, IsOk());
    for (const io::FileInfo& info : *listed) contents[info.path] = *files_->ReadWhole(info.path);
    return contents;
  }
  void ExpectRefused(std::string_view part) {
    const auto report = Generate(request_, environment_);
    EXPECT_THAT(report, IsError(ErrorKind::kInvalidArgument));
    EXPECT_THAT(report, HasErrorMessage(std::string(part)));
    EXPECT_TRUE(Files().empty());
  }

  std::unique_ptr<io::FileSystem> files_ = io::MakeMemoryFileSystem();
  ManualClock clock_{UtcTime()};
  CountingProgress progress_;
  Environment environment_;
  GenerateRequest request_;
};

TEST_F(GenerateUseCase, WritesOneCsvASymbol) {
  request_.symbols = {"eur/usd", "GBPJPY"};
  ASSERT_OK_AND_ASSIGN(const RunReport report, Generate(request_, environment_));
  EXPECT_THAT(
      report.outputs,
      ElementsAre("out/EURUSD/2024.1.10EURUSD_dukascopy_TICK_UTCPlus02-TICK-No Session.csv",
                  "out/GBPJPY/2024.1.10GBPJPY_dukascopy_TICK_UTCPlus02-TICK-No Session.csv"));
  EXPECT_EQ(report.Count("symbols"), 2);
  EXPECT_EQ(report.Count("files"), 2);
  EXPECT_EQ(report.Count("rows"), 4'000);
  EXPECT_EQ(report.Count("anomalies"), 0);
  EXPECT_EQ(report.ExitCode(), 0);
  EXPECT_EQ(progress_.total_, 4'000);
  EXPECT_EQ(progress_.done_, 4'000);
  const auto files = Files();
  ASSERT_EQ(files.size(), 2u);
  const std::string& text = files.begin()->second;
  EXPECT_EQ(std::count(text.begin(), text.end(), '\n'), 2'001);
  EXPECT_THAT(text, ::testing::StartsWith("DateTime,Bid,Ask,Volume\n20240108 "));
  EXPECT_EQ(report.Count("bytes"),
            static_cast<int64_t>(text.size() + files.rbegin()->second.size()));
}

TEST_F(GenerateUseCase, GivesTheSameBytesForAnyNumberOfThreads) {
  request_.symbols = {"EURUSD", "GBPJPY", "XAUUSD", "BTCUSD", "USA500IDXUSD"};
  request_.anomalies = "spike=1,gap=1@600,flash=1";
  ASSERT_OK(Generate(request_, environment_));
  const auto alone = Files();
  for (const int threads : {2, 8}) {
    files_ = io::MakeMemoryFileSystem();
    environment_.files = files_.get();
    environment_.threads = threads;
    ASSERT_OK(Generate(request_, environment_));
    EXPECT_EQ(Files(), alone) << threads;
  }
  ASSERT_OK(Generate(request_, environment_));
  EXPECT_EQ(Files(), alone) << "a second run in the same place";
}

TEST_F(GenerateUseCase, WritesHoursOfTheFeed) {
  for (const char* format : {"bi5", "json"}) {
    request_.format = format;
    ASSERT_OK_AND_ASSIGN(const RunReport report, Generate(request_, environment_));
    EXPECT_EQ(report.Count("files"), 48) << format;
    EXPECT_EQ(report.Count("rows"), 2'000);
  }
  const auto files = Files();
  EXPECT_TRUE(files.contains("out/EURUSD/2024/00/08/00h_ticks.bi5"));
  EXPECT_TRUE(files.contains("out/EURUSD/2024/2024-01-08/EURUSD_2024-01-08T00Z.json"));
}

TEST_F(GenerateUseCase, PutsLabelsBesideTheTicks) {
  request_.symbols = {"EURUSD", "GBPJPY"};
  request_.anomalies = "spike=2,gap=1@600";
  request_.out = "deep/out/";
  ASSERT_OK_AND_ASSIGN(const RunReport report, Generate(request_, environment_));
  EXPECT_EQ(report.Count("anomalies"), 6);
  EXPECT_EQ(report.outputs.back(), "deep/out-labels.csv");
  const std::string labels = Files().at("deep/out-labels.csv");
  EXPECT_THAT(labels, ::testing::StartsWith("symbol,kind,begin,end,first_row,rows,size\nEURUSD,"));
  EXPECT_THAT(labels, HasSubstr("\nGBPJPY,gap,"));
  EXPECT_THAT(report.text, HasSubstr("labels: deep/out-labels.csv"));
  EXPECT_THAT(report.ToJson(), HasSubstr("\"anomalies\": 6"));
}

TEST_F(GenerateUseCase, TakesLabelsAloneForOneOfEachKind) {
  request_.labels = "labels.csv";
  ASSERT_OK_AND_ASSIGN(const RunReport report, Generate(request_, environment_));
  EXPECT_EQ(report.Count("anomalies"), 9);
  for (const char* kind : {"spike", "flash", "stale", "blowout", "crossed", "gap", "burst"}) {
    EXPECT_THAT(Files().at("labels.csv"), HasSubstr(std::string(",") + kind + ","));
  }
}

TEST_F(GenerateUseCase, SplitsByDayAndBySize) {
  request_.split = "day";
  ASSERT_OK_AND_ASSIGN(RunReport report, Generate(request_, environment_));
  EXPECT_EQ(report.Count("files"), 3) << "two days of UTC touch three of UTC+2";
  request_.split = "20kB";
  request_.out = "by size";
  ASSERT_OK_AND_ASSIGN(report, Generate(request_, environment_));
  EXPECT_GE(report.Count("files"), 4);
}

TEST_F(GenerateUseCase, SaysWhereTheZoneMustBeNamed) {
  request_.zone = "America/New_York";
  ASSERT_OK_AND_ASSIGN(const RunReport report, Generate(request_, environment_));
  EXPECT_THAT(report.text, HasSubstr("--source-zone America/New_York"));
}

TEST_F(GenerateUseCase, RefusesWrongUsage) {
  const GenerateRequest good = request_;
  request_.symbols = {"EURUDS"};
  ExpectRefused("nearest is EURUSD");
  request_.symbols = {"EURUSD", "eur/usd"};
  ExpectRefused("named twice");
  request_.symbols = {};
  ExpectRefused("at least one symbol");
  request_ = good;
  request_.from = "yesterday";
  ExpectRefused("is no time");
  request_ = good;
  request_.days = 0;
  ExpectRefused("0 days");
  request_ = good;
  request_.days = -2'000'000'000;
  ExpectRefused("days");
  request_ = good;
  request_.zone = "Mars";
  ExpectRefused("is no time zone");
  request_ = good;
  request_.format = "xml";
  ExpectRefused("csv, bi5 and json");
  request_.format = "bi5";
  request_.zone = "UTC";
  ExpectRefused("always UTC");
  request_ = good;
  request_.split = "weekly";
  ExpectRefused("weekly");
  request_ = good;
  request_.anomalies = "spikes=1";
  ExpectRefused("the kinds are");
  request_.anomalies = "spike=1";
  request_.out = ".";
  ExpectRefused("--labels FILE");
}

TEST_F(GenerateUseCase, LeavesNothingHalfDone) {
  auto faulty = io::MakeFaultyFileSystem(
      files_.get(), [](io::FsCall call, const std::string&, int) -> std::optional<Error> {
        if (call == io::FsCall::kCommit) return Error{ErrorKind::kNoSpace, "disk full"};
        return std::nullopt;
      });
  environment_.files = faulty.get();
  EXPECT_THAT(Generate(request_, environment_), IsError(ErrorKind::kNoSpace));
  EXPECT_TRUE(Files().empty());
}

TEST_F(GenerateUseCase, StopsWhenAsked) {
  environment_.cancel.Cancel();
  EXPECT_THAT(Generate(request_, environment_), IsError(ErrorKind::kCancelled));
  EXPECT_TRUE(Files().empty());
}

TEST_F(GenerateUseCase, LeavesTheFolderToTheRunThatHasIt) {
  ASSERT_OK_AND_ASSIGN(const auto lock, files_->Lock("out/.tickhouse/generate.lock"));
  EXPECT_THAT(Generate(request_, environment_), IsError(ErrorKind::kBusy));
}

}  // namespace
}  // namespace tickhouse::app
