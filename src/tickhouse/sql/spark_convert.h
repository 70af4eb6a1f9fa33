// The conversion of CSV as a Spark job: the SQL that tickhouse writes, and its submission to the
// Spark that the user names.
//
// Spark does what is plain: rows of the dialect's usual form, told by one pattern that leaves
// nothing to refuse (dates that exist, hours below 24). Everything else (headers, blank and damaged
// lines, quotes, exponents) it hands back as it stands, with its place. The caller judges those
// lines with the parser of io/csv, so that both engines keep and refuse the same rows.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "tickhouse/core/cancel.h"
#include "tickhouse/core/error.h"
#include "tickhouse/core/zone.h"
#include "tickhouse/io/csv/csv_columns.h"
#include "tickhouse/io/csv/csv_dialect.h"
#include "tickhouse/io/parquet/parquet_tick_writer.h"

namespace tickhouse::sql {

/// One text file and the folders (made by Spark) for what becomes of it. Absolute paths of plain
/// characters.
struct SparkSource {
  std::string text;   ///< Unpacked CSV.
  std::string ticks;  ///< Parquet: part-SPLIT-*.parquet, in the order of their names.
  std::string odd;    ///< Text lines "place TAB line"; place = split * 2^33 + row in the split.
  io::CsvDialect dialect = io::CsvDialect::kQuantDataManager;
  io::CsvColumns columns;
  std::string symbol;         ///< TrueFX: the first column of every row.
  Zone zone;                  ///< Of times without their own; fixed.
  io::VolumeColumns volumes;  ///< Columns wanted.
};

/// True when `source` can be described to Spark at all. False: a zone with daylight saving (the
/// repeated hour needs the row before), a symbol of odd characters.
bool IsPlainForSpark(const SparkSource& source);

/// The regular expression of a plain row without its line end, for RLIKE; no backslash in it.
std::string PlainRowPattern(const SparkSource& source);

/// All statements, each ending in ";\n".
std::string SparkConvertSql(std::span<const SparkSource> sources);

struct SparkProgram {
  std::string submit;  ///< spark-submit; or
  std::string sql;     ///< spark-sql: the same statements without Python.
  std::string master;  ///< Empty: as Spark is configured.
  int64_t split_bytes = 500'000'000;
  std::vector<std::string> environment;  ///< "NAME=value" for the program, beside ours.
};

/// Writes the job into `scratch` and runs it to its end. kInvalidArgument when not exactly one
/// program is named; kUnavailable when it cannot be started or fails, with the end of what it said.
Status RunSparkSql(const SparkProgram& program, const std::string& scratch, const std::string& sql,
                   const CancelToken& cancel);

/// The command line, for tests and the guide.
Result<std::vector<std::string>> SparkCommand(const SparkProgram& program,
                                              const std::string& scratch);

}  // namespace tickhouse::sql
