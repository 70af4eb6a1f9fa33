#include "tickhouse/report/html_report.h"

#include "tickhouse/core/testing.h"

namespace tickhouse::report {
namespace {

using testing::HasSubstr;
using testing::Not;

StageLine Stage(int64_t in, int64_t out, int64_t rejected, int64_t left_out) {
  return {"convert", "CSV to Parquet", in, out, rejected, left_out, 0.5};
}

TEST(StageLineTest, KnowsWhetherItsRowsAddUp) {
  EXPECT_TRUE(Stage(10, 7, 1, 2).AddsUp());
  EXPECT_FALSE(Stage(10, 7, 1, 1).AddsUp());
  StageLine scan{"scan", "", 10, std::nullopt, std::nullopt, std::nullopt, 0.1};
  EXPECT_TRUE(scan.AddsUp());
  EXPECT_EQ(Stage(10, 7, 1, 2).RowsPerSecond(), 20);
  scan.seconds = 0;
  EXPECT_EQ(scan.RowsPerSecond(), std::nullopt);
}

TEST(RenderHtmlTest, TellsStagesFindingsAndFigures) {
  HtmlReport report;
  report.title = "Run of 2012-12-21";
  report.figures = {{"1,234", "rows in"}};
  report.stages = {Stage(1234, 1200, 4, 30)};
  report.sections = {{"Findings",
                      "What was found.",
                      {{"by file", {{"file"}, {"gaps", true}}, {{"a.parquet", "3"}}, ""},
                       {"", {{"x"}}, {}, "nothing found"}},
                      {}}};
  const std::string html = RenderHtml(report);
  for (const char* part :
       {"<title>Run of 2012-12-21</title>", "<b>1,234</b><span>rows in</span>", "<b>convert</b>",
        ">1,200</td>", ">500 ms</td>", "✓", "<h2 id=\"s1\">Findings</h2>",
        "<caption>by file</caption>", "nothing found", "<a href=\"#s1\">Findings</a>"}) {
    EXPECT_THAT(html, HasSubstr(part));
  }
}

TEST(RenderHtmlTest, SaysWhereRowsDoNotAddUp) {
  HtmlReport report;
  report.stages = {Stage(10, 7, 1, 1)};
  EXPECT_THAT(RenderHtml(report), HasSubstr("class=\"bad\">does not add up"));
}

TEST(RenderHtmlTest, LoadsNothingAndRunsNothing) {
  HtmlReport report;
  Plot plot{"p", "plot", 100, 100,
            [](Canvas& canvas) { canvas.DrawText({1, 1}, "x", {}, ink::kText); }};
  report.sections = {{"S", "", {}, {plot}}};
  const std::string html = RenderHtml(report);
  for (const char* part : {"src=", "@import", "url(", "<script", "<link", "https://"}) {
    EXPECT_THAT(html, Not(HasSubstr(part)));
  }
  EXPECT_THAT(html, HasSubstr("default-src 'none'"));
}

TEST(RenderHtmlTest, NamesCannotBecomeMarkup) {
  const std::string evil = "<img onerror=alert(1)>\"'&\xff\n";
  HtmlReport report{evil, evil, {{evil, evil}}, {{evil, evil, 1, 1, 0, 0, 1}}, {}, evil};
  Plot plot{evil, evil, 10, 10, [evil](Canvas& canvas) {
              canvas.DrawText({1, 1}, evil, {}, ink::kText);
              canvas.FillRectWithHint({0, 0, 1, 1}, ink::kText, evil);
            }};
  report.sections = {{evil, evil, {{evil, {{evil}}, {{evil}}, evil}}, {plot}}};
  const std::string html = RenderHtml(report);
  EXPECT_THAT(html, Not(HasSubstr("<img")));
  EXPECT_THAT(html, Not(HasSubstr("\xff")));
  EXPECT_THAT(html, HasSubstr("&lt;img onerror=alert(1)&gt;&quot;&#39;&amp;\\xff"));
}

TEST(StageTableTest, IsCompact) {
  const std::string text = StageTable({Stage(1234, 1200, 4, 30)}, 80);
  EXPECT_THAT(text, HasSubstr("convert    1,234     1,200         4        30  500 ms   2.47k\n"));
}

}  // namespace
}  // namespace tickhouse::report
