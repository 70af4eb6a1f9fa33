#include "tickhouse/core/zone.h"

#include <limits>
#include <vector>

#include "tickhouse/core/testing.h"

namespace tickhouse {
namespace {

using std::chrono::seconds;

Zone ZoneOf(std::string_view text) {
  const Result<Zone> zone = Zone::Parse(text);
  EXPECT_THAT(zone, IsOk()) << text;
  return zone ? *zone : Zone();
}

UtcTime Utc(std::string_view text) {
  const Result<UtcTime> time = ParseUtc(text);
  EXPECT_THAT(time, IsOk()) << text;
  return time ? *time : UtcTime();
}

// A wall-clock reading is written like a UTC time.
int64_t Reading(std::string_view text) {
  return ToNanos(Utc(text));
}

std::string Local(const Zone& zone, std::string_view utc) {
  return FormatUtc(FromNanos(zone.ToLocalNanos(Utc(utc))));
}

TEST(ZoneParse, ReadsEveryWayToSayAnOffset) {
  const struct {
    const char* text;
    const char* name;
    int64_t offset_s;
  } cases[] = {
      {"UTC", "UTC", 0},
      {"Z", "UTC", 0},
      {"UTC+0", "UTC", 0},
      {"UTC-00:00", "UTC", 0},
      {"UTC+2", "UTC+02:00", 7'200},
      {"UTC+02", "UTC+02:00", 7'200},
      {"UTC-03:30", "UTC-03:30", -12'600},
      {"+02:00", "UTC+02:00", 7'200},
      {"-0500", "UTC-05:00", -18'000},
      {"UTCPlus02", "UTC+02:00", 7'200},
      {"UTCMinus05", "UTC-05:00", -18'000},
      {"UTCPlus0530", "UTC+05:30", 19'800},
      {"UTCPlus00", "UTC", 0},
      {"EST", "UTC-05:00", -18'000},
  };
  for (const auto& c : cases) {
    const Zone zone = ZoneOf(c.text);
    EXPECT_EQ(zone.name(), c.name) << c.text;
    EXPECT_EQ(zone.SpanAt(Utc("2024-07-01")).offset, seconds(c.offset_s)) << c.text;
    EXPECT_TRUE(zone.is_fixed()) << c.text;
    EXPECT_EQ(ZoneOf(zone.name()).name(), zone.name()) << "names can be read back";
  }
}

TEST(ZoneParse, EstHasNoDaylightSaving) {
  EXPECT_EQ(Local(ZoneOf("EST"), "2024-07-01T12:00"), "2024-07-01T07:00:00Z");
}

TEST(ZoneParse, RefusesWhatItDoesNotKnow) {
  for (const char* text : {"",
                           "utc",
                           "UTC+",
                           "UTC+24",
                           "UTC+2:30",
                           "UTC+02:60",
                           "UTC+123",
                           "UTC+02:00:00",
                           "UTC 2",
                           "+2h",
                           "2",
                           "UTCplus02",
                           "UTCPlus",
                           "Mars/Olympus",
                           "America/New_York ",
                           "/etc/localtime",
                           "../../../etc/localtime",
                           "America/../UTC",
                           "localtime",
                           "posixrules",
                           "right/UTC",
                           "America",
                           "tzdata.zi",
                           "file:Europe/Paris",
                           "Europe/Par\nis"}) {
    EXPECT_THAT(Zone::Parse(text), IsError(ErrorKind::kInvalidArgument)) << "'" << text << "'";
  }
  EXPECT_THAT(Zone::Parse("Mars/Olympus"), HasErrorMessage("'Mars/Olympus' is no time zone"));
  EXPECT_THAT(Zone::Parse("Mars/Olympus"), HasErrorMessage("UTC-03:30"));
  EXPECT_THAT(Zone::Parse(std::string_view("UTC\0", 4)), IsError(ErrorKind::kInvalidArgument));
}

TEST(Zone, DefaultsToUtc) {
  const Zone zone;
  EXPECT_EQ(zone.name(), "UTC");
  EXPECT_TRUE(zone.is_fixed());
  EXPECT_EQ(zone.ToLocalNanos(Utc("2024-07-01T12:00")), Reading("2024-07-01T12:00"));
}

TEST(Zone, FixedOffsetsNameThemselves) {
  EXPECT_EQ(Zone::FixedOffset(seconds(0)).name(), "UTC");
  EXPECT_EQ(Zone::FixedOffset(seconds(-12'600)).name(), "UTC-03:30");
  EXPECT_EQ(Zone::FixedOffset(seconds(75)).name(), "UTC+00:01:15");
}

TEST(Zone, FollowsDaylightSaving) {
  const Zone new_york = ZoneOf("America/New_York");
  EXPECT_FALSE(new_york.is_fixed());
  EXPECT_EQ(new_york.name(), "America/New_York");
  EXPECT_EQ(Local(new_york, "2024-01-15T12:00"), "2024-01-15T07:00:00Z");
  EXPECT_EQ(Local(new_york, "2024-07-15T12:00"), "2024-07-15T08:00:00Z");
  EXPECT_EQ(Local(new_york, "2024-03-10T06:59:59.999"), "2024-03-10T01:59:59.999Z");
  EXPECT_EQ(Local(new_york, "2024-03-10T07:00"), "2024-03-10T03:00:00Z");
}

TEST(Zone, FollowsDaylightSavingAfter2037) {
  const Zone new_york = ZoneOf("America/New_York");
  EXPECT_EQ(Local(new_york, "2050-07-15T12:00"), "2050-07-15T08:00:00Z");
  EXPECT_EQ(Local(new_york, "2050-01-15T12:00"), "2050-01-15T07:00:00Z");
  EXPECT_EQ(Local(new_york, "2200-07-15T12:00"), "2200-07-15T08:00:00Z");
  EXPECT_EQ(Local(ZoneOf("Europe/Berlin"), "2099-06-01T12:00"), "2099-06-01T14:00:00Z");
  const Zone::Span span = new_york.SpanAt(Utc("2050-07-15"));
  EXPECT_EQ(FormatUtc(span.begin), "2050-03-13T07:00:00Z");
  EXPECT_EQ(FormatUtc(span.end), "2050-11-06T06:00:00Z");
}

TEST(Zone, KnowsThePast) {
  EXPECT_EQ(Local(ZoneOf("Europe/Moscow"), "2013-01-01"), "2013-01-01T04:00:00Z");
  EXPECT_EQ(Local(ZoneOf("Europe/Moscow"), "2015-01-01"), "2015-01-01T03:00:00Z");
  EXPECT_EQ(Local(ZoneOf("Asia/Kathmandu"), "2024-01-01"), "2024-01-01T05:45:00Z");
  EXPECT_EQ(Local(ZoneOf("America/New_York"), "1850-01-01T12:00"), "1850-01-01T07:03:58Z");
}

TEST(ZoneSpan, HoldsExactlyOneOffset) {
  const Zone berlin = ZoneOf("Europe/Berlin");
  const Zone::Span summer = berlin.SpanAt(Utc("2024-07-01"));
  EXPECT_EQ(FormatUtc(summer.begin), "2024-03-31T01:00:00Z");
  EXPECT_EQ(FormatUtc(summer.end), "2024-10-27T01:00:00Z");
  EXPECT_EQ(summer.offset, seconds(7'200));
  EXPECT_EQ(berlin.SpanAt(summer.begin).offset, seconds(7'200));
  EXPECT_EQ(berlin.SpanAt(summer.end).offset, seconds(3'600));
  EXPECT_EQ(berlin.SpanAt(summer.begin - Nanos(1)).offset, seconds(3'600));
}

TEST(ZoneSpan, ReachesToTheEndsOfTime) {
  const Zone::Span fixed = ZoneOf("UTC+2").SpanAt(Utc("2024-07-01"));
  EXPECT_EQ(fixed.begin, UtcTime::min());
  EXPECT_EQ(fixed.end, UtcTime::max());
  EXPECT_EQ(ZoneOf("Europe/Berlin").SpanAt(UtcTime::min()).begin, UtcTime::min());
  EXPECT_EQ(ZoneOf("Asia/Tokyo").SpanAt(Utc("2024-07-01")).end, UtcTime::max());
}

TEST(FromLocalNanos, TakesTheFirstOfTwoWhenClocksAreSetBack) {
  const Zone new_york = ZoneOf("America/New_York");
  const auto answer = new_york.FromLocalNanos(Reading("2024-11-03T01:30"));
  EXPECT_EQ(answer.kind, Zone::Kind::kRepeated);
  EXPECT_EQ(FormatUtc(answer.time), "2024-11-03T05:30:00Z");
  EXPECT_EQ(new_york.FromLocalNanos(Reading("2024-11-03T00:59:59.999")).kind, Zone::Kind::kUnique);
  EXPECT_EQ(new_york.FromLocalNanos(Reading("2024-11-03T01:00")).kind, Zone::Kind::kRepeated);
  const auto after = new_york.FromLocalNanos(Reading("2024-11-03T02:00"));
  EXPECT_EQ(after.kind, Zone::Kind::kUnique);
  EXPECT_EQ(FormatUtc(after.time), "2024-11-03T07:00:00Z");
}

TEST(FromLocalNanos, MovesReadingsThatTheClockSkips) {
  const Zone new_york = ZoneOf("America/New_York");
  const auto answer = new_york.FromLocalNanos(Reading("2024-03-10T02:30"));
  EXPECT_EQ(answer.kind, Zone::Kind::kSkipped);
  EXPECT_EQ(FormatUtc(answer.time), "2024-03-10T07:30:00Z");
  EXPECT_EQ(new_york.FromLocalNanos(Reading("2024-03-10T02:00")).kind, Zone::Kind::kSkipped);
  const auto after = new_york.FromLocalNanos(Reading("2024-03-10T03:00"));
  EXPECT_EQ(after.kind, Zone::Kind::kUnique);
  EXPECT_EQ(FormatUtc(after.time), "2024-03-10T07:00:00Z");
}

TEST(FromLocalNanos, SkipsAWholeDayWhereOneWasSkipped) {
  // Samoa left out 30 December 2011.
  const Zone apia = ZoneOf("Pacific/Apia");
  EXPECT_EQ(apia.FromLocalNanos(Reading("2011-12-30T12:00")).kind, Zone::Kind::kSkipped);
  EXPECT_EQ(FormatUtc(apia.FromLocalNanos(Reading("2011-12-29T23:00")).time),
            "2011-12-30T09:00:00Z");
  EXPECT_EQ(FormatUtc(apia.FromLocalNanos(Reading("2011-12-31T00:00")).time),
            "2011-12-30T10:00:00Z");
}

TEST(FromLocalNanos, UndoesToLocalNanosAroundEveryChange) {
  for (const char* name : {"America/New_York", "Europe/London", "Australia/Lord_Howe",
                           "Africa/Casablanca", "Pacific/Apia", "America/Caracas", "Europe/Dublin",
                           "Antarctica/Troll", "Asia/Tehran", "America/Sao_Paulo", "Asia/Manila"}) {
    const Zone zone = ZoneOf(name);
    UtcTime time = UtcTime::min();
    while (true) {
      const Zone::Span span = zone.SpanAt(time);
      if (span.end == UtcTime::max()) break;
      for (int minutes = -27 * 60; minutes <= 27 * 60; minutes += 15) {
        const UtcTime near = span.end + std::chrono::minutes(minutes);
        const int64_t local = zone.ToLocalNanos(near);
        const Zone::LocalAnswer answer = zone.FromLocalNanos(local);
        ASSERT_EQ(zone.ToLocalNanos(answer.time), local) << name << " " << FormatUtc(near);
        ASSERT_NE(answer.kind, Zone::Kind::kSkipped);
        ASSERT_LE(answer.time, near);
        if (answer.kind == Zone::Kind::kUnique) {
          ASSERT_EQ(answer.time, near);
        }
        (void)zone.FromLocalNanos(ToNanos(near));  // any reading at all has an answer
      }
      time = span.end;
    }
  }
}

TEST(FromLocalNanos, AnswersAtTheEndsOfTheRange) {
  for (const char* name : {"UTC", "UTC+14:00", "UTC-12:00", "America/New_York", "Asia/Tokyo"}) {
    const Zone zone = ZoneOf(name);
    (void)zone.FromLocalNanos(std::numeric_limits<int64_t>::min());
    (void)zone.FromLocalNanos(std::numeric_limits<int64_t>::max());
  }
}

}  // namespace
}  // namespace tickhouse
