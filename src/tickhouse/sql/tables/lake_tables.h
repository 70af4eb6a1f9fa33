// Tables of a lake as DuckDB is told about them: `gold.eurusd` to the files of one of its
// snapshots.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "tickhouse/core/cancel.h"
#include "tickhouse/io/fs/file_system.h"
#include "tickhouse/lake/catalog/catalog.h"
#include "tickhouse/lake/scan/plan_scan.h"
#include "tickhouse/sql/duckdb/table_resolver.h"

namespace tickhouse::sql {

/// What was read of one table, for the person who asked.
struct TableRead {
  std::string table;        ///< "gold.eurusd"
  int64_t snapshot_id = 0;  ///< 0: the table has none.
  lake::ScanCounters counters = {};
};

struct LakeTables {
  /// Asked when a statement first names a table; nothing in it: there is no lake, so no table
  /// either.
  std::function<Result<lake::Catalog*>()> catalog;
  io::FileSystem* files = nullptr;
  std::string at = {};  ///< Of every table of the statement; see lake::ResolveReadPoint.
  int threads = 1;
  CancelToken cancel = {};
  /// Called for each table that was found; may be empty.
  std::function<void(const TableRead&)> on_read = {};
};

/// A name of one part means namespace gold; the first of three is the catalog's name and does not
/// count. Letters become small, as the tables of the lake are named. Only files that the
/// statement's bounds allow are given, each with the names its own columns have (found by field id,
/// or by the table's name mapping) and the deletes that apply: files of positions as they are, rows
/// deleted by vectors or by equality one by one. kUnsupported, naming the file: files that are not
/// Parquet, columns of lists, maps and structs, columns whose values stand in the metadata instead
/// of the file, and more than five million rows of one file that are deleted otherwise than by
/// files of positions.
TableResolver ResolverOf(LakeTables tables);

/// The name of a table, small and with its namespace.
lake::TableIdentifier IdentifierOf(const std::vector<std::string>& name);

}  // namespace tickhouse::sql
