#include "tickhouse/cli/terminal_progress.h"

#include <algorithm>

#include "tickhouse/core/testing.h"

namespace tickhouse::cli {
namespace {

using ::testing::HasSubstr;

TEST(ProgressLine, ShowsPartRateAndTimeLeft) {
  const std::string line = ProgressLine("convert", 500'000'000, 1'000'000'000, "bytes", 2, 200);
  EXPECT_THAT(line, HasSubstr("convert [============>"));
  EXPECT_THAT(line, HasSubstr("50 %"));
  EXPECT_THAT(line, HasSubstr("250.0 MB/s"));
  EXPECT_THAT(line, HasSubstr("0:02 left"));
}

TEST(ProgressLine, UnknownTotalShowsCountAndRate) {
  EXPECT_EQ(ProgressLine("scan", 30, 0, "files", 3, 200), "scan 30 files  10 files/s");
}

TEST(ProgressLine, MoreThanPromisedStaysWithinTheBar) {
  EXPECT_THAT(ProgressLine("scan", 30, 20, "files", 3, 200), HasSubstr("100 %"));
}

TEST(ProgressLine, FitsTheTerminal) {
  EXPECT_EQ(ProgressLine("convert", 1, 2, "files", 3, 10).size(), 10u);
}

TEST(ProgressLine, HoursAreShown) {
  EXPECT_THAT(ProgressLine("fetch", 1, 7'201, "hours", 1, 200), HasSubstr("2:00:00 left"));
}

TEST(TerminalProgress, QuietWorkDrawsNothing) {
  ManualClock clock(UtcTime{});
  TerminalProgress progress(&clock, false);
  ::testing::internal::CaptureStderr();
  progress.Start("scan", 3, "files");
  progress.Advance(1);
  progress.Finish();
  EXPECT_EQ(::testing::internal::GetCapturedStderr(), "");
}

TEST(TerminalProgress, LinesAppearEveryTenSecondsAwayFromATerminal) {
  ManualClock clock(UtcTime{});
  TerminalProgress progress(&clock, false);
  ::testing::internal::CaptureStderr();
  progress.Start("scan", 4, "files");
  for (int i = 0; i < 3; ++i) {
    clock.Advance(std::chrono::seconds(6));
    progress.Advance(1);
  }
  const std::string text = ::testing::internal::GetCapturedStderr();
  EXPECT_EQ(std::count(text.begin(), text.end(), '\n'), 1);
}

}  // namespace
}  // namespace tickhouse::cli
