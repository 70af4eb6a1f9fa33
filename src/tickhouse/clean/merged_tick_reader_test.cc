#include "tickhouse/clean/merged_tick_reader.h"

#include <algorithm>
#include <map>
#include <set>
#include <tuple>

#include "tickhouse/core/random.h"
#include "tickhouse/core/testing.h"

namespace tickhouse::clean {
namespace {

using Ticks = std::vector<Tick>;
using Row = std::tuple<int64_t, double, double>;

std::vector<Row> Rows(const Ticks& ticks) {
  std::vector<Row> rows;
  for (const Tick& tick : ticks) rows.emplace_back(tick.time_ns, tick.bid, tick.ask);
  return rows;
}

TickBatch Batch(const Ticks& ticks) {
  TickBatch batch;
  for (const Tick& tick : ticks) {
    batch.time_ns.push_back(tick.time_ns);
    batch.bid.push_back(tick.bid);
    batch.ask.push_back(tick.ask);
  }
  return batch;
}

TickSource Source(const Ticks& ticks, std::size_t batch_rows = 3, int* opened = nullptr) {
  TickSource source;
  source.name = "source";
  source.rank = {ticks.front().time_ns, ticks.back().time_ns, static_cast<int64_t>(ticks.size())};
  source.begin_ns = ticks.front().time_ns;
  source.end_ns = ticks.back().time_ns;
  source.open = [=]() -> Result<std::unique_ptr<TickReader>> {
    if (opened != nullptr) ++*opened;
    return std::make_unique<VectorTickReader>(Batch(ticks), batch_rows);
  };
  return source;
}

Ticks Merge(const std::vector<Ticks>& sources, std::size_t batch_rows = 3) {
  std::vector<TickSource> given;
  for (const Ticks& ticks : sources) {
    if (!ticks.empty()) given.push_back(Source(ticks, batch_rows));
  }
  MergedTickReader reader(std::move(given));
  auto all = ReadAll(reader);
  EXPECT_OK(all);
  Ticks merged;
  for (std::size_t i = 0; i < all->size(); ++i) merged.push_back(all->At(i));
  return merged;
}

// The rule of the header, instant by instant, without any cleverness.
Ticks MergeByDefinition(const std::vector<Ticks>& sources) {
  std::map<int64_t, std::vector<std::pair<SourceRank, std::vector<std::pair<double, double>>>>> all;
  for (const Ticks& ticks : sources) {
    if (ticks.empty()) continue;
    const SourceRank rank{ticks.front().time_ns, ticks.back().time_ns,
                          static_cast<int64_t>(ticks.size())};
    std::map<int64_t, std::vector<std::pair<double, double>>> mine;
    for (const Tick& tick : ticks) mine[tick.time_ns].emplace_back(tick.bid, tick.ask);
    for (const auto& [time, quotes] : mine) all[time].emplace_back(rank, quotes);
  }
  Ticks merged;
  for (auto& [time, lists] : all) {
    std::sort(lists.begin(), lists.end());
    std::map<std::pair<double, double>, int> have;
    for (const auto& [rank, quotes] : lists) {
      std::map<std::pair<double, double>, int> seen;
      for (const auto& quote : quotes) {
        if (++seen[quote] <= have[quote]) continue;
        ++have[quote];
        merged.push_back({time, quote.first, quote.second});
      }
    }
  }
  return merged;
}

TEST(MergedTickReader, ExampleOfTheHeader) {
  const Ticks a = {{100, 1.1, 1.2}, {100, 1.1, 1.2}, {300, 1.3, 1.4}};
  const Ticks b = {{100, 1.1, 1.2}, {100, 1.5, 1.6}, {300, 1.3, 1.4}, {400, 1.7, 1.8}};
  const Ticks expected = {
      {100, 1.1, 1.2}, {100, 1.1, 1.2}, {100, 1.5, 1.6}, {300, 1.3, 1.4}, {400, 1.7, 1.8}};
  EXPECT_EQ(Rows(Merge({a, b})), Rows(expected));
  EXPECT_EQ(Rows(Merge({b, a})), Rows(expected));
}

TEST(MergedTickReader, AFileThatLiesWithinAnotherAddsOnlyWhatItAloneHas) {
  const Ticks whole = {{1, 1, 1}, {5, 2, 2}, {9, 3, 3}};
  EXPECT_EQ(Rows(Merge({whole, {{5, 2, 2}}})), Rows(whole));
  EXPECT_EQ(Merge({whole, {{4, 8, 8}, {5, 2, 2}}}).size(), 4u);
}

TEST(MergedTickReader, AnInstantCutByAChunkBorderKeepsTheOrderOfTheChunks) {
  // The second chunk's quote is the lower one; content must not overrule the earlier chunk.
  EXPECT_EQ(Rows(Merge({{{1, 5, 5}, {2, 9, 9}}, {{2, 1, 1}, {3, 1, 1}}})),
            Rows({{1, 5, 5}, {2, 9, 9}, {2, 1, 1}, {3, 1, 1}}));
}

TEST(MergedTickReader, TellsZeroesApartByTheirBits) {
  EXPECT_EQ(Merge({{{1, 0.0, 1}}, {{1, -0.0, 1}}}).size(), 2u);
}

TEST(MergedTickReader, NoSourcesGiveNoRows) {
  MergedTickReader reader({});
  TickBatch batch;
  ASSERT_OK_AND_ASSIGN(const bool more, reader.Next(&batch));
  EXPECT_FALSE(more);
}

TEST(MergedTickReader, OpensASourceOnlyWhenItsTimeHasCome) {
  int opened = 0;
  std::vector<TickSource> sources;
  for (int64_t i = 0; i < 5; ++i) {
    Ticks ticks;
    for (int64_t k = 0; k < 40'000; ++k) ticks.push_back({i * 100'000 + k, 1, 1});
    sources.push_back(Source(ticks, 40'000, &opened));
  }
  MergedTickReader reader(std::move(sources));
  TickBatch batch;
  ASSERT_OK(reader.Next(&batch));
  EXPECT_LE(opened, 3);
  ASSERT_OK_AND_ASSIGN(const TickBatch rest, ReadAll(reader));
  EXPECT_EQ(opened, 5);
  EXPECT_EQ(batch.size() + rest.size(), 200'000u);
}

TEST(MergedTickReader, CountsDoubles) {
  std::vector<TickSource> sources = {Source({{1, 1, 1}, {2, 2, 2}}),
                                     Source({{1, 1, 1}, {2, 3, 3}})};
  MergedTickReader reader(std::move(sources));
  ASSERT_OK(ReadAll(reader));
  EXPECT_EQ(reader.doubles(), 1);
}

TEST(MergedTickReader, NamesTheSourceThatIsOutOfOrder) {
  std::vector<TickSource> sources = {
      Source({{1, 1, 1}, {9, 2, 2}}),
      Source({{2, 1, 1}, {3, 1, 1}, {5, 1, 1}, {4, 1, 1}, {6, 1, 1}})};
  MergedTickReader reader(std::move(sources));
  const auto all = ReadAll(reader);
  EXPECT_THAT(all, IsError(ErrorKind::kUnsupported));
  ASSERT_TRUE(reader.fault().has_value());
  EXPECT_EQ(reader.fault()->source, 1u);
  EXPECT_TRUE(reader.fault()->out_of_order);
}

TEST(MergedTickReader, RefusesRowsOutsideThePromisedBounds) {
  TickSource lying = Source({{1, 1, 1}, {9, 2, 2}});
  lying.end_ns = 8;
  std::vector<TickSource> sources;
  sources.push_back(std::move(lying));
  MergedTickReader reader(std::move(sources));
  EXPECT_THAT(ReadAll(reader), IsError(ErrorKind::kCorrupt));
  EXPECT_FALSE(reader.fault()->out_of_order);
}

class FailingReader : public TickReader {
 public:
  explicit FailingReader(int good) : good_(good) {}
  Result<bool> Next(TickBatch* batch) override {
    batch->Clear();
    if (next_ == good_) return Fail(ErrorKind::kCorrupt, "row group 3: torn");
    *batch = Batch({{next_++, 1, 1}});
    return true;
  }

 private:
  int64_t next_ = 0;
  int good_;
};

TEST(MergedTickReader, HandsOutTheRowsBeforeAFailureAndThenFailsForGood) {
  TickSource source = Source({{0, 1, 1}, {9, 1, 1}});
  source.open = []() -> Result<std::unique_ptr<TickReader>> {
    return std::make_unique<FailingReader>(2);
  };
  std::vector<TickSource> sources;
  sources.push_back(std::move(source));
  MergedTickReader reader(std::move(sources));
  TickBatch batch;
  ASSERT_OK_AND_ASSIGN(const bool more, reader.Next(&batch));
  EXPECT_TRUE(more);
  EXPECT_EQ(batch.size(), 2u);
  EXPECT_THAT(reader.Next(&batch), HasErrorMessage("torn"));
  EXPECT_THAT(reader.Next(&batch), HasErrorMessage("torn"));
  EXPECT_EQ(reader.fault()->source, 0u);
}

TEST(MergedTickReader, CopesWithThousandsOfTicksInOneInstantOfTwoSources) {
  Ticks a, b;
  for (int i = 0; i < 20'000; ++i) {
    a.push_back({7, static_cast<double>(i % 100), 1});
    b.push_back({7, static_cast<double>(i % 101), 1});
  }
  EXPECT_EQ(Rows(Merge({a, b})), Rows(MergeByDefinition({a, b})));
}

Ticks RandomExport(Random* random, const Ticks& market) {
  const std::size_t begin = random->Below(market.size());
  const std::size_t end = begin + 1 + random->Below(market.size() - begin);
  Ticks ticks(market.begin() + static_cast<std::ptrdiff_t>(begin),
              market.begin() + static_cast<std::ptrdiff_t>(end));
  // Exports of one market differ a little: a lost tick, a doubled one, one that is only here.
  if (random->Below(3) == 0 && ticks.size() > 2) {
    ticks.erase(ticks.begin() + static_cast<std::ptrdiff_t>(random->Below(ticks.size())));
  }
  if (random->Below(3) == 0) {
    const std::size_t at = random->Below(ticks.size());
    const Tick copy = ticks[at];
    ticks.insert(ticks.begin() + static_cast<std::ptrdiff_t>(at), copy);
  }
  if (random->Below(3) == 0) ticks[random->Below(ticks.size())].bid += 7;
  return ticks;
}

TEST(MergedTickReader, EqualsTheBruteForceForRandomOverlapsInAnyOrderOfSources) {
  Random random(2026);
  for (int round = 0; round < 400; ++round) {
    Ticks market;
    int64_t time_ns = -50;
    const std::size_t length = 1 + random.Below(60);
    for (std::size_t i = 0; i < length; ++i) {
      time_ns += static_cast<int64_t>(random.Below(3));
      market.push_back({time_ns, static_cast<double>(random.Below(3)), 1});
    }
    std::vector<Ticks> exports;
    const std::size_t count = 1 + random.Below(6);
    for (std::size_t i = 0; i < count; ++i) exports.push_back(RandomExport(&random, market));
    const auto expected = Rows(MergeByDefinition(exports));
    ASSERT_EQ(Rows(Merge(exports, 1 + random.Below(9))), expected) << "round " << round;
    for (std::size_t i = exports.size(); i > 1; --i) {
      std::swap(exports[i - 1], exports[random.Below(i)]);
    }
    ASSERT_EQ(Rows(Merge(exports, 1 + random.Below(9))), expected) << "shuffled, round " << round;
  }
}

TEST(MergedTickReader, ExactCutsOfOneMarketGiveTheMarketBack) {
  Random random(5);
  for (int round = 0; round < 100; ++round) {
    Ticks market;
    for (int64_t i = 0; i < 50; ++i) market.push_back({i / 2, static_cast<double>(i), 1});
    std::vector<Ticks> exports = {market};
    for (int i = 0; i < 3; ++i) {
      const std::size_t begin = random.Below(50);
      const std::size_t end = begin + 1 + random.Below(50 - begin);
      exports.emplace_back(market.begin() + static_cast<std::ptrdiff_t>(begin),
                           market.begin() + static_cast<std::ptrdiff_t>(end));
    }
    auto merged = Rows(Merge(exports));
    std::sort(merged.begin(), merged.end());
    ASSERT_EQ(merged, Rows(market));
  }
}

}  // namespace
}  // namespace tickhouse::clean
