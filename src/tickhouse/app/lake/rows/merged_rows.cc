#include "tickhouse/app/lake/rows/merged_rows.h"

#include <algorithm>
#include <optional>
#include <utility>

namespace tickhouse::app {

namespace {

using io::ColumnBatch;

struct Cursor {
  std::unique_ptr<RowSource> source;
  ColumnBatch batch;
  std::size_t row = 0;
  std::size_t index = 0;
};

class MergedRows : public RowSource {
 public:
  MergedRows(RowOrder order, std::vector<io::ColumnSchema> schema, std::vector<SortedRun> runs,
             std::size_t batch_rows, CancelToken cancel)
      : order_(std::move(order)),
        schema_(std::move(schema)),
        runs_(std::move(runs)),
        batch_rows_(batch_rows),
        cancel_(std::move(cancel)) {}

  Result<bool> Next(ColumnBatch* batch) override {
    TICKHOUSE_TRY(cancel_.Check());
    *batch = EmptyBatch(schema_);
    while (batch->rows < batch_rows_) {
      TICKHOUSE_TRY(OpenDue());
      if (open_.empty()) break;
      TICKHOUSE_TRY(TakeFromLeast(batch));
    }
    return batch->rows > 0;
  }

 private:
  bool Before(const Cursor& a, const Cursor& b) const {
    const int sign = CompareRows(order_, a.batch, a.row, b.batch, b.row);
    return sign != 0 ? sign < 0 : a.index < b.index;
  }

  std::size_t Least() const {
    std::size_t least = 0;
    for (std::size_t i = 1; i < open_.size(); ++i) {
      if (Before(open_[i], open_[least])) least = i;
    }
    return least;
  }
  std::optional<std::size_t> LeastBeside(std::size_t other) const {
    std::optional<std::size_t> least;
    for (std::size_t i = 0; i < open_.size(); ++i) {
      if (i == other || (least && !Before(open_[i], open_[*least]))) continue;
      least = i;
    }
    return least;
  }

  // Opens the runs whose first rows stand before all rows at hand.
  Status OpenDue() {
    for (; next_ < runs_.size(); ++next_) {
      if (!open_.empty()) {
        const Cursor& least = open_[Least()];
        const int sign = CompareRows(order_, least.batch, least.row, runs_[next_].first, 0);
        if (sign < 0 || (sign == 0 && least.index < runs_[next_].index)) return {};
      }
      TICKHOUSE_ASSIGN(auto source, runs_[next_].open());
      Cursor cursor{.source = std::move(source), .batch = {}, .index = runs_[next_].index};
      TICKHOUSE_ASSIGN(const bool any, cursor.source->Next(&cursor.batch));
      if (any) open_.push_back(std::move(cursor));
    }
    return {};
  }

  // The end of the rows of `cursor` that stand before row `at` of `bound` (or beside it: `ties`);
  // its next row does.
  std::size_t EndBefore(const Cursor& cursor, std::size_t end, const ColumnBatch& bound,
                        std::size_t at, bool ties) const {
    const auto before = [&](std::size_t row) {
      const int sign = CompareRows(order_, cursor.batch, row, bound, at);
      return sign < 0 || (ties && sign == 0);
    };
    std::size_t low = cursor.row, step = 1;
    while (low + step < end && before(low + step)) {
      low += step;
      step *= 2;
    }
    std::size_t high = std::min(end, low + step);
    while (low + 1 < high) {
      const std::size_t middle = low + (high - low) / 2;
      (before(middle) ? low : high) = middle;
    }
    return high;
  }

  Status TakeFromLeast(ColumnBatch* batch) {
    const std::size_t least = Least();
    Cursor& cursor = open_[least];
    std::size_t end = std::min(cursor.batch.rows, cursor.row + batch_rows_ - batch->rows);
    if (const auto second = LeastBeside(least)) {
      const Cursor& other = open_[*second];
      end = EndBefore(cursor, end, other.batch, other.row, cursor.index < other.index);
    }
    if (next_ < runs_.size()) {
      const SortedRun& run = runs_[next_];
      end = EndBefore(cursor, end, run.first, 0, cursor.index < run.index);
    }
    AppendSlice(cursor.batch, cursor.row, end - cursor.row, batch);
    cursor.row = end;
    if (end < cursor.batch.rows) return {};
    cursor.row = 0;
    TICKHOUSE_ASSIGN(const bool more, cursor.source->Next(&cursor.batch));
    if (!more) open_.erase(open_.begin() + static_cast<std::ptrdiff_t>(least));
    return {};
  }

  const RowOrder order_;
  const std::vector<io::ColumnSchema> schema_;
  std::vector<SortedRun> runs_;
  const std::size_t batch_rows_;
  const CancelToken cancel_;
  std::size_t next_ = 0;
  std::vector<Cursor> open_;
};

}  // namespace

void SortRuns(const RowOrder& order, std::vector<SortedRun>* runs) {
  std::ranges::stable_sort(*runs, [&](const SortedRun& a, const SortedRun& b) {
    const int sign = CompareRows(order, a.first, 0, b.first, 0);
    return sign != 0 ? sign < 0 : a.index < b.index;
  });
}

std::unique_ptr<RowSource> MergeRuns(RowOrder order, std::vector<io::ColumnSchema> schema,
                                     std::vector<SortedRun> runs, std::size_t batch_rows,
                                     CancelToken cancel) {
  return std::make_unique<MergedRows>(std::move(order), std::move(schema), std::move(runs),
                                      batch_rows, std::move(cancel));
}

}  // namespace tickhouse::app
