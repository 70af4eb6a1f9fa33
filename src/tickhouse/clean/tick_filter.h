// Which ticks count: a usable time and two usable prices, inside a trading window.
#pragma once

#include <cstdint>
#include <limits>
#include <memory>
#include <optional>
#include <vector>

#include "tickhouse/core/error.h"
#include "tickhouse/core/market/window.h"
#include "tickhouse/core/tick.h"
#include "tickhouse/core/time.h"

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
  FilterCounts operator-(const FilterCounts& other) const;
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

  /// True, and the rows are counted, when plainly every row of `in` counts; false says nothing.
  bool AllCount(const TickBatch& in);

  /// True when the instant is inside a window.
  bool Inside(int64_t time_ns);

  const FilterCounts& counts() const { return counts_; }

 private:
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

/// True when every value is a number: neither NaN nor infinite.
bool AllFinite(const std::vector<double>& values);

/// The windows that meet `range`, in time order, joined where they touch, not clipped.
std::vector<UtcRange> WindowRanges(const WindowSchedule& schedule, UtcRange range);

/// A reader that hands out what `TickFilter` keeps of `source` (owned).
class FilteredTickReader : public TickReader {
 public:
  /// `counts` (not owned, may be null) is brought up to date with every batch.
  FilteredTickReader(std::unique_ptr<TickReader> source, std::optional<WindowSchedule> schedule,
                     FilterCounts* counts = nullptr);
  Result<bool> Next(TickBatch* batch) override;

 private:
  std::unique_ptr<TickReader> source_;
  TickFilter filter_;
  FilterCounts* counts_;
  FilterCounts reported_;
  TickBatch raw_;
};

}  // namespace tickhouse::clean
