// Sorted runs of rows, merged into one.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <vector>

#include "tickhouse/app/lake/rows/row_order.h"
#include "tickhouse/app/lake/rows/row_source.h"

namespace tickhouse::app {

/// Rows in order. `first` and `last` are batches of one row, of which only the columns of the order
/// need be there; without an order they are empty.
struct SortedRun {
  std::function<Result<std::unique_ptr<RowSource>>()> open;  ///< Called once at most.
  io::ColumnBatch first = {};
  io::ColumnBatch last = {};
  std::size_t index = 0;  ///< Of two equal rows that of the lower index comes first.
};

/// By first row, equal ones by index.
void SortRuns(const RowOrder& order, std::vector<SortedRun>* runs);

/// Merges runs that SortRuns has put in order. A run is opened when its first row is due.
std::unique_ptr<RowSource> MergeRuns(RowOrder order, std::vector<io::ColumnSchema> schema,
                                     std::vector<SortedRun> runs, std::size_t batch_rows,
                                     CancelToken cancel);

}  // namespace tickhouse::app
