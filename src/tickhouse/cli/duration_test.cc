#include "tickhouse/cli/duration.h"

#include "tickhouse/core/testing.h"

namespace tickhouse::cli {
namespace {

TEST(ParseDurationTest, TakesTheUsualUnits) {
  EXPECT_EQ(*ParseDuration("60s"), std::chrono::seconds(60));
  EXPECT_EQ(*ParseDuration("60"), std::chrono::seconds(60));
  EXPECT_EQ(*ParseDuration("500ms"), std::chrono::milliseconds(500));
  EXPECT_EQ(*ParseDuration("5m"), std::chrono::minutes(5));
  EXPECT_EQ(*ParseDuration("5min"), std::chrono::minutes(5));
  EXPECT_EQ(*ParseDuration("1.5h"), std::chrono::minutes(90));
  EXPECT_EQ(*ParseDuration("1d"), std::chrono::hours(24));
}

TEST(ParseDurationTest, RefusesWhatIsNoLengthOfTime) {
  for (const char* text :
       {"", "s", "0s", "-5s", "5 s", "5x", "inf", "nan", "1e99d", "400d", "5s5"}) {
    EXPECT_THAT(ParseDuration(text), IsError(ErrorKind::kInvalidArgument)) << text;
  }
}

}  // namespace
}  // namespace tickhouse::cli
