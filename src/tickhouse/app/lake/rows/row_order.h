// In which order rows stand, and how two of them compare.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "tickhouse/io/parquet/table/column_batch.h"
#include "tickhouse/lake/format/table_metadata.h"

namespace tickhouse::app {

struct OrderColumn {
  std::size_t column = 0;  ///< Among the fields of the schema, and the columns of a batch.
  lake::Type type = {};
  lake::Transform transform = {};
  bool ascending = true;
  bool nulls_first = true;
};

/// Without columns all rows are equal: they stay as they come.
using RowOrder = std::vector<OrderColumn>;

/// The table's sort order over its current schema with its id; where it has none that can be
/// followed (a nested or dropped column, an unknown transform), by time and without an id.
struct TableOrder {
  RowOrder order = {};
  std::optional<int> sort_order_id = {};
};
TableOrder OrderOfTable(const lake::TableMetadata& metadata);

/// By the first timestamp column; no columns where there is none.
RowOrder TimeOrderOf(const lake::Schema& schema);
/// By every column in turn, the time first: rows that are equal by it are the same rows.
RowOrder WholeOrderOf(const lake::Schema& schema);

/// Below 0, 0 or above 0 as row `i` of `a` stands before, beside or behind row `j` of `b`. The
/// total order of the specification: floating point numbers are equal only bit for bit.
int CompareRows(const RowOrder& order, const io::ColumnBatch& a, std::size_t i,
                const io::ColumnBatch& b, std::size_t j);

/// The rows of a batch in order; equal ones as they come.
std::vector<uint32_t> SortedPlaces(const RowOrder& order, const io::ColumnBatch& batch);

}  // namespace tickhouse::app
