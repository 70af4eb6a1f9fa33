// Use case `stats`: ticks per day and window, spread, volatility and activity of each symbol.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "tickhouse/app/environment.h"
#include "tickhouse/app/run_report.h"
#include "tickhouse/core/market/window.h"
#include "tickhouse/core/zone.h"
#include "tickhouse/quality/daily_counts.h"

namespace tickhouse::app {

struct StatsRequest {
  std::string in;   ///< Folder of tick Parquet, or one file.
  std::string out;  ///< Folder; made when missing.
  std::vector<TradingWindow> windows = DefaultWindows();
  Zone zone;           ///< Of windows and days.
  std::string symbol;  ///< Of every file, whatever it says; empty: as each file says.
  std::size_t width = 100;
};

struct SymbolStatistics {
  std::string symbol;
  int64_t files = 0;  ///< Read wholly.
  quality::TickStatistics statistics;
};

/// Reads every file on `environment.threads` threads; symbols in order. A file that cannot be read,
/// or says no symbol, is a problem of `*run` and counts nowhere. kNotFound when there is no Parquet
/// file.
Result<std::vector<SymbolStatistics>> CountTicks(const StatsRequest& request,
                                                 Environment& environment, RunReport* run);

/// CountTicks, then under `out` for each symbol S, as CSV, SVG and PNG: S_daily_window_counts
/// (`date,ticks_window1,...`), S_spread (price units), S_volatility, S_ticks_per_hour. Without
/// libcairo the PNGs are missing and that is one problem.
/// `statistics`, if given, receives what was counted.
Result<RunReport> Stats(const StatsRequest& request, Environment& environment,
                        std::vector<SymbolStatistics>* statistics = nullptr);

}  // namespace tickhouse::app
