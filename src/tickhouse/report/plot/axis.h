// Where the ticks of an axis go, and what stands at them.
#pragma once

#include <string>
#include <vector>

#include "tickhouse/core/time.h"

namespace tickhouse::report {

/// Multiples of 1, 2 or 5 times a power of ten in [low, high], some `about` of them. low < high.
std::vector<double> NiceTicks(double low, double high, int about);

/// The smallest nice number that is not below `value`, for the end of an axis that begins at zero.
double NiceCeiling(double value, int about);

/// The label of one of `ticks`, with the digits their step needs: "0.5", "12k".
std::string TickLabel(double value, const std::vector<double>& ticks);

struct DayTick {
  CivilDay day;
  std::string label;   ///< "4", "4 Jan", "Feb", "2021"
  std::string second;  ///< Second line where the year or month begins or changes; may be empty.
};

/// Days, Mondays, months, quarters or years of [first, last], whichever gives at most `most` ticks.
std::vector<DayTick> DayTicks(CivilDay first, CivilDay last, int most);

}  // namespace tickhouse::report
