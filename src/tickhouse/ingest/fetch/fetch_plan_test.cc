#include "tickhouse/ingest/fetch/fetch_plan.h"

#include "tickhouse/core/testing.h"

namespace tickhouse::ingest {
namespace {

UtcTime At(const char* text) {
  const auto time = ParseUtc(text);
  EXPECT_OK(time);
  return *time;
}

HourPlan Plan(const char* from, const char* to, const char* now, Session session = Session::kFx,
              const std::vector<UtcRange>& holidays = {}, Instrument instrument = {}) {
  return PlanHours({At(from), At(to)}, At(now), TradingCalendar(session), holidays, instrument);
}

std::string OpenHours(const HourPlan& plan) {
  std::string out;
  for (const PlannedHour& hour : plan.hours) {
    if (hour.closed.empty()) out += FormatUtc(FromNanos(hour.hour_ns)).substr(8, 5) + " ";
  }
  return out;
}

TEST(PlanHours, TakesEveryHourThatMeetsTheRange) {
  const HourPlan plan = Plan("2012-12-04T07:50", "2012-12-04T09:10", "2020-01-01");
  ASSERT_EQ(plan.hours.size(), 3u);
  EXPECT_EQ(FormatUtc(FromNanos(plan.hours[0].hour_ns)), "2012-12-04T07:00:00Z");
  EXPECT_EQ(FormatUtc(FromNanos(plan.hours[2].hour_ns)), "2012-12-04T09:00:00Z");
  EXPECT_EQ(Plan("2012-12-04T07:00", "2012-12-04T08:00", "2020-01-01").hours.size(), 1u);
}

TEST(PlanHours, TheRunningHourAndTheFutureAreLeftOut) {
  const HourPlan plan = Plan("2026-07-13T10:00", "2026-07-13T15:00", "2026-07-13T12:30");
  EXPECT_EQ(OpenHours(plan), "13T10 13T11 ");
  ASSERT_EQ(plan.running.size(), 3u);
  EXPECT_EQ(FormatUtc(FromNanos(plan.running[0])), "2026-07-13T12:00:00Z");
}

TEST(PlanHours, AnHourThatHasJustEndedStillSettles) {
  EXPECT_EQ(Plan("2026-07-13T11:00", "2026-07-13T12:00", "2026-07-13T12:01").hours.size(), 0u);
  EXPECT_EQ(Plan("2026-07-13T11:00", "2026-07-13T12:00", "2026-07-13T12:02").hours.size(), 1u);
}

TEST(PlanHours, FridayAndSundayInWinterAndInSummer) {
  // New York closes at 17:00: 22:00 UTC in winter, 21:00 in its summer.
  EXPECT_EQ(OpenHours(Plan("2012-12-07T20:00", "2012-12-08T01:00", "2020-01-01")), "07T20 07T21 ");
  EXPECT_EQ(OpenHours(Plan("2012-12-09T20:00", "2012-12-10T00:00", "2020-01-01")), "09T22 09T23 ");
  EXPECT_EQ(OpenHours(Plan("2012-07-06T19:00", "2012-07-07T01:00", "2020-01-01")), "06T19 06T20 ");
  EXPECT_EQ(OpenHours(Plan("2012-07-08T19:00", "2012-07-09T00:00", "2020-01-01")),
            "08T21 08T22 08T23 ");
}

TEST(PlanHours, TheWeeksInWhichOnlyTheUnitedStatesHaveChanged) {
  // 2019-03-10 to 2019-03-31: summer in New York, winter in Europe.
  EXPECT_EQ(OpenHours(Plan("2019-03-15T19:00", "2019-03-16T00:00", "2020-01-01")), "15T19 15T20 ");
  EXPECT_EQ(OpenHours(Plan("2019-11-01T19:00", "2019-11-02T00:00", "2020-01-01")), "01T19 01T20 ");
  EXPECT_EQ(OpenHours(Plan("2019-11-08T19:00", "2019-11-09T00:00", "2020-01-01")),
            "08T19 08T20 08T21 ");
}

TEST(PlanHours, CryptoNeverCloses) {
  EXPECT_EQ(Plan("2022-01-01", "2022-01-03", "2023-01-01", Session::kCrypto).hours.size(), 48u);
  EXPECT_EQ(OpenHours(Plan("2022-01-01", "2022-01-01T03:00", "2023-01-01", Session::kCrypto)),
            "01T00 01T01 01T02 ");
}

TEST(PlanHours, HolidaysOfTheInstrumentCloseWholeHoursOnly) {
  const std::vector<UtcRange> holidays = {{At("2012-12-04T13:00"), At("2012-12-04T14:30")}};
  const HourPlan plan =
      Plan("2012-12-04T12:00", "2012-12-04T16:00", "2020-01-01", Session::kFx, holidays);
  EXPECT_EQ(OpenHours(plan), "04T12 04T14 04T15 ");
  EXPECT_EQ(plan.hours[1].closed, "holiday of the instrument");
}

TEST(PlanHours, NothingIsExpectedBeforeTheFirstTick) {
  Instrument instrument;
  instrument.first_tick = At("2012-12-04T13:30");
  const HourPlan plan =
      Plan("2012-12-04T12:00", "2012-12-04T15:00", "2020-01-01", Session::kFx, {}, instrument);
  EXPECT_EQ(OpenHours(plan), "04T13 04T14 ");
  EXPECT_NE(plan.hours[0].closed.find("first tick"), std::string::npos);
}

TEST(PlanHours, MonthBorders) {
  const HourPlan plan =
      Plan("2012-12-31T22:00", "2013-01-01T02:00", "2020-01-01", Session::kCrypto);
  ASSERT_EQ(plan.hours.size(), 4u);
  EXPECT_EQ(FormatUtc(FromNanos(plan.hours[2].hour_ns)), "2013-01-01T00:00:00Z");
}

}  // namespace
}  // namespace tickhouse::ingest
