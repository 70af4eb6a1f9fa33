#include "tickhouse/app/lake/diff/diff_rows.h"

#include <algorithm>
#include <utility>

#include "tickhouse/app/lake/rows/cell_rows.h"
#include "tickhouse/lake/data/column_values.h"

namespace tickhouse::app {

Result<std::unique_ptr<DiffRows>> DiffRows::Open(const RowReading& reading, SpillSpace& spill,
                                                 const lake::Schema& schema,
                                                 const std::vector<RowChange>& changes,
                                                 SortLimits limits) {
  std::unique_ptr<DiffRows> rows(new DiffRows());
  rows->schema_ = schema;
  TICKHOUSE_ASSIGN(rows->columns_, CellColumnsOf(schema));
  rows->columns_.insert(rows->columns_.begin(),
                        {.name = "change", .type = "VARCHAR", .kind = sql::ColumnKind::kText});
  std::vector<RowFile> removed, added;
  for (const RowChange& change : changes) (change.adds() ? added : removed).push_back(change.rows);
  limits.held_bytes /= 2;
  limits.run_bytes /= 2;
  limits.most_open = std::max<std::size_t>(2, limits.most_open / 2);
  const RowOrder whole = WholeOrderOf(schema);
  RowOrder order = TimeOrderOf(schema);
  if (order.empty()) order = whole;
  TICKHOUSE_ASSIGN(auto stored, lake::StoredColumnsOf(schema));
  TICKHOUSE_ASSIGN(SortedRows before, SortRows(reading, spill, schema, order, removed, limits));
  TICKHOUSE_ASSIGN(SortedRows after, SortRows(reading, spill, schema, order, added, limits));
  rows->difference_ =
      std::make_unique<RowDifference>(std::move(before.source), std::move(after.source),
                                      std::move(stored), std::move(order), whole);
  return rows;
}

Result<bool> DiffRows::Step() {
  TICKHOUSE_ASSIGN(const bool more, difference_->Next(&batch_, &added_));
  if (!more) return false;
  const int64_t count = std::ranges::count(added_, uint8_t{1});
  rows_added_ += count;
  rows_removed_ += static_cast<int64_t>(added_.size()) - count;
  return true;
}

Result<std::optional<sql::RowBatch>> DiffRows::Next() {
  TICKHOUSE_ASSIGN(const bool more, Step());
  if (!more) return std::nullopt;
  sql::RowBatch cells = CellsOf(schema_, batch_);
  std::vector<sql::Cell> change;
  change.reserve(added_.size());
  for (const uint8_t added : added_) change.emplace_back(added != 0 ? "added" : "removed");
  cells.columns.insert(cells.columns.begin(), std::move(change));
  return cells;
}

Status DiffRows::CountRest() {
  while (true) {
    TICKHOUSE_ASSIGN(const bool more, Step());
    if (!more) return {};
  }
}

}  // namespace tickhouse::app
