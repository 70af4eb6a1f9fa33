// The bounds of a statement as a filter over a table's schema.
#pragma once

#include <vector>

#include "tickhouse/lake/expression/predicate.h"
#include "tickhouse/sql/duckdb/table_resolver.h"

namespace tickhouse::sql {

/// True of every row for which all `bounds` hold as DuckDB compares. What the two might judge
/// differently (texts, rounding of literals) is left out, so it may be true of more.
lake::Predicate FilterOf(const std::vector<ColumnBound>& bounds, const lake::Schema& schema);

}  // namespace tickhouse::sql
