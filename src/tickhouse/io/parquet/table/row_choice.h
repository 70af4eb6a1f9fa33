// Some rows of a batch.
#pragma once

#include <cstdint>
#include <span>

#include "tickhouse/io/parquet/table/column_batch.h"

namespace tickhouse::io {

/// Keeps the rows marked other than 0; `keep` has one byte a row. Answers how many they are.
std::size_t KeepRows(std::span<const uint8_t> keep, ColumnBatch* batch);

/// The rows at `rows`, in that order, as a batch of its own.
ColumnBatch TakeRows(const ColumnBatch& batch, std::span<const uint32_t> rows);

}  // namespace tickhouse::io
