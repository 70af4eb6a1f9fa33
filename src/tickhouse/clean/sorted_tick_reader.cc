#include "tickhouse/clean/sorted_tick_reader.h"

#include <algorithm>
#include <numeric>
#include <queue>
#include <span>
#include <utility>

#include "tickhouse/core/check.h"

namespace tickhouse::clean {

namespace {

constexpr std::size_t kBatchRows = 65'536;

template <typename T>
void Permute(const std::vector<std::size_t>& order, std::vector<T>* column) {
  std::vector<T> moved(column->size());
  for (std::size_t i = 0; i < order.size(); ++i) moved[i] = (*column)[order[i]];
  *column = std::move(moved);
}

// Merges sorted runs; of equal times the run that stands first comes first.
class RunMerge : public TickReader {
 public:
  explicit RunMerge(std::vector<std::unique_ptr<TickReader>> runs) {
    for (auto& run : runs) runs_.push_back({std::move(run), {}, 0});
  }

  Result<bool> Next(TickBatch* batch) override {
    batch->Clear();
    if (failed_) return Fail(*failed_);
    if (Status status = Fill(batch); !status) {
      failed_ = status.error();
      return Fail(*failed_);
    }
    return !batch->empty();
  }

 private:
  struct Run {
    std::unique_ptr<TickReader> reader;
    TickBatch batch;
    std::size_t row = 0;
  };
  using Head = std::pair<int64_t, std::size_t>;  // Time, run.

  Status Fill(TickBatch* batch) {
    if (!std::exchange(started_, true)) {
      for (std::size_t i = 0; i < runs_.size(); ++i) TICKHOUSE_TRY(Push(i));
    }
    while (!heads_.empty() && batch->size() < kBatchRows) {
      const std::size_t index = heads_.top().second;
      heads_.pop();
      Run& run = runs_[index];
      const std::size_t begin = run.row;
      const std::size_t end = heads_.empty() ? run.batch.size() : RowsBefore(index);
      batch->AppendRows(run.batch, begin, end);
      run.row = end;
      TICKHOUSE_TRY(Push(index));
    }
    return {};
  }

  // The first row of the run that has to wait for another run.
  std::size_t RowsBefore(std::size_t index) const {
    const Run& run = runs_[index];
    const auto& [time_ns, other] = heads_.top();
    const auto from = run.batch.time_ns.begin() + static_cast<std::ptrdiff_t>(run.row);
    const auto to = run.batch.time_ns.end();
    const auto at =
        index < other ? std::upper_bound(from, to, time_ns) : std::lower_bound(from, to, time_ns);
    return static_cast<std::size_t>(at - run.batch.time_ns.begin());
  }

  Status Push(std::size_t index) {
    Run& run = runs_[index];
    if (run.row == run.batch.size()) {
      run.row = 0;
      TICKHOUSE_ASSIGN(const bool more, run.reader->Next(&run.batch));
      if (!more) {
        run.reader.reset();
        return {};
      }
    }
    heads_.push({run.batch.time_ns[run.row], index});
    return {};
  }

  std::vector<Run> runs_;
  std::priority_queue<Head, std::vector<Head>, std::greater<>> heads_;
  bool started_ = false;
  std::optional<Error> failed_;
};

}  // namespace

Result<std::unique_ptr<TickReader>> Spill(TickReader& rows, SpillStore* spill) {
  TICKHOUSE_ASSIGN(std::unique_ptr<SpillRun> run, spill->NewRun());
  TickBatch batch;
  while (true) {
    TICKHOUSE_ASSIGN(const bool more, rows.Next(&batch));
    if (!more) return run->Read();
    TICKHOUSE_TRY(run->Write(batch));
  }
}

bool SortByTime(TickBatch* batch) {
  const std::vector<int64_t>& times = batch->time_ns;
  if (std::is_sorted(times.begin(), times.end())) return true;
  std::vector<std::size_t> order(times.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::sort(order.begin(), order.end(), [&](std::size_t x, std::size_t y) {
    return times[x] != times[y] ? times[x] < times[y] : x < y;
  });
  Permute(order, &batch->bid);
  Permute(order, &batch->ask);
  Permute(order, &batch->time_ns);
  return false;
}

SortedTickReader::SortedTickReader(std::unique_ptr<TickReader> source, SpillStore* spill,
                                   Options options)
    : source_(std::move(source)), spill_(spill), options_(options) {
  TICKHOUSE_CHECK(options.memory_rows > 0 && options.fan_in >= 2, "a sort needs room to work in");
}

SortedTickReader::~SortedTickReader() = default;

Result<bool> SortedTickReader::Next(TickBatch* batch) {
  batch->Clear();
  if (!failed_ && !std::exchange(loaded_, true)) {
    if (Status status = Load(); !status) failed_ = status.error();
  }
  if (failed_) return Fail(*failed_);
  return sorted_->Next(batch);
}

Status SortedTickReader::Load() {
  TickBatch rows;
  TickBatch batch;
  while (true) {
    TICKHOUSE_ASSIGN(const bool more, source_->Next(&batch));
    if (!more) break;
    rows.AppendRows(batch, 0, batch.size());
    if (rows.size() >= options_.memory_rows) TICKHOUSE_TRY(SpillRows(&rows));
  }
  source_.reset();
  SortByTime(&rows);
  if (runs_.empty()) {
    sorted_ = std::make_unique<VectorTickReader>(std::move(rows));
    return {};
  }
  if (!rows.empty()) TICKHOUSE_TRY(SpillRows(&rows));
  TICKHOUSE_TRY(MergeDown());
  sorted_ = std::make_unique<RunMerge>(std::move(runs_));
  return {};
}

Status SortedTickReader::SpillRows(TickBatch* rows) {
  SortByTime(rows);
  VectorTickReader reader(std::move(*rows));
  rows->Clear();
  TICKHOUSE_ASSIGN(std::unique_ptr<TickReader> run, Spill(reader, spill_));
  runs_.push_back(std::move(run));
  return {};
}

// Neighbouring runs are merged first, so that the order of equal times survives every pass.
Status SortedTickReader::MergeDown() {
  while (runs_.size() > options_.fan_in) {
    std::vector<std::unique_ptr<TickReader>> fewer;
    for (std::size_t begin = 0; begin < runs_.size(); begin += options_.fan_in) {
      const std::size_t end = std::min(runs_.size(), begin + options_.fan_in);
      std::vector<std::unique_ptr<TickReader>> group(
          std::make_move_iterator(runs_.begin() + static_cast<std::ptrdiff_t>(begin)),
          std::make_move_iterator(runs_.begin() + static_cast<std::ptrdiff_t>(end)));
      RunMerge merge(std::move(group));
      TICKHOUSE_ASSIGN(std::unique_ptr<TickReader> run, Spill(merge, spill_));
      fewer.push_back(std::move(run));
    }
    runs_ = std::move(fewer);
  }
  return {};
}

}  // namespace tickhouse::clean
