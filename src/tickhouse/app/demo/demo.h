// Use case `demo`: the whole job, from raw ticks to one page that tells it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "tickhouse/app/environment.h"
#include "tickhouse/app/run_report.h"
#include "tickhouse/core/error.h"

namespace tickhouse::app {

struct DemoRequest {
  std::string in;  ///< Folder of raw ticks; empty: generated.
  std::string out = "tickhouse-demo";
  bool keep = false;  ///< The raw and the converted files stay.
  std::vector<std::string> symbols = {"EURUSD", "USDJPY", "XAUUSD"};  ///< To generate.
  std::string from =
      "2024-03-04";     ///< To generate: a Monday; New York changes its clocks on the 10th.
  int days = 19;        ///< To generate.
  uint64_t seed = 7;    ///< To generate.
  std::string windows;  ///< Empty: the usual two.
  std::string zone;     ///< Empty: UTC+2 for generated ticks, UTC for those of a folder.
  std::string program;  ///< "tickhouse 0.1.0"
  std::size_t width = 100;
  /// Folders that a stage emptied are handed to it (io::RemoveEmptyFolders); empty: they stay.
  std::function<Status(const std::string& folder)> remove_empty_folders;
};

/// generate (unless a folder is given), convert, scan in depth, clean, stats, and the clean ticks
/// as tables with history (demo_lake.h; not where OUT is no local folder); writes under OUT:
/// `report.html`, `scan.csv`, `clean/`, `stats/`, `lakehouse/`, and with `keep` also `raw/` and
/// `parquet/`.
/// Problems of the stages are problems of the run, and so are rows that do not add up from one
/// stage to the next; the page is written all the same. OUT must be empty, missing, or of an
/// earlier demo (whose files are replaced), else kInvalidArgument; a run that was stopped goes on
/// when the request is the same. OUT must not lie in the folder of raw ticks.
Result<RunReport> Demo(const DemoRequest& request, Environment& environment);

}  // namespace tickhouse::app
