// The plots of one symbol's days.
#pragma once

#include <string>
#include <vector>

#include "tickhouse/quality/daily_counts.h"
#include "tickhouse/report/plot/canvas.h"

namespace tickhouse::report {

/// Ticks per day, one panel a window. Days of the week on which the market trades but the window
/// has no tick are tinted over the whole height: a gap is seen, not guessed.
Plot WindowCountsPlot(const std::string& symbol, const quality::TickStatistics& statistics);

/// Median, mean and 95th percentile of ask - bid by day, in points. Lines break where days are
/// missing.
Plot SpreadPlot(const std::string& symbol, const quality::TickStatistics& statistics);

/// Realised volatility by day in percent.
Plot VolatilityPlot(const std::string& symbol, const quality::TickStatistics& statistics);

/// Mean ticks per hour of the day and weekday as a heat map.
Plot TicksPerHourPlot(const std::string& symbol, const quality::TickStatistics& statistics);

/// The four above, in this order. They hold their own copy of the numbers.
std::vector<Plot> PlotsOf(const std::string& symbol, const quality::TickStatistics& statistics);

}  // namespace tickhouse::report
