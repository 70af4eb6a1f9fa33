// Which hours of a range there are to have.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "tickhouse/core/market/calendar.h"
#include "tickhouse/core/market/instrument.h"
#include "tickhouse/core/time.h"

namespace tickhouse::ingest {

struct PlannedHour {
  int64_t hour_ns = 0;
  std::string closed;  ///< Why no tick can be there; empty when ticks may be expected.
};

struct HourPlan {
  std::vector<PlannedHour> hours;  ///< Complete hours, in time order.
  std::vector<int64_t> running;    ///< Hours that have not ended, the future included; left out.
};

/// An hour counts as ended this long after its end: the feed itself lags.
inline constexpr Nanos kSettling = std::chrono::minutes(2);

/// Every hour that meets `range`. An hour is closed when the calendar says so for all of it, when
/// it lies wholly in one of the holidays, or before the instrument's first tick.
HourPlan PlanHours(UtcRange range, UtcTime now, const TradingCalendar& calendar,
                   const std::vector<UtcRange>& holidays, const Instrument& instrument);

}  // namespace tickhouse::ingest
