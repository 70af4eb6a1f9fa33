#include "tickhouse/clean/tick_filter.h"

#include <cmath>
#include <limits>

#include "tickhouse/core/random.h"
#include "tickhouse/core/testing.h"

namespace tickhouse::clean {
namespace {

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
constexpr double kInfinity = std::numeric_limits<double>::infinity();

int64_t At(std::string_view text) {
  return ToNanos(*ParseUtc(text));
}

WindowSchedule Schedule(std::string_view windows, std::string_view zone) {
  return WindowSchedule(*ParseWindows(windows), *Zone::Parse(zone));
}

void Push(TickBatch* batch, int64_t time_ns, double bid = 1, double ask = 2) {
  batch->time_ns.push_back(time_ns);
  batch->bid.push_back(bid);
  batch->ask.push_back(ask);
}

std::vector<int64_t> Kept(const std::optional<WindowSchedule>& schedule,
                          const std::vector<int64_t>& times) {
  TickBatch in;
  for (const int64_t time_ns : times) Push(&in, time_ns);
  TickFilter filter(schedule);
  TickBatch out;
  filter.Apply(in, &out);
  return out.time_ns;
}

TEST(TickFilter, CountsEachRowOnceByTheFirstReasonThatFits) {
  TickBatch in;
  Push(&in, kMissingTime, kNan, kNan);
  Push(&in, At("2021-01-04T12:00"), kNan, 1);  // Outside: its price does not matter.
  Push(&in, At("2021-01-04T07:50"), kNan, 1);
  Push(&in, At("2021-01-04T07:51"), 1, kInfinity);
  Push(&in, At("2021-01-04T07:52"), -kInfinity, 1);
  Push(&in, At("2021-01-04T07:53"), -3, 0);  // Odd, but a price; `scan` has a word on it.
  TickFilter filter(Schedule("07:50-08:00", "UTC"));
  TickBatch out;
  filter.Apply(in, &out);
  EXPECT_EQ(out.time_ns, std::vector<int64_t>{At("2021-01-04T07:53")});
  EXPECT_EQ(out.bid, std::vector<double>{-3});
  EXPECT_EQ(filter.counts(), (FilterCounts{6, 1, 1, 3}));
}

TEST(TickFilter, DropsVolumes) {
  TickBatch in;
  Push(&in, 5);
  in.volume = {7};
  TickFilter filter(std::nullopt);
  TickBatch out;
  filter.Apply(in, &out);
  EXPECT_EQ(out.size(), 1u);
  EXPECT_TRUE(out.volume.empty());
}

TEST(TickFilter, WindowsAreHalfOpenToTheNanosecond) {
  const int64_t begin = At("2021-01-04T07:50");
  const int64_t end = At("2021-01-04T08:00");
  EXPECT_EQ(Kept(Schedule("07:50-08:00", "UTC"), {begin - 1, begin, end - 1, end}),
            (std::vector<int64_t>{begin, end - 1}));
}

TEST(TickFilter, AdjacentWindowsLeaveNoHole) {
  const int64_t border = At("2021-01-04T08:00");
  EXPECT_EQ(Kept(Schedule("07:50-08:00,08:00-08:10", "UTC"), {border - 1, border}).size(), 2u);
}

TEST(TickFilter, WindowOverMidnightBelongsToBothDates) {
  const std::vector<int64_t> times = {At("2020-02-28T22:59"), At("2020-02-28T23:00"),
                                      At("2020-02-29T00:59"), At("2020-02-29T01:00"),
                                      At("2020-02-29T23:30"), At("2020-03-01T00:30")};
  EXPECT_EQ(Kept(Schedule("23:00-01:00", "UTC"), times),
            (std::vector<int64_t>{times[1], times[2], times[4], times[5]}));
}

TEST(TickFilter, FollowsDaylightSavingOfTheZone) {
  // US clocks change on 14 March 2021, European ones on 28 March; back on 31 October, 7 November.
  const auto new_york = Schedule("07:50-08:00", "America/New_York");
  EXPECT_EQ(Kept(new_york, {At("2021-03-12T12:50"), At("2021-03-12T11:50")}).size(), 1u);
  EXPECT_EQ(Kept(new_york, {At("2021-03-15T12:50"), At("2021-03-15T11:50")}),
            std::vector<int64_t>{At("2021-03-15T11:50")});
  const auto berlin = Schedule("07:50-08:00", "Europe/Berlin");
  EXPECT_EQ(Kept(berlin, {At("2021-03-26T06:50"), At("2021-03-29T05:50"), At("2021-10-29T05:50"),
                          At("2021-11-01T06:50"), At("2021-11-01T05:50")})
                .size(),
            4u);
}

TEST(TickFilter, WindowInTheSkippedHourIsEmptyAndInTheRepeatedHourCountsFromTheFirst) {
  const auto berlin = Schedule("02:10-02:20", "Europe/Berlin");
  int inside = 0;
  for (int64_t minute = 0; minute < 240; ++minute) {
    inside += static_cast<int>(
        Kept(berlin, {At("2021-03-27T23:00") + minute * 60 * kNanosPerSecond}).size());
  }
  const std::vector<WindowOccurrence> occurrences =
      berlin.Occurrences({FromNanos(At("2021-03-27T23:00")), FromNanos(At("2021-03-28T03:00"))});
  int expected = 0;
  for (const auto& occurrence : occurrences) {
    expected +=
        static_cast<int>((occurrence.range.end - occurrence.range.begin) / std::chrono::minutes(1));
  }
  EXPECT_EQ(inside, expected);
  EXPECT_EQ(Kept(berlin, {At("2021-10-31T00:10")}).size(), 1u);
  EXPECT_EQ(Kept(berlin, {At("2021-10-31T00:20")}).size(), 0u);
}

TEST(TickFilter, WorksBefore1970) {
  const auto schedule = Schedule("07:50-08:00", "UTC+2");
  EXPECT_EQ(Kept(schedule, {At("1969-12-31T05:50"), At("1969-12-31T05:49:59.999"),
                            At("1950-07-01T05:59:59.999"), At("1950-07-01T06:00")}),
            (std::vector<int64_t>{At("1969-12-31T05:50"), At("1950-07-01T05:59:59.999")}));
}

TEST(TickFilter, TimesAtTheEdgeOfTheCalendarAreOutsideEveryWindow) {
  const int64_t far = std::numeric_limits<int64_t>::max();
  EXPECT_TRUE(Kept(Schedule("00:00-24:00", "UTC"), {far, -far}).empty());
  EXPECT_EQ(Kept(std::nullopt, {far, -far}).size(), 2u);
}

TEST(TickFilter, AnswersTimesInAnyOrderAsABruteForceLookUp) {
  const auto schedule = Schedule("07:50-08:00,13:50-14:00,22:30-00:15", "America/New_York");
  const UtcRange year{FromNanos(At("2020-12-20")), FromNanos(At("2022-01-10"))};
  const std::vector<WindowOccurrence> all = schedule.Occurrences(year);
  Random random(7);
  TickFilter filter(schedule);
  const auto span = static_cast<uint64_t>(At("2022-01-01") - At("2021-01-01"));
  int inside = 0;
  for (int i = 0; i < 20'000; ++i) {
    int64_t time_ns = At("2021-01-01") + static_cast<int64_t>(random.Below(span));
    if (i % 2 == 0) time_ns = FloorDiv(time_ns, 300 * kNanosPerSecond) * 300 * kNanosPerSecond;
    bool expected = false;
    for (const auto& occurrence : all) expected |= occurrence.range.Contains(FromNanos(time_ns));
    TickBatch in;
    Push(&in, time_ns);
    TickBatch out;
    filter.Apply(in, &out);
    ASSERT_EQ(out.size() == 1, expected) << FormatUtc(FromNanos(time_ns));
    inside += expected ? 1 : 0;
  }
  EXPECT_GT(inside, 500);
}

TEST(WindowRanges, JoinsWindowsThatTouch) {
  const UtcRange day{FromNanos(At("2021-01-04")), FromNanos(At("2021-01-05"))};
  const auto ranges = WindowRanges(Schedule("08:00-08:10,07:50-08:00,10:00-10:01", "UTC"), day);
  ASSERT_EQ(ranges.size(), 2u);
  EXPECT_EQ(ranges[0].begin, FromNanos(At("2021-01-04T07:50")));
  EXPECT_EQ(ranges[0].end, FromNanos(At("2021-01-04T08:10")));
}

TEST(FilteredTickReader, SkipsBatchesOfWhichNothingIsLeftAndX) {
  TickBatch in;
  for (int i = 0; i < 100; ++i) Push(&in, At("2021-01-04T07:40") + i * 60 * kNanosPerSecond);
  const auto make = [&]() -> std::unique_ptr<TickReader> {
    return std::make_unique<FilteredTickReader>(std::make_unique<VectorTickReader>(in, 3),
                                                Schedule("07:50-08:00", "UTC"));
  };
  auto reader = make();
  ASSERT_OK_AND_ASSIGN(const TickBatch all, ReadAll(*reader));
  EXPECT_EQ(all.size(), 10u);
}

}  // namespace
}  // namespace tickhouse::clean
