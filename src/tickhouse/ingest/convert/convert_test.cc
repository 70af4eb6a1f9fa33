#include "tickhouse/ingest/convert/convert.h"

#include <algorithm>
#include <atomic>

#include "tickhouse/core/market/instrument.h"
#include "tickhouse/ingest/convert/convert_testing.h"
#include "tickhouse/io/bi5/bi5.h"
#include "tickhouse/io/dukascopy/dukascopy_hour.h"
#include "tickhouse/io/fs/faulty_file_system.h"
#include "tickhouse/lineage/sha256.h"

namespace tickhouse::ingest {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;
using State = ItemOutcome::State;

using ConvertTest = ConvertJobTest;

TEST_F(ConvertTest, CsvBecomesParquetWithWhatIsKnownOfIt) {
  const std::string text = QdmText(1000);
  Put("raw/EURUSD/ticks_UTCPlus02.csv", text);
  job_.options.program = "tickhouse test";
  const ItemOutcome outcome = RunForOne();
  EXPECT_EQ(outcome.state, State::kConverted);
  EXPECT_EQ(outcome.result.rows, 1000);
  EXPECT_THAT(OutFiles(), ElementsAre("EURUSD/ticks_UTCPlus02_chunk_000.parquet"));
  const TickBatch ticks = ReadParquet("out/EURUSD/ticks_UTCPlus02_chunk_000.parquet");
  ASSERT_EQ(ticks.size(), 1000u);
  EXPECT_EQ(FormatUtc(FromNanos(ticks.time_ns[1])), "2021-01-03T22:00:01.001Z");
  EXPECT_EQ(ticks.bid[1], 1.20001);
  EXPECT_EQ(ticks.ask[1], 1.20004);
  const io::TickFileMetadata metadata = MetadataOf("out/EURUSD/ticks_UTCPlus02_chunk_000.parquet");
  EXPECT_EQ(metadata.symbol, "EURUSD");
  EXPECT_EQ(metadata.decimals, 5);
  EXPECT_EQ(metadata.source_file, "EURUSD/ticks_UTCPlus02.csv");
  EXPECT_EQ(metadata.source_sha256, lineage::Sha256Of(text));
  EXPECT_EQ(metadata.source_zone, "UTC+02:00");
  EXPECT_EQ(metadata.more.at("program"), "tickhouse test");
}

TEST_F(ConvertTest, SameBytesForAnyNumberOfThreads) {
  const std::string text = QdmText(60'000) + "bad row\n" + QdmRows(60'000, 60'000);
  Put("raw/EURUSD/a.csv", text);
  job_.options.chunk_bytes = 2'000'000;
  std::vector<std::pair<std::string, std::string>> expected;
  for (const int threads : {1, 2, 3, 8}) {
    store_ = io::MakeMemoryFileSystem();
    Put("raw/EURUSD/a.csv", text);
    job_.options.threads = threads;
    ASSERT_OK(Run());
    if (expected.empty()) expected = OutBytes();
    EXPECT_EQ(OutBytes(), expected) << threads;
  }
  EXPECT_THAT(expected, SizeIs(4)) << "three chunks and the side file";
}

TEST_F(ConvertTest, ChunksFollowTheBytesOfTheText) {
  Put("raw/EURUSD/a.csv", QdmText(5000));
  job_.options.chunk_bytes = 100'000;
  const ItemOutcome outcome = RunForOne();
  EXPECT_THAT(OutFiles(), ElementsAre("EURUSD/a_chunk_000.parquet", "EURUSD/a_chunk_001.parquet",
                                      "EURUSD/a_chunk_002.parquet"));
  TickBatch all;
  for (const std::string& name : OutFiles()) {
    const TickBatch part = ReadParquet("out/" + name);
    all.AppendRows(part, 0, part.size());
    EXPECT_EQ(MetadataOf("out/" + name).source_sha256, lineage::Sha256Of(QdmText(5000)));
  }
  EXPECT_EQ(all.size(), 5000u);
  EXPECT_TRUE(std::ranges::is_sorted(all.time_ns));
}

TEST_F(ConvertTest, RefusedRowsGoToASideFileWithLineAndReason) {
  Put("raw/EURUSD/a.csv",
      QdmText(2) + "20210104 05:50:00.252,,1.2,3\n" + QdmRows(2, 1) + "\"quote, this");
  const ItemOutcome outcome = RunForOne();
  EXPECT_EQ(outcome.state, State::kConverted);
  EXPECT_EQ(outcome.result.rows, 3);
  EXPECT_EQ(outcome.result.rejected, 2);
  EXPECT_EQ(outcome.result.rejects_path, "EURUSD/a.rejects.csv");
  ASSERT_OK_AND_ASSIGN(const std::string side, store_->ReadWhole("out/EURUSD/a.rejects.csv"));
  EXPECT_THAT(side, HasSubstr("line,reason,row\n4,empty bid,\"20210104 05:50:00.252,,1.2,3\"\n"));
  EXPECT_THAT(side, HasSubstr("\n6,"));
  EXPECT_THAT(side, HasSubstr("\"\"\"quote, this\""));
}

TEST_F(ConvertTest, StrictStopsAtTheFirstRefusedRowAndLeavesNothing) {
  Put("raw/EURUSD/a.csv", QdmText(2) + "oops\n" + QdmRows(2, 100));
  job_.options.strict = true;
  const auto summary = Run();
  EXPECT_THAT(summary, IsError(ErrorKind::kCorrupt));
  EXPECT_THAT(summary, HasErrorMessage("EURUSD/a.csv: line 4"));
  EXPECT_THAT(OutFiles(), IsEmpty());
}

TEST_F(ConvertTest, StrictDoesNotTrustAnEarlierLenientRun) {
  Put("raw/EURUSD/a.csv", QdmText(2) + "oops\n");
  ASSERT_OK(Run());
  job_.options.strict = true;
  EXPECT_THAT(Run(), IsError(ErrorKind::kCorrupt));
}

TEST_F(ConvertTest, AFileOfNonsenseIsNamedAndOthersGoOn) {
  Put("raw/EURUSD/a.csv", QdmText(10));
  Put("raw/EURUSD/b.csv", "DateTime,Bid,Ask,Volume\nx\ny\n");
  Put("raw/EURUSD/c.csv", "");
  Put("raw/EURUSD/d.csv", std::string("\x7F"
                                      "ELF\0\1\2\3\n",
                                      9));
  Put("raw/EURUSD/e.csv", "DateTime,Bid,Ask,Volume\n");
  Put("raw/nowhere/f.csv", QdmText(10) + QdmRows(10, 1));
  ASSERT_OK_AND_ASSIGN(const ConvertSummary summary, Run());
  ASSERT_THAT(summary.outcomes, SizeIs(6));
  const auto state = [&](std::size_t i) { return summary.outcomes[i].state; };
  EXPECT_EQ(state(0), State::kConverted);
  EXPECT_EQ(state(1), State::kFailed);
  EXPECT_THAT(summary.outcomes[1].error.message, HasSubstr("not one of 2 rows"));
  EXPECT_EQ(state(2), State::kEmpty);
  EXPECT_EQ(state(3), State::kFailed);
  EXPECT_EQ(summary.outcomes[3].error.kind, ErrorKind::kUnsupported);
  EXPECT_EQ(state(4), State::kEmpty);
  EXPECT_EQ(state(5), State::kFailed);
  EXPECT_THAT(summary.outcomes[5].error.message, HasSubstr("--symbol"));
  EXPECT_THAT(OutFiles(), ElementsAre("EURUSD/a_chunk_000.parquet", "EURUSD/b.rejects.csv"));
}

TEST_F(ConvertTest, RowsOfTrueFxTellTheSymbolThemselves) {
  Put("raw/loose/x.csv", "EUR/USD,20211101 19:07:40.498,1.16034,1.16037\n");
  const ItemOutcome outcome = RunForOne();
  EXPECT_EQ(outcome.state, State::kConverted);
  EXPECT_EQ(outcome.result.symbol, "EURUSD");
}

TEST_F(ConvertTest, ColumnsMayChangePlacesInTheMiddleOfAFile) {
  // Enough text before it that later blocks are parsed before the header is seen.
  std::string text = QdmText(200'000);
  text += "DateTime,Ask,Bid,Volume\n";
  for (int i = 0; i < 200'000; ++i) text += "20210105 00:00:00.000,2.00000,1.00000,1\n";
  Put("raw/EURUSD/a.csv", text);
  for (const int threads : {1, 4}) {
    job_.options.threads = threads;
    job_.options.keep_volume = threads == 4;  // Other options: convert again.
    const ItemOutcome outcome = RunForOne();
    ASSERT_EQ(outcome.result.rows, 400'000);
    const TickBatch ticks = ReadParquet("out/EURUSD/a_chunk_000.parquet");
    EXPECT_EQ(std::ranges::count(ticks.bid, 1.0), 200'000);
    EXPECT_EQ(std::ranges::count(ticks.ask, 2.0), 200'000);
  }
}

TEST_F(ConvertTest, EmptyFieldsOfMetaTraderReachAcrossBlocks) {
  std::string text = "<DATE>\t<TIME>\t<BID>\t<ASK>\t<LAST>\t<VOLUME>\t<FLAGS>\n";
  text += "2021.01.04\t00:00:00.000\t1.50000\t1.50002\t\t\t6\n";
  for (int i = 0; i < 100'000; ++i) text += "2021.01.04\t00:00:01.000\t\t1.50003\t\t\t4\n";
  Put("raw/EURUSD/a.csv", text);
  job_.options.source_zone = Zone::FixedOffset(std::chrono::hours(2));
  const ItemOutcome outcome = RunForOne();
  ASSERT_EQ(outcome.result.rows, 100'001);
  const TickBatch ticks = ReadParquet("out/EURUSD/a_chunk_000.parquet");
  EXPECT_EQ(std::ranges::count(ticks.bid, 1.5), 100'001);
}

TEST_F(ConvertTest, VolumesAreKeptOnRequest) {
  Put("raw/EURUSD/a.csv", QdmText(10));
  Put("raw/EURUSD/node.csv",
      "timestamp,askPrice,bidPrice,askVolume,bidVolume\n1609718400000,1.2,1.1,0.75,1.5\n");
  job_.options.keep_volume = true;
  ASSERT_OK(Run());
  EXPECT_EQ(ReadParquet("out/EURUSD/a_chunk_000.parquet", true).volume.at(3), 3.37);
  const TickBatch sides = ReadParquet("out/EURUSD/node_chunk_000.parquet", true);
  EXPECT_EQ(sides.bid_volume.at(0), 1'500'000);
  EXPECT_EQ(sides.ask_volume.at(0), 750'000);
}

TEST_F(ConvertTest, AThousandChunksOfOneFileAreTooMany) {
  Put("raw/EURUSD/a.csv", QdmText(1000));
  job_.options.chunk_bytes = 10;
  const ItemOutcome outcome = RunForOne();
  EXPECT_EQ(outcome.error.kind, ErrorKind::kInvalidArgument);
  EXPECT_THAT(outcome.error.message, HasSubstr("--chunk-size"));
}

// --- What is done already ---

TEST_F(ConvertTest, WhatIsDoneIsSkippedWithoutReading) {
  Put("raw/EURUSD/a.csv", QdmText(10));
  ASSERT_OK(Run());
  std::atomic<int> reads = 0;
  files_ = io::MakeFaultyFileSystem(
      store_.get(), [&](io::FsCall call, const std::string& path, int) -> std::optional<Error> {
        if (call == io::FsCall::kOpenRead && path.starts_with("raw/")) ++reads;
        return std::nullopt;
      });
  EXPECT_EQ(RunForOne().state, State::kSkipped);
  EXPECT_EQ(reads, 0);
}

TEST_F(ConvertTest, ATouchedSourceOfTheSameContentIsSkipped) {
  Put("raw/EURUSD/a.csv", QdmText(10));
  ASSERT_OK(Run());
  Put("raw/EURUSD/a.csv", QdmText(10));
  EXPECT_EQ(RunForOne().state, State::kSkipped);
}

TEST_F(ConvertTest, ASourceWrittenWhileItWasConvertedIsLookedAtAgain) {
  // The memory's times count seconds from 1970: this conversion begins at the moment of writing.
  clock_.JumpTo(FromNanos(2 * kNanosPerSecond));
  Put("raw/EURUSD/a.csv", QdmText(10));
  ASSERT_OK(Run());
  std::atomic<int> reads = 0;
  files_ = io::MakeFaultyFileSystem(
      store_.get(), [&](io::FsCall call, const std::string& path, int) -> std::optional<Error> {
        if (call == io::FsCall::kOpenRead && path.starts_with("raw/")) ++reads;
        return std::nullopt;
      });
  EXPECT_EQ(RunForOne().state, State::kSkipped);
  EXPECT_GT(reads, 0);
}

TEST_F(ConvertTest, ARenamedSourceIsSkipped) {
  Put("raw/EURUSD/a.csv", QdmText(10));
  ASSERT_OK(Run());
  ASSERT_OK(store_->Rename("raw/EURUSD/a.csv", "raw/EURUSD/b.csv"));
  const ItemOutcome outcome = RunForOne();
  EXPECT_EQ(outcome.state, State::kSkipped);
  EXPECT_THAT(outcome.note, HasSubstr("EURUSD/a"));
  EXPECT_THAT(OutFiles(), ElementsAre("EURUSD/a_chunk_000.parquet"));
}

TEST_F(ConvertTest, TheSameBytesForAnotherSymbolAreAnotherConversion) {
  Put("raw/EURUSD/a.csv", QdmText(10));
  Put("raw/GBPUSD/a.csv", QdmText(10));
  ASSERT_OK(Run());
  EXPECT_THAT(OutFiles(), SizeIs(2));
}

TEST_F(ConvertTest, TwinsInOneRunAreConvertedOnce) {
  Put("raw/EURUSD/a.csv", QdmText(10));
  Put("raw/EURUSD/b.csv", QdmText(10));
  ASSERT_OK_AND_ASSIGN(const ConvertSummary first, Run());
  EXPECT_EQ(first.outcomes.at(0).state, State::kConverted);
  EXPECT_EQ(first.outcomes.at(1).state, State::kSkipped);
  ASSERT_OK_AND_ASSIGN(const ConvertSummary second, Run());
  EXPECT_EQ(second.outcomes.at(1).state, State::kSkipped);
  EXPECT_THAT(OutFiles(), SizeIs(1));
}

TEST_F(ConvertTest, ContentThatMovedAwayBeforeItsPlaceWasReusedIsNotLost) {
  Put("raw/EURUSD/a.csv", QdmText(10));
  ASSERT_OK(Run());
  ASSERT_OK(store_->Rename("raw/EURUSD/a.csv", "raw/EURUSD/old.csv"));
  Put("raw/EURUSD/a.csv", QdmText(20));
  ASSERT_OK(Run());
  EXPECT_EQ(ReadParquet("out/EURUSD/a_chunk_000.parquet").size(), 20u);
  EXPECT_EQ(ReadParquet("out/EURUSD/old_chunk_000.parquet").size(), 10u);
}

TEST_F(ConvertTest, AChangedSourceReplacesAllItsChunks) {
  job_.options.chunk_bytes = 10'000;
  Put("raw/EURUSD/a.csv", QdmText(1000) + "bad\n");
  ASSERT_OK(Run());
  EXPECT_THAT(OutFiles(), SizeIs(6));
  Put("raw/EURUSD/a.csv", QdmText(300));
  EXPECT_EQ(RunForOne().state, State::kConverted);
  EXPECT_THAT(OutFiles(), ElementsAre("EURUSD/a_chunk_000.parquet", "EURUSD/a_chunk_001.parquet"));
}

TEST_F(ConvertTest, OtherOptionsConvertAgain) {
  Put("raw/EURUSD/a.csv", QdmText(10));
  ASSERT_OK(Run());
  job_.options.keep_volume = true;
  EXPECT_EQ(RunForOne().state, State::kConverted);
  EXPECT_EQ(RunForOne().state, State::kSkipped);
}

TEST_F(ConvertTest, AMissingOrCutOutputIsMadeAgain) {
  Put("raw/EURUSD/a.csv", QdmText(10));
  ASSERT_OK(Run());
  ASSERT_OK(store_->Remove("out/EURUSD/a_chunk_000.parquet"));
  EXPECT_EQ(RunForOne().state, State::kConverted);
  Put("out/EURUSD/a_chunk_000.parquet", "cut");
  EXPECT_EQ(RunForOne().state, State::kConverted);
  EXPECT_EQ(ReadParquet("out/EURUSD/a_chunk_000.parquet").size(), 10u);
}

// --- Hours ---

std::string Bi5(int count) {
  std::vector<io::Bi5Record> records;
  for (int i = 0; i < count; ++i) {
    const auto n = static_cast<uint32_t>(i);
    records.push_back({n * 10, 133'000 + n, 132'990 + n, 1.5F, 0.75F});
  }
  return *io::EncodeBi5(records);
}

TEST_F(ConvertTest, HoursOfAMonthBecomeOneFile) {
  Put("raw/GBPJPY/2012/11/02/03h_ticks.bi5", Bi5(5));
  Put("raw/GBPJPY/2012/11/01/00h_ticks.bi5", Bi5(7));
  Put("raw/GBPJPY/2012/11/01/01h_ticks.bi5", "");
  job_.options.keep_volume = true;
  const ItemOutcome outcome = RunForOne();
  EXPECT_EQ(outcome.state, State::kConverted);
  EXPECT_EQ(outcome.result.rows, 12);
  const std::string path = "out/GBPJPY/GBPJPY_bi5_2012-12_chunk_000.parquet";
  const TickBatch ticks = ReadParquet(path, true);
  ASSERT_EQ(ticks.size(), 12u);
  EXPECT_EQ(FormatUtc(FromNanos(ticks.time_ns[1])), "2012-12-01T00:00:00.010Z");
  EXPECT_EQ(FormatUtc(FromNanos(ticks.time_ns[7])), "2012-12-02T03:00:00Z");
  EXPECT_EQ(ticks.ask[1], 133.001);
  EXPECT_EQ(ticks.bid[1], 132.991);
  EXPECT_EQ(ticks.ask_volume[0], 1'500'000);
  EXPECT_EQ(ticks.bid_volume[0], 750'000);
  const io::TickFileMetadata metadata = MetadataOf(path);
  EXPECT_EQ(metadata.decimals, 3);
  EXPECT_EQ(metadata.source_sha256, "");
  EXPECT_EQ(metadata.more.at("sources_sha256"), outcome.result.content);
}

TEST_F(ConvertTest, ADamagedHourIsNamedAndARepairedOneIsTakenUp) {
  Put("raw/GBPJPY/2012/11/01/00h_ticks.bi5", Bi5(7));
  Put("raw/GBPJPY/2012/11/01/01h_ticks.bi5", "no lzma");
  const ItemOutcome outcome = RunForOne();
  EXPECT_EQ(outcome.state, State::kConverted);
  EXPECT_EQ(outcome.result.rejected, 1);
  ASSERT_OK_AND_ASSIGN(const std::string side,
                       store_->ReadWhole("out/GBPJPY/GBPJPY_bi5_2012-12.rejects.csv"));
  EXPECT_THAT(side, HasSubstr("GBPJPY/2012/11/01/01h_ticks.bi5"));
  Put("raw/GBPJPY/2012/11/01/01h_ticks.bi5", Bi5(3));
  EXPECT_EQ(RunForOne().result.rows, 10);
  EXPECT_THAT(OutFiles(), ElementsAre("GBPJPY/GBPJPY_bi5_2012-12_chunk_000.parquet"));
}

TEST_F(ConvertTest, AJsonHourUnderTheNameOfAnotherIsRefused) {
  io::DukascopyHour hour;
  hour.timestamp_ms = 1'783'944'000'000;  // 2026-07-13T12:00:00Z
  hour.time_ms = {hour.timestamp_ms + 5, hour.timestamp_ms + 9};
  hour.bid_points = {110'000, 110'001};
  hour.ask_points = {110'003, 110'004};
  hour.bid_volume = hour.ask_volume = {1'000'000, 2'000'000};
  const std::string json = io::FormatDukascopyHour(hour);
  Put("raw/EURUSD/2026/2026-07-13/EURUSD_2026-07-13T12Z.json", json);
  Put("raw/EURUSD/2026/2026-07-13/EURUSD_2026-07-13T13Z.json", json);
  const ItemOutcome outcome = RunForOne();
  EXPECT_EQ(outcome.result.rows, 2);
  EXPECT_EQ(outcome.result.rejected, 1);
  ASSERT_OK_AND_ASSIGN(const std::string side,
                       store_->ReadWhole("out/EURUSD/EURUSD_json_2026-07.rejects.csv"));
  EXPECT_THAT(side, HasSubstr("not the hour of its name"));
}

TEST_F(ConvertTest, StrictStopsAtADamagedHour) {
  Put("raw/GBPJPY/2012/11/01/00h_ticks.bi5", Bi5(7));
  Put("raw/GBPJPY/2012/11/01/01h_ticks.bi5", "no lzma");
  job_.options.strict = true;
  EXPECT_THAT(Run(), HasErrorMessage("GBPJPY/2012/11/01/01h_ticks.bi5"));
}

TEST_F(ConvertTest, AMonthWithoutTicksIsAFactAndRemembered) {
  Put("raw/GBPJPY/2012/11/01/00h_ticks.bi5", "");
  EXPECT_EQ(RunForOne().state, State::kEmpty);
  EXPECT_EQ(RunForOne().state, State::kSkipped);
  EXPECT_THAT(OutFiles(), IsEmpty());
}

TEST_F(ConvertTest, PricesOfAnUnknownInstrumentHaveNoScale) {
  Put("raw/NOSUCHTHING/2012/11/01/00h_ticks.bi5", Bi5(7));
  EXPECT_THAT(RunForOne().error.message, HasSubstr("decimals"));
}

}  // namespace
}  // namespace tickhouse::ingest
