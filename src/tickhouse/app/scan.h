// Use case `scan`: the quality of a folder of tick Parquet.
#pragma once

#include <cstddef>
#include <string>

#include "tickhouse/app/environment.h"
#include "tickhouse/app/run_report.h"
#include "tickhouse/quality/scan.h"

namespace tickhouse::app {

struct ScanRequest {
  std::string folder;       ///< Or one file; local or `s3://bucket/prefix`.
  std::string report_path;  ///< `.csv` or `.json`; empty: none is written.
  quality::ScanOptions options;
  std::size_t width = 100;  ///< Of the terminal.
};

/// Scans; `others`, if given, receives how many files of other kinds were passed over. kNotFound
/// when the folder does not exist or holds no Parquet file.
Result<quality::ScanReport> ScanFolder(const ScanRequest& request, Environment& environment,
                                       int64_t* others = nullptr);

/// ScanFolder, the report file, and the answer of the command: failed files are its problems. The
/// report is written whole or not at all; an extension other than .csv and .json is
/// kInvalidArgument before anything is read.
Result<RunReport> Scan(const ScanRequest& request, Environment& environment);

}  // namespace tickhouse::app
