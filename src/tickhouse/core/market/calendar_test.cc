#include "tickhouse/core/market/calendar.h"

#include "tickhouse/core/testing.h"

namespace tickhouse {
namespace {

using std::chrono::hours;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

UtcTime Utc(std::string_view text) {
  const Result<UtcTime> time = ParseUtc(text);
  EXPECT_THAT(time, IsOk()) << text;
  return time ? *time : UtcTime();
}

UtcRange Range(std::string_view begin, std::string_view end) {
  return {Utc(begin), Utc(end)};
}

std::vector<std::string> Closures(Session session, std::string_view begin, std::string_view end) {
  std::vector<std::string> lines;
  for (const UtcRange& c : TradingCalendar(session).Closures(Range(begin, end))) {
    lines.push_back(FormatUtc(c.begin) + "/" + FormatUtc(c.end));
  }
  return lines;
}

bool HourMayTrade(Session session, std::string_view hour) {
  return TradingCalendar(session).MayTrade({Utc(hour), Utc(hour) + hours(1)});
}

TEST(TradingCalendar, ClosesFxFromFridayToSundayNewYorkTime) {
  EXPECT_THAT(Closures(Session::kFx, "2024-01-15", "2024-01-22"),
              ElementsAre("2024-01-19T22:00:00Z/2024-01-21T22:00:00Z"));
  EXPECT_THAT(Closures(Session::kFx, "2024-07-15", "2024-07-22"),
              ElementsAre("2024-07-19T21:00:00Z/2024-07-21T21:00:00Z"));
}

TEST(TradingCalendar, FollowsTheUnitedStatesAtDaylightSaving) {
  // 10 March 2024: clocks change in New York before the market opens; Europe follows on the 31st.
  EXPECT_THAT(Closures(Session::kFx, "2024-03-09", "2024-03-11"),
              ElementsAre("2024-03-08T22:00:00Z/2024-03-10T21:00:00Z"));
  EXPECT_THAT(Closures(Session::kFx, "2024-11-02", "2024-11-04"),
              ElementsAre("2024-11-01T21:00:00Z/2024-11-03T22:00:00Z"));
  // Before 2007 summer time began in April.
  EXPECT_TRUE(HourMayTrade(Session::kFx, "2006-03-17T21:00"));
  EXPECT_FALSE(HourMayTrade(Session::kFx, "2007-03-16T21:00"));
}

TEST(TradingCalendar, AnswersHourByHourAroundTheWeekend) {
  EXPECT_TRUE(HourMayTrade(Session::kFx, "2024-01-19T21:00"));
  EXPECT_FALSE(HourMayTrade(Session::kFx, "2024-01-19T22:00"));
  EXPECT_FALSE(HourMayTrade(Session::kFx, "2024-01-20T12:00"));
  EXPECT_FALSE(HourMayTrade(Session::kFx, "2024-01-21T21:00"));
  EXPECT_TRUE(HourMayTrade(Session::kFx, "2024-01-21T22:00"));
  EXPECT_FALSE(HourMayTrade(Session::kMetal, "2024-01-21T22:00"));
  EXPECT_TRUE(HourMayTrade(Session::kMetal, "2024-01-21T23:00"));
}

TEST(TradingCalendar, BreaksMetalsIndicesAndEnergyDaily) {
  for (const Session session : {Session::kMetal, Session::kIndex, Session::kEnergy}) {
    EXPECT_THAT(Closures(session, "2024-07-16T00:00", "2024-07-18T00:00"),
                ElementsAre("2024-07-16T21:00:00Z/2024-07-16T22:00:00Z",
                            "2024-07-17T21:00:00Z/2024-07-17T22:00:00Z"));
    EXPECT_THAT(Closures(session, "2024-07-19T12:00", "2024-07-22T12:00"),
                ElementsAre("2024-07-19T21:00:00Z/2024-07-21T22:00:00Z"));
  }
  EXPECT_THAT(Closures(Session::kFx, "2024-07-16T00:00", "2024-07-18T00:00"), IsEmpty());
}

TEST(TradingCalendar, KeepsChristmas) {
  EXPECT_THAT(Closures(Session::kFx, "2024-12-24T12:00", "2024-12-26T12:00"),
              ElementsAre("2024-12-25T08:00:00Z/2024-12-25T22:00:00Z"));
  EXPECT_THAT(Closures(Session::kMetal, "2024-12-24T12:00", "2024-12-26T12:00"),
              ElementsAre("2024-12-24T22:00:00Z/2024-12-25T23:00:00Z"));
}

TEST(TradingCalendar, KeepsNewYearAndJoinsItToAWeekend) {
  EXPECT_THAT(Closures(Session::kFx, "2024-12-31T12:00", "2025-01-02T12:00"),
              ElementsAre("2024-12-31T22:00:00Z/2025-01-01T22:00:00Z"));
  // 1 January 2024 was a Monday.
  EXPECT_THAT(Closures(Session::kFx, "2023-12-31T12:00", "2023-12-31T13:00"),
              ElementsAre("2023-12-29T22:00:00Z/2024-01-01T22:00:00Z"));
  EXPECT_THAT(Closures(Session::kIndex, "2023-12-31T12:00", "2023-12-31T13:00"),
              ElementsAre("2023-12-29T22:00:00Z/2024-01-01T23:00:00Z"));
}

TEST(TradingCalendar, NeverClosesCrypto) {
  EXPECT_THAT(Closures(Session::kCrypto, "2023-12-01", "2024-02-01"), IsEmpty());
  EXPECT_TRUE(HourMayTrade(Session::kCrypto, "2024-01-20T12:00"));
}

TEST(TradingCalendar, MeasuresTheOpenPartOfARange) {
  const TradingCalendar fx(Session::kFx);
  EXPECT_EQ(fx.OpenTime(Range("2024-01-15", "2024-01-16")), hours(24));
  EXPECT_EQ(fx.OpenTime(Range("2024-01-15", "2024-01-22")), hours(5 * 24));
  EXPECT_EQ(fx.OpenTime(Range("2024-01-19T21:59", "2024-01-21T22:01")), std::chrono::minutes(2));
  EXPECT_EQ(fx.OpenTime(Range("2024-01-20", "2024-01-21")), hours(0));
  EXPECT_EQ(TradingCalendar(Session::kEnergy).OpenTime(Range("2024-01-16", "2024-01-17")),
            hours(23));
}

TEST(TradingCalendar, SaysNothingOfEmptyRanges) {
  const TradingCalendar fx(Session::kFx);
  EXPECT_FALSE(fx.MayTrade(Range("2024-01-16", "2024-01-16")));
  EXPECT_EQ(fx.OpenTime(Range("2024-01-17", "2024-01-16")), hours(0));
  EXPECT_THAT(fx.Closures(Range("2024-01-20", "2024-01-20")), IsEmpty());
}

TEST(TradingCalendar, IsHalfOpenAtItsEdges) {
  EXPECT_THAT(Closures(Session::kFx, "2024-01-19T20:00", "2024-01-19T22:00"), IsEmpty());
  EXPECT_THAT(Closures(Session::kFx, "2024-01-21T22:00", "2024-01-22T00:00"), IsEmpty());
}

TEST(TradingCalendar, SurvivesTheLongestRange) {
  const UtcRange all{UtcTime::min(), UtcTime::max()};
  const TradingCalendar fx(Session::kFx);
  EXPECT_TRUE(fx.MayTrade(all));
  EXPECT_GT(fx.Closures(all).size(), 30'000u);
}

// One pass over a year against the rule said in words. Weeks are taken from Sunday noon UTC, so
// that the opening moves within them when the clocks of New York change.
TEST(TradingCalendar, GivesEveryOrdinaryWeekFiveDays) {
  const TradingCalendar fx(Session::kFx);
  for (UtcTime week = Utc("2024-01-07T12:00"); week < Utc("2024-12-15"); week += hours(7 * 24)) {
    EXPECT_EQ(fx.OpenTime({week, week + hours(7 * 24)}), hours(5 * 24)) << FormatUtc(week);
  }
}

}  // namespace
}  // namespace tickhouse
