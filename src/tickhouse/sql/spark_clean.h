// The rules of `clean` as SQL, run by a Spark that the user names.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "tickhouse/core/cancel.h"
#include "tickhouse/core/error.h"
#include "tickhouse/core/time.h"
#include "tickhouse/io/fs/file_system.h"

namespace tickhouse::sql {

struct SparkCleanFile {
  std::string path;  ///< Local path or s3:// address, as Spark reads it.
  int rank = 0;      ///< Place among the symbol's files by content; equal for files that tie.
};

struct SparkCleanSymbol {
  std::string symbol;
  std::vector<SparkCleanFile> files;
  /// The trading windows as instants (sorted, disjoint); nothing: the whole day. Windows are turned
  /// into instants here and not there, so that both engines mean the same by a zone.
  std::optional<std::vector<UtcRange>> ranges;
  std::string out_folder;  ///< Gets Parquet files of DateTime, Bid, Ask in time order.
};

struct SparkCleanJob {
  std::vector<SparkCleanSymbol> symbols;
  std::string folder;                    ///< Local; script and plan are written here.
  std::string submit;                    ///< The spark-submit program; empty: that of the PATH.
  std::string master;                    ///< Empty: what its configuration says.
  std::vector<std::string> environment;  ///< "NAME=value" for the program, beside ours.
};

/// Runs one Spark application over all symbols and waits for it: for each second, of the ticks with
/// a usable time and price, the one of the lowest (time, rank, row in the file). kUnavailable when
/// Spark cannot be started, kIo with the end of its output when it fails, kCancelled.
Status CleanOnSpark(io::FileSystem& files, const SparkCleanJob& job, const CancelToken& cancel);

/// The PySpark program that does it; its argument is the plan. For those who want to read or reuse
/// it.
std::string SparkCleanScript();

}  // namespace tickhouse::sql
