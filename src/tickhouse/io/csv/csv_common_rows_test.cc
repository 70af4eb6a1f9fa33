#include "tickhouse/io/csv/csv_common_rows.h"

#include <string>
#include <string_view>

#include "tickhouse/core/testing.h"

namespace tickhouse::io {
namespace {

/// Rows of `text` that the kernel takes once the slow path has read the first `slow_lines`.
std::size_t TakenBytes(CsvDialect dialect, std::string_view text, int slow_lines,
                       std::string_view zone = "UTC") {
  CsvParseOptions options;
  options.dialect = dialect;
  options.source_zone = Zone::Parse(zone).value();
  CsvCarry carry;
  ParsedCsv parsed;
  CsvLineParser lines(options, &carry, &parsed);
  CsvCommonRows common(options, &carry, &lines);
  std::size_t at = 0;
  for (int i = 0; i < slow_lines; ++i) {
    const std::size_t end = text.find('\n', at);
    lines.Line(text.substr(at, end - at), true);
    at = end + 1;
  }
  EXPECT_THAT(parsed.rejected, ::testing::IsEmpty());
  const char* const begin = text.data();
  const char* const stop = common.Take(begin, begin + at, begin + text.size());
  EXPECT_TRUE(stop == begin + at || stop[-1] == '\n');
  return static_cast<std::size_t>(stop - begin) - at;
}

std::string Repeat(std::string_view header, std::string_view row, int rows) {
  std::string text(header);
  for (int i = 0; i < rows; ++i) text += row;
  return text;
}

struct Common {
  CsvDialect dialect;
  std::string_view header;
  std::string_view row;
};

constexpr Common kCommon[] = {
    {CsvDialect::kQuantDataManager, "DateTime,Bid,Ask,Volume\n",
     "20210104 05:50:00.252,1.22531,1.2253,3.37\n"},
    {CsvDialect::kQuantDataManager, "DateTime,Bid,Ask\r\n",
     "20210104 05:50:00.252,1.22531,1.2253\r\n"},
    {CsvDialect::kDukascopyNode, "timestamp,askPrice,bidPrice\n",
     "1549238400123,1.14567,1.14565\n"},
    {CsvDialect::kDukascopyWeb, "Gmt time,Ask,Bid,AskVolume,BidVolume\n",
     "04.02.2019 00:00:00.123,1.14567,1.14565,1.5,0.75\n"},
    {CsvDialect::kTrueFx, "", "EUR/USD,20211101 19:07:40.498,1.16034,1.16037\n"},
    {CsvDialect::kHistData, "", "20120201 000003660,1.306600,1.306770,0\n"},
    {CsvDialect::kMetaTrader5, "<DATE>\t<TIME>\t<BID>\t<ASK>\t<LAST>\t<VOLUME>\t<FLAGS>\n",
     "2021.01.04\t00:00:00.123\t1.22531\t1.22534\t\t\t6\n"},
    {CsvDialect::kIso, "timestamp,bid,ask\n", "2013-01-01 22:00:00.295000+00:00,86.655,86.728\n"},
    {CsvDialect::kIso, "time;bid;ask\n", "2013-01-01T22:00:00.295Z;86.655;86.728\n"},
};

TEST(CsvCommonRows, TakesTheRowsOfEveryDialect) {
  if (!HasCsvRowKernel()) GTEST_SKIP() << "this machine has no AVX2";
  for (const Common& common : kCommon) {
    constexpr int kRows = 2'000;
    const std::string text = Repeat(common.header, common.row, kRows);
    const int slow = common.header.empty() ? 1 : 2;
    const std::size_t left = text.size() - TakenBytes(common.dialect, text, slow);
    EXPECT_LT(left, common.header.size() + common.row.size() + 128) << common.row;
  }
}

TEST(CsvCommonRows, LeavesDaysOnWhichClocksChangeToTheSlowPath) {
  if (!HasCsvRowKernel()) GTEST_SKIP() << "this machine has no AVX2";
  const std::string text =
      Repeat("20241103 01:30:00.000,1.5,1.6,1\n", "20241103 01:30:00.000,1.5,1.6,1\n", 50);
  const CsvDialect qdm = CsvDialect::kQuantDataManager;
  EXPECT_EQ(TakenBytes(qdm, text, 1, "America/New_York"), 0u);
  EXPECT_GT(TakenBytes(qdm, text, 1, "Europe/London"), 1'000u);
}

TEST(CsvCommonRows, StopsAtTheFirstRowThatIsNotCommon) {
  if (!HasCsvRowKernel()) GTEST_SKIP() << "this machine has no AVX2";
  const std::string_view row = "20210104 05:50:00.252,1.22531,1.22534,3.37\n";
  for (const std::string_view odd :
       {"20210104 05:50:00.252,-1.2253,1.22534,3.37\n", "20210104 05:50:60.252,1.22531,1.22534,3\n",
        "20210104 24:50:00.252,1.22531,1.22534,3.37\n", "20210230 05:50:00.252,1.22531,1.22534,3\n",
        "20210104 05:50:00.252,1.22531,1.225341,3.3\n",
        "20210104 05:50:00.252,1.22531,1.22534,3.3.7\n", "20210104 05:50:00.252,1.22531,1.22534,\n",
        "20210104 05:50:00.252,1.22531,,3.37\n", "20210104 05:50:00,252,1.22531,1.22534\n",
        "20210104 05:50:00.252,1.22531,1.22534 ,3\n", "DateTime,Bid,Ask,Volume\n", "\n",
        "20210104 05:50:00.252,1.22.31,1.22534,3\n", "20210104 05:50:00.252,.,1.22534,3.37\n",
        "20210104 05:50:00.252,1234567890,1.2253,3\n"}) {
    const std::string text =
        std::string(row) + std::string(row) + std::string(odd) + Repeat("", row, 5);
    EXPECT_EQ(TakenBytes(CsvDialect::kQuantDataManager, text, 1), row.size()) << odd;
  }
}

}  // namespace
}  // namespace tickhouse::io
