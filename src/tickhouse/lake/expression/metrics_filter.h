// Predicates against what a manifest says of a file.
#pragma once

#include "tickhouse/lake/expression/column_facts.h"
#include "tickhouse/lake/manifest/manifest.h"

namespace tickhouse::lake {

/// Of a top-level column. What a file does not say is not assumed; bounds that do not decode, are
/// NaN or cross are no bounds, and those of UUIDs are not used (writers disagree on their order).
ColumnFacts FactsOfFile(const DataFile& file, const BoundColumn& column);

/// False only when no row of `file` can make `predicate` true.
bool MayMatch(const Predicate& predicate, const DataFile& file);
/// True only when every row of `file` makes `predicate` true.
bool AllMatch(const Predicate& predicate, const DataFile& file);

}  // namespace tickhouse::lake
