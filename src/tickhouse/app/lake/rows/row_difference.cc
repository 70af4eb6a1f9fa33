#include "tickhouse/app/lake/rows/row_difference.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace tickhouse::app {

namespace {

using io::ColumnBatch;

constexpr std::size_t kBatchRows = 16'384;

}  // namespace

RowDifference::RowDifference(std::unique_ptr<RowSource> removed, std::unique_ptr<RowSource> added,
                             std::vector<io::ColumnSchema> schema, RowOrder order, RowOrder whole,
                             std::size_t most_equal)
    : schema_(std::move(schema)),
      order_(std::move(order)),
      whole_(std::move(whole)),
      most_equal_(most_equal),
      order_is_whole_(order_.size() == whole_.size()) {
  removed_.source = std::move(removed);
  added_.source = std::move(added);
}

Result<bool> RowDifference::Next(ColumnBatch* rows, std::vector<uint8_t>* added) {
  out_ = EmptyBatch(schema_);
  out_added_.clear();
  while (out_.rows < kBatchRows) {
    TICKHOUSE_TRY(Fill(&removed_));
    TICKHOUSE_TRY(Fill(&added_));
    if (removed_.ended && added_.ended) break;
    TICKHOUSE_TRY(Step());
  }
  *rows = std::move(out_);
  *added = std::move(out_added_);
  return rows->rows > 0;
}

// A row at hand, or the end.
Status RowDifference::Fill(Side* side) {
  if (side->ended || side->row < side->batch.rows) return {};
  side->row = 0;
  TICKHOUSE_ASSIGN(const bool more, side->source->Next(&side->batch));
  side->ended = !more;
  return {};
}

// The end of the rows at hand that stand before the other side's next one; its own next one does.
std::size_t RowDifference::EndBefore(const Side& side, const Side& other) const {
  const std::size_t end = std::min(side.batch.rows, side.row + kBatchRows);
  if (other.ended) return end;
  std::size_t at = side.row + 1;
  while (at < end && CompareRows(order_, side.batch, at, other.batch, other.row) < 0) ++at;
  return at;
}

void RowDifference::Emit(const ColumnBatch& from, std::size_t begin, std::size_t count,
                         uint8_t added) {
  AppendSlice(from, begin, count, &out_);
  out_added_.resize(out_added_.size() + count, added);
}

Status RowDifference::Step() {
  int sign = removed_.ended ? 1 : added_.ended ? -1 : 0;
  if (sign == 0) {
    sign = CompareRows(order_, removed_.batch, removed_.row, added_.batch, added_.row);
  }
  if (sign == 0) return CompareEqual();
  Side& side = sign < 0 ? removed_ : added_;
  const std::size_t end = EndBefore(side, sign < 0 ? added_ : removed_);
  Emit(side.batch, side.row, end - side.row, sign < 0 ? 0 : 1);
  Advance(&side, end - side.row);
  return {};
}

// True when the batch at hand shows that no other row of the side is equal to its next one.
bool RowDifference::IsAlone(const Side& side) const {
  return side.row + 1 < side.batch.rows &&
         CompareRows(order_, side.batch, side.row, side.batch, side.row + 1) != 0;
}

// The next rows of both sides are equal by the order.
Status RowDifference::CompareEqual() {
  if (order_is_whole_ || (IsAlone(removed_) && IsAlone(added_))) {
    if (CompareRows(whole_, removed_.batch, removed_.row, added_.batch, added_.row) == 0) {
      ++same_;
    } else {
      Emit(removed_.batch, removed_.row, 1, 0);
      Emit(added_.batch, added_.row, 1, 1);
    }
    Advance(&removed_);
    Advance(&added_);
    return {};
  }
  TICKHOUSE_ASSIGN(const ColumnBatch removed, Gather(&removed_));
  TICKHOUSE_ASSIGN(const ColumnBatch added, Gather(&added_));
  Cancel(removed, added);
  return {};
}

// All rows of a side that are equal to its next one.
Result<ColumnBatch> RowDifference::Gather(Side* side) {
  ColumnBatch gathered = EmptyBatch(schema_);
  while (!side->ended) {
    std::size_t end = side->row;
    while (end < side->batch.rows &&
           (gathered.rows == 0 ? CompareRows(order_, side->batch, side->row, side->batch, end)
                               : CompareRows(order_, gathered, 0, side->batch, end)) == 0) {
      ++end;
    }
    AppendSlice(side->batch, side->row, end - side->row, &gathered);
    if (gathered.rows > most_equal_) {
      return Fail(ErrorKind::kUnsupported,
                  fmt::format("more than {} rows have the same {}: they cannot be compared in "
                              "memory; compare a smaller range, or ask SQL (EXCEPT ALL)",
                              most_equal_, schema_[order_.front().column].name));
    }
    side->row = end;
    if (end < side->batch.rows) break;
    TICKHOUSE_TRY(Fill(side));
  }
  return gathered;
}

void RowDifference::Cancel(const ColumnBatch& removed, const ColumnBatch& added) {
  const std::vector<uint32_t> left = SortedPlaces(whole_, removed);
  const std::vector<uint32_t> right = SortedPlaces(whole_, added);
  std::size_t i = 0, j = 0;
  while (i < left.size() || j < right.size()) {
    int sign = i == left.size() ? 1 : j == right.size() ? -1 : 0;
    if (sign == 0) sign = CompareRows(whole_, removed, left[i], added, right[j]);
    if (sign == 0) {
      ++same_;
      ++i;
      ++j;
    } else if (sign < 0) {
      Emit(removed, left[i++], 1, 0);
    } else {
      Emit(added, right[j++], 1, 1);
    }
  }
}

}  // namespace tickhouse::app
