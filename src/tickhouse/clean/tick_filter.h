// Which ticks count: a usable time and two usable prices, inside a trading window.
#pragma once

#include <cstdint>
#include <limits>
#include <memory>
#include <optional>
#include <vector>

#include "tickhouse/core/error.h"
#include "tickhouse/core/tick.h"
#include "tickhouse/core/time.h"
#include "tickhouse/core/window.h"

namespace tickhouse::clean {

/// How a reader hands out a missing time (io::ParquetReadOptions::keep_null_rows).
inline constexpr int64_t kMissingTime = std::numeric_limits<int64_t>::min();

/// Rows seen and left out. A row is counted once, by the first reason that fits, in this order.
struct FilterCounts {
  int64_t rows = 0;
  int64_t missing_times = 0;
  int64_t outside = 0;          ///< Outside every window.
  int64_t unusable_prices = 0;  ///< Bid or ask missing, NaN or infinite, inside a window.

  FilterCounts& operator+=(const FilterCounts& other);
  bool operator==(const FilterCounts&) const = default;
};

/// Keeps the ticks that count, in their order; columns are time, bid, ask (volumes are dropped).
/// Remembers where the last tick fell, so rows in time order cost a comparison each; rows in any
/// other order are answered right as well. One thread at a time.
class TickFilter {
 public:
  /// Without a schedule every usable tick counts.
  explicit TickFilter(std::optional<WindowSchedule> schedule);

  /// Appends to `out` the rows of `in` that count.
  void Apply(const TickBatch& in, TickBatch* out);

  const FilterCounts& counts() const { return counts_; }

 private:
  bool Inside(int64_t time_ns);
  void Locate(int64_t time_ns);

  std::optional<WindowSchedule> schedule_;
  // The stretch around the last tick: [stretch_begin_, stretch_end_) is wholly in or wholly out.
  int64_t stretch_begin_ = 1;
  int64_t stretch_end_ = 0;
  bool stretch_inside_ = false;
  // Occurrences of the days around the last tick, joined where they touch.
  UtcRange block_{};
  std::vector<UtcRange> ranges_;
  FilterCounts counts_;
};

/// The windows that meet `range`, in time order, joined where they touch, not clipped.
std::vector<UtcRange> WindowRanges(const WindowSchedule& schedule, UtcRange range);

/// A reader that hands out what `TickFilter` keeps of `source` (owned).
class FilteredTickReader : public TickReader {
 public:
  FilteredTickReader(std::unique_ptr<TickReader> source, std::optional<WindowSchedule> schedule);
  Result<bool> Next(TickBatch* batch) override;
  const FilterCounts& counts() const { return filter_.counts(); }

 private:
  std::unique_ptr<TickReader> source_;
  TickFilter filter_;
  TickBatch raw_;
};

}  // namespace tickhouse::clean
