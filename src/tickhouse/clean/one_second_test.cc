#include "tickhouse/clean/one_second.h"

#include <algorithm>
#include <limits>
#include <map>

#include "tickhouse/core/random.h"
#include "tickhouse/core/testing.h"
#include "tickhouse/core/time.h"

namespace tickhouse::clean {
namespace {

TickBatch Ticks(const std::vector<Tick>& ticks) {
  TickBatch batch;
  for (const Tick& tick : ticks) {
    batch.time_ns.push_back(tick.time_ns);
    batch.bid.push_back(tick.bid);
    batch.ask.push_back(tick.ask);
  }
  return batch;
}

TickBatch RandomTicks(uint64_t seed, int count) {
  Random random(seed);
  TickBatch batch;
  int64_t time_ns = -20 * kNanosPerSecond;
  for (int i = 0; i < count; ++i) {
    time_ns += static_cast<int64_t>(random.Below(3)) * 200'000'000;
    const double bid = 100 + random.Uniform();
    batch.time_ns.push_back(time_ns);
    batch.bid.push_back(bid);
    batch.ask.push_back(bid + random.Uniform() / 100);
  }
  return batch;
}

TEST(SecondOf, FloorsOnBothSidesOf1970) {
  EXPECT_EQ(SecondOf(1'999'999'999), 1'000'000'000);
  EXPECT_EQ(SecondOf(0), 0);
  EXPECT_EQ(SecondOf(-1), -1'000'000'000);
  EXPECT_EQ(SecondOf(-1'000'000'000), -1'000'000'000);
  EXPECT_EQ(SecondOf(std::numeric_limits<int64_t>::min()), std::numeric_limits<int64_t>::min());
  EXPECT_EQ(SecondOf(std::numeric_limits<int64_t>::max()), 9'223'372'036'000'000'000);
}

TEST(NextSecondEnd, EqualsSecondEndForAnyLaterTime) {
  Random random(8);
  constexpr int64_t kLast = std::numeric_limits<int64_t>::max();
  for (const int64_t base : {-kLast, -5'000'000'000, int64_t{0}, kLast - 9'000'000'000}) {
    for (int i = 0; i < 200; ++i) {
      const int64_t time_ns = base + static_cast<int64_t>(random.Below(4'000'000'000));
      const int64_t end = SecondEnd(time_ns);
      const int64_t later = end + static_cast<int64_t>(random.Below(3'000'000'000));
      ASSERT_EQ(NextSecondEnd(later, end), SecondEnd(later)) << time_ns;
    }
  }
}

TEST(SecondSampler, KeepsTheFirstTickWithItsOwnTimeAndOfEqualTimesTheFirstHandedOver) {
  SecondSampler sampler;
  TickBatch out;
  sampler.Add(Ticks({{1'200'000'000, 1, 2}, {1'200'000'000, 3, 4}, {1'999'999'999, 5, 6}}), &out);
  sampler.Add(Ticks({{1'999'999'999, 7, 8}, {2'000'000'000, 9, 10}}), &out);
  EXPECT_EQ(out.time_ns, (std::vector<int64_t>{1'200'000'000, 2'000'000'000}));
  EXPECT_EQ(out.bid, (std::vector<double>{1, 9}));
  EXPECT_EQ(out.ask, (std::vector<double>{2, 10}));
}

TEST(SecondSampler, SecondsBefore1970AreWholeSeconds) {
  SecondSampler sampler;
  TickBatch out;
  sampler.Add(Ticks({{-1'000'000'001, 1, 1}, {-1'000'000'000, 2, 2}, {-1, 3, 3}, {0, 4, 4}}), &out);
  EXPECT_EQ(out.time_ns, (std::vector<int64_t>{-1'000'000'001, -1'000'000'000, 0}));
}

TEST(SecondSampler, HoldsAtTheEndsOfTheCalendar) {
  constexpr int64_t kFirst = std::numeric_limits<int64_t>::min() + 1;
  constexpr int64_t kLast = std::numeric_limits<int64_t>::max();
  SecondSampler sampler;
  TickBatch out;
  sampler.Add(Ticks({{kFirst, 1, 1}, {kFirst + 1, 2, 2}, {kLast - 2, 3, 3}, {kLast - 1, 4, 4}}),
              &out);
  EXPECT_EQ(out.time_ns, (std::vector<int64_t>{kFirst, kLast - 2}));
}

TEST(OneSecondTickReader, GivesTheSameForAnyCutIntoBatches) {
  const TickBatch ticks = RandomTicks(3, 500);
  SecondSampler sampler;
  TickBatch whole;
  sampler.Add(ticks, &whole);
  for (const std::size_t rows : {1, 2, 7, 499}) {
    OneSecondTickReader reader(std::make_unique<VectorTickReader>(ticks, rows));
    ASSERT_OK_AND_ASSIGN(const TickBatch all, ReadAll(reader));
    EXPECT_EQ(all.time_ns, whole.time_ns);
    EXPECT_EQ(all.bid, whole.bid);
  }
}

TEST(BarBuilder, BuildsBarsByHand) {
  BarBuilder builder;
  std::vector<Bar> bars;
  builder.Add(Ticks({{100, 10, 11}, {200, 12, 12.5}, {300, 9, 10}, {kNanosPerSecond, 5, 6}}),
              &bars);
  ASSERT_EQ(bars.size(), 1u);  // The second bar may still grow.
  builder.Finish(&bars);
  ASSERT_EQ(bars.size(), 2u);
  EXPECT_EQ(bars[0].time_ns, 0);
  EXPECT_EQ(bars[0].ticks, 3);
  EXPECT_EQ(bars[0].bid.open, 10);
  EXPECT_EQ(bars[0].bid.high, 12);
  EXPECT_EQ(bars[0].bid.low, 9);
  EXPECT_EQ(bars[0].bid.close, 9);
  EXPECT_EQ(bars[0].ask.high, 12.5);
  EXPECT_EQ(bars[0].mid.open, 10.5);
  EXPECT_EQ(bars[0].mid.high, 12.25);
  EXPECT_EQ(bars[0].mean_spread, (1.0 + 0.5 + 1.0) / 3);
  EXPECT_EQ(bars[1].time_ns, kNanosPerSecond);
  builder.Finish(&bars);
  EXPECT_EQ(bars.size(), 2u);
}

// What each bar is, written down once more from its definition.
std::vector<Bar> BarsByDefinition(const TickBatch& ticks) {
  std::map<int64_t, std::vector<Tick>> seconds;
  for (std::size_t i = 0; i < ticks.size(); ++i) {
    seconds[FloorDiv(ticks.time_ns[i], kNanosPerSecond)].push_back(ticks.At(i));
  }
  std::vector<Bar> bars;
  for (const auto& [second, members] : seconds) {
    const auto ohlc = [&](auto price) {
      Ohlc result{price(members.front()), -1e300, 1e300, price(members.back())};
      for (const Tick& tick : members) {
        result.high = std::max(result.high, price(tick));
        result.low = std::min(result.low, price(tick));
      }
      return result;
    };
    double sum = 0;
    for (const Tick& tick : members) sum += tick.ask - tick.bid;
    bars.push_back({second * kNanosPerSecond, ohlc([](const Tick& t) { return t.bid; }),
                    ohlc([](const Tick& t) { return t.ask; }),
                    ohlc([](const Tick& t) { return (t.bid + t.ask) / 2; }),
                    sum / static_cast<double>(members.size()),
                    static_cast<int64_t>(members.size())});
  }
  return bars;
}

void ExpectSameBars(const std::vector<Bar>& a, const std::vector<Bar>& b) {
  ASSERT_EQ(a.size(), b.size());
  const auto prices = [](const Ohlc& o) { return std::vector{o.open, o.high, o.low, o.close}; };
  for (std::size_t i = 0; i < a.size(); ++i) {
    ASSERT_EQ(a[i].time_ns, b[i].time_ns);
    ASSERT_EQ(prices(a[i].bid), prices(b[i].bid));
    ASSERT_EQ(prices(a[i].ask), prices(b[i].ask));
    ASSERT_EQ(prices(a[i].mid), prices(b[i].mid));
    ASSERT_EQ(a[i].mean_spread, b[i].mean_spread);
    ASSERT_EQ(a[i].ticks, b[i].ticks);
  }
}

TEST(BarBuilder, EqualsTheDefinitionForAnyCutAndAcrossAHandOver) {
  const TickBatch ticks = RandomTicks(11, 400);
  const std::vector<Bar> expected = BarsByDefinition(ticks);
  for (std::size_t cut = 0; cut <= ticks.size(); cut += 13) {
    TickBatch head, tail;
    head.AppendRows(ticks, 0, cut);
    tail.AppendRows(ticks, cut, ticks.size());
    BarBuilder first;
    std::vector<Bar> bars;
    first.Add(head, &bars);
    BarBuilder second;
    if (auto open = first.TakeOpen()) second.SetOpen(*open);
    second.Add(tail, &bars);
    second.Finish(&bars);
    ExpectSameBars(bars, expected);
  }
}

TEST(BarBuilder, EqualsTheDefinitionForBatchesOfAnySize) {
  const TickBatch ticks = RandomTicks(12, 400);
  const std::vector<Bar> expected = BarsByDefinition(ticks);
  for (const std::size_t rows : {1, 2, 3, 7, 400}) {
    BarBuilder builder;
    std::vector<Bar> bars;
    for (std::size_t row = 0; row < ticks.size(); row += rows) {
      TickBatch batch;
      batch.AppendRows(ticks, row, std::min(ticks.size(), row + rows));
      builder.Add(batch, &bars);
    }
    builder.Finish(&bars);
    ExpectSameBars(bars, expected);
  }
}

TEST(BarBuilder, NoTicksGiveNoBar) {
  BarBuilder builder;
  std::vector<Bar> bars;
  builder.Add({}, &bars);
  builder.Finish(&bars);
  EXPECT_TRUE(bars.empty());
  EXPECT_FALSE(builder.TakeOpen().has_value());
}

}  // namespace
}  // namespace tickhouse::clean
