#include "tickhouse/clean/symbol_run.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <tuple>

#include "tickhouse/clean/one_second.h"
#include "tickhouse/core/random.h"
#include "tickhouse/core/testing.h"

namespace tickhouse::clean {
namespace {

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();

// A file in memory: row groups of ticks, and statistics that tell the truth about them.
struct MemoryFile {
  std::vector<std::vector<Tick>> groups;
  bool by_group = true;
  bool complete = false;
  int broken_group = -1;  // Reading it fails.

  std::vector<Tick> ticks() const {
    std::vector<Tick> all;
    for (const auto& group : groups) all.insert(all.end(), group.begin(), group.end());
    return all;
  }
};

TickBatch Batch(const std::vector<Tick>& ticks) {
  TickBatch batch;
  for (const Tick& tick : ticks) {
    batch.time_ns.push_back(tick.time_ns);
    batch.bid.push_back(tick.bid);
    batch.ask.push_back(tick.ask);
  }
  return batch;
}

GroupBounds BoundsOf(const std::vector<Tick>& ticks) {
  GroupBounds bounds;
  bounds.rows = static_cast<int64_t>(ticks.size());
  bool first = true;
  for (const Tick& tick : ticks) {
    if (tick.time_ns == kMissingTime) continue;
    bounds.first_ns = first ? tick.time_ns : std::min(bounds.first_ns, tick.time_ns);
    bounds.last_ns = first ? tick.time_ns : std::max(bounds.last_ns, tick.time_ns);
    first = false;
  }
  if (first) bounds.rows = 0;
  return bounds;
}

FileLayout LayoutOf(const MemoryFile& file, std::size_t index) {
  FileLayout layout;
  layout.name = "file " + std::to_string(index);
  layout.by_group = file.by_group;
  layout.complete = file.complete;
  if (file.by_group) {
    for (const auto& group : file.groups) layout.groups.push_back(BoundsOf(group));
  } else {
    layout.groups.push_back(BoundsOf(file.ticks()));
  }
  return layout;
}

// Honours what a Parquet reader honours: groups, ranges (or not), chosen rows; fails at a broken
// group.
class MemoryReader : public TickReader {
 public:
  MemoryReader(const MemoryFile& file, ReadRequest request, bool prune)
      : file_(file), request_(std::move(request)), prune_(prune), group_(request_.group_begin) {
    if (request_.group_end < 0) request_.group_end = static_cast<int>(file.groups.size());
  }

  Result<bool> Next(TickBatch* batch) override {
    batch->Clear();
    while (batch->empty() && group_ < request_.group_end) {
      if (group_ == file_.broken_group) return Fail(ErrorKind::kCorrupt, "broken group");
      std::vector<Tick> ticks;
      for (const Tick& tick : file_.groups[static_cast<std::size_t>(group_)]) {
        if (!request_.ranges || !prune_ || Inside(tick.time_ns)) ticks.push_back(tick);
      }
      ++group_;
      *batch = Choose(Batch(ticks));
    }
    return !batch->empty();
  }

 private:
  bool Inside(int64_t time_ns) const {
    return std::any_of(request_.ranges->begin(), request_.ranges->end(),
                       [&](const UtcRange& range) { return range.Contains(FromNanos(time_ns)); });
  }

  TickBatch Choose(TickBatch all) const {
    if (!request_.choose || all.empty()) return all;
    std::vector<uint32_t> rows;
    request_.choose(all.time_ns, &rows);
    TickBatch chosen;
    for (const uint32_t row : rows) chosen.AppendRows(all, row, row + 1);
    return chosen;
  }

  const MemoryFile& file_;
  ReadRequest request_;
  bool prune_;
  int group_;
};

class VectorSpill : public SpillStore {
 public:
  bool full = false;
  Result<std::unique_ptr<SpillRun>> NewRun() override {
    if (full) return Fail(ErrorKind::kNoSpace, "spill folder is full");
    return std::make_unique<Run>();
  }

 private:
  class Run : public SpillRun {
   public:
    Status Write(const TickBatch& batch) override {
      rows_.AppendRows(batch, 0, batch.size());
      return {};
    }
    Result<std::unique_ptr<TickReader>> Read() override {
      return std::make_unique<VectorTickReader>(std::move(rows_), 100);
    }

   private:
    TickBatch rows_;
  };
};

struct Case {
  std::vector<MemoryFile> files;
  std::optional<WindowSchedule> schedule;
  int threads = 2;
  bool prune = true;
  int64_t segment_rows = 1;
  std::size_t budget_bytes = 1;
  VectorSpill spill;

  SymbolJob Job() {
    SymbolJob job;
    for (std::size_t i = 0; i < files.size(); ++i) job.files.push_back(LayoutOf(files[i], i));
    job.schedule = schedule;
    job.threads = threads;
    job.spill = &spill;
    job.memory_rows = 50;
    job.segment_rows = segment_rows;
    job.budget_bytes = budget_bytes;
    job.open = [this](const ReadRequest& request) -> Result<std::unique_ptr<TickReader>> {
      return std::make_unique<MemoryReader>(files[request.file], request, prune);
    };
    return job;
  }
};

using Row = std::tuple<int64_t, double, double>;

// Runs again as `app` does, until no file has a fault that another description of it mends.
template <typename Run>
SymbolStats RunUntilSettled(SymbolJob* job, const Run& run) {
  for (int attempt = 0; attempt < 50; ++attempt) {
    Result<SymbolStats> stats = run(*job);
    EXPECT_OK(stats);
    if (!stats || stats->faults.empty()) return stats.value_or(SymbolStats{});
    for (const FileFault& fault : stats->faults) {
      FileLayout& layout = job->files[fault.file];
      EXPECT_NE(fault.kind, FileFault::Kind::kUnusable) << fault.error.ToString();
      if (fault.kind == FileFault::Kind::kOutOfOrder) layout.ordered = false;
      if (fault.kind == FileFault::Kind::kIncomplete) layout.complete = false;
    }
  }
  ADD_FAILURE() << "never settled";
  return {};
}

std::vector<Row> TicksOf(Case* with) {
  std::vector<Row> rows;
  SymbolJob job = with->Job();
  const SymbolStats stats = RunUntilSettled(&job, [&](const SymbolJob& settled) {
    rows.clear();
    return RunTicks(settled, [&](const TickBatch& ticks) -> Status {
      EXPECT_FALSE(ticks.empty());
      for (std::size_t i = 0; i < ticks.size(); ++i) {
        rows.emplace_back(ticks.time_ns[i], ticks.bid[i], ticks.ask[i]);
      }
      return {};
    });
  });
  EXPECT_EQ(stats.rows_out, static_cast<int64_t>(rows.size()));
  return rows;
}

std::vector<Bar> BarsOf(Case* with) {
  std::vector<Bar> bars;
  SymbolJob job = with->Job();
  RunUntilSettled(&job, [&](const SymbolJob& settled) {
    bars.clear();
    return RunBars(settled, [&](std::span<const Bar> some) -> Status {
      bars.insert(bars.end(), some.begin(), some.end());
      return {};
    });
  });
  return bars;
}

bool Counts(const Tick& tick, const std::optional<WindowSchedule>& schedule) {
  if (tick.time_ns == kMissingTime || !std::isfinite(tick.bid) || !std::isfinite(tick.ask)) {
    return false;
  }
  if (!schedule) return true;
  const UtcTime time = FromNanos(tick.time_ns);
  for (const WindowOccurrence& occurrence : schedule->Occurrences({time, time + Nanos(1)})) {
    if (occurrence.range.Contains(time)) return true;
  }
  return false;
}

// The rules from their definition: filter, sort each file stably, merge instant by instant.
std::vector<Tick> MergedByDefinition(const Case& with) {
  using Quotes = std::vector<std::pair<double, double>>;
  std::map<int64_t, std::vector<std::pair<SourceRank, Quotes>>> instants;
  for (std::size_t i = 0; i < with.files.size(); ++i) {
    const SourceRank rank = LayoutOf(with.files[i], i).rank();
    std::map<int64_t, Quotes> mine;
    for (const Tick& tick : with.files[i].ticks()) {
      if (Counts(tick, with.schedule)) mine[tick.time_ns].emplace_back(tick.bid, tick.ask);
    }
    for (const auto& [time, quotes] : mine) instants[time].emplace_back(rank, quotes);
  }
  std::vector<Tick> merged;
  for (auto& [time, lists] : instants) {
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

std::vector<Row> FirstsByDefinition(const Case& with) {
  std::vector<Row> rows;
  std::optional<int64_t> last;
  for (const Tick& tick : MergedByDefinition(with)) {
    const int64_t second = FloorDiv(tick.time_ns, kNanosPerSecond);
    if (last != second) rows.emplace_back(tick.time_ns, tick.bid, tick.ask);
    last = second;
  }
  return rows;
}

std::vector<Bar> BarsByDefinition(const Case& with) {
  std::vector<Bar> bars;
  BarBuilder builder;
  builder.Add(Batch(MergedByDefinition(with)), &bars);
  builder.Finish(&bars);
  return bars;
}

void ExpectSameBars(const std::vector<Bar>& a, const std::vector<Bar>& b) {
  ASSERT_EQ(a.size(), b.size());
  for (std::size_t i = 0; i < a.size(); ++i) {
    ASSERT_EQ(a[i].time_ns, b[i].time_ns);
    ASSERT_EQ(a[i].bid.open, b[i].bid.open);
    ASSERT_EQ(a[i].ask.high, b[i].ask.high);
    ASSERT_EQ(a[i].mid.low, b[i].mid.low);
    ASSERT_EQ(a[i].bid.close, b[i].bid.close);
    ASSERT_EQ(a[i].mean_spread, b[i].mean_spread);
    ASSERT_EQ(a[i].ticks, b[i].ticks);
  }
}

std::vector<Tick> RandomMarket(Random* random, int64_t begin_ns, std::size_t length) {
  std::vector<Tick> market;
  int64_t time_ns = begin_ns;
  for (std::size_t i = 0; i < length; ++i) {
    time_ns += static_cast<int64_t>(random->Below(4)) * 150'000'000;
    market.push_back({time_ns, static_cast<double>(random->Below(3)), 5});
  }
  return market;
}

MemoryFile RandomFile(Random* random, const std::vector<Tick>& market) {
  const std::size_t begin = random->Below(market.size());
  const std::size_t end = begin + 1 + random->Below(market.size() - begin);
  std::vector<Tick> ticks(market.begin() + static_cast<std::ptrdiff_t>(begin),
                          market.begin() + static_cast<std::ptrdiff_t>(end));
  bool complete = true;
  if (random->Below(4) == 0) {
    std::swap(ticks[random->Below(ticks.size())], ticks[random->Below(ticks.size())]);
  }
  if (random->Below(6) == 0) {
    ticks[random->Below(ticks.size())].bid = kNan;
    complete = false;
  }
  if (random->Below(6) == 0) {
    ticks[random->Below(ticks.size())].time_ns = kMissingTime;
    complete = false;
  }
  MemoryFile file;
  file.by_group = random->Below(5) != 0;
  file.complete = complete && random->Below(2) == 0;
  file.groups.emplace_back();
  for (const Tick& tick : ticks) {
    if (random->Below(8) == 0) file.groups.emplace_back();
    file.groups.back().push_back(tick);
  }
  return file;
}

Case RandomCase(Random* random) {
  Case with;
  // Around the local minute in which Berlin's clocks go back, and around 1970.
  const int64_t begin =
      random->Below(2) == 0 ? ToNanos(*ParseUtc("2021-10-31T00:59:40")) : -20 * kNanosPerSecond;
  const auto market = RandomMarket(random, begin, 1 + random->Below(150));
  const std::size_t count = 1 + random->Below(5);
  for (std::size_t i = 0; i < count; ++i) with.files.push_back(RandomFile(random, market));
  if (random->Below(2) == 0) {
    with.schedule =
        WindowSchedule(*ParseWindows("02:59:45-02:59:50,02:59:50-03:00,01:59:50-02:00:10"),
                       *Zone::Parse("Europe/Berlin"));
  }
  with.prune = random->Below(2) == 0;
  with.segment_rows = static_cast<int64_t>(random->Below(40));
  return with;
}

TEST(SymbolRun, EqualsTheDefinitionForRandomFilesOverlapsOrdersAndThreads) {
  Random random(42);
  std::size_t rows_seen = 0;
  for (int round = 0; round < 300; ++round) {
    Case with = RandomCase(&random);
    const std::vector<Row> expected = FirstsByDefinition(with);
    const std::vector<Bar> expected_bars = BarsByDefinition(with);
    rows_seen += expected.size();
    for (int threads = 1; threads <= 4; ++threads) {
      with.threads = threads;
      with.budget_bytes = threads % 2 == 0 ? 1 : 10'000;
      ASSERT_EQ(TicksOf(&with), expected) << "round " << round << ", threads " << threads;
      ExpectSameBars(BarsOf(&with), expected_bars);
      ASSERT_FALSE(HasFatalFailure()) << "round " << round << ", threads " << threads;
      std::rotate(with.files.begin(), with.files.begin() + 1, with.files.end());
    }
  }
  EXPECT_GT(rows_seen, 2'000u);
}

TEST(SymbolRun, MoreOverlappingFilesThanMayBeOpenAtOnceAreMergedInPasses) {
  Random random(9);
  const auto market = RandomMarket(&random, 0, 200);
  Case with;
  for (int i = 0; i < 150; ++i) with.files.push_back(RandomFile(&random, market));
  EXPECT_EQ(TicksOf(&with), FirstsByDefinition(with));
  ExpectSameBars(BarsOf(&with), BarsByDefinition(with));
}

TEST(SymbolRun, NoFilesAndEmptyFilesGiveNothing) {
  Case with;
  EXPECT_TRUE(TicksOf(&with).empty());
  with.files.push_back({{{}, {}}, true, false, -1});
  EXPECT_TRUE(TicksOf(&with).empty());
  EXPECT_TRUE(BarsOf(&with).empty());
}

TEST(SymbolRun, NamesEveryBrokenFileInOneRun) {
  Case with;
  for (int64_t i = 0; i < 6; ++i) {
    MemoryFile file;
    for (int64_t k = 0; k < 3; ++k) {
      file.groups.push_back({{(i * 10 + k) * kNanosPerSecond, 1, 2}});
    }
    if (i % 2 == 1) file.broken_group = 1;
    with.files.push_back(file);
  }
  for (int threads = 1; threads <= 3; ++threads) {
    with.threads = threads;
    const SymbolJob job = with.Job();
    ASSERT_OK_AND_ASSIGN(const SymbolStats stats,
                         RunTicks(job, [](const TickBatch&) { return Status(); }));
    ASSERT_EQ(stats.faults.size(), 3u);
    for (std::size_t i = 0; i < 3; ++i) {
      EXPECT_EQ(stats.faults[i].file, 2 * i + 1);
      EXPECT_EQ(stats.faults[i].kind, FileFault::Kind::kUnusable);
      EXPECT_EQ(stats.faults[i].error.message, "broken group");
    }
  }
}

TEST(SymbolRun, StopsWhenTheSinkFails) {
  Case with;
  Random random(1);
  for (int i = 0; i < 20; ++i) {
    with.files.push_back({{RandomMarket(&random, i * kNanosPerHour, 100)}, true, true, -1});
  }
  const SymbolJob job = with.Job();
  int calls = 0;
  EXPECT_THAT(RunTicks(job,
                       [&](const TickBatch&) -> Status {
                         if (++calls == 3) return Fail(ErrorKind::kNoSpace, "disk full");
                         return {};
                       }),
              IsError(ErrorKind::kNoSpace));
  EXPECT_EQ(calls, 3);
}

TEST(SymbolRun, AFullSpillFolderIsNoFilesFault) {
  Case with;
  Random random(1);
  auto market = RandomMarket(&random, 0, 300);
  std::reverse(market.begin(), market.end());
  with.files.push_back({{market}, true, false, -1});
  with.spill.full = true;
  SymbolJob job = with.Job();
  job.files[0].ordered = false;
  EXPECT_THAT(RunTicks(job, [](const TickBatch&) { return Status(); }),
              IsError(ErrorKind::kNoSpace));
}

TEST(SymbolRun, ObeysTheRequestToStop) {
  Case with;
  with.files.push_back({{{{1, 1, 2}}}, true, false, -1});
  const SymbolJob job = with.Job();
  job.cancel.Cancel();
  EXPECT_THAT(RunTicks(job, [](const TickBatch&) { return Status(); }),
              IsError(ErrorKind::kCancelled));
}

}  // namespace
}  // namespace tickhouse::clean
