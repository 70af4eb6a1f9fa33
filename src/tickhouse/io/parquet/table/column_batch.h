// Rows of any flat table, column by column, as Parquet stores them.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "tickhouse/io/parquet/format/column_type.h"
#include "tickhouse/io/parquet/format/parquet_footer.h"

namespace tickhouse::io {

/// Byte arrays, fixed ones too: value i is bytes[offsets[i], offsets[i + 1]); nulls are empty.
struct BytesValues {
  std::vector<int64_t> offsets = {0};
  std::string bytes = {};
  std::size_t size() const { return offsets.size() - 1; }
  std::string_view operator[](std::size_t i) const {
    const auto begin = static_cast<std::size_t>(offsets[i]);
    return std::string_view(bytes).substr(begin, static_cast<std::size_t>(offsets[i + 1]) - begin);
  }
  void Append(std::string_view value) {
    bytes.append(value);
    offsets.push_back(static_cast<int64_t>(bytes.size()));
  }
};

/// One place for each row, nulls included (there the value is zero or empty). Booleans are 0 or 1.
/// Decimals are unscaled: int32, int64, or big-endian two's complement bytes.
using ColumnValues = std::variant<std::vector<uint8_t>, std::vector<int32_t>, std::vector<int64_t>,
                                  std::vector<float>, std::vector<double>, BytesValues>;

struct ColumnData {
  ColumnValues values = {};
  std::vector<uint8_t> valid = {};  ///< One byte a row, 0: null. Empty: no row is null.
  bool IsNull(std::size_t row) const { return !valid.empty() && valid[row] == 0; }
  std::size_t size() const {
    return std::visit([](const auto& held) { return held.size(); }, values);
  }
};

/// All columns have `rows` places.
struct ColumnBatch {
  std::vector<ColumnSchema> schema;
  std::vector<ColumnData> columns;
  std::size_t rows = 0;
};

/// Values that hold nothing, of the alternative that `type` is represented by.
inline ColumnValues EmptyValues(PhysicalType type) {
  switch (type) {
    case PhysicalType::kBoolean: return std::vector<uint8_t>();
    case PhysicalType::kInt32: return std::vector<int32_t>();
    case PhysicalType::kInt64:
    case PhysicalType::kInt96: return std::vector<int64_t>();
    case PhysicalType::kFloat: return std::vector<float>();
    case PhysicalType::kDouble: return std::vector<double>();
    default: return BytesValues();
  }
}

}  // namespace tickhouse::io
