#include "tickhouse/sql/spark_convert.h"

#include <regex>

#include "tickhouse/core/testing.h"
#include "tickhouse/io/fs/local_file_system.h"
#include "tickhouse/io/fs/test_folder.h"
#include "tickhouse/sql/scratch_folder.h"

namespace tickhouse::sql {
namespace {

using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::Not;

SparkSource SourceOf(io::CsvDialect dialect, std::string_view header = "") {
  SparkSource source;
  source.text = "/s/in-0.csv";
  source.ticks = "/s/ticks-0";
  source.odd = "/s/odd-0";
  source.dialect = dialect;
  source.columns =
      header.empty() ? io::DefaultCsvColumns(dialect) : *io::CsvColumnsOfHeader(dialect, header);
  if (dialect == io::CsvDialect::kTrueFx) source.symbol = "EUR/USD";
  return source;
}

bool IsPlain(const SparkSource& source, const std::string& row) {
  return std::regex_match(row, std::regex(PlainRowPattern(source)));
}

TEST(SparkConvertTest, PlainRowsOfEveryDialectAreKnown) {
  using enum io::CsvDialect;
  EXPECT_TRUE(IsPlain(SourceOf(kQuantDataManager), "20210104 05:50:00.252,1.22531,1.22534,3.37"));
  EXPECT_TRUE(IsPlain(SourceOf(kDukascopyNode), "1609725000252,1.22534,1.22531,0.75,1"));
  EXPECT_TRUE(IsPlain(SourceOf(kDukascopyWeb), "04.02.2019 00:00:00.123,1.2,1.1,1,2"));
  EXPECT_TRUE(IsPlain(SourceOf(kTrueFx), "EUR/USD,20211101 19:07:40.498,1.16034,1.16037"));
  EXPECT_TRUE(IsPlain(SourceOf(kHistData), "20120201 000003660,1.306600,1.306770,0"));
  EXPECT_TRUE(IsPlain(SourceOf(kMetaTrader5), "2021.01.04\t05:50:00.252\t1.1\t1.2\t\t\t6"));
  EXPECT_TRUE(IsPlain(SourceOf(kIso, "time,bid,ask"), "2021-01-04T05:50:00.252Z,1,2"));
  EXPECT_TRUE(IsPlain(SourceOf(kIso, "time,bid,ask"), "2021-01-04 05:50:00+02:00,1,-2"));
}

TEST(SparkConvertTest, WhatMayMeanSomethingElseIsHandedBack) {
  const SparkSource qdm = SourceOf(io::CsvDialect::kQuantDataManager);
  for (const char* row : {"", "DateTime,Bid,Ask,Volume", "20210104 05:50:00.252,1.22531,1.22534",
                          "20210104 05:50:60.000,1,2,3", "20210104 05:50:00.252,,2,3",
                          "20210104 05:50:00.252,1e5,2,3", "20210104 05:50:00.252, 1,2,3",
                          "\"20210104 05:50:00.252\",1,2,3", "20210104 05:50:00.1234567,1,2,3",
                          "15000104 05:50:00.252,1,2,3", "20210104 05:50:00.252,nan,2,3",
                          "20210104 05:50:00.252,1,2,3,4"}) {
    EXPECT_FALSE(IsPlain(qdm, row)) << row;
  }
  EXPECT_FALSE(IsPlain(SourceOf(io::CsvDialect::kTrueFx), "USD/JPY,20211101 19:07:40.498,1,2"));
  EXPECT_FALSE(
      IsPlain(SourceOf(io::CsvDialect::kMetaTrader5), "2021.01.04\t05:50:00.252\t\t1.2\t\t\t6"));
}

// Such a row has a time, so Spark may not find out in a column of its own that it has none.
TEST(SparkConvertTest, OnlyDatesAndHoursThatExistArePlain) {
  using enum io::CsvDialect;
  const SparkSource qdm = SourceOf(kQuantDataManager);
  const auto time = [](const std::string& text) { return text + ",1,2,3"; };
  for (const char* good : {"20240229 00:00:00.000", "2000.02.29 23:59:59", "1996-02-29 00:00:00.1",
                           "20210430 09:00:00", "20211231 19:00:00", "2021.08.31 20:00:00"}) {
    EXPECT_TRUE(IsPlain(qdm, time(good))) << good;
  }
  for (const char* bad :
       {"20230229 00:00:00", "21000229 00:00:00", "20210230 00:00:00", "20210431 00:00:00",
        "2021.06.31 00:00:00", "20211301 00:00:00", "20210001 00:00:00", "20210100 00:00:00",
        "20210132 00:00:00", "20210101 24:00:00", "20210101 23:60:00", "2021.0101 00:00:00"}) {
    EXPECT_FALSE(IsPlain(qdm, time(bad))) << bad;
  }
  const SparkSource web = SourceOf(kDukascopyWeb);
  EXPECT_TRUE(IsPlain(web, "29.02.2024 00:00:00.123,1.2,1.1,1,2"));
  EXPECT_TRUE(IsPlain(web, "31.12.2023 00:00:00.123,1.2,1.1,1,2"));
  EXPECT_FALSE(IsPlain(web, "29.02.2023 00:00:00.123,1.2,1.1,1,2"));
  EXPECT_FALSE(IsPlain(web, "31.11.2023 00:00:00.123,1.2,1.1,1,2"));
  EXPECT_FALSE(IsPlain(SourceOf(kHistData), "20120201 240003660,1.3,1.3,0"));
}

TEST(SparkConvertTest, DaylightSavingAndOddSymbolsAreNotForSpark) {
  SparkSource source = SourceOf(io::CsvDialect::kMetaTrader5);
  EXPECT_TRUE(IsPlainForSpark(source));
  ASSERT_OK_AND_ASSIGN(source.zone, Zone::Parse("Europe/Athens"));
  EXPECT_FALSE(IsPlainForSpark(source));
  SparkSource symbol = SourceOf(io::CsvDialect::kTrueFx);
  EXPECT_TRUE(IsPlainForSpark(symbol));
  symbol.symbol = "EUR'USD";
  EXPECT_FALSE(IsPlainForSpark(symbol));
}

TEST(SparkConvertTest, StatementsNameTheirFoldersAndColumns) {
  SparkSource source = SourceOf(io::CsvDialect::kQuantDataManager);
  source.zone = Zone::FixedOffset(std::chrono::hours(2));
  source.volumes.single = true;
  const std::string sql = SparkConvertSql({&source, 1});
  EXPECT_THAT(sql, HasSubstr("OPTIONS (path '/s/in-0.csv'"));
  EXPECT_THAT(sql, HasSubstr("INSERT OVERWRITE DIRECTORY '/s/ticks-0' USING parquet"));
  EXPECT_THAT(sql, HasSubstr("timestampadd(SECOND, -7200,"));
  EXPECT_THAT(sql, HasSubstr("trim(TRAILING '\\r' FROM f[3])")) << "the last column";
  EXPECT_THAT(sql, HasSubstr("AS Volume"));
  EXPECT_THAT(sql, Not(HasSubstr("BidVolume")));
}

TEST(SparkConvertTest, CommandCarriesSplitsAndBlocks) {
  SparkProgram program;
  program.submit = "/opt/spark/bin/spark-submit";
  program.master = "local[2]";
  ASSERT_OK_AND_ASSIGN(const std::vector<std::string> command, SparkCommand(program, "/s"));
  EXPECT_EQ(command.front(), program.submit);
  EXPECT_THAT(command, Contains("local[2]"));
  EXPECT_THAT(command, Contains("spark.sql.files.maxPartitionBytes=500000000"));
  EXPECT_THAT(command, Contains("spark.hadoop.parquet.block.size=536870912"));
  EXPECT_EQ(command.back(), "/s/job.sql");
}

TEST(SparkConvertTest, ExactlyOneProgramIsNamed) {
  EXPECT_THAT(SparkCommand({}, "/s"), IsError(ErrorKind::kInvalidArgument));
  SparkProgram both;
  both.submit = "a";
  both.sql = "b";
  EXPECT_THAT(SparkCommand(both, "/s"), IsError(ErrorKind::kInvalidArgument));
}

TEST(SparkConvertTest, AFailingSparkIsUnavailableWithItsLastWords) {
  const io::TemporaryFolder folder;
  const auto files = io::MakeLocalFileSystem();
  SparkProgram spark;
  spark.sql = "sh";  // "sh --conf ..." fails as a program that dislikes its arguments.
  const Status status = RunSparkSql(spark, folder.path(), "SELECT 1;\n", {});
  EXPECT_THAT(status, IsError(ErrorKind::kUnavailable));
  EXPECT_THAT(status, HasErrorMessage("last words"));
  EXPECT_EQ(files->ReadWhole(folder.File("job.sql")).value_or(""), "SELECT 1;\n");
}

TEST(ScratchFolderTest, GoesWithEverythingInIt) {
  const io::TemporaryFolder base;
  const auto files = io::MakeLocalFileSystem();
  ASSERT_OK(files->WriteWhole(base.File("odd 'name"), "text"));
  std::string path;
  {
    ASSERT_OK_AND_ASSIGN(const ScratchFolder scratch, ScratchFolder::Make(base.path()));
    path = scratch.path();
    ASSERT_OK(scratch.Link(base.File("odd 'name"), "plain.csv"));
    EXPECT_EQ(files->ReadWhole(scratch.File("plain.csv")).value_or(""), "text");
    ASSERT_OK(files->WriteWhole(scratch.File("a/b/c"), "deep"));
  }
  EXPECT_THAT(files->ListFiles(path), IsError(ErrorKind::kNotFound));
  EXPECT_EQ(files->ReadWhole(base.File("odd 'name")).value_or(""), "text");
  EXPECT_FALSE(ScratchFolder::Make(base.File("nowhere")).has_value());
}

}  // namespace
}  // namespace tickhouse::sql
