// What a pass over the rows of one file finds: order, duplicates, prices, gaps.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <vector>

#include "tickhouse/core/error.h"
#include "tickhouse/core/market/calendar.h"
#include "tickhouse/core/tick.h"
#include "tickhouse/core/time.h"

namespace tickhouse::quality {

/// The time a reader hands out for a row whose DateTime is null.
inline constexpr int64_t kNullTime = INT64_MIN;

/// A stretch without ticks that is longer than allowed, closed hours not counted.
struct Gap {
  UtcRange range;  ///< From the last tick before it to the first one after.
  Nanos open{0};   ///< How long the market was open in it; what it is judged and sorted by.
};

/// How long the market was open between two instants, from <= to. Times more than twenty years
/// apart answer twenty years: no calendar is asked about the centuries a broken time stamp spans.
Nanos OpenBetween(const TradingCalendar& calendar, int64_t from_ns, int64_t to_ns);

/// How many gaps there are, and the longest of them.
struct GapSummary {
  static constexpr std::size_t kKept = 100;
  int64_t count = 0;
  Nanos open_total{0};
  std::vector<Gap> longest;  ///< At most kKept, longest first, then by time.

  void Add(const Gap& gap);
  void Merge(const GapSummary& other);
  Nanos Longest() const { return longest.empty() ? Nanos{0} : longest.front().open; }
};

/// Findings over rows. Rows with a null time count in `rows` and `null_times` only, except for
/// their prices. "Order" is the order in the file; duplicates and gaps are judged in time order.
struct RowFindings {
  int64_t rows = 0;
  int64_t null_times = 0;
  int64_t nan_bids = 0;  ///< Null or not a number: a reader gives NaN for both.
  int64_t nan_asks = 0;
  std::optional<int64_t> min_time_ns, max_time_ns;
  std::optional<double> min_bid, min_ask;  ///< NaN left out.
  int64_t order_breaks = 0;                ///< Rows earlier than the row before them.
  int64_t duplicates = 0;    ///< Rows equal to an earlier row in time, bid and ask, bit for bit.
  int64_t crossed = 0;       ///< bid > ask.
  int64_t non_positive = 0;  ///< bid or ask <= 0.
  int64_t infinite = 0;      ///< bid or ask infinite.
  GapSummary gaps;
};

using OpenReader = std::function<Result<std::unique_ptr<TickReader>>()>;

/// Reads all rows that `open` yields and judges them. Rows in time order are read once, in the
/// memory of one batch. If some row is earlier than one before it, the file is read a second time,
/// and the rows whose times lie in the disturbed stretch are held and sorted (24 bytes each): an
/// overlap costs what it overlaps. Nothing is held in between; errors are those of the reader.
Result<RowFindings> InspectRows(const OpenReader& open, const TradingCalendar& calendar,
                                Nanos gap_allowed);

}  // namespace tickhouse::quality
