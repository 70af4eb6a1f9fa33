#include "tickhouse/quality/tick_inspector.h"

#include <algorithm>
#include <limits>
#include <tuple>

#include "tickhouse/core/random.h"
#include "tickhouse/core/testing.h"

namespace tickhouse::quality {
namespace {

using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

int64_t At(std::string_view text) {
  return ToNanos(*ParseUtc(text));
}

TickBatch Ticks(const std::vector<Tick>& ticks) {
  TickBatch batch;
  for (const Tick& tick : ticks) {
    batch.time_ns.push_back(tick.time_ns);
    batch.bid.push_back(tick.bid);
    batch.ask.push_back(tick.ask);
  }
  return batch;
}

// Ticks on Tuesday 2021-01-05 from 10:00, one a second, at the given seconds.
std::vector<Tick> AtSeconds(const std::vector<int64_t>& offsets) {
  std::vector<Tick> ticks;
  for (const int64_t offset : offsets) {
    ticks.push_back({At("2021-01-05T10:00") + offset * kNanosPerSecond, 1.1, 1.2});
  }
  return ticks;
}

RowFindings Inspect(const std::vector<Tick>& ticks, Nanos gap = seconds(60),
                    Session session = Session::kFx, std::size_t batch_rows = 3) {
  const TradingCalendar calendar(session);
  const Result<RowFindings> findings = InspectRows(
      [&]() -> Result<std::unique_ptr<TickReader>> {
        return std::make_unique<VectorTickReader>(Ticks(ticks), batch_rows);
      },
      calendar, gap);
  EXPECT_OK(findings);
  return *findings;
}

TEST(InspectRowsTest, CleanRowsHaveNoFinding) {
  const RowFindings findings = Inspect(AtSeconds({0, 1, 2, 3, 4}));
  EXPECT_EQ(findings.rows, 5);
  EXPECT_EQ(findings.order_breaks, 0);
  EXPECT_EQ(findings.duplicates, 0);
  EXPECT_EQ(findings.gaps.count, 0);
  EXPECT_EQ(findings.min_time_ns, At("2021-01-05T10:00"));
  EXPECT_EQ(findings.max_time_ns, At("2021-01-05T10:00:04"));
  EXPECT_EQ(findings.min_bid, 1.1);
}

TEST(InspectRowsTest, NoRowsHaveNoTimes) {
  const RowFindings findings = Inspect({});
  EXPECT_EQ(findings.rows, 0);
  EXPECT_FALSE(findings.min_time_ns.has_value());
  EXPECT_FALSE(findings.min_bid.has_value());
}

TEST(InspectRowsTest, CountsNullsAndBadPrices) {
  const int64_t time_ns = At("2021-01-05T10:00");
  const RowFindings findings = Inspect({{kNullTime, 1, 2},
                                        {time_ns, kNaN, 2},
                                        {time_ns + 1, 1, kNaN},
                                        {time_ns + 2, 2, 1},
                                        {time_ns + 3, 0, 1},
                                        {time_ns + 4, -1, -2},
                                        {time_ns + 5, 1, std::numeric_limits<double>::infinity()}});
  EXPECT_EQ(findings.rows, 7);
  EXPECT_EQ(findings.null_times, 1);
  EXPECT_EQ(findings.nan_bids, 1);
  EXPECT_EQ(findings.nan_asks, 1);
  EXPECT_EQ(findings.crossed, 2);
  EXPECT_EQ(findings.non_positive, 2);
  EXPECT_EQ(findings.infinite, 1);
  EXPECT_EQ(findings.min_bid, -1);
}

TEST(InspectRowsTest, EqualTimesAreInOrder) {
  std::vector<Tick> ticks = AtSeconds({0, 0, 0});
  ticks[1].bid = 1.11;
  ticks[2].bid = 1.12;
  const RowFindings findings = Inspect(ticks);
  EXPECT_EQ(findings.order_breaks, 0);
  EXPECT_EQ(findings.duplicates, 0);
}

TEST(InspectRowsTest, CountsEveryRowEqualToAnEarlierOne) {
  std::vector<Tick> ticks = AtSeconds({0, 0, 0, 1, 1});
  ticks[1].bid = 1.11;
  EXPECT_EQ(Inspect(ticks).duplicates, 2);
}

TEST(InspectRowsTest, ManyRowsOfOneTimeCostNoSquare) {
  std::vector<Tick> ticks = AtSeconds(std::vector<int64_t>(200'000, 0));
  for (std::size_t i = 0; i < ticks.size(); ++i) ticks[i].bid = static_cast<double>(i % 100'000);
  EXPECT_EQ(Inspect(ticks, seconds(60), Session::kFx, 65'536).duplicates, 100'000);
}

TEST(InspectRowsTest, CountsRowsEarlierThanTheRowBefore) {
  EXPECT_EQ(Inspect(AtSeconds({0, 1, 5, 2, 3, 1, 6})).order_breaks, 2);
}

TEST(InspectRowsTest, FindsDuplicatesThatLieFarApart) {
  // The stretch 2 to 4 was exported twice.
  const RowFindings findings = Inspect(AtSeconds({0, 1, 2, 3, 4, 2, 3, 4, 5}));
  EXPECT_EQ(findings.order_breaks, 1);
  EXPECT_EQ(findings.duplicates, 3);
}

TEST(InspectRowsTest, FindsADuplicateOnReturningToTheLatestTime) {
  const RowFindings findings = Inspect(AtSeconds({0, 5, 3, 5, 6}));
  EXPECT_EQ(findings.duplicates, 1);
  EXPECT_EQ(findings.order_breaks, 1);
}

TEST(InspectRowsTest, ARowThatComesLateStillFillsAGap) {
  EXPECT_EQ(Inspect(AtSeconds({0, 100, 50})).gaps.count, 0);
  EXPECT_EQ(Inspect(AtSeconds({0, 200, 50})).gaps.count, 1);
  EXPECT_EQ(Inspect(AtSeconds({0, 200, 50})).gaps.Longest(), seconds(150));
}

TEST(InspectRowsTest, BlocksInTheWrongOrderShowTheGapBetweenThem) {
  const RowFindings findings = Inspect(AtSeconds({1000, 1001, 1002, 0, 1, 2}));
  EXPECT_EQ(findings.gaps.count, 1);
  EXPECT_EQ(findings.gaps.Longest(), seconds(998));
  EXPECT_EQ(findings.min_time_ns, At("2021-01-05T10:00"));
}

TEST(InspectRowsTest, AGapIsLongerThanAllowed) {
  EXPECT_EQ(Inspect(AtSeconds({0, 60})).gaps.count, 0);
  const RowFindings findings = Inspect(AtSeconds({0, 61, 62, 200}));
  EXPECT_EQ(findings.gaps.count, 2);
  EXPECT_EQ(findings.gaps.open_total, seconds(61 + 138));
  ASSERT_EQ(findings.gaps.longest.size(), 2u);
  EXPECT_EQ(findings.gaps.longest[0].open, seconds(138));
  EXPECT_EQ(ToNanos(findings.gaps.longest[0].range.begin), At("2021-01-05T10:01:02"));
}

TEST(InspectRowsTest, TheWeekendIsNoGap) {
  // FX closes Friday 17:00 New York (22:00 UTC in winter) and opens Sunday 17:00.
  const std::vector<Tick> ticks = {{At("2021-01-08T21:59:50"), 1, 2},
                                   {At("2021-01-10T22:00:10"), 1, 2}};
  EXPECT_EQ(Inspect(ticks).gaps.count, 0);
  EXPECT_EQ(Inspect(ticks, seconds(60), Session::kCrypto).gaps.count, 1);
}

TEST(InspectRowsTest, TheWeekendMovesWithSummerTimeOfNewYork) {
  // Closing at 22:00 UTC on 2021-03-12 (winter), opening at 21:00 UTC on 2021-03-14 (summer).
  const std::vector<Tick> on_time = {{At("2021-03-12T21:59:50"), 1, 2},
                                     {At("2021-03-14T21:00:10"), 1, 2}};
  EXPECT_EQ(Inspect(on_time).gaps.count, 0);
  const std::vector<Tick> late = {{At("2021-03-12T21:59:50"), 1, 2},
                                  {At("2021-03-14T22:00:10"), 1, 2}};
  ASSERT_EQ(Inspect(late).gaps.count, 1);
  EXPECT_EQ(Inspect(late).gaps.Longest(), hours(1) + seconds(20));
}

TEST(InspectRowsTest, OpenTimeAroundAWeekendCounts) {
  const std::vector<Tick> ticks = {{At("2021-01-08T21:30"), 1, 2}, {At("2021-01-10T22:15"), 1, 2}};
  EXPECT_EQ(Inspect(ticks).gaps.Longest(), minutes(45));
}

TEST(InspectRowsTest, AbsurdTimesAreJudgedWithoutOverflow) {
  const RowFindings findings = Inspect({{INT64_MIN + 1, 1, 2}, {0, 1, 2}, {INT64_MAX, 1, 2}});
  EXPECT_EQ(findings.gaps.count, 2);
  EXPECT_EQ(findings.order_breaks, 0);
}

TEST(InspectRowsTest, ReaderErrorsComeThrough) {
  class Broken : public TickReader {
    Result<bool> Next(TickBatch*) override { return Fail(ErrorKind::kCorrupt, "page 3 is cut"); }
  };
  const TradingCalendar calendar(Session::kFx);
  const auto open = []() -> Result<std::unique_ptr<TickReader>> {
    return std::make_unique<Broken>();
  };
  EXPECT_THAT(InspectRows(open, calendar, seconds(60)), IsError(ErrorKind::kCorrupt));
}

// What the findings mean, written the slow way.
RowFindings SlowFindings(std::vector<Tick> ticks, Nanos gap) {
  RowFindings findings;
  for (std::size_t i = 1; i < ticks.size(); ++i) {
    findings.order_breaks += ticks[i].time_ns < ticks[i - 1].time_ns;
    for (std::size_t j = 0; j < i; ++j) {
      if (ticks[j].time_ns == ticks[i].time_ns && ticks[j].bid == ticks[i].bid) {
        ++findings.duplicates;
        break;
      }
    }
  }
  std::sort(ticks.begin(), ticks.end(), [](auto& a, auto& b) { return a.time_ns < b.time_ns; });
  for (std::size_t i = 1; i < ticks.size(); ++i) {
    const Nanos step(ticks[i].time_ns - ticks[i - 1].time_ns);
    if (step > gap) findings.gaps.Add({{}, step});
  }
  return findings;
}

TEST(InspectRowsTest, AgreesWithTheDefinitionsOnRandomDisorder) {
  Random random(7);
  for (int round = 0; round < 300; ++round) {
    std::vector<int64_t> offsets;
    int64_t now = 0;
    const std::size_t rows = 1 + random.Below(60);
    const uint64_t disorder = random.Below(4);
    for (std::size_t i = 0; i < rows; ++i) {
      now += static_cast<int64_t>(random.Below(3));
      if (disorder > 0 && random.Below(10) < disorder) now = static_cast<int64_t>(random.Below(80));
      offsets.push_back(now);
    }
    std::vector<Tick> ticks = AtSeconds(offsets);
    for (Tick& tick : ticks) tick.bid = 1 + static_cast<double>(random.Below(2));
    const RowFindings expected = SlowFindings(ticks, seconds(2));
    const RowFindings got = Inspect(ticks, seconds(2), Session::kFx, 1 + random.Below(20));
    ASSERT_EQ(std::tie(got.order_breaks, got.duplicates, got.gaps.count),
              std::tie(expected.order_breaks, expected.duplicates, expected.gaps.count))
        << "round " << round;
    ASSERT_EQ(got.gaps.open_total, expected.gaps.open_total) << "round " << round;
  }
}

TEST(GapSummaryTest, KeepsTheLongestAndCountsAll) {
  GapSummary summary;
  for (int i = 0; i < 250; ++i) {
    summary.Add({{FromNanos(i), FromNanos(i + 1)}, seconds(100 + i * 37 % 250)});
  }
  EXPECT_EQ(summary.count, 250);
  ASSERT_EQ(summary.longest.size(), GapSummary::kKept);
  EXPECT_EQ(summary.Longest(), seconds(349));
  EXPECT_EQ(summary.longest.back().open, seconds(250));
}

TEST(GapSummaryTest, MergesCountsAndTheLongest) {
  GapSummary a;
  GapSummary b;
  a.Add({{}, seconds(70)});
  b.Add({{}, seconds(90)});
  a.Merge(b);
  EXPECT_EQ(a.count, 2);
  EXPECT_EQ(a.open_total, seconds(160));
  EXPECT_EQ(a.Longest(), seconds(90));
}

}  // namespace
}  // namespace tickhouse::quality
