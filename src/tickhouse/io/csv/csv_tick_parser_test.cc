#include "tickhouse/io/csv/csv_tick_parser.h"

#include <cmath>
#include <string>
#include <string_view>
#include <vector>

#include "tickhouse/core/testing.h"
#include "tickhouse/core/time.h"

namespace tickhouse::io {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

struct Parsed {
  ParsedCsv csv;
  TickBatch rows;
  CsvCarry carry;
};

Parsed Parse(CsvDialect dialect, std::string_view text, bool with_volumes = false,
             std::string_view zone = "UTC") {
  Parsed parsed;
  CsvParseOptions options{.dialect = dialect, .with_volumes = with_volumes};
  options.source_zone = Zone::Parse(zone).value();
  ParseCsvChunk(text, true, options, &parsed.carry, &parsed.csv);
  ParsedCsv copy = parsed.csv;
  copy.MoveRowsTo(&parsed.rows);
  return parsed;
}

Parsed ParseQdm(std::string_view text) {
  return Parse(CsvDialect::kQuantDataManager, text);
}

std::vector<std::string> Times(const Parsed& parsed) {
  std::vector<std::string> times;
  for (const int64_t ns : parsed.rows.time_ns) times.push_back(FormatUtc(FromNanos(ns)));
  return times;
}

std::vector<std::string> Reasons(const Parsed& parsed) {
  std::vector<std::string> reasons;
  for (const RejectedRow& row : parsed.csv.rejected) {
    reasons.push_back(std::to_string(row.line) + ": " + row.reason);
  }
  return reasons;
}

constexpr std::string_view kQdmHeader = "DateTime,Bid,Ask,Volume\n";

TEST(CsvTickParser, ReadsQuantDataManagerAsPoints) {
  const Parsed parsed = Parse(CsvDialect::kQuantDataManager,
                              "DateTime,Bid,Ask,Volume\n"
                              "20210104 05:50:00.252,1.22531,1.22534,3.37\n"
                              "20210104 05:50:01.000,1.2253,1.22535,4\n",
                              true, "UTC+2");
  ASSERT_TRUE(parsed.csv.in_points);
  EXPECT_EQ(parsed.csv.points.decimals, 5);
  EXPECT_THAT(parsed.csv.points.bid.points, ElementsAre(122531, 122530));
  EXPECT_THAT(parsed.csv.points.ask.points, ElementsAre(122534, 122535));
  EXPECT_THAT(parsed.rows.volume, ElementsAre(3.37, 4.0));
  EXPECT_THAT(Times(parsed), ElementsAre("2021-01-04T03:50:00.252Z", "2021-01-04T03:50:01Z"));
  EXPECT_EQ(parsed.csv.lines, 3);
  EXPECT_THAT(parsed.csv.rejected, IsEmpty());
}

TEST(CsvTickParser, ReadsDukascopyNodeWithVolumesInUnits) {
  const Parsed parsed = Parse(CsvDialect::kDukascopyNode,
                              "timestamp,askPrice,bidPrice,askVolume,bidVolume\n"
                              "1549238400123,1.14567,1.14565,0.75,1.12\n",
                              true);
  EXPECT_THAT(Times(parsed), ElementsAre("2019-02-04T00:00:00.123Z"));
  EXPECT_THAT(parsed.rows.bid, ElementsAre(1.14565));
  EXPECT_THAT(parsed.rows.ask, ElementsAre(1.14567));
  EXPECT_THAT(parsed.rows.ask_volume, ElementsAre(750'000.0));
  EXPECT_THAT(parsed.rows.bid_volume, ElementsAre(1'120'000.0));
}

TEST(CsvTickParser, ReadsDukascopyWebExports) {
  const Parsed parsed = Parse(CsvDialect::kDukascopyWeb,
                              "Local time,Ask,Bid,AskVolume,BidVolume\n"
                              "04.02.2019 00:00:00.123,1.14567,1.14565,1.5,0.75\n"
                              "04.02.2019 02:00:00.123 GMT+0200,1.14567,1.14565,1.5,0.75\n");
  EXPECT_THAT(Times(parsed), ElementsAre("2019-02-04T00:00:00.123Z", "2019-02-04T00:00:00.123Z"));
  EXPECT_THAT(parsed.rows.bid, ElementsAre(1.14565, 1.14565));
}

TEST(CsvTickParser, ReadsTrueFxAndItsSymbol) {
  const Parsed parsed = Parse(CsvDialect::kTrueFx,
                              "EUR/USD,20211101 19:07:40.498,1.16034,1.16037\n"
                              "GBP/USD,20211101 19:07:40.498,1.36034,1.36037\n"
                              "EUR/USD,20211101 19:07:40.500,1.16035,1.16037\n");
  EXPECT_EQ(parsed.csv.symbol, "EURUSD");
  EXPECT_THAT(parsed.rows.bid, ElementsAre(1.16034, 1.16035));
  EXPECT_THAT(Reasons(parsed), ElementsAre("2: symbol GBP/USD in a file of EUR/USD"));
}

TEST(CsvTickParser, ReadsHistDataInEasternTimeWithoutDaylightSaving) {
  const Parsed parsed = Parse(CsvDialect::kHistData,
                              "20120201 000003660,1.306600,1.306770,0\n"
                              "20120701 000003660,1.306600,1.306770,0\n",
                              false, "Europe/Berlin");
  EXPECT_THAT(Times(parsed), ElementsAre("2012-02-01T05:00:03.660Z", "2012-07-01T05:00:03.660Z"));
  EXPECT_EQ(parsed.csv.points.decimals, 6);
}

constexpr std::string_view kMt5Header = "<DATE>\t<TIME>\t<BID>\t<ASK>\t<LAST>\t<VOLUME>\t<FLAGS>\n";

TEST(CsvTickParser, CarriesUnchangedPricesOfMetaTrader) {
  const Parsed parsed = Parse(CsvDialect::kMetaTrader5,
                              std::string(kMt5Header) +
                                  "2021.01.04\t00:00:00.001\t\t1.2\t\t\t4\n"
                                  "2021.01.04\t00:00:00.002\t1.1\t1.3\t\t\t6\n"
                                  "2021.01.04\t00:00:00.003\t\t1.35\t\t\t4\n"
                                  "2021.01.04\t00:00:00.004\t1.15\t\t\t\t2\n"
                                  "2021.01.04\t00:00:00.005\t1.1x\t\t\t\t2\n"
                                  "2021.01.04\t00:00:00.006\t1.2\t\t\t\t2\n"
                                  "2021.01.04\t00:00:00.007\t1.2\t1.4\t1.3\t5\t2\n",
                              true);
  EXPECT_THAT(parsed.rows.bid, ElementsAre(1.1, 1.1, 1.15, 1.2));
  EXPECT_THAT(parsed.rows.ask, ElementsAre(1.3, 1.35, 1.35, 1.4));
  EXPECT_EQ(parsed.rows.volume.back(), 5.0);
  EXPECT_THAT(Reasons(parsed), ElementsAre("2: empty bid before any value", "6: unreadable bid",
                                           "7: empty ask before any value"));
}

TEST(CsvTickParser, CarriesUnchangedPricesIntoTheNextChunk) {
  CsvParseOptions options{.dialect = CsvDialect::kMetaTrader5};
  CsvCarry carry;
  ParsedCsv csv;
  ParseCsvChunk(std::string(kMt5Header) + "2021.01.04\t00:00:00.002\t1.1\t1.3\t\t\t6\n", true,
                options, &carry, &csv);
  ParseCsvChunk("2021.01.04\t00:00:00.003\t\t\t\t\t6\n", false, options, &carry, &csv);
  ASSERT_EQ(csv.rows(), 1u);
  EXPECT_THAT(csv.points.bid.points, ElementsAre(11));
  EXPECT_THAT(csv.points.ask.points, ElementsAre(13));
}

TEST(CsvTickParser, ReadsIsoColumnsInAnyOrderWithOffsetsAndNanoseconds) {
  const Parsed parsed = Parse(CsvDialect::kIso,
                              "Ask;venue;BID;Timestamp\n"
                              "86.728;x;86.655;2013-01-01 22:00:00.295000+00:00\n"
                              "86.728;;86.655;2013-01-01T22:00:00+02:00\n"
                              "86.728;y;86.655;2013-01-01T22:00:00.123456789Z\n"
                              "86.728;y;86.655;2013-01-01 22:00\n",
                              false, "UTC-1");
  EXPECT_THAT(Times(parsed), ElementsAre("2013-01-01T22:00:00.295Z", "2013-01-01T20:00:00Z",
                                         "2013-01-01T22:00:00.123456789Z", "2013-01-01T23:00:00Z"));
  EXPECT_FALSE(parsed.csv.in_points) << "points cannot hold nanoseconds";
  EXPECT_THAT(parsed.rows.ask, ElementsAre(86.728, 86.728, 86.728, 86.728));
}

TEST(CsvTickParser, NeedsTheHeaderOfIso) {
  const Parsed parsed = Parse(CsvDialect::kIso, "2013-01-01T22:00:00Z,1,2\n");
  EXPECT_THAT(Reasons(parsed), ElementsAre(HasSubstr("no header")));
}

TEST(CsvTickParser, SkipsMarksBlankLinesAndRepeatedHeaders) {
  const Parsed parsed = ParseQdm(
      "\xEF\xBB\xBF"
      "DateTime,Bid,Ask,Volume\r\n"
      "20210104 05:50:00.252,1.1,1.2,3.37\r\n"
      "\r\n\n"
      "DateTime,Bid,Ask,Volume\r\n"
      "20210104 05:50:00.253,1.1,1.2,3.37\r\n"
      "\xEF\xBB\xBF"
      "DateTime,Ask,Bid,Volume\n"
      "20210104 05:50:00.254,1.2,1.1,3.37\n");
  EXPECT_THAT(parsed.rows.bid, ElementsAre(1.1, 1.1, 1.1)) << "another header is obeyed";
  EXPECT_THAT(parsed.csv.rejected, IsEmpty());
  EXPECT_EQ(parsed.csv.lines, 8);
}

TEST(CsvTickParser, RejectsDamagedRowsWithLineAndReason) {
  const std::string nul = std::string("20210104 05:50:00.252,1.1,1.2,3.") + '\0' + "\n";
  const Parsed parsed = ParseQdm(std::string(kQdmHeader) +
                                 "20210104 05:50:00.252,,1.2,3\n"
                                 "20210104 05:50:00.252,1.1,1.2\n"
                                 "20210104 05:50:00.252,1.1,1.2,3,4\n" +
                                 nul +
                                 "20210104 05:50:00.252,1.1,1.x,3\n"
                                 "20210104 05:50:00.252,1.1,1.2,\n"
                                 "20210104 05:50:00.252,nan,1.2,1\n"
                                 "20210104 05:50:00.252,1.1,1e999,1\n"
                                 "20210104 05:50:00.252,1.1,\"1.2,1\n"
                                 ",1.1,1.2,1\n"
                                 "2021-1-4 05:50:00.252,1.1,1.2,1\n"
                                 "20210104 05:50:00.252,1.1,1.2,--1\n");
  EXPECT_EQ(parsed.rows.size(), 0u);
  EXPECT_THAT(Reasons(parsed),
              ElementsAre("2: empty bid", "3: 3 columns instead of 4", "4: 5 columns instead of 4",
                          "5: NUL byte", "6: unreadable ask", "7: empty volume",
                          "8: bid is not a finite number", "9: ask is not a finite number",
                          "10: unreadable quotes", "11: empty time", "12: unreadable time",
                          "13: unreadable volume"));
  EXPECT_EQ(parsed.csv.rejected[1].row, "20210104 05:50:00.252,1.1,1.2");
}

TEST(CsvTickParser, KnowsTheCalendar) {
  const Parsed parsed = ParseQdm(
      "20240229 00:00:00.000,1,2,1\n"
      "20230229 00:00:00.000,1,2,1\n"
      "19000229 00:00:00.000,1,2,1\n"
      "20000229 23:59:59.999,1,2,1\n"
      "20161231 23:59:60.000,1,2,1\n"
      "20161231 24:00:00.000,1,2,1\n"
      "20161231 23:60:00.000,1,2,1\n"
      "20161331 23:00:00.000,1,2,1\n"
      "19691231 23:59:59.999,1,2,1\n"
      "16000101 00:00:00.000,1,2,1\n"
      "99991231 00:00:00.000,1,2,1\n");
  EXPECT_THAT(Times(parsed), ElementsAre("2024-02-29T00:00:00Z", "2000-02-29T23:59:59.999Z",
                                         "1969-12-31T23:59:59.999Z"));
  EXPECT_THAT(Reasons(parsed), ElementsAre("2: impossible date", "3: impossible date",
                                           HasSubstr("leap second"), "6: impossible time of day",
                                           "7: impossible time of day", "8: impossible date",
                                           HasSubstr("out of range"), HasSubstr("out of range")));
}

TEST(CsvTickParser, MarksARowCutAtTheEndOfTheFile) {
  const Parsed cut = ParseQdm(
      "20210104 05:50:00.252,1.1,1.2,3\n"
      "20210104 05:50:00.252,1.1,1.");
  EXPECT_EQ(cut.rows.size(), 1u);
  EXPECT_THAT(Reasons(cut), ElementsAre("2: cut: 3 columns instead of 4"));
  const Parsed whole = ParseQdm("20210104 05:50:00.252,1.1,1.2,3");
  EXPECT_EQ(whole.rows.size(), 1u) << "a missing line end alone is no damage";
}

TEST(CsvTickParser, ReadsUnusualButValidNumbersExactly) {
  const Parsed parsed = ParseQdm(
      "20210104 05:50:00.252,1.1,1.2,3\n"
      "20210104 05:50:00.252,-5,+7.5,3\n"
      "20210104 05:50:00.252,1.2253100000000001,1.22534000000000009,3\n"
      "20210104 05:50:00.252,12e-1,9007199254740993,3\n"
      "20210104 05:50:00.252,\"1.5\", 1.75 ,3\n"
      "20210104 05:50:00.252,.5,5.,3\n"
      "20210104 05:50:00.252,-0.0,100000000000,3\n");
  EXPECT_THAT(parsed.csv.rejected, IsEmpty());
  EXPECT_FALSE(parsed.csv.in_points);
  EXPECT_THAT(parsed.rows.bid, ElementsAre(1.1, -5, 1.2253100000000001, 1.2, 1.5, 0.5, 0.0));
  EXPECT_THAT(parsed.rows.ask,
              ElementsAre(1.2, 7.5, 1.2253400000000001, 9007199254740992.0, 1.75, 5, 1e11));
  EXPECT_FALSE(std::signbit(parsed.rows.bid.back()));
}

TEST(CsvTickParser, ScalesToTheLargestNumberOfDecimals) {
  const Parsed parsed = ParseQdm(
      "20210104 05:50:00.252,1,2.5,3\n"
      "20210104 05:50:00.252,1.25,2,3\n"
      "20210104 05:50:00.252,-1.12345678,2,3\n");
  ASSERT_TRUE(parsed.csv.in_points);
  EXPECT_EQ(parsed.csv.points.decimals, 8);
  EXPECT_THAT(parsed.csv.points.bid.points, ElementsAre(100000000, 125000000, -112345678));
  EXPECT_THAT(parsed.rows.bid, ElementsAre(1, 1.25, -1.12345678));
}

TEST(CsvTickParser, MovesToDoublesWhenTheScaleNeedsTenDigits) {
  const Parsed parsed = ParseQdm(
      "20210104 05:50:00.252,31000.5,31001.5,3\n"
      "20210104 05:50:00.252,0.123456,2,3\n");
  EXPECT_FALSE(parsed.csv.in_points);
  EXPECT_THAT(parsed.rows.bid, ElementsAre(31000.5, 0.123456));
  EXPECT_EQ(parsed.csv.points.size(), 0u);
}

TEST(CsvTickParser, KeepsARisingSeriesRisingThroughARepeatedHour) {
  const Parsed parsed = Parse(CsvDialect::kQuantDataManager,
                              "20241103 00:59:59.000,1,2,1\n"
                              "20241103 01:00:00.000,1,2,1\n"
                              "20241103 01:59:59.000,1,2,1\n"
                              "20241103 01:59:58.000,1,2,1\n"
                              "20241103 01:00:00.000,1,2,1\n"
                              "20241103 01:20:00.000,1,2,1\n"
                              "20241103 01:59:59.000,1,2,1\n"
                              "20241103 02:00:00.000,1,2,1\n"
                              "20241103 01:30:00.000,1,2,1\n",
                              false, "America/New_York");
  EXPECT_THAT(Times(parsed),
              ElementsAre("2024-11-03T04:59:59Z", "2024-11-03T05:00:00Z", "2024-11-03T05:59:59Z",
                          "2024-11-03T05:59:58Z", "2024-11-03T06:00:00Z", "2024-11-03T06:20:00Z",
                          "2024-11-03T06:59:59Z", "2024-11-03T07:00:00Z", "2024-11-03T05:30:00Z"));
}

TEST(CsvTickParser, MovesSkippedReadingsAsTheZoneSays) {
  const Parsed parsed = Parse(CsvDialect::kQuantDataManager,
                              "20240310 01:59:59.000,1,2,1\n"
                              "20240310 02:30:00.000,1,2,1\n"
                              "20240310 03:00:00.000,1,2,1\n",
                              false, "America/New_York");
  EXPECT_THAT(Times(parsed),
              ElementsAre("2024-03-10T06:59:59Z", "2024-03-10T07:30:00Z", "2024-03-10T07:00:00Z"));
}

TEST(CsvTickParser, TakesNothingFromNothing) {
  for (const std::string_view text : {"", "\n", "\r\n\r\n", "DateTime,Bid,Ask,Volume\n"}) {
    const Parsed parsed = ParseQdm(text);
    EXPECT_EQ(parsed.csv.rows(), 0u);
    EXPECT_THAT(parsed.csv.rejected, IsEmpty());
  }
}

TEST(CsvTickParser, CutsLongRejectedRows) {
  const Parsed parsed = ParseQdm(std::string(10'000, 'x') + "\n");
  ASSERT_EQ(parsed.csv.rejected.size(), 1u);
  EXPECT_EQ(parsed.csv.rejected[0].row.size(), 4'096u);
}

}  // namespace
}  // namespace tickhouse::io
