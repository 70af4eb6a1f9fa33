// The feed's own description of an instrument.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "tickhouse/core/error.h"
#include "tickhouse/core/market/instrument.h"
#include "tickhouse/core/time.h"

namespace tickhouse::io {

/// One stretch of trading as the description gives it: wall-clock times in `zone`.
struct WeeklySession {
  int weekday = 0;      ///< 0 Monday to 6 Sunday: the day the session belongs to.
  int32_t start_s = 0;  ///< Seconds from that day's midnight; negative: on the day before.
  int32_t end_s = 0;
  bool operator==(const WeeklySession&) const = default;
};

struct DukascopyInstrument {
  /// Names, decimals (`priceScale`), session (by group), first tick (`histories` TICK).
  Instrument instrument;
  double pip_value = 0;
  std::string zone;                     ///< Of the sessions, an IANA name.
  std::vector<WeeklySession> sessions;  ///< Of the schedule in force last.
  std::vector<UtcRange> holidays;       ///< Closed, sorted by begin.
};

/// kCorrupt names the member at fault. `code` and `priceScale` (0 to 9) are needed; what else is
/// missing stays empty.
Result<DukascopyInstrument> ParseDukascopyInstrument(std::string_view json);

}  // namespace tickhouse::io
