// The use case "convert": raw ticks of any kind to canonical Parquet.
#pragma once

#include <cstdint>
#include <string>

#include "tickhouse/app/environment.h"
#include "tickhouse/app/run_report.h"
#include "tickhouse/core/error.h"

namespace tickhouse::app {

/// As on the command line; texts are checked here (kInvalidArgument).
struct ConvertRequest {
  std::string in;
  std::string out;
  std::string dialect;               ///< Empty: told by the first lines.
  std::string symbol;                ///< Empty: told by folder or file name.
  std::string source_zone;           ///< Empty: what the file name says, else UTC.
  std::string chunk_size = "500MB";  ///< Of CSV text per Parquet file.
  bool keep_volume = false;
  bool strict = false;
  std::string engine = "local";  ///< "local" or "spark".
  std::string spark_submit;      ///< Program; or spark_sql.
  std::string spark_sql;
  std::string spark_master;      ///< Empty: what the Spark's own configuration says.
  std::string scratch = "/tmp";  ///< Where temporary folders for Spark's files are made.
  std::string program;           ///< "tickhouse 0.1.0".
};

/// Counts: files, converted, skipped, empty, failed, rows, rejected_rows, source_bytes. Each failed
/// item is a problem, and so is each with refused rows ("rejected-rows") or, for CSV, without any
/// ("empty"). Fails as ingest::Convert and sql::ConvertOnSpark do.
Result<RunReport> Convert(const Environment& environment, const ConvertRequest& request);

/// "500MB" (10^6), "2MiB" (2^20), "1.5GB", "1000": bytes. kInvalidArgument otherwise or when < 1.
Result<int64_t> ParseByteSize(const std::string& text);

}  // namespace tickhouse::app
