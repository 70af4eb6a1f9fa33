// The use case "clean": the tick files of each symbol to one tick, or one bar, a second.
#pragma once

#include <string>

#include "tickhouse/app/environment.h"
#include "tickhouse/app/run_report.h"
#include "tickhouse/core/error.h"

namespace tickhouse::app {

/// As on the command line; texts are checked here (kInvalidArgument).
struct CleanRequest {
  std::string in;       ///< A Parquet file, or a folder of any depth.
  std::string out;      ///< OUT/SYMBOL/SYMBOL.parquet, or SYMBOL_bars.parquet with `bars`.
  std::string windows;  ///< Empty: 07:50-08:00,13:50-14:00; "all": the whole day.
  std::string zone;     ///< Where the windows are meant; empty: UTC.
  std::string symbol;   ///< Of every input; empty: told by metadata, folder or file name.
  bool bars = false;
  bool strict = false;           ///< A symbol with an unusable file is not written.
  std::string engine = "local";  ///< "local" or "spark".
  std::string spark_submit;      ///< The program; empty: spark-submit of the PATH.
  std::string spark_master;      ///< Empty: what the Spark's own configuration says.
  std::string scratch = "/tmp";  ///< Where temporary folders are made when OUT is on S3.
  std::string program;           ///< "tickhouse 0.1.0"
};

/// Files that cannot be used are problems, the others go on; a problem's text says that the
/// symbol's output lacks the file. Counts: files, symbols, failed_files, rows_in, rows_out,
/// doubles, missing_times, unusable_prices, sorted_files. Fails as a whole with kNotFound (no
/// input), kInvalidArgument, kBusy (another run on OUT), kNoSpace and kCancelled; outputs written
/// until then are whole.
Result<RunReport> Clean(const Environment& environment, const CleanRequest& request);

}  // namespace tickhouse::app
