#include "tickhouse/clean/symbol_run.h"

#include <algorithm>
#include <atomic>
#include <map>
#include <mutex>
#include <thread>
#include <tuple>
#include <utility>

#include "tickhouse/clean/merged_tick_reader.h"
#include "tickhouse/clean/one_second.h"
#include "tickhouse/clean/ordered_output.h"
#include "tickhouse/clean/segment_reader.h"
#include "tickhouse/core/check.h"

namespace tickhouse::clean {

namespace {

// What a worker hands over. For ticks: rows already thinned to one a second. For bars: the raw
// ticks of the segment's first second (an earlier segment may have begun it), closed bars, the bar
// left open.
struct Chunk {
  TickBatch ticks;
  std::vector<Bar> bars;
  std::optional<OpenBar> open;

  std::size_t bytes() const { return ticks.size() * 24 + bars.size() * sizeof(Bar) + 256; }
};

// Splits a segment's ticks into the raw head and the bars after it.
class HeadAndBars {
 public:
  Chunk Add(const TickBatch& in) {
    Chunk chunk;
    std::size_t row = 0;
    if (!builder_) {
      if (!head_second_) head_second_ = SecondOf(in.time_ns.front());
      while (row < in.size() && SecondOf(in.time_ns[row]) == *head_second_) ++row;
      chunk.ticks.AppendRows(in, 0, row);
      if (row == in.size()) return chunk;
      builder_.emplace();
    }
    chunk.bars.reserve(expected_bars_);
    if (row == 0) {
      builder_->Add(in, &chunk.bars);
    } else {
      TickBatch rest;
      rest.AppendRows(in, row, in.size());
      builder_->Add(rest, &chunk.bars);
    }
    expected_bars_ = chunk.bars.size() + chunk.bars.size() / 8;
    return chunk;
  }

  Chunk Finish() {
    Chunk chunk;
    if (builder_) chunk.open = builder_->TakeOpen();
    return chunk;
  }

 private:
  std::optional<int64_t> head_second_;
  std::optional<BarBuilder> builder_;
  std::size_t expected_bars_ = 0;  // As many as the batch before gave: growing means copying.
};

// Puts chunks of consecutive segments together.
class ChunkJoiner {
 public:
  // Drops the first row when an earlier segment has already answered its second.
  void Ticks(TickBatch* rows) {
    if (rows->empty()) return;
    if (last_second_ && SecondOf(rows->time_ns.front()) == *last_second_) {
      for (auto* column : {&rows->bid, &rows->ask}) column->erase(column->begin());
      rows->time_ns.erase(rows->time_ns.begin());
    }
    if (!rows->empty()) last_second_ = SecondOf(rows->time_ns.back());
  }

  // Appends to `head` the bars that end before the chunk's own, which follow as they are.
  void Bars(const Chunk& chunk, std::vector<Bar>* head) {
    builder_.Add(chunk.ticks, head);
    if (chunk.bars.empty() && !chunk.open) return;
    // Closed bars begin after the head's second; whatever was open is complete now.
    builder_.Finish(head);
    if (chunk.open) builder_.SetOpen(*chunk.open);
  }

  void Finish(std::vector<Bar>* out) { builder_.Finish(out); }

 private:
  std::optional<int64_t> last_second_;
  BarBuilder builder_;
};

class SymbolRun {
 public:
  SymbolRun(const SymbolJob& job, bool bars)
      : job_(job),
        bars_(bars),
        files_(job.files),
        segments_(PlanSegments(&files_, job.segment_rows)),
        output_(segments_.size(), job.budget_bytes) {}

  Result<SymbolStats> Run(const std::function<Status(Chunk& chunk)>& consume) {
    std::vector<std::jthread> workers;
    const std::size_t wanted =
        std::min(static_cast<std::size_t>(std::max(job_.threads, 1)), segments_.size());
    workers.reserve(wanted);
    for (std::size_t i = 0; i < wanted; ++i) workers.emplace_back([this] { Work(); });
    Status status;
    while (std::optional<Chunk> chunk = output_.Pop()) {
      if (faulty_.load() || !status) continue;
      status = consume(*chunk);
      if (!status) {
        stop_ = true;
        output_.Abandon();
      }
    }
    workers.clear();
    if (!status) return Fail(status.error());
    if (fatal_) return Fail(*fatal_);
    stats_.sorted_files = std::ranges::count(files_, false, &FileLayout::ordered);
    for (auto& [file, fault] : faults_) stats_.faults.push_back(std::move(fault.second));
    return std::move(stats_);
  }

 private:
  void Work() {
    while (!stop_.load()) {
      const std::size_t index = next_.fetch_add(1);
      if (index >= segments_.size()) return;
      CleanSegment(index);
      output_.Finish(index);
    }
  }

  void CleanSegment(std::size_t index) {
    SegmentReader reader(job_, files_, segments_[index], !bars_);
    const Status status = bars_ ? MakeBars(index, &reader) : ThinTicks(index, &reader);
    if (job_.progress) {
      for (const SegmentPart& part : segments_[index].parts) job_.progress(part.rows);
    }
    std::scoped_lock lock(mutex_);
    stats_.counts += reader.counts();
    stats_.doubles += reader.doubles();
    if (status) return;
    const std::optional<FileFault> fault = reader.fault();
    if (fault && status.error().kind != ErrorKind::kNoSpace &&
        status.error().kind != ErrorKind::kCancelled) {
      faulty_ = true;
      NoteFault(index, *fault);
      return;
    }
    if (!fatal_) fatal_ = status.error();
    stop_ = true;
    output_.Abandon();
  }

  // Of a file's faults the gravest counts, then the earliest: the same for any number of threads.
  void NoteFault(std::size_t segment, const FileFault& fault) {
    const auto [place, fresh] = faults_.try_emplace(fault.file, segment, fault);
    auto& [kept_segment, kept] = place->second;
    if (!fresh && std::tie(fault.kind, segment) < std::tie(kept.kind, kept_segment)) {
      place->second = {segment, fault};
    }
  }

  Status ThinTicks(std::size_t index, SegmentReader* reader) {
    SecondSampler sampler;
    TickBatch batch;
    while (true) {
      TICKHOUSE_TRY(job_.cancel.Check());
      TICKHOUSE_ASSIGN(const bool more, reader->Next(&batch));
      if (!more) return {};
      Chunk chunk;
      if (reader->gives_firsts()) {
        std::swap(chunk.ticks, batch);
      } else {
        sampler.Add(batch, &chunk.ticks);
      }
      if (!Hand(index, std::move(chunk))) return {};
    }
  }

  Status MakeBars(std::size_t index, SegmentReader* reader) {
    HeadAndBars split;
    TickBatch batch;
    while (true) {
      TICKHOUSE_TRY(job_.cancel.Check());
      TICKHOUSE_ASSIGN(const bool more, reader->Next(&batch));
      if (!more) break;
      if (!Hand(index, split.Add(batch))) return {};
    }
    Hand(index, split.Finish());
    return {};
  }

  bool Hand(std::size_t index, Chunk chunk) {
    if (stop_.load()) return false;
    if (faulty_.load())
      return true;  // Nobody wants rows any more; the rest is read for its faults.
    const std::size_t bytes = chunk.bytes();
    return output_.Push(index, std::move(chunk), bytes);
  }

  const SymbolJob& job_;
  const bool bars_;
  std::vector<FileLayout> files_;
  const std::vector<Segment> segments_;
  OrderedOutput<Chunk> output_;
  std::atomic<std::size_t> next_ = 0;
  std::atomic<bool> stop_ = false;
  std::atomic<bool> faulty_ = false;
  std::mutex mutex_;
  SymbolStats stats_;
  std::map<std::size_t, std::pair<std::size_t, FileFault>> faults_;
  std::optional<Error> fatal_;
};

}  // namespace

Result<SymbolStats> RunTicks(const SymbolJob& job, const TickSink& sink) {
  ChunkJoiner joiner;
  int64_t rows_out = 0;
  SymbolRun run(job, false);
  TICKHOUSE_ASSIGN(SymbolStats stats, run.Run([&](Chunk& chunk) -> Status {
    joiner.Ticks(&chunk.ticks);
    rows_out += static_cast<int64_t>(chunk.ticks.size());
    return chunk.ticks.empty() ? Status() : sink(chunk.ticks);
  }));
  stats.rows_out = rows_out;
  return stats;
}

Result<SymbolStats> RunBars(const SymbolJob& job, const BarSink& sink) {
  ChunkJoiner joiner;
  int64_t rows_out = 0;
  const auto pass_on = [&](const std::vector<Bar>& bars) {
    rows_out += static_cast<int64_t>(bars.size());
    return bars.empty() ? Status() : sink(bars);
  };
  SymbolRun run(job, true);
  TICKHOUSE_ASSIGN(SymbolStats stats, run.Run([&](Chunk& chunk) -> Status {
    std::vector<Bar> head;
    joiner.Bars(chunk, &head);
    TICKHOUSE_TRY(pass_on(head));
    return pass_on(chunk.bars);
  }));
  if (!stats.faults.empty()) return stats;
  std::vector<Bar> bars;
  joiner.Finish(&bars);
  TICKHOUSE_TRY(pass_on(bars));
  stats.rows_out = rows_out;
  return stats;
}

}  // namespace tickhouse::clean
