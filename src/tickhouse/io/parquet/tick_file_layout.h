// Where the ticks lie in a Parquet file: which columns are time and prices, and which rows of a row
// group can hold an instant of interest.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "tickhouse/core/error.h"
#include "tickhouse/core/time.h"
#include "tickhouse/io/fs/file_system.h"
#include "tickhouse/io/parquet/format/parquet_footer.h"

namespace tickhouse::io {

/// A footer and the positions of tick columns in it; volumes are absent where the file has none.
struct TickFileLayout {
  ParquetFooter footer;
  std::size_t time = 0;
  std::size_t bid = 0;
  std::size_t ask = 0;
  std::optional<std::size_t> bid_volume, ask_volume, volume;
};

/// Matches names without case (an exact match wins) and checks types. kUnsupported lists the
/// columns.
Result<TickFileLayout> ReadTickFileLayout(const ReadableFile& file);

/// Bounds of a time column in nanoseconds, where they are stored and fit.
std::optional<int64_t> TimeBound(const FooterColumn& column,
                                 const std::optional<std::string>& bytes);

/// Rows [begin, end) of a row group.
struct RowSpan {
  int64_t begin = 0;
  int64_t end = 0;
};

/// The rows of row group `group` that may lie inside `ranges` (sorted, disjoint; empty: all), by
/// the statistics of the group and of its pages. Ascending, not touching each other.
Result<std::vector<RowSpan>> RowsToRead(const ReadableFile& file, const TickFileLayout& layout,
                                        std::size_t group, std::span<const UtcRange> ranges);

}  // namespace tickhouse::io
