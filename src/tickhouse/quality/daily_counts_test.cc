#include "tickhouse/quality/daily_counts.h"

#include <cmath>
#include <limits>

#include "tickhouse/core/testing.h"

namespace tickhouse::quality {
namespace {

using testing::DoubleNear;
using testing::ElementsAre;

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

int64_t At(std::string_view text) {
  return ToNanos(*ParseUtc(text));
}

TickBatch Ticks(std::initializer_list<Tick> ticks) {
  TickBatch batch;
  for (const Tick& tick : ticks) {
    batch.time_ns.push_back(tick.time_ns);
    batch.bid.push_back(tick.bid);
    batch.ask.push_back(tick.ask);
  }
  return batch;
}

Tick TickAt(std::string_view text, double bid = 1.0, double ask = 1.00002) {
  return {At(text), bid, ask};
}

TickStatistics Count(const TickBatch& batch, std::string_view windows = "07:50-08:00,13:50-14:00",
                     std::string_view zone = "UTC") {
  DailyCounter counter(*ParseWindows(windows), *Zone::Parse(zone), 5);
  counter.Add(batch);
  return counter.Finish();
}

TEST(DailyCounterTest, AWindowBeginsWithItsFirstInstantAndEndsBeforeItsLast) {
  const TickStatistics result = Count(Ticks(
      {TickAt("2021-01-04T07:49:59.999"), TickAt("2021-01-04T07:50"),
       TickAt("2021-01-04T07:59:59.999"), TickAt("2021-01-04T08:00"), TickAt("2021-01-04T13:55")}));
  ASSERT_EQ(result.days.size(), 1u);
  EXPECT_THAT(result.days[0].window_ticks, ElementsAre(2, 1));
  EXPECT_EQ(result.days[0].ticks, 5);
  EXPECT_EQ(result.ticks, 5);
}

TEST(DailyCounterTest, DaysAreLocalDays) {
  const TickStatistics result = Count(
      Ticks({TickAt("2021-01-04T21:59"), TickAt("2021-01-04T22:00"), TickAt("2021-01-05T05:55")}),
      "07:50-08:00", "UTC+2");
  ASSERT_EQ(result.days.size(), 2u);
  EXPECT_EQ(FormatDay(result.days[0].day), "2021-01-04");
  EXPECT_EQ(result.days[0].hour_ticks[23], 1);
  EXPECT_EQ(FormatDay(result.days[1].day), "2021-01-05");
  EXPECT_EQ(result.days[1].hour_ticks[0], 1);
  EXPECT_THAT(result.days[1].window_ticks, ElementsAre(1));
}

TEST(DailyCounterTest, AWindowOverMidnightBelongsToTheDayItBeginsOn) {
  const TickStatistics result = Count(
      Ticks({TickAt("2021-01-04T23:30"), TickAt("2021-01-05T00:10"), TickAt("2021-01-05T00:30")}),
      "23:00-00:30");
  ASSERT_EQ(result.days.size(), 2u);
  EXPECT_THAT(result.days[0].window_ticks, ElementsAre(2));
  EXPECT_EQ(result.days[0].ticks, 1);
  EXPECT_THAT(result.days[1].window_ticks, ElementsAre(0));
  EXPECT_EQ(result.days[1].ticks, 2);
}

TEST(DailyCounterTest, WindowsFollowTheWallClockOverDaylightSaving) {
  // New York went to summer time on 2021-03-14: 08:00 is 13:00 UTC before and 12:00 UTC after.
  const TickStatistics result =
      Count(Ticks({TickAt("2021-03-12T13:00"), TickAt("2021-03-12T12:00"),
                   TickAt("2021-03-15T12:00"), TickAt("2021-03-15T13:00")}),
            "08:00-08:10", "America/New_York");
  ASSERT_EQ(result.days.size(), 2u);
  EXPECT_THAT(result.days[0].window_ticks, ElementsAre(1));
  EXPECT_THAT(result.days[1].window_ticks, ElementsAre(1));
}

TEST(DailyCounterTest, ARepeatedLocalHourCountsTwiceAsMuchTime) {
  // 2021-11-07: 01:00 to 02:00 New York happened twice, at 05:00 and at 06:00 UTC.
  const TickStatistics result = Count(
      Ticks({TickAt("2021-11-07T05:30"), TickAt("2021-11-07T06:30"), TickAt("2021-11-07T07:30")}),
      "08:00-08:10", "America/New_York");
  ASSERT_EQ(result.days.size(), 1u);
  EXPECT_EQ(result.days[0].hour_ticks[1], 2);
  EXPECT_EQ(result.days[0].hour_ticks[2], 1);
}

TEST(DailyCounterTest, SpreadsAreExactAndQuantilesInterpolate) {
  TickBatch batch;
  for (int i = 1; i <= 4; ++i) {
    const double ask = std::round((1.1 + i * 0.00001) * 1e5) / 1e5;
    batch.AppendRows(Ticks({TickAt("2021-01-04T10:00", 1.1, ask)}), 0, 1);
  }
  const TickStatistics result = Count(batch);
  ASSERT_TRUE(result.spread.has_value());
  EXPECT_EQ(result.spread->ticks, 4);
  EXPECT_DOUBLE_EQ(result.spread->mean, 0.000025);
  EXPECT_DOUBLE_EQ(result.spread->median, 0.000025);
  EXPECT_THAT(result.spread->p95, DoubleNear(0.0000385, 1e-12));
}

TEST(DailyCounterTest, MissingPricesAndHugeSpreadsDisturbNothing) {
  const TickStatistics result =
      Count(Ticks({TickAt("2021-01-04T10:00", kNaN, 1), TickAt("2021-01-04T10:01", 1, 1e300),
                   TickAt("2021-01-04T10:02", 1, 3), TickAt("2021-01-04T10:03", 3, 1),
                   TickAt("2021-01-04T10:04", 1, std::numeric_limits<double>::infinity())}));
  EXPECT_EQ(result.ticks, 5);
  ASSERT_TRUE(result.spread.has_value());
  EXPECT_EQ(result.spread->ticks, 2);
  EXPECT_DOUBLE_EQ(result.spread->mean, 0);
}

TEST(DailyCounterTest, NullAndCenturiesAwayTimesAreLeftOutAndCounted) {
  TickBatch batch = Ticks({TickAt("2021-01-04T10:00")});
  for (const int64_t time_ns : {INT64_MIN, INT64_MAX}) {
    batch.AppendRows(Ticks({{time_ns, 1, 1}}), 0, 1);
  }
  const TickStatistics result = Count(batch);
  EXPECT_EQ(result.null_times, 2);
  EXPECT_EQ(result.ticks, 1);
}

TEST(DailyCounterTest, DaysBefore1970Count) {
  const TickStatistics result =
      Count(Ticks({TickAt("1969-12-31T07:55"), TickAt("1969-12-30T23:59")}));
  ASSERT_EQ(result.days.size(), 2u);
  EXPECT_EQ(FormatDay(result.days[1].day), "1969-12-31");
  EXPECT_THAT(result.days[1].window_ticks, ElementsAre(1, 0));
}

TEST(DailyCounterTest, VolatilitySamplesTheLastMidOfEachFiveMinutes) {
  const TickStatistics result =
      Count(Ticks({TickAt("2021-01-04T10:00", 9, 11), TickAt("2021-01-04T10:04", 99, 101),
                   TickAt("2021-01-04T10:06", 109, 111), TickAt("2021-01-04T11:00", 99, 101),
                   TickAt("2021-01-05T00:00", 50, 50)}));
  ASSERT_EQ(result.days.size(), 2u);
  ASSERT_TRUE(result.days[0].realised_volatility.has_value());
  EXPECT_DOUBLE_EQ(*result.days[0].realised_volatility, std::sqrt(2) * std::log(1.1));
  EXPECT_FALSE(result.days[1].realised_volatility.has_value());
}

TEST(DailyCounterTest, OrderAndCutsDoNotMatter) {
  TickBatch all;
  for (int i = 0; i < 5'000; ++i) {
    const int64_t time_ns = At("2021-03-12") + i * 97 * kNanosPerSecond;
    const double bid = 1 + (i * 7919 % 100) * 0.00001;
    all.AppendRows(Ticks({{time_ns, bid, bid + (i % 5) * 0.00001}}), 0, 1);
  }
  const std::vector<TradingWindow> windows = DefaultWindows();
  const Zone zone = *Zone::Parse("Europe/Berlin");
  DailyCounter whole(windows, zone, 5);
  whole.Add(all);
  DailyCounter backwards(windows, zone, 5);
  for (std::size_t i = all.size(); i-- > 0;) {
    TickBatch one;
    one.AppendRows(all, i, i + 1);
    backwards.Add(one);
  }
  DailyCounter merged(windows, zone, 5);
  for (std::size_t begin = 0; begin < all.size(); begin += 777) {
    TickBatch part;
    part.AppendRows(all, begin, std::min(all.size(), begin + 777));
    DailyCounter counter(windows, zone, 5);
    counter.Add(part);
    merged.Merge(counter);
  }
  const TickStatistics expected = whole.Finish();
  for (const TickStatistics& got : {backwards.Finish(), merged.Finish()}) {
    ASSERT_EQ(got.days.size(), expected.days.size());
    EXPECT_EQ(got.spread->mean, expected.spread->mean);
    EXPECT_EQ(got.spread->p95, expected.spread->p95);
    for (std::size_t i = 0; i < got.days.size(); ++i) {
      EXPECT_EQ(got.days[i].window_ticks, expected.days[i].window_ticks);
      EXPECT_EQ(got.days[i].hour_ticks, expected.days[i].hour_ticks);
      EXPECT_EQ(got.days[i].realised_volatility, expected.days[i].realised_volatility);
    }
  }
}

TEST(MeanTicksPerHourTest, AveragesOverTheDaysThatTraded) {
  const HourMatrix matrix =
      MeanTicksPerHour(Count(Ticks({TickAt("2021-01-04T10:00"), TickAt("2021-01-04T10:01"),
                                    TickAt("2021-01-11T10:00"), TickAt("2021-01-12T23:59")})));
  EXPECT_EQ(matrix[0][10], 1.5);
  EXPECT_EQ(matrix[0][11], 0.0);
  EXPECT_EQ(matrix[1][23], 1.0);
  EXPECT_EQ(matrix[5][10], std::nullopt);
}

TEST(SpreadHistogramTest, AnswersNothingWhenEmpty) {
  const SpreadHistogram empty;
  EXPECT_EQ(empty.Quantile(0.5), std::nullopt);
  EXPECT_EQ(empty.Mean(), std::nullopt);
}

TEST(MedianOfTest, TakesTheMiddleOrTheMeanOfTwo) {
  EXPECT_EQ(MedianOf({3, 1, 2}), 2);
  EXPECT_EQ(MedianOf({4, 1, 2, 3}), 2.5);
  EXPECT_EQ(MedianOf({}), 0);
}

}  // namespace
}  // namespace tickhouse::quality
