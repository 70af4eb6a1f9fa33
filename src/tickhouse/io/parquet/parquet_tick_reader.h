// Ticks from Parquet: our own files and those of pandas, Spark, pyarrow, DuckDB, Polars.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "tickhouse/core/error.h"
#include "tickhouse/core/tick.h"
#include "tickhouse/core/time.h"
#include "tickhouse/io/fs/file_system.h"
#include "tickhouse/io/parquet/parquet_tick_writer.h"

namespace tickhouse::io {

struct ParquetColumnStats {
  bool present = false;  ///< The column exists.
  std::optional<int64_t> nulls;
};

/// What the footer says, without reading a page. Empty optionals: the writer left it out.
struct ParquetTickInfo {
  int64_t rows = 0;
  int64_t bytes = 0;
  ParquetColumnStats date_time, bid, ask;
  std::optional<int64_t> min_time_ns, max_time_ns;
  std::optional<double> min_bid, min_ask;
  VolumeColumns volumes;
  TickFileMetadata metadata;
  std::string created_by;
  struct RowGroup {
    int64_t rows = 0;
    std::optional<int64_t> min_time_ns, max_time_ns;
  };
  std::vector<RowGroup> row_groups;
};

/// kCorrupt with the reason for a file that is no Parquet or is cut; kUnsupported when DateTime,
/// Bid or Ask is missing or of a type that cannot be a time or a price (the text lists the columns
/// found). Column names are matched without case; `DateTime` may be timestamp of any unit with or
/// without zone, or int64 nanoseconds; prices float or double or decimal.
Result<ParquetTickInfo> ReadParquetTickInfo(const ReadableFile& file);

struct ParquetReadOptions {
  /// Only rows inside these ranges (sorted, disjoint); row groups and pages whose statistics
  /// exclude them are not read. Empty: all rows.
  std::vector<UtcRange> ranges = {};
  bool with_volumes = false;
  /// Rows a batch; a batch never crosses a row group.
  int64_t batch_rows = 131'072;
  /// Check page checksums where the file has them.
  bool verify_checksums = false;
  /// Null times come back as INT64_MIN, null prices as NaN; otherwise such rows are left out.
  bool keep_null_rows = false;
  /// Row groups [row_group_begin, row_group_end) only; -1: to the end of the file.
  int row_group_begin = 0;
  int row_group_end = -1;
  /// Which rows are wanted at all, told by their times: called with the times of one stretch of
  /// rows after another, in row order (rows outside `ranges` are gone already, null times are
  /// INT64_MIN when they are kept), appends the wanted positions to `rows`, ascending. Only those
  /// rows are handed out, and only their prices are looked up; a chosen row without a price has NaN
  /// there, whatever `keep_null_rows` says. Empty: every row.
  std::function<void(std::span<const int64_t> time_ns, std::vector<uint32_t>* rows)> choose = {};
};

/// A TickReader over one file. Owns `file`. Peak memory is a few pages a column, whatever the size
/// of the row group. kCorrupt names file and row group.
Result<std::unique_ptr<TickReader>> OpenParquetTicks(std::unique_ptr<ReadableFile> file,
                                                     ParquetReadOptions options);

}  // namespace tickhouse::io
