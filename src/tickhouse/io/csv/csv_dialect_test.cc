#include "tickhouse/io/csv/csv_dialect.h"

#include <string>

#include "tickhouse/core/testing.h"

namespace tickhouse::io {
namespace {

struct Sample {
  CsvDialect dialect;
  const char* text;
};

TEST(CsvDialectNames, ReadBackWhatTheyPrint) {
  for (const char* name :
       {"qdm", "dukascopy-node", "dukascopy-web", "truefx", "histdata", "mt5", "iso"}) {
    ASSERT_OK_AND_ASSIGN(const CsvDialect dialect, ParseCsvDialect(name));
    EXPECT_EQ(CsvDialectName(dialect), name);
  }
  EXPECT_THAT(ParseCsvDialect("excel"), IsError(ErrorKind::kInvalidArgument));
  EXPECT_THAT(ParseCsvDialect("excel"), HasErrorMessage("qdm, dukascopy-node"));
}

TEST(DetectCsvDialect, KnowsEachByItsFirstLines) {
  const Sample samples[] = {
      {CsvDialect::kQuantDataManager,
       "DateTime,Bid,Ask,Volume\n20210104 05:50:00.252,1.22531,1.22534,3.37\n"},
      {CsvDialect::kQuantDataManager, "20210104 05:50:00.252,1.22531,1.22534,3.37\n"},
      {CsvDialect::kDukascopyNode,
       "timestamp,askPrice,bidPrice,askVolume,bidVolume\n1609739400252,1.2,1.1,0.75,1.5\n"},
      {CsvDialect::kDukascopyNode, "timestamp,askPrice,bidPrice\n1609739400252,1.2,1.1\n"},
      {CsvDialect::kDukascopyWeb,
       "Gmt time,Ask,Bid,AskVolume,BidVolume\n04.02.2019 00:00:00.123,1.2,1.1,0.75,1.5\n"},
      {CsvDialect::kTrueFx, "EUR/USD,20211101 19:07:40.498,1.16034,1.16037\n"},
      {CsvDialect::kHistData, "20120201 000003660,1.306600,1.306770,0\n"},
      {CsvDialect::kMetaTrader5,
       "<DATE>\t<TIME>\t<BID>\t<ASK>\t<LAST>\t<VOLUME>\t<FLAGS>\n"
       "2021.01.04\t00:00:00.123\t1.22531\t1.22534\t\t\t6\n"},
      {CsvDialect::kIso, "timestamp,bid,ask\n2013-01-01 22:00:00.295000+00:00,86.655,86.728\n"},
      {CsvDialect::kIso, "ASK;Bid;Time\n1.2;1.1;2021-01-04T05:50:00Z\n"},
      {CsvDialect::kIso, "date,time,bid,ask\n2021-01-04,05:50:00,1.1,1.2\n"},
  };
  for (const Sample& sample : samples) {
    ASSERT_OK_AND_ASSIGN(const CsvDialect dialect, DetectCsvDialect(sample.text));
    EXPECT_EQ(CsvDialectName(dialect), CsvDialectName(sample.dialect)) << sample.text;
  }
}

TEST(DetectCsvDialect, LooksThroughMarksLineEndsAndDamage) {
  for (const char* text :
       {"\xEF\xBB\xBF"
        "DateTime,Bid,Ask,Volume\r\n",
        "\r\n\n20210104 05:50:00.252,1.22531,1.22534,3.37\r\n",
        "4,3.37\n20210104 05:50:00.252,1.22531,1.22534,3.37\n",
        "DateTime,Bid,Ask,Volume\nbroken\nbroken\n", "DateTime,Bid,Ask,Volume"}) {
    ASSERT_OK_AND_ASSIGN(const CsvDialect dialect, DetectCsvDialect(text));
    EXPECT_EQ(CsvDialectName(dialect), "qdm") << text;
  }
}

TEST(DetectCsvDialect, RefusesWhatItDoesNotKnowAndQuotesIt) {
  const std::string nul("\0\0\0\n", 4);
  for (const std::string& text : {std::string("name,age\nBob,7\n"), nul, std::string("1.5\n"),
                                  std::string("DateTime,Bid,Volume\n20210104 05:50:00,1,1\n")}) {
    EXPECT_THAT(DetectCsvDialect(text), IsError(ErrorKind::kUnsupported)) << text;
    EXPECT_THAT(DetectCsvDialect(text), HasErrorMessage("the first line is \"")) << text;
    EXPECT_THAT(DetectCsvDialect(text), HasErrorMessage("histdata")) << text;
  }
  EXPECT_THAT(DetectCsvDialect(""), HasErrorMessage("no line to tell"));
  EXPECT_THAT(DetectCsvDialect("\n\r\n"), HasErrorMessage("no line to tell"));
}

TEST(DetectCsvDialect, NamesOtherKindsOfFile) {
  EXPECT_THAT(DetectCsvDialect("PAR1\x15\x04"), HasErrorMessage("Parquet"));
  EXPECT_THAT(DetectCsvDialect("\x1F\x8B\x08"), HasErrorMessage("gzip"));
  EXPECT_THAT(DetectCsvDialect("\x28\xB5\x2F\xFD"), HasErrorMessage("zstd"));
  EXPECT_THAT(DetectCsvDialect("PK\x03\x04"), HasErrorMessage("zip"));
  EXPECT_THAT(DetectCsvDialect("\xFF\xFE"
                               "D"),
              HasErrorMessage("UTF-16"));
}

TEST(DetectCsvDialect, DoesNotTakeSecondsOrMicrosecondsForMilliseconds) {
  EXPECT_THAT(DetectCsvDialect("timestamp,bid,ask\n1609739400,1.1,1.2\n"),
              IsError(ErrorKind::kUnsupported));
  EXPECT_THAT(DetectCsvDialect("timestamp,bid,ask\n1609739400252000,1.1,1.2\n"),
              IsError(ErrorKind::kUnsupported));
}

TEST(ZoneOfDialect, IsKnownWhereTheFormatFixesIt) {
  EXPECT_EQ(ZoneOfDialect(CsvDialect::kTrueFx)->name(), "UTC");
  EXPECT_EQ(ZoneOfDialect(CsvDialect::kHistData)->name(), "UTC-05:00");
  EXPECT_FALSE(ZoneOfDialect(CsvDialect::kQuantDataManager).has_value());
}

}  // namespace
}  // namespace tickhouse::io
