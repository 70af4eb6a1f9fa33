#include "tickhouse/app/clean.h"

#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>

#include "tickhouse/app/clean/clean_inputs.h"
#include "tickhouse/core/random.h"
#include "tickhouse/core/testing.h"
#include "tickhouse/io/fs/faulty_file_system.h"
#include "tickhouse/io/fs/memory_file_system.h"
#include "tickhouse/io/parquet/parquet_tick_reader.h"
#include "tickhouse/io/parquet/parquet_tick_writer.h"

namespace tickhouse::app {
namespace {

const int64_t kMorning = ToNanos(*ParseUtc("2021-01-04T07:50"));

TickBatch Ticks(int64_t begin_ns, std::size_t rows, int64_t step_ms = 250) {
  TickBatch batch;
  for (std::size_t i = 0; i < rows; ++i) {
    batch.time_ns.push_back(begin_ns + static_cast<int64_t>(i) * step_ms * kNanosPerMilli);
    batch.bid.push_back(1.2 + static_cast<double>(i % 90) / 1e5);
    batch.ask.push_back(1.3 + static_cast<double>(i % 70) / 1e5);
  }
  return batch;
}

class CleanTest : public ::testing::Test {
 protected:
  void Put(const std::string& path, const TickBatch& ticks, const std::string& symbol = "",
           int64_t row_group_rows = 1'000) {
    auto file = memory_->Create(path);
    ASSERT_OK(file);
    io::ParquetTickWriter::Options options;
    options.metadata.symbol = symbol;
    options.row_group_rows = row_group_rows;
    auto writer = io::ParquetTickWriter::Open(std::move(*file), std::move(options));
    ASSERT_OK(writer);
    ASSERT_OK((*writer)->Write(ticks));
    ASSERT_OK((*writer)->Close());
  }

  Result<RunReport> RunClean(CleanRequest request = {}) {
    if (request.in.empty()) request.in = "in";
    if (request.out.empty()) request.out = "out";
    return Clean(environment_, request);
  }

  TickBatch Rows(const std::string& path) {
    auto file = memory_->OpenRead(path);
    EXPECT_OK(file);
    auto reader = io::OpenParquetTicks(std::move(*file), {});
    EXPECT_OK(reader);
    auto all = ReadAll(**reader);
    EXPECT_OK(all);
    return std::move(*all);
  }

  std::vector<std::string> FilesOf(const std::string& folder) {
    std::vector<std::string> paths;
    auto files = memory_->ListFiles(folder);
    if (!files) return paths;
    for (const io::FileInfo& info : *files) {
      if (!info.path.ends_with("/clean.lock")) paths.push_back(info.path);
    }
    return paths;
  }

  std::unique_ptr<io::FileSystem> memory_ = io::MakeMemoryFileSystem();
  ManualClock clock_{UtcTime()};
  Environment environment_{memory_.get(), nullptr, &clock_, nullptr, CancelToken(), 2};
};

TEST_F(CleanTest, WritesTheFirstTickOfEachSecondInTheDefaultWindows) {
  Put("in/EURUSD/a.parquet", Ticks(kMorning - 10 * kNanosPerSecond, 4'000));
  ASSERT_OK_AND_ASSIGN(const RunReport report, RunClean());
  EXPECT_EQ(report.ExitCode(), 0);
  EXPECT_EQ(report.outputs, std::vector<std::string>{"out/EURUSD/EURUSD.parquet"});
  const TickBatch rows = Rows("out/EURUSD/EURUSD.parquet");
  EXPECT_EQ(rows.size(), 600u);
  EXPECT_EQ(rows.time_ns.front(), kMorning);
  EXPECT_EQ(report.Count("rows_out"), 600);
  EXPECT_EQ(FilesOf("out"), std::vector<std::string>{"out/EURUSD/EURUSD.parquet"});
}

TEST_F(CleanTest, TheFilesOwnSymbolComesBeforeItsFolderAndAnOptionBeforeBoth) {
  Put("in/GBPJPY/a.parquet", Ticks(kMorning, 10), "EURUSD");
  ASSERT_OK_AND_ASSIGN(RunReport report, RunClean());
  EXPECT_EQ(report.outputs, std::vector<std::string>{"out/EURUSD/EURUSD.parquet"});
  CleanRequest request;
  request.symbol = "aud-usd";
  ASSERT_OK_AND_ASSIGN(report, RunClean(request));
  EXPECT_EQ(report.outputs, std::vector<std::string>{"out/AUDUSD/AUDUSD.parquet"});
}

TEST_F(CleanTest, HiddenFoldersOtherFilesAndItsOwnOutputAreNoInputs) {
  Put("in/EURUSD/a.parquet", Ticks(kMorning, 10));
  Put("in/.trash/EURUSD/b.parquet", Ticks(kMorning, 10));
  ASSERT_OK(memory_->WriteWhole("in/EURUSD/notes.txt", "no ticks"));
  CleanRequest request;
  request.out = "in/clean/";
  ASSERT_OK_AND_ASSIGN(RunReport report, RunClean(request));
  EXPECT_EQ(report.Count("files"), 1);
  ASSERT_OK_AND_ASSIGN(report, RunClean(request));
  EXPECT_EQ(report.Count("files"), 1);
  request.out = "./in";
  EXPECT_THAT(RunClean(request), IsError(ErrorKind::kInvalidArgument));
}

TEST_F(CleanTest, NoInputIsNotFound) {
  EXPECT_THAT(RunClean(), IsError(ErrorKind::kNotFound));
  ASSERT_OK(memory_->WriteWhole("in/a.csv", "x"));
  EXPECT_THAT(RunClean(), HasErrorMessage("convert"));
}

TEST_F(CleanTest, ShuffledRowsGoThroughTheSpillFolderAndLeaveNothingThere) {
  const TickBatch ticks = Ticks(kMorning, 30'000, 20);
  Put("calm/EURUSD/a.parquet", ticks);
  TickBatch shuffled;
  Random random(1);
  std::vector<std::size_t> order(ticks.size());
  for (std::size_t i = 0; i < order.size(); ++i) order[i] = i;
  for (std::size_t i = order.size(); i > 1; --i) std::swap(order[i - 1], order[random.Below(i)]);
  for (const std::size_t row : order) shuffled.AppendRows(ticks, row, row + 1);
  Put("in/EURUSD/b.parquet", shuffled);
  ASSERT_OK(memory_->WriteWhole("out/.tickhouse/clean-spill/run-7", "left by a killed run"));
  ASSERT_OK_AND_ASSIGN(const RunReport report, RunClean());
  EXPECT_EQ(report.Count("sorted_files"), 1);
  CleanRequest calm;
  calm.in = "calm";
  calm.out = "expected";
  ASSERT_OK(RunClean(calm));
  EXPECT_EQ(memory_->ReadWhole("out/EURUSD/EURUSD.parquet").value(),
            memory_->ReadWhole("expected/EURUSD/EURUSD.parquet").value());
  EXPECT_EQ(FilesOf("out"), std::vector<std::string>{"out/EURUSD/EURUSD.parquet"});
}

TEST_F(CleanTest, MissingPricesAreCountedAndTheNextTickOfTheSecondIsTaken) {
  TickBatch ticks = Ticks(kMorning, 8);
  ticks.bid[0] = std::numeric_limits<double>::quiet_NaN();
  ticks.ask[4] = std::numeric_limits<double>::infinity();
  Put("in/EURUSD/a.parquet", ticks);
  ASSERT_OK_AND_ASSIGN(const RunReport report, RunClean());
  EXPECT_EQ(report.Count("unusable_prices"), 2);
  EXPECT_EQ(Rows("out/EURUSD/EURUSD.parquet").time_ns,
            (std::vector<int64_t>{ticks.time_ns[1], ticks.time_ns[5]}));
}

// A file system in which one kind of call on one path fails.
std::unique_ptr<io::FileSystem> FailingOn(io::FileSystem* base, io::FsCall call, std::string part,
                                          Error error, int from = 0) {
  return io::MakeFaultyFileSystem(
      base,
      [=, seen = 0](io::FsCall now, const std::string& path, int) mutable -> std::optional<Error> {
        if (now != call || path.find(part) == std::string::npos) return std::nullopt;
        return seen++ >= from ? std::optional(error) : std::nullopt;
      });
}

TEST_F(CleanTest, AFileThatCannotBeOpenedIsNamedAndTheOthersGoOn) {
  Put("in/EURUSD/a.parquet", Ticks(kMorning, 100));
  Put("in/EURUSD/b.parquet", Ticks(kMorning + 3 * kNanosPerHour, 100));
  const auto faulty = FailingOn(memory_.get(), io::FsCall::kOpenRead, "b.parquet",
                                {ErrorKind::kPermission, "b.parquet: not allowed"});
  environment_.files = faulty.get();
  ASSERT_OK_AND_ASSIGN(RunReport report, RunClean());
  ASSERT_EQ(report.problems.size(), 1u);
  EXPECT_EQ(report.problems[0].item, "EURUSD/b.parquet");
  EXPECT_EQ(report.problems[0].kind, "permission");
  EXPECT_THAT(report.problems[0].message, ::testing::HasSubstr("EURUSD.parquet lacks it"));
  CleanRequest strict;
  strict.strict = true;
  strict.out = "strict";
  ASSERT_OK_AND_ASSIGN(report, RunClean(strict));
  EXPECT_TRUE(FilesOf("strict").empty());
}

TEST_F(CleanTest, AFileThatVanishesAfterItsFooterWasReadIsNamedToo) {
  Put("in/EURUSD/a.parquet", Ticks(kMorning, 100));
  Put("in/EURUSD/b.parquet", Ticks(kMorning + 3 * kNanosPerHour / 60, 100));
  const auto faulty = FailingOn(memory_.get(), io::FsCall::kOpenRead, "b.parquet",
                                {ErrorKind::kNotFound, "b.parquet: gone"}, 1);
  environment_.files = faulty.get();
  CleanRequest all;
  all.windows = "all";
  ASSERT_OK_AND_ASSIGN(const RunReport report, RunClean(all));
  ASSERT_EQ(report.problems.size(), 1u);
  EXPECT_EQ(report.problems[0].kind, "not-found");
  EXPECT_EQ(Rows("out/EURUSD/EURUSD.parquet").size(), 25u);
}

TEST_F(CleanTest, AFullDiskEndsTheRunAndKeepsTheOldOutput) {
  Put("in/EURUSD/a.parquet", Ticks(kMorning, 100));
  ASSERT_OK(memory_->WriteWhole("out/EURUSD/EURUSD.parquet", "old"));
  for (const io::FsCall call : {io::FsCall::kCreate, io::FsCall::kAppend, io::FsCall::kCommit}) {
    const auto faulty =
        FailingOn(memory_.get(), call, "EURUSD.parquet", {ErrorKind::kNoSpace, "disk full"});
    environment_.files = faulty.get();
    EXPECT_THAT(RunClean(), IsError(ErrorKind::kNoSpace));
    EXPECT_EQ(memory_->ReadWhole("out/EURUSD/EURUSD.parquet").value(), "old");
    EXPECT_EQ(FilesOf("out").size(), 1u);
  }
}

TEST_F(CleanTest, ASecondRunOnOneOutIsRefused) {
  Put("in/EURUSD/a.parquet", Ticks(kMorning, 100));
  ASSERT_OK_AND_ASSIGN(const auto lock, memory_->Lock("out/.tickhouse/clean.lock"));
  EXPECT_THAT(RunClean(), IsError(ErrorKind::kBusy));
  EXPECT_TRUE(FilesOf("out").empty());
}

TEST_F(CleanTest, ObeysTheRequestToStop) {
  Put("in/EURUSD/a.parquet", Ticks(kMorning, 100));
  environment_.cancel.Cancel();
  EXPECT_THAT(RunClean(), IsError(ErrorKind::kCancelled));
  EXPECT_TRUE(FilesOf("out").empty());
}

TEST_F(CleanTest, RefusesWhatItCannotMean) {
  Put("in/EURUSD/a.parquet", Ticks(kMorning, 100));
  CleanRequest request;
  request.windows = "08:00-25:00";
  EXPECT_THAT(RunClean(request), IsError(ErrorKind::kInvalidArgument));
  request = {};
  request.zone = "Mars/Olympus";
  EXPECT_THAT(RunClean(request), IsError(ErrorKind::kInvalidArgument));
  request = {};
  request.engine = "abacus";
  EXPECT_THAT(RunClean(request), IsError(ErrorKind::kInvalidArgument));
  request.engine = "spark";
  request.bars = true;
  EXPECT_THAT(RunClean(request), HasErrorMessage("--bars"));
}

TEST_F(CleanTest, SaysTheSameInJsonForEachSymbol) {
  Put("in/EURUSD/a.parquet", Ticks(kMorning, 100));
  Put("in/EURUSD/b.parquet", Ticks(kMorning, 50));
  Put("in/GBPJPY/a.parquet", Ticks(kMorning, 10));
  ASSERT_OK_AND_ASSIGN(const RunReport report, RunClean());
  const auto json = nlohmann::json::parse(report.ToJson());
  EXPECT_EQ(json["counts"]["symbols"], 2);
  EXPECT_EQ(json["counts"]["doubles"], 50);
  EXPECT_EQ(json["windows"], "07:50-08:00,13:50-14:00");
  EXPECT_EQ(json["symbols"][0]["symbol"], "EURUSD");
  EXPECT_EQ(json["symbols"][0]["doubles"], 50);
  EXPECT_EQ(json["symbols"][1]["rows_out"], 3);
}

TEST_F(CleanTest, LayoutKnowsWhenEveryValueIsThere) {
  Put("in/EURUSD/a.parquet", Ticks(kMorning, 2'500));
  TickBatch holes = Ticks(kMorning, 10);
  holes.ask[3] = std::numeric_limits<double>::quiet_NaN();
  Put("in/EURUSD/b.parquet", holes);
  ASSERT_OK_AND_ASSIGN(const CleanInputs inputs, FindCleanInputs(environment_, "in", "out", ""));
  ASSERT_EQ(inputs.symbols.size(), 1u);
  const std::vector<CleanInput>& files = inputs.symbols[0].files;
  EXPECT_TRUE(files[0].layout.complete);
  EXPECT_EQ(files[0].layout.groups.size(), 3u);
  EXPECT_EQ(files[0].layout.rank().first_ns, kMorning);
  EXPECT_FALSE(files[1].layout.complete);
}

}  // namespace
}  // namespace tickhouse::app
