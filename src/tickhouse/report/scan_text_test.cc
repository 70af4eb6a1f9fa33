#include "tickhouse/report/scan_text.h"

#include <nlohmann/json.hpp>

#include "tickhouse/core/testing.h"

namespace tickhouse::report {
namespace {

using quality::FileFindings;
using quality::ScanReport;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

FileFindings ByStatistics(const std::string& name, int64_t rows) {
  FileFindings file;
  file.file = name;
  file.symbol = "EURUSD";
  file.bytes = 1000;
  file.rows = rows;
  file.date_time_nulls = file.bid_nulls = file.ask_nulls = 0;
  file.min_time_ns = 0;
  file.max_time_ns = kNanosPerSecond;
  file.min_bid = 1.25;
  file.min_ask = 1.5;
  file.non_positive = 0;
  return file;
}

FileFindings InDepth(const std::string& name, int64_t duplicates) {
  FileFindings file = ByStatistics(name, 10);
  file.decoded = true;
  file.order_breaks = file.crossed = file.not_finite = 0;
  file.duplicates = duplicates;
  file.gaps.emplace();
  return file;
}

FileFindings Failed(const std::string& name, ErrorKind kind) {
  FileFindings file;
  file.file = name;
  file.error = Error{kind, "it is cut"};
  return file;
}

ScanReport ReportOf(std::vector<FileFindings> files) {
  ScanReport report;
  report.folder = "data";
  report.files = std::move(files);
  quality::Summarise(&report);
  return report;
}

TEST(ScanCsvTest, BeginsWithTheColumnsOfThePipeline) {
  const std::string csv = ScanCsv(ReportOf({ByStatistics("a.parquet", 5)}));
  EXPECT_THAT(csv,
              StartsWith("file,total_rows,DateTime_nulls,Bid_nulls,Ask_nulls,corrupted,error,"));
  EXPECT_THAT(csv, HasSubstr("\na.parquet,5,0,0,0,False,,EURUSD,1000,False,"
                             "1970-01-01T00:00:00Z,1970-01-01T00:00:01Z,1.25,1.5,,,,0,,,,\n"));
  EXPECT_THAT(csv, HasSubstr("\nTOTAL,5,0,0,0,0,,,1000,,"));
}

TEST(ScanCsvTest, AFailedFileHasItsReasonAndNoCounts) {
  const std::string csv = ScanCsv(ReportOf(
      {Failed("a.parquet", ErrorKind::kCorrupt), Failed("b.parquet", ErrorKind::kPermission)}));
  EXPECT_THAT(csv, HasSubstr("\na.parquet,,,,,True,corrupt: it is cut,"));
  EXPECT_THAT(csv, HasSubstr("\nb.parquet,,,,,False,permission: it is cut,"));
  EXPECT_THAT(csv, HasSubstr("\nTOTAL,0,0,0,0,1,1 unreadable,"));
}

TEST(ScanCsvTest, OddNamesAreQuotedAndValidUtf8) {
  const std::string csv = ScanCsv(ReportOf({ByStatistics("a,\"b\"\n\xff.parquet", 1)}));
  EXPECT_THAT(csv, HasSubstr("\"a,\"\"b\"\"\n\\xff.parquet\",1,"));
}

TEST(ScanJsonTest, NullIsNotLookedAt) {
  const auto json = nlohmann::json::parse(
      ScanJson(ReportOf({ByStatistics("a\xff\n.parquet", 5), InDepth("b.parquet", 2)})));
  EXPECT_EQ(json["files"][0]["file"], "a\\xff\n.parquet");
  EXPECT_TRUE(json["files"][0]["duplicates"].is_null());
  EXPECT_TRUE(json["files"][0]["gaps"].is_null());
  EXPECT_EQ(json["files"][1]["duplicates"], 2);
  EXPECT_EQ(json["files"][1]["gaps"]["count"], 0);
  EXPECT_TRUE(json["totals"]["duplicates"].is_null()) << "one part is not known";
  EXPECT_EQ(json["totals"]["total_rows"], 15);
  EXPECT_EQ(json["symbols"][0]["overlaps"], 1);
}

TEST(WorstFirstTest, FailuresThenFaultsThenGapsThenNames) {
  FileFindings gaps = InDepth("gaps", 0);
  gaps.gaps->Add({{}, std::chrono::hours(1)});
  const ScanReport report =
      ReportOf({InDepth("good", 0), gaps, InDepth("few", 1), InDepth("many", 9),
                Failed("bad", ErrorKind::kCorrupt), InDepth("also good", 0)});
  EXPECT_THAT(WorstFirst(report), ElementsAre(4, 3, 2, 1, 0, 5));
}

TEST(ScanTableTest, ListsFewFilesWhollyAndOfManyOnlyThoseWithFindings) {
  const ScanReport report = ReportOf({InDepth("good.parquet", 0), InDepth("bad.parquet", 7)});
  EXPECT_THAT(ScanTable(report, 120), HasSubstr("good.parquet"));
  const std::string few = ScanTable(report, 120, 1);
  EXPECT_THAT(few, HasSubstr("bad.parquet"));
  EXPECT_THAT(few, Not(HasSubstr("good.parquet")));
  EXPECT_THAT(few, HasSubstr("1 files without findings"));
}

TEST(ScanTableTest, SaysHowManyWithFindingsAreNotShown) {
  const ScanReport report = ReportOf({InDepth("a", 1), InDepth("b", 2), InDepth("c", 3)});
  EXPECT_THAT(ScanTable(report, 120, 1), HasSubstr("... and 2 more with findings"));
}

TEST(ScanTableTest, TellsPricesAtOrBelowZeroWithoutACount) {
  FileFindings file = ByStatistics("a.parquet", 5);
  file.min_bid = -1;
  file.non_positive.reset();
  EXPECT_TRUE(file.HasFindings());
  EXPECT_THAT(ScanTable(ReportOf({file}), 120), HasSubstr("some"));
}

}  // namespace
}  // namespace tickhouse::report
