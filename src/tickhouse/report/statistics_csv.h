// The statistics of a symbol as CSV, one file a subject.
#pragma once

#include <string>

#include "tickhouse/quality/daily_counts.h"

namespace tickhouse::report {

/// `date,ticks_window1,ticks_window2,...`: one row a local day that has a tick, in any window or
/// none.
std::string WindowCountsCsv(const quality::TickStatistics& statistics);

/// `date,ticks,mean_spread,median_spread,p95_spread` in price units; empty fields: no finite
/// prices.
std::string SpreadCsv(const quality::TickStatistics& statistics);

/// `date,realised_volatility` as a fraction; empty: fewer than two samples.
std::string VolatilityCsv(const quality::TickStatistics& statistics);

/// `date,hour,ticks`: every hour of every local day that has a tick.
std::string TicksPerHourCsv(const quality::TickStatistics& statistics);

}  // namespace tickhouse::report
