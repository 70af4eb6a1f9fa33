// The use case `generate`: ticks that look like a market, with faults whose place is known.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "tickhouse/app/environment.h"
#include "tickhouse/app/run_report.h"
#include "tickhouse/core/error.h"

namespace tickhouse::app {

/// As on the command line; texts are checked here (kInvalidArgument). See docs/guides/generate.md.
struct GenerateRequest {
  std::vector<std::string> symbols;
  std::string from = "2024-01-08";  ///< First hour, UTC; a Monday.
  int days = 5;
  uint64_t seed = 1;
  std::string format = "csv";   ///< "csv" (Quant Data Manager), "bi5" or "json" (one file an hour).
  std::string zone;             ///< Of CSV times; empty: UTC+2.
  std::optional<int64_t> rows;  ///< Of each symbol, exactly; otherwise what is usual for it.
  std::string split;            ///< CSV only: "day", or a size such as "500MB"; empty: one file.
  std::string anomalies;        ///< As synth::ParseAnomalies reads it.
  std::string labels;           ///< Empty: beside OUT, where anomalies are asked for.
  std::string out;
};

/// Counts: symbols, files, rows, bytes, anomalies. The same request gives the same bytes, whatever
/// the number of threads; symbols are made side by side. Files appear whole or not at all; a run
/// that was killed is repeated. kBusy when another run writes to OUT.
Result<RunReport> Generate(const GenerateRequest& request, Environment& environment);

}  // namespace tickhouse::app
