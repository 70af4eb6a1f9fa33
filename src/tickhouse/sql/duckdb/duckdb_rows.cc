#include "tickhouse/sql/duckdb/duckdb_rows.h"

#include <fmt/format.h>

#include <array>
#include <cstring>
#include <limits>
#include <string_view>

#include "tickhouse/sql/engine/cell_text.h"

namespace tickhouse::sql {

namespace {

struct KnownType {
  int id;
  const char* name;
  ColumnKind kind;
  bool readable;
};

constexpr int kHugeint = 16, kVarchar = 17, kDecimal = 19;

constexpr std::array kTypes = {
    KnownType{1, "BOOLEAN", ColumnKind::kBoolean, true},
    KnownType{2, "TINYINT", ColumnKind::kInteger, true},
    KnownType{3, "SMALLINT", ColumnKind::kInteger, true},
    KnownType{4, "INTEGER", ColumnKind::kInteger, true},
    KnownType{5, "BIGINT", ColumnKind::kInteger, true},
    KnownType{6, "UTINYINT", ColumnKind::kInteger, true},
    KnownType{7, "USMALLINT", ColumnKind::kInteger, true},
    KnownType{8, "UINTEGER", ColumnKind::kInteger, true},
    KnownType{9, "UBIGINT", ColumnKind::kInteger, true},
    KnownType{10, "FLOAT", ColumnKind::kReal, true},
    KnownType{11, "DOUBLE", ColumnKind::kReal, true},
    KnownType{12, "TIMESTAMP", ColumnKind::kTimestamp, true},
    KnownType{13, "DATE", ColumnKind::kDate, true},
    KnownType{14, "TIME", ColumnKind::kOther, false},
    KnownType{15, "INTERVAL", ColumnKind::kOther, false},
    KnownType{kHugeint, "HUGEINT", ColumnKind::kInteger, true},
    KnownType{kVarchar, "VARCHAR", ColumnKind::kText, true},
    KnownType{18, "BLOB", ColumnKind::kOther, false},
    KnownType{kDecimal, "DECIMAL", ColumnKind::kDecimal, true},
    KnownType{20, "TIMESTAMP_S", ColumnKind::kTimestamp, false},
    KnownType{21, "TIMESTAMP_MS", ColumnKind::kTimestamp, false},
    KnownType{22, "TIMESTAMP_NS", ColumnKind::kTimestamp, true},
    KnownType{23, "ENUM", ColumnKind::kText, false},
    KnownType{24, "LIST", ColumnKind::kOther, false},
    KnownType{25, "STRUCT", ColumnKind::kOther, false},
    KnownType{26, "MAP", ColumnKind::kOther, false},
    KnownType{27, "UUID", ColumnKind::kText, false},
    KnownType{31, "TIMESTAMP WITH TIME ZONE", ColumnKind::kTimestampTz, true},
    KnownType{32, "UHUGEINT", ColumnKind::kInteger, false},
    KnownType{33, "ARRAY", ColumnKind::kOther, false},
};

template <typename T>
T At(const void* data, std::size_t row) {
  T value;
  std::memcpy(&value, static_cast<const char*>(data) + row * sizeof(T), sizeof(T));
  return value;
}

__int128 WholeAt(int type, const void* data, std::size_t row) {
  switch (type) {
    case 2: return At<int8_t>(data, row);
    case 3: return At<int16_t>(data, row);
    case 4: return At<int32_t>(data, row);
    case 5: return At<int64_t>(data, row);
    case 6: return At<uint8_t>(data, row);
    case 7: return At<uint16_t>(data, row);
    case 8: return At<uint32_t>(data, row);
    case 9: return At<uint64_t>(data, row);
    default: return At<__int128>(data, row);
  }
}

// The ends of the range are DuckDB's infinities.
template <typename Integer, typename Write>
std::string FiniteText(Integer value, Write write) {
  constexpr Integer kMost = std::numeric_limits<Integer>::max();
  if (value == kMost) return "infinity";
  return value == -kMost ? "-infinity" : write(value);
}

std::string TextAt(const DuckColumn& column, const void* data, std::size_t row) {
  switch (column.column.kind) {
    case ColumnKind::kBoolean: return At<uint8_t>(data, row) != 0 ? "true" : "false";
    case ColumnKind::kInteger: return DecimalText(WholeAt(column.type, data, row), 0);
    case ColumnKind::kDecimal: return DecimalText(WholeAt(column.type, data, row), column.scale);
    case ColumnKind::kReal:
      return column.type == 10 ? RealText(At<float>(data, row)) : RealText(At<double>(data, row));
    case ColumnKind::kDate: return FiniteText(At<int32_t>(data, row), DateText);
    case ColumnKind::kTimestamp:
    case ColumnKind::kTimestampTz:
      return FiniteText(At<int64_t>(data, row),
                        column.type == 22 ? TimestampText : TimestampTextOfMicros);
    case ColumnKind::kText:
    case ColumnKind::kOther: break;
  }
  return DuckText(data, row);
}

}  // namespace

DuckColumn DuckColumnOf(const DuckLibrary& library, DuckResult* result, uint64_t index) {
  DuckColumn column;
  column.column.name = library.column_name(result, index);
  column.type = library.column_type(result, index);
  column.column.type = "OTHER";
  column.column.kind = ColumnKind::kOther;
  for (const KnownType& known : kTypes) {
    if (known.id != column.type) continue;
    column.column.type = known.name;
    column.column.kind = known.kind;
    column.readable = known.readable;
  }
  if (column.type == kDecimal) {
    void* type = library.column_logical_type(result, index);
    column.scale = library.decimal_scale(type);
    column.column.type = fmt::format("DECIMAL({},{})", library.decimal_width(type), column.scale);
    column.type = library.decimal_storage(type);
    library.destroy_type(&type);
  }
  return column;
}

std::vector<Cell> DuckCells(const DuckLibrary& library, const DuckColumn& column, void* vector,
                            std::size_t rows) {
  const void* data = library.vector_data(vector);
  const uint64_t* valid = library.vector_validity(vector);
  std::vector<Cell> cells(rows);
  for (std::size_t row = 0; row < rows; ++row) {
    if (valid != nullptr && (valid[row / 64] >> (row % 64) & 1) == 0) continue;
    cells[row] = TextAt(column, data, row);
  }
  return cells;
}

std::string DuckText(const void* data, std::size_t row) {
  // Up to twelve bytes lie in place after the length; longer ones behind a pointer.
  const char* entry = static_cast<const char*>(data) + row * 16;
  const auto length = At<uint32_t>(entry, 0);
  if (length <= 12) return std::string(entry + 4, length);
  return std::string(At<const char*>(entry + 8, 0), length);
}

}  // namespace tickhouse::sql
