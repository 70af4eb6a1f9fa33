#include "tickhouse/core/market/window.h"

#include "tickhouse/core/testing.h"

namespace tickhouse {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

UtcTime Utc(std::string_view text) {
  const Result<UtcTime> time = ParseUtc(text);
  EXPECT_THAT(time, IsOk()) << text;
  return time ? *time : UtcTime();
}

// "day index begin/end" of each occurrence.
std::vector<std::string> Occurrences(std::string_view windows, std::string_view zone,
                                     std::string_view begin, std::string_view end) {
  std::vector<std::string> lines;
  const auto parsed_windows = ParseWindows(windows);
  const auto parsed_zone = Zone::Parse(zone);
  EXPECT_THAT(parsed_windows, IsOk());
  EXPECT_THAT(parsed_zone, IsOk());
  const WindowSchedule schedule(*parsed_windows, *parsed_zone);
  for (const WindowOccurrence& o : schedule.Occurrences({Utc(begin), Utc(end)})) {
    lines.push_back(FormatDay(o.day) + " " + std::to_string(o.window_index) + " " +
                    FormatUtc(o.range.begin) + "/" + FormatUtc(o.range.end));
  }
  return lines;
}

TEST(ParseWindows, ReadsALine) {
  ASSERT_OK_AND_ASSIGN(const auto windows, ParseWindows("07:50-08:00,13:50-14:00"));
  EXPECT_EQ(windows, DefaultWindows());
  EXPECT_THAT(windows, ElementsAre(TradingWindow{28'200, 28'800}, TradingWindow{49'800, 50'400}));
}

TEST(ParseWindows, KeepsTheOrderGiven) {
  ASSERT_OK_AND_ASSIGN(const auto windows, ParseWindows("13:50-14:00,07:50-08:00"));
  EXPECT_EQ(windows[0].begin_s, 49'800);
}

TEST(ParseWindows, TakesSecondsTheWholeDayAndMidnight) {
  ASSERT_OK_AND_ASSIGN(auto windows, ParseWindows("07:50:30-08:00:15"));
  EXPECT_THAT(windows, ElementsAre(TradingWindow{28'230, 28'815}));
  ASSERT_OK_AND_ASSIGN(windows, ParseWindows("00:00-24:00"));
  EXPECT_THAT(windows, ElementsAre(TradingWindow{0, 86'400}));
  ASSERT_OK_AND_ASSIGN(windows, ParseWindows("23:30-00:30,00:30-01:00"));
  EXPECT_THAT(windows, ElementsAre(TradingWindow{84'600, 1'800}, TradingWindow{1'800, 3'600}));
}

TEST(ParseWindows, RefusesWhatIsNoWindow) {
  for (const char* text :
       {"", ",", "07:50", "07:50-", "-08:00", "07:50-08:00,", "7:50-08:00", "07:50-8:00",
        "07:50-08:60", "25:00-26:00", "24:00-01:00", "23:00-24:01", "07.50-08.00",
        "07:50-08:00-09:00", "07:50 - 08:00", "07:50:60-08:00", "07:50:3-08:00", "ab:cd-ef:gh"}) {
    EXPECT_THAT(ParseWindows(text), IsError(ErrorKind::kInvalidArgument)) << "'" << text << "'";
  }
}

TEST(ParseWindows, RefusesEmptyWindowsAndSaysHowToWriteADay) {
  EXPECT_THAT(ParseWindows("07:50-07:50"), HasErrorMessage("00:00-24:00"));
}

TEST(ParseWindows, RefusesOverlaps) {
  for (const char* text :
       {"07:50-08:00,07:59-08:10", "07:50-08:00,07:50-08:00", "07:00-09:00,08:00-08:01",
        "00:00-24:00,12:00-13:00", "23:00-01:00,00:30-02:00", "00:30-02:00,23:00-01:00"}) {
    EXPECT_THAT(ParseWindows(text), HasErrorMessage("overlaps")) << text;
  }
  EXPECT_OK(ParseWindows("07:50-08:00,08:00-08:10"));
  EXPECT_OK(ParseWindows("23:00-01:00,01:00-23:00"));
}

TEST(FormatWindow, IsReadBack) {
  for (const char* text : {"07:50-08:00", "23:30-00:30", "00:00-24:00", "07:50:30-08:00:15"}) {
    ASSERT_OK_AND_ASSIGN(const auto windows, ParseWindows(text));
    EXPECT_EQ(FormatWindow(windows[0]), text);
  }
}

TEST(WindowSchedule, TurnsWindowsIntoInstants) {
  EXPECT_THAT(Occurrences("07:50-08:00,13:50-14:00", "UTC+2", "2024-01-15", "2024-01-16"),
              ElementsAre("2024-01-15 0 2024-01-15T05:50:00Z/2024-01-15T06:00:00Z",
                          "2024-01-15 1 2024-01-15T11:50:00Z/2024-01-15T12:00:00Z"));
}

TEST(WindowSchedule, OrdersByTimeWhateverTheOrderOfWindows) {
  EXPECT_THAT(Occurrences("13:50-14:00,07:50-08:00", "UTC", "2024-01-15", "2024-01-16"),
              ElementsAre("2024-01-15 1 2024-01-15T07:50:00Z/2024-01-15T08:00:00Z",
                          "2024-01-15 0 2024-01-15T13:50:00Z/2024-01-15T14:00:00Z"));
}

TEST(WindowSchedule, MeetsTheRangeHalfOpen) {
  const char* one = "2024-01-15 0 2024-01-15T07:50:00Z/2024-01-15T08:00:00Z";
  EXPECT_THAT(Occurrences("07:50-08:00", "UTC", "2024-01-15T08:00", "2024-01-16"), IsEmpty());
  EXPECT_THAT(Occurrences("07:50-08:00", "UTC", "2024-01-15T00:00", "2024-01-15T07:50"), IsEmpty());
  EXPECT_THAT(Occurrences("07:50-08:00", "UTC", "2024-01-15T07:59:59.999", "2024-01-16"),
              ElementsAre(one));
  EXPECT_THAT(Occurrences("07:50-08:00", "UTC", "2024-01-15", "2024-01-15T07:50:00.001"),
              ElementsAre(one));
  EXPECT_THAT(Occurrences("07:50-08:00", "UTC", "2024-01-15T07:55", "2024-01-15T07:55"), IsEmpty());
}

TEST(WindowSchedule, CountsAWindowOverMidnightToTheDayItBeginsOn) {
  EXPECT_THAT(Occurrences("23:30-00:30", "UTC", "2024-01-16T00:10", "2024-01-16T00:20"),
              ElementsAre("2024-01-15 0 2024-01-15T23:30:00Z/2024-01-16T00:30:00Z"));
}

TEST(WindowSchedule, FindsDaysOfFarOffZones) {
  EXPECT_THAT(Occurrences("00:00-00:10", "UTC+14", "2024-01-14T10:00", "2024-01-14T10:10"),
              ElementsAre("2024-01-15 0 2024-01-14T10:00:00Z/2024-01-14T10:10:00Z"));
  EXPECT_THAT(Occurrences("23:50-00:10", "UTC-12", "2024-01-16T12:05", "2024-01-16T12:06"),
              ElementsAre("2024-01-15 0 2024-01-16T11:50:00Z/2024-01-16T12:10:00Z"));
}

TEST(WindowSchedule, FollowsDaylightSaving) {
  EXPECT_THAT(Occurrences("08:00-08:10", "America/New_York", "2024-03-08T12:00", "2024-03-12"),
              ElementsAre("2024-03-08 0 2024-03-08T13:00:00Z/2024-03-08T13:10:00Z",
                          "2024-03-09 0 2024-03-09T13:00:00Z/2024-03-09T13:10:00Z",
                          "2024-03-10 0 2024-03-10T12:00:00Z/2024-03-10T12:10:00Z",
                          "2024-03-11 0 2024-03-11T12:00:00Z/2024-03-11T12:10:00Z"));
}

TEST(WindowSchedule, MakesWindowsShorterOrVanishWhenClocksAreSetForward) {
  EXPECT_THAT(Occurrences("01:30-02:30,02:30-02:45,02:45-03:15", "America/New_York", "2024-03-10",
                          "2024-03-11"),
              ElementsAre("2024-03-10 0 2024-03-10T06:30:00Z/2024-03-10T07:00:00Z",
                          "2024-03-10 2 2024-03-10T07:00:00Z/2024-03-10T07:15:00Z"));
}

TEST(WindowSchedule, MakesWindowsLongerWhenClocksAreSetBack) {
  EXPECT_THAT(Occurrences("00:30-01:30,01:30-02:30", "America/New_York", "2024-11-03T04:00",
                          "2024-11-03T12:00"),
              ElementsAre("2024-11-03 0 2024-11-03T04:30:00Z/2024-11-03T05:30:00Z",
                          "2024-11-03 1 2024-11-03T05:30:00Z/2024-11-03T07:30:00Z"));
}

TEST(WindowSchedule, NeverOverlapsItself) {
  ASSERT_OK_AND_ASSIGN(const auto windows,
                       ParseWindows("23:30-00:15,00:15-01:30,01:30-02:15,02:20-02:40,02:40-03:30"));
  for (const char* name : {"America/New_York", "Europe/London", "Australia/Lord_Howe",
                           "America/Sao_Paulo", "Pacific/Apia"}) {
    ASSERT_OK_AND_ASSIGN(const Zone zone, Zone::Parse(name));
    const WindowSchedule schedule(windows, zone);
    UtcTime last = UtcTime::min();
    for (const WindowOccurrence& o : schedule.Occurrences({Utc("2010-01-01"), Utc("2019-01-01")})) {
      ASSERT_LE(last, o.range.begin) << name;
      ASSERT_LT(o.range.begin, o.range.end) << name;
      last = o.range.end;
    }
  }
}

TEST(WindowSchedule, SurvivesTheLongestRange) {
  const WindowSchedule schedule(DefaultWindows(), Zone());
  const auto all = schedule.Occurrences({UtcTime::min(), UtcTime::max()});
  EXPECT_GT(all.size(), 420'000u);
}

}  // namespace
}  // namespace tickhouse
