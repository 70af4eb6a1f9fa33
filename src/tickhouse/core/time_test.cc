#include "tickhouse/core/time.h"

#include <limits>

#include "tickhouse/core/testing.h"

namespace tickhouse {
namespace {

int64_t Seconds(std::string_view text) {
  const Result<UtcTime> time = ParseUtc(text);
  EXPECT_THAT(time, IsOk());
  return time ? ToNanos(*time) / kNanosPerSecond : 0;
}

TEST(ParseUtc, ReadsEveryDocumentedShape) {
  EXPECT_EQ(Seconds("1970-01-01"), 0);
  EXPECT_EQ(Seconds("2012-12-21"), 1'356'048'000);
  EXPECT_EQ(Seconds("2012-12-21T07:50"), 1'356'076'200);
  EXPECT_EQ(Seconds("2012-12-21T07:50Z"), 1'356'076'200);
  EXPECT_EQ(Seconds("2012-12-21T07:50:30"), 1'356'076'230);
  EXPECT_EQ(Seconds("2012-12-21T07:50:30Z"), 1'356'076'230);
  ASSERT_OK_AND_ASSIGN(const UtcTime milli, ParseUtc("2012-12-21T07:50:00.252"));
  EXPECT_EQ(ToNanos(milli), 1'356'076'200'252'000'000);
  ASSERT_OK_AND_ASSIGN(const UtcTime nano, ParseUtc("2012-12-21T07:50:00.000000001Z"));
  EXPECT_EQ(ToNanos(nano), 1'356'076'200'000'000'001);
  ASSERT_OK_AND_ASSIGN(const UtcTime tenth, ParseUtc("2012-12-21T07:50:00.5"));
  EXPECT_EQ(ToNanos(tenth), 1'356'076'200'500'000'000);
}

TEST(ParseUtc, KnowsLeapYears) {
  EXPECT_EQ(Seconds("2024-02-29"), 1'709'164'800);
  EXPECT_EQ(Seconds("2000-02-29"), 951'782'400);
  for (const char* day : {"2023-02-29", "1900-02-29", "2024-02-30", "2024-04-31", "2024-13-01",
                          "2024-00-10", "2024-01-00"}) {
    EXPECT_THAT(ParseUtc(day), IsError(ErrorKind::kInvalidArgument)) << day;
  }
}

TEST(ParseUtc, RefusesLeapSecondsBySayingSo) {
  EXPECT_THAT(ParseUtc("2016-12-31T23:59:60"), HasErrorMessage("leap seconds"));
  EXPECT_THAT(ParseUtc("2016-12-31T24:00"), IsError(ErrorKind::kInvalidArgument));
  EXPECT_THAT(ParseUtc("2016-12-31T23:60"), IsError(ErrorKind::kInvalidArgument));
}

TEST(ParseUtc, RefusesEveryOtherShape) {
  for (const char* text : {"",
                           "2012",
                           "2012-12",
                           "2012-12-2",
                           "2012/12/21",
                           "21-12-2012",
                           "2012-12-21 07:50",
                           "2012-12-21T",
                           "2012-12-21T07",
                           "2012-12-21T07:5",
                           "2012-12-21T07:50:",
                           "2012-12-21T07:50.5",
                           "2012-12-21T07:50:00.",
                           "2012-12-21T07:50:00.0000000001",
                           "2012-12-21T07:50:00+02:00",
                           "2012-12-21T07:50ZZ",
                           " 2012-12-21",
                           "2012-12-21 ",
                           "-012-12-21",
                           "+2012-12-21",
                           "2012-12-21T-7:50",
                           "2012-12-21Z7:50",
                           "\xD9\xA2\xD9\xA0\xD9\xA1\xD9\xA2-12-21"}) {
    EXPECT_THAT(ParseUtc(text), IsError(ErrorKind::kInvalidArgument)) << "'" << text << "'";
  }
}

TEST(ParseUtc, RefusesYearsThatNanosecondsCannotHold) {
  EXPECT_OK(ParseUtc("1678-01-01"));
  EXPECT_OK(ParseUtc("2261-12-31T23:59:59.999999999"));
  EXPECT_THAT(ParseUtc("1677-12-31"), IsError(ErrorKind::kInvalidArgument));
  EXPECT_THAT(ParseUtc("2262-01-01"), HasErrorMessage("1678 to 2261"));
}

TEST(FormatUtc, UsesAsManyDecimalsAsNeeded) {
  const int64_t second = 1'356'076'200 * kNanosPerSecond;
  EXPECT_EQ(FormatUtc(FromNanos(second)), "2012-12-21T07:50:00Z");
  EXPECT_EQ(FormatUtc(FromNanos(second + 123 * kNanosPerMilli)), "2012-12-21T07:50:00.123Z");
  EXPECT_EQ(FormatUtc(FromNanos(second + 123'456'000)), "2012-12-21T07:50:00.123456Z");
  EXPECT_EQ(FormatUtc(FromNanos(second + 123'456'789)), "2012-12-21T07:50:00.123456789Z");
}

TEST(FormatUtc, FloorsBefore1970) {
  EXPECT_EQ(FormatUtc(FromNanos(-1)), "1969-12-31T23:59:59.999999999Z");
  EXPECT_EQ(FormatUtc(FromNanos(-kNanosPerDay)), "1969-12-31T00:00:00Z");
  EXPECT_EQ(FormatUtc(FromNanos(-kNanosPerMilli)), "1969-12-31T23:59:59.999Z");
}

TEST(FormatUtc, ReachesBothEndsOfTheRange) {
  EXPECT_EQ(FormatUtc(UtcTime::min()), "1677-09-21T00:12:43.145224192Z");
  EXPECT_EQ(FormatUtc(UtcTime::max()), "2262-04-11T23:47:16.854775807Z");
}

TEST(FormatUtc, IsReadBackByParseUtc) {
  for (const int64_t ns : {int64_t{0}, int64_t{-1}, int64_t{1'700'000'000'123'456'789},
                           int64_t{-2'208'988'800} * kNanosPerSecond, int64_t{1'000'000}}) {
    ASSERT_OK_AND_ASSIGN(const UtcTime back, ParseUtc(FormatUtc(FromNanos(ns))));
    EXPECT_EQ(ToNanos(back), ns);
  }
}

TEST(CivilDay, GoesThereAndBack) {
  CivilDay day;
  ASSERT_TRUE(MakeCivilDay(2012, 12, 21, &day));
  EXPECT_EQ(day.days_since_epoch, 15'695);
  EXPECT_EQ(FormatDay(day), "2012-12-21");
  const std::chrono::year_month_day date = ToYearMonthDay(day);
  EXPECT_EQ(static_cast<int>(date.year()), 2012);
  EXPECT_EQ(static_cast<unsigned>(date.month()), 12u);
  EXPECT_EQ(static_cast<unsigned>(date.day()), 21u);
}

TEST(CivilDay, LeavesTheAnswerAloneWhenThereIsNoSuchDay) {
  CivilDay day{7};
  EXPECT_FALSE(MakeCivilDay(2023, 2, 31, &day));
  EXPECT_FALSE(MakeCivilDay(2023, 1, -1, &day));
  EXPECT_FALSE(MakeCivilDay(2023, -1, 1, &day));
  EXPECT_FALSE(MakeCivilDay(2023, 257, 1, &day));
  EXPECT_FALSE(MakeCivilDay(std::numeric_limits<int>::max(), 1, 1, &day));
  EXPECT_EQ(day.days_since_epoch, 7);
}

TEST(FloorDiv, RoundsDownOnBothSidesOfZero) {
  EXPECT_EQ(FloorDiv(7, 2), 3);
  EXPECT_EQ(FloorDiv(-7, 2), -4);
  EXPECT_EQ(FloorDiv(-8, 2), -4);
  EXPECT_EQ(FloorDiv(0, 2), 0);
  EXPECT_EQ(FloorDiv(-1, kNanosPerDay), -1);
}

TEST(UtcRange, IsHalfOpen) {
  const UtcRange range{FromNanos(10), FromNanos(20)};
  EXPECT_FALSE(range.Contains(FromNanos(9)));
  EXPECT_TRUE(range.Contains(FromNanos(10)));
  EXPECT_TRUE(range.Contains(FromNanos(19)));
  EXPECT_FALSE(range.Contains(FromNanos(20)));
}

}  // namespace
}  // namespace tickhouse
