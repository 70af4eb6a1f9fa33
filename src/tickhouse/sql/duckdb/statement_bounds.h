// Which ranges a statement asks for, read from the syntax tree that DuckDB gives as JSON.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "tickhouse/sql/duckdb/table_resolver.h"
#include "tickhouse/sql/engine/engine.h"

namespace tickhouse::sql {

/// A bound before its literal is read as a time.
struct FoundBound {
  ColumnBound bound;
  bool is_date = false;  ///< Written as a DATE: what follows the day does not count.
};

struct FoundTable {
  std::vector<std::string> name;
  std::vector<FoundBound> bounds;
};

/// Every table that a statement names (each once; names of WITH among them), from the answer of
/// json_serialize_sql. Bounds: comparisons of a column with a literal (or parameter) that are
/// joined by AND in the WHERE of the SELECT that names the table. A table named twice has none, nor
/// has one on a side of a join where leaving rows out could change what matches. Anything not
/// understood gives no bound; broken JSON gives no table.
std::vector<FoundTable> TablesOf(std::string_view tree_json, const std::vector<Cell>& parameters);

/// `gold."a b"` -> {"gold", "a b"}; what follows a space (an alias) does not count.
std::vector<std::string> NameParts(std::string_view qualified);

}  // namespace tickhouse::sql
