// When a market is open. Fetching and gap findings rest on it.
#pragma once

#include <vector>

#include "tickhouse/core/market/instrument.h"
#include "tickhouse/core/time.h"

namespace tickhouse {

/// The weekly calendar of a session, with the holidays every venue keeps (25 December, 1 January).
/// FX: Sunday 17:00 to Friday 17:00 New York time (so an hour earlier in UTC during US summer
/// time). Metals, indices and energy: the same week with a daily break 17:00-18:00 New York, so
/// from Sunday 18:00. Crypto: always open. New Year: from 31 December 17:00 to 1 January, the hour
/// at which a trading day begins. Christmas: FX closes 25 December 03:00-17:00 (as the feed's own
/// description says), the others the whole trading day. Holidays of single exchanges are not known
/// here: a market may be closed where this says it may trade. Zone::CheckDatabase must have held.
/// Safe to share between threads.
class TradingCalendar {
 public:
  explicit TradingCalendar(Session session);

  /// True when ticks may be expected at any moment of the range.
  bool MayTrade(UtcRange range) const;

  /// The part of `range` (in nanoseconds) during which the market is open; what a gap is measured
  /// by.
  Nanos OpenTime(UtcRange range) const;

  /// The closed stretches that meet `range`, in time order, not clipped.
  std::vector<UtcRange> Closures(UtcRange range) const;

 private:
  Session session_;
};

}  // namespace tickhouse
