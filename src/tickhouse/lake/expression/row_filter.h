// Predicates row by row.
#pragma once

#include <cstdint>
#include <vector>

#include "tickhouse/core/error.h"
#include "tickhouse/io/parquet/table/column_batch.h"
#include "tickhouse/lake/expression/predicate.h"

namespace tickhouse::lake {

/// Replaces `*selected` by one byte a row: 1 where `predicate` is true. Columns are found by field
/// id (a reader of files without ids sets them first); one that the batch lacks holds
/// `BoundColumn::if_missing`. Promoted types and other units of time are read as the predicate's
/// type. kUnsupported names a column that cannot be.
Status FilterRows(const Predicate& predicate, const io::ColumnBatch& batch,
                  std::vector<uint8_t>* selected);

}  // namespace tickhouse::lake
