#include "tickhouse/quality/scan.h"

#include <limits>

#include "tickhouse/core/testing.h"
#include "tickhouse/io/fs/faulty_file_system.h"
#include "tickhouse/io/fs/memory_file_system.h"
#include "tickhouse/io/parquet/parquet_tick_writer.h"

namespace tickhouse::quality {
namespace {

using testing::ElementsAre;

class ScanTest : public testing::Test {
 protected:
  int64_t At(std::string_view text) { return ToNanos(*ParseUtc(text)); }

  // Ticks from a time on, one a second, of good prices.
  TickBatch From(std::string_view text, int rows) {
    TickBatch batch;
    for (int i = 0; i < rows; ++i) {
      batch.time_ns.push_back(At(text) + i * kNanosPerSecond);
      batch.bid.push_back(1.1);
      batch.ask.push_back(1.2);
    }
    return batch;
  }

  void Write(const std::string& path, const TickBatch& batch, const std::string& symbol = "") {
    ASSERT_OK_AND_ASSIGN(auto file, files_->Create(path));
    io::ParquetTickWriter::Options options;
    options.metadata.symbol = symbol;
    ASSERT_OK_AND_ASSIGN(auto writer, io::ParquetTickWriter::Open(std::move(file), options));
    if (!batch.empty()) {
      ASSERT_OK(writer->Write(batch));
    }
    ASSERT_OK(writer->Close());
  }

  ScanReport Scan(bool deep, int threads = 2) { return Scan(*files_, deep, threads); }

  ScanReport Scan(io::FileSystem& files, bool deep, int threads = 2) {
    options_.deep = deep;
    const auto list = ListTickFiles(files, "data");
    EXPECT_OK(list);
    SilentProgress silent;
    auto report = ScanFiles(files, "data", *list, options_, threads, CancelToken(), silent);
    EXPECT_OK(report);
    return std::move(*report);
  }

  std::unique_ptr<io::FileSystem> files_ = io::MakeMemoryFileSystem();
  ScanOptions options_;
};

TEST_F(ScanTest, StatisticsTellRowsNullsAndTimes) {
  TickBatch batch = From("2021-01-05T10:00", 5);
  batch.bid[2] = std::numeric_limits<double>::quiet_NaN();
  Write("data/EURUSD/a.parquet", batch);
  const ScanReport report = Scan(false);
  ASSERT_EQ(report.files.size(), 1u);
  const FileFindings& file = report.files[0];
  EXPECT_EQ(file.file, "EURUSD/a.parquet");
  EXPECT_EQ(file.symbol, "EURUSD");
  EXPECT_FALSE(file.error.has_value());
  EXPECT_FALSE(file.decoded);
  EXPECT_EQ(file.rows, 5);
  EXPECT_EQ(file.date_time_nulls, 0);
  EXPECT_EQ(file.bid_nulls, 1);
  EXPECT_EQ(file.ask_nulls, 0);
  EXPECT_EQ(file.min_time_ns, At("2021-01-05T10:00"));
  EXPECT_EQ(file.max_time_ns, At("2021-01-05T10:00:04"));
  EXPECT_EQ(file.non_positive, 0);
}

TEST_F(ScanTest, WhatStatisticsCannotTellStaysEmpty) {
  Write("data/a.parquet", From("2021-01-05T10:00", 5));
  const FileFindings file = Scan(false).files[0];
  EXPECT_FALSE(file.order_breaks.has_value());
  EXPECT_FALSE(file.duplicates.has_value());
  EXPECT_FALSE(file.crossed.has_value());
  EXPECT_FALSE(file.gaps.has_value());
  EXPECT_FALSE(Scan(false).totals.duplicates.has_value());
}

TEST_F(ScanTest, StatisticsKnowThatSomePriceIsNotPositive) {
  TickBatch batch = From("2021-01-05T10:00", 5);
  batch.bid[1] = 0;
  Write("data/a.parquet", batch);
  const FileFindings file = Scan(false).files[0];
  EXPECT_FALSE(file.non_positive.has_value());
  EXPECT_TRUE(file.MayHaveNonPositive());
  EXPECT_TRUE(file.HasFindings());
}

TEST_F(ScanTest, DepthFindsOrderDuplicatesPricesAndGaps) {
  TickBatch batch = From("2021-01-05T10:00", 6);
  batch.time_ns[2] = batch.time_ns[1];
  batch.time_ns[3] -= 3 * kNanosPerSecond + 1;
  batch.bid[4] = 9;
  batch.ask[5] = -1;
  batch.AppendRows(From("2021-01-05T11:00", 1), 0, 1);
  Write("data/a.parquet", batch);
  const FileFindings file = Scan(true).files[0];
  ASSERT_FALSE(file.error.has_value()) << file.error->ToString();
  EXPECT_TRUE(file.decoded);
  EXPECT_EQ(file.order_breaks, 1);
  EXPECT_EQ(file.duplicates, 1);
  EXPECT_EQ(file.crossed, 2);
  EXPECT_EQ(file.non_positive, 1);
  EXPECT_EQ(file.not_finite, 0);
  ASSERT_TRUE(file.gaps.has_value());
  EXPECT_EQ(file.gaps->count, 1);
}

TEST_F(ScanTest, CryptoHasNoWeekend) {
  TickBatch batch = From("2021-01-08T21:59", 1);
  batch.AppendRows(From("2021-01-10T22:01", 1), 0, 1);
  Write("data/BTCUSD/a.parquet", batch);
  Write("data/EURUSD/a.parquet", batch);
  options_.gap_allowed = std::chrono::minutes(5);
  const ScanReport report = Scan(true);
  EXPECT_EQ(report.files[0].gaps->count, 1);
  EXPECT_EQ(report.files[1].gaps->count, 0);
  options_.session = Session::kCrypto;
  EXPECT_EQ(Scan(true).files[1].gaps->count, 1);
}

TEST_F(ScanTest, BadFilesAreFindingsAndStopNothing) {
  Write("data/a.parquet", From("2021-01-05T10:00", 500));
  ASSERT_OK_AND_ASSIGN(const std::string good, files_->ReadWhole("data/a.parquet"));
  ASSERT_OK(files_->WriteWhole("data/b-empty.parquet", ""));
  ASSERT_OK(files_->WriteWhole("data/c-cut.parquet", good.substr(0, good.size() / 2)));
  ASSERT_OK(files_->WriteWhole("data/d-csv.parquet", "DateTime,Bid,Ask\n20210105 10:00:00,1,2\n"));
  std::string flipped = good;
  flipped[flipped.size() - 20] = static_cast<char>(flipped[flipped.size() - 20] ^ 0x55);
  ASSERT_OK(files_->WriteWhole("data/e-footer.parquet", flipped));
  ASSERT_OK(files_->WriteWhole("data/f-zeros.parquet", std::string(4096, '\0')));
  Write("data/z.parquet", From("2021-01-05T10:00", 3));
  for (const bool deep : {false, true}) {
    const ScanReport report = Scan(deep);
    ASSERT_EQ(report.files.size(), 7u);
    for (const std::size_t i : {1, 2, 3, 5}) {
      EXPECT_TRUE(report.files[i].corrupted()) << report.files[i].file;
      EXPECT_FALSE(report.files[i].rows.has_value());
      EXPECT_THAT(report.files[i].error->message, testing::HasSubstr(report.files[i].file));
    }
    EXPECT_EQ(report.files[6].rows, 3);
    EXPECT_GE(report.totals.corrupted, 4);
  }
}

TEST_F(ScanTest, AFlippedPageIsFoundInDepth) {
  TickBatch batch = From("2021-01-05T10:00", 5'000);
  for (std::size_t i = 0; i < batch.size(); ++i)
    batch.bid[i] += static_cast<double>(i * 7919 % 5003);
  Write("data/a.parquet", batch);
  ASSERT_OK_AND_ASSIGN(std::string bytes, files_->ReadWhole("data/a.parquet"));
  bytes[bytes.size() / 3] = static_cast<char>(bytes[bytes.size() / 3] ^ 0x10);
  ASSERT_OK(files_->WriteWhole("data/a.parquet", bytes));
  EXPECT_FALSE(Scan(false).files[0].error.has_value()) << "no page is read";
  EXPECT_TRUE(Scan(true).files[0].corrupted());
}

TEST_F(ScanTest, ARefusedFileIsNotCalledCorrupt) {
  Write("data/a.parquet", From("2021-01-05T10:00", 3));
  Write("data/b.parquet", From("2021-01-05T10:00", 3));
  const auto faulty = io::MakeFaultyFileSystem(
      files_.get(), [](io::FsCall call, const std::string& path, int) -> std::optional<Error> {
        if (call != io::FsCall::kOpenRead || path != "data/a.parquet") return std::nullopt;
        return Error{ErrorKind::kPermission, path + ": not allowed"};
      });
  const ScanReport report = Scan(*faulty, true);
  EXPECT_TRUE(report.files[0].error.has_value());
  EXPECT_FALSE(report.files[0].corrupted());
  EXPECT_EQ(report.totals.unreadable, 1);
  EXPECT_EQ(report.totals.corrupted, 0);
  EXPECT_EQ(report.totals.rows, 3);
}

TEST_F(ScanTest, AFileThatVanishesIsAFinding) {
  Write("data/a.parquet", From("2021-01-05T10:00", 3));
  ASSERT_OK_AND_ASSIGN(const auto list, ListTickFiles(*files_, "data"));
  ASSERT_OK(files_->Remove("data/a.parquet"));
  SilentProgress silent;
  ASSERT_OK_AND_ASSIGN(const ScanReport report,
                       ScanFiles(*files_, "data", list, options_, 2, CancelToken(), silent));
  EXPECT_EQ(report.files[0].error->kind, ErrorKind::kNotFound);
}

TEST_F(ScanTest, EmptyFilesHaveRowsZero) {
  Write("data/a.parquet", {});
  for (const bool deep : {false, true}) {
    const FileFindings file = Scan(deep).files[0];
    ASSERT_FALSE(file.error.has_value()) << file.error->ToString();
    EXPECT_EQ(file.rows, 0);
    EXPECT_FALSE(file.min_time_ns.has_value());
    EXPECT_FALSE(file.HasFindings());
  }
}

TEST_F(ScanTest, SymbolsShowOverlapsAndGapsBetweenFiles) {
  Write("data/EURUSD/1.parquet", From("2021-01-05T10:00", 60));
  Write("data/EURUSD/2.parquet", From("2021-01-05T10:00:30", 60));
  Write("data/EURUSD/3.parquet", From("2021-01-05T12:00", 60));
  Write("data/GBPUSD/1.parquet", From("2021-01-05T10:00", 60));
  const ScanReport report = Scan(false);
  ASSERT_EQ(report.symbols.size(), 2u);
  EXPECT_EQ(report.symbols[0].symbol, "EURUSD");
  EXPECT_EQ(report.symbols[0].rows, 180);
  EXPECT_EQ(report.symbols[0].overlaps, 1);
  EXPECT_EQ(report.symbols[0].gaps_between.count, 1);
  EXPECT_EQ(report.symbols[0].gaps_between.Longest(), std::chrono::seconds(7'111));
  EXPECT_EQ(report.symbols[1].overlaps, 0);
}

TEST_F(ScanTest, TheAnswerDoesNotDependOnThreads) {
  for (int i = 0; i < 40; ++i) {
    Write("data/S" + std::to_string(i % 3) + "/" + std::to_string(i) + ".parquet",
          From("2021-01-05T10:00", i + 1));
  }
  const ScanReport one = Scan(true, 1);
  const ScanReport many = Scan(true, 8);
  ASSERT_EQ(one.files.size(), many.files.size());
  for (std::size_t i = 0; i < one.files.size(); ++i) {
    EXPECT_EQ(one.files[i].file, many.files[i].file);
    EXPECT_EQ(one.files[i].rows, many.files[i].rows);
  }
  EXPECT_EQ(one.totals.rows, 820);
  EXPECT_EQ(many.totals.rows, 820);
}

TEST_F(ScanTest, CancellationEndsTheScan) {
  Write("data/a.parquet", From("2021-01-05T10:00", 3));
  ASSERT_OK_AND_ASSIGN(const auto list, ListTickFiles(*files_, "data"));
  CancelToken cancel;
  cancel.Cancel();
  SilentProgress silent;
  EXPECT_THAT(ScanFiles(*files_, "data", list, options_, 2, cancel, silent),
              IsError(ErrorKind::kCancelled));
}

TEST_F(ScanTest, ListsParquetOfAnyCaseAndCountsTheRest) {
  for (const char* path : {"data/b.PARQUET", "data/x/a.parquet", "data/c.csv", "data/d.pq"}) {
    ASSERT_OK(files_->WriteWhole(path, "x"));
  }
  int64_t others = 0;
  ASSERT_OK_AND_ASSIGN(const auto list, ListTickFiles(*files_, "data", &others));
  std::vector<std::string> paths;
  for (const io::FileInfo& info : list) paths.push_back(info.path);
  EXPECT_THAT(paths, ElementsAre("data/b.PARQUET", "data/d.pq", "data/x/a.parquet"));
  EXPECT_EQ(others, 1);
}

TEST_F(ScanTest, OneFileMayBeNamed) {
  Write("data/EURUSD.parquet", From("2021-01-05T10:00", 3));
  ASSERT_OK_AND_ASSIGN(const auto list, ListTickFiles(*files_, "data/EURUSD.parquet"));
  ASSERT_EQ(list.size(), 1u);
  const FileFindings file = ScanFile(*files_, list[0], "data/EURUSD.parquet", options_);
  EXPECT_EQ(file.file, "EURUSD.parquet");
  EXPECT_EQ(file.symbol, "EURUSD");
}

TEST(SymbolOfPathTest, TakesTheFolderThenTheName) {
  EXPECT_EQ(SymbolOfPath("root/EURUSD/2021/01/x.parquet", "root"), "EURUSD");
  EXPECT_EQ(SymbolOfPath("root/EURUSD/x.parquet", "root"), "EURUSD");
  EXPECT_EQ(SymbolOfPath("root/eurusd_2021.parquet", "root"), "EURUSD");
  EXPECT_EQ(SymbolOfPath("root/_.parquet", "root"), "");
}

}  // namespace
}  // namespace tickhouse::quality
