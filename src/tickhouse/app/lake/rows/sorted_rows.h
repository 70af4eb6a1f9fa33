// Rows of many data files in one order, with memory that does not grow with them.
//
// Each file is looked through once by the columns of the order alone. One that is in order is read
// as it lies; another is cut into runs that are sorted in memory, of which what is too much waits
// in files. Runs are merged; one is opened when its first row is due, so that files that do not
// overlap are read one after another.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "tickhouse/app/lake/rows/row_order.h"
#include "tickhouse/app/lake/rows/row_source.h"
#include "tickhouse/app/lake/rows/spill_space.h"

namespace tickhouse::app {

struct SortLimits {
  int64_t run_bytes = int64_t{64} << 20;   ///< Rows that are sorted at once.
  int64_t held_bytes = int64_t{96} << 20;  ///< Sorted rows that wait in memory.
  std::size_t most_open = 24;              ///< Runs that are read at once.
  std::size_t batch_rows = 16'384;
};

struct SortedRows {
  std::unique_ptr<RowSource> source;
  /// How many there will be; not known without an order, as nothing was looked through.
  std::optional<int64_t> rows = {};
};

/// Rows that are equal by `order` come in the order of `files`, and of the rows in them, unless
/// more files overlap there than may be open. What `reading` and `spill` are outlives the source.
/// Errors as OpenRows; kNoSpace and the like of the folder for temporary files.
Result<SortedRows> SortRows(const RowReading& reading, SpillSpace& spill,
                            const lake::Schema& schema, const RowOrder& order,
                            const std::vector<RowFile>& files, const SortLimits& limits = {});

}  // namespace tickhouse::app
