// From predicates over columns to predicates over partition values.
#pragma once

#include "tickhouse/lake/expression/predicate.h"
#include "tickhouse/lake/format/table_metadata.h"

namespace tickhouse::lake {

// A projected predicate names partition fields by their position in the spec: `column.field_id` is
// that position, `column.type` the transform's result.

/// True of the partition of every row that makes `predicate` true.
Predicate ProjectInclusive(const Predicate& predicate, const PartitionSpec& spec);
/// True only of partitions all of whose rows make `predicate` true.
Predicate ProjectStrict(const Predicate& predicate, const PartitionSpec& spec);

}  // namespace tickhouse::lake
