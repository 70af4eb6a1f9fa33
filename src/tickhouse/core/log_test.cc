#include "tickhouse/core/log.h"

#include "tickhouse/core/testing.h"

namespace tickhouse {
namespace {

using ::testing::AllOf;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::Not;

// Puts the level back, whatever a test does.
class Log : public ::testing::Test {
 protected:
  void TearDown() override { SetLogLevel(LogLevel::kInfo); }
};

TEST_F(Log, WritesToStandardError) {
  ::testing::internal::CaptureStderr();
  LogWarn("{} rows rejected in {}", 3, "a.csv");
  EXPECT_THAT(::testing::internal::GetCapturedStderr(),
              EndsWith(" warning 3 rows rejected in a.csv\n"));
}

TEST_F(Log, DropsLinesBelowTheLevel) {
  EXPECT_EQ(GetLogLevel(), LogLevel::kInfo);
  ::testing::internal::CaptureStderr();
  LogDebug("hidden");
  LogInfo("shown");
  SetLogLevel(LogLevel::kError);
  LogWarn("hidden");
  LogLine(LogLevel::kWarn, "hidden");
  LogLine(LogLevel::kError, "kept {}");
  const std::string lines = ::testing::internal::GetCapturedStderr();
  EXPECT_THAT(lines, AllOf(HasSubstr(" info shown\n"), HasSubstr(" error kept {}\n")));
  EXPECT_THAT(lines, Not(HasSubstr("hidden")));
}

TEST_F(Log, ShowsDebugLinesOnRequest) {
  SetLogLevel(LogLevel::kDebug);
  ::testing::internal::CaptureStderr();
  LogDebug("x = {}", 1);
  EXPECT_THAT(::testing::internal::GetCapturedStderr(), EndsWith(" debug x = 1\n"));
}

}  // namespace
}  // namespace tickhouse
