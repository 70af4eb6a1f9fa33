#include "tickhouse/io/parquet/table/row_choice.h"

#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

namespace tickhouse::io {

namespace {

ColumnData TakeColumn(const ColumnData& from, std::span<const uint32_t> rows) {
  ColumnData to;
  std::visit(
      [&]<typename Held>(const Held& held) {
        Held taken;
        if constexpr (std::is_same_v<Held, BytesValues>) {
          taken.offsets.reserve(rows.size() + 1);
          for (const uint32_t row : rows) taken.Append(held[row]);
        } else {
          taken.resize(rows.size());
          for (std::size_t i = 0; i < rows.size(); ++i) taken[i] = held[rows[i]];
        }
        to.values = std::move(taken);
      },
      from.values);
  if (from.valid.empty()) return to;
  to.valid.resize(rows.size());
  for (std::size_t i = 0; i < rows.size(); ++i) to.valid[i] = from.valid[rows[i]];
  return to;
}

}  // namespace

ColumnBatch TakeRows(const ColumnBatch& batch, std::span<const uint32_t> rows) {
  ColumnBatch taken{.schema = batch.schema, .columns = {}, .rows = rows.size()};
  taken.columns.reserve(batch.columns.size());
  for (const ColumnData& column : batch.columns) taken.columns.push_back(TakeColumn(column, rows));
  return taken;
}

std::size_t KeepRows(std::span<const uint8_t> keep, ColumnBatch* batch) {
  std::vector<uint32_t> rows(keep.size());
  std::size_t count = 0;
  for (std::size_t row = 0; row < keep.size(); ++row) {
    rows[count] = static_cast<uint32_t>(row);
    count += keep[row] != 0 ? 1U : 0U;
  }
  if (count == batch->rows) return count;
  rows.resize(count);
  for (ColumnData& column : batch->columns) column = TakeColumn(column, rows);
  batch->rows = count;
  return count;
}

}  // namespace tickhouse::io
