// What DuckDB is told about a table: its columns, and exactly the files that a statement needs.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "tickhouse/core/error.h"

namespace tickhouse::sql {

enum class BoundKind { kLess, kLessOrEqual, kGreater, kGreaterOrEqual, kEqual };

/// "column KIND value" holds for every row of the table that can matter to the statement.
struct ColumnBound {
  std::string column;  ///< As written; names compare without case. May be no column of the table.
  BoundKind kind = BoundKind::kEqual;
  std::string text;  ///< The literal, without quotes.
  /// The literal as microseconds since 1970 (UTC), when it reads as a time without an offset. For a
  /// column of dates it is to be floored to its day.
  std::optional<int64_t> time_us;
};

struct TableRequest {
  std::vector<std::string> name;  ///< {"gold", "eurusd"}: one to three parts.
  /// All of them hold. Found by reading the statement; fewer than a reader sees, never more.
  std::vector<ColumnBound> bounds;
};

struct ResolvedColumn {
  std::string name;
  std::string type;  ///< DuckDB's word: "TIMESTAMP", "DOUBLE", "DECIMAL(9,2)".
};

struct ResolvedFile {
  std::string path;  ///< Parquet: an absolute local path or s3://.
  /// For each column of the table its name in this file; nothing: the file has none, NULL is read.
  std::vector<std::optional<std::string>> sources;
  std::vector<int64_t> deleted = {};  ///< Positions of rows that are no more; any order.
  /// Parquet files of columns file_path and pos: a row of theirs with file_path = `location` takes
  /// the row at that position away.
  std::vector<std::string> position_deletes = {};
  std::string location = {};
};

struct ResolvedTable {
  std::vector<ResolvedColumn> columns;
  std::vector<ResolvedFile> files;
};

/// Nothing: no table of ours has that name. Errors end the statement.
using TableResolver = std::function<Result<std::optional<ResolvedTable>>(const TableRequest&)>;

/// The SELECT that reads the table. Files that agree in their column names are read together.
std::string TableSelect(const ResolvedTable& table);

/// DuckDB takes paths for patterns: one that stands for exactly this file.
std::string LiteralPath(const std::string& path);

/// 'text' and "text" as SQL writes them.
std::string SqlLiteral(const std::string& text);
std::string SqlName(const std::string& name);

}  // namespace tickhouse::sql
