// The use case `fetch`: raw ticks of a feed into a folder, verified and resumable.
#pragma once

#include <string>
#include <vector>

#include "tickhouse/app/environment.h"
#include "tickhouse/app/run_report.h"
#include "tickhouse/core/error.h"

namespace tickhouse::app {

/// As typed; see docs/guides/fetch.md.
struct FetchOptions {
  std::vector<std::string> symbols;
  std::string from;  ///< As ParseUtc reads it; empty: not given.
  std::string to;
  std::string feed = "json";
  std::string root;
  std::string out = "./raw";
  bool verify = false;
  bool repair = false;
  bool ask_closed = false;
  std::string instruments;
  int threads = 0;  ///< Requests in flight at most; 0: eight.
};

/// Counts hours by their state; every refused, corrupt or damaged hour is a problem by name. Repair
/// includes what verify looks for, so with both given it repairs.
Result<RunReport> Fetch(const FetchOptions& options, Environment& environment);

}  // namespace tickhouse::app
