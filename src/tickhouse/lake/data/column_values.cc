#include "tickhouse/lake/data/column_values.h"

#include <fmt/format.h>

#include <limits>
#include <type_traits>
#include <utility>
#include <vector>

#include "tickhouse/core/time.h"
#include "tickhouse/lake/data/parquet_metrics.h"

namespace tickhouse::lake {

namespace {

using io::BytesValues;
using io::ColumnData;
using io::ColumnType;
using io::LogicalKind;
using io::PhysicalType;

constexpr int64_t kNanosOfDay = 86'400 * kNanosPerSecond;

// Bytes that hold every number of so many digits, by two's complement.
int BytesOfDigits(int digits) {
  Int128 greatest = 1;
  for (int i = 0; i < digits; ++i) greatest *= 10;
  int bytes = 1;
  for (Int128 limit = 128; limit < greatest && bytes < 16; ++bytes) {
    if (bytes < 15) limit *= 256;  // At 16 bytes everything fits; the limit itself would not.
  }
  return bytes;
}

ColumnType DecimalType(const Type& type) {
  ColumnType stored{
      .logical = LogicalKind::kDecimal, .precision = type.precision, .scale = type.scale};
  if (type.precision <= 9) {
    stored.physical = PhysicalType::kInt32;
  } else if (type.precision > 18) {
    stored.physical = PhysicalType::kFixedBytes;
    stored.length = BytesOfDigits(type.precision);
  }
  return stored;
}

ColumnType TimestampType(TypeKind kind) {
  const bool nanos = kind == TypeKind::kTimestampNs || kind == TypeKind::kTimestampTzNs;
  return {.logical = LogicalKind::kTimestamp,
          .unit_ns = nanos ? 1 : kNanosPerMicro,
          .utc = kind == TypeKind::kTimestampTz || kind == TypeKind::kTimestampTzNs};
}

std::unexpected<Error> OutOfRange(const Type& to) {
  return Fail(ErrorKind::kCorrupt, fmt::format("a value does not fit {}", to.ToString()));
}

bool IsNullAt(const ColumnData& column, std::size_t row) {
  return column.IsNull(row);
}

/// Replaces int32 or int64 values by int64 ones.
std::vector<int64_t> Widened(ColumnData* column) {
  if (auto* wide = std::get_if<std::vector<int64_t>>(&column->values)) return std::move(*wide);
  const auto& narrow = std::get<std::vector<int32_t>>(column->values);
  return {narrow.begin(), narrow.end()};
}

Status ConvertInstants(int64_t from_ns, int64_t to_ns, const Type& to, ColumnData* column) {
  std::vector<int64_t> values = Widened(column);
  for (std::size_t row = 0; from_ns != to_ns && row < values.size(); ++row) {
    if (from_ns < to_ns) {
      values[row] = FloorDiv(values[row], to_ns / from_ns);
    } else if (__builtin_mul_overflow(values[row], from_ns / to_ns, &values[row])) {
      if (IsNullAt(*column, row)) continue;
      return OutOfRange(to);
    }
  }
  column->values = std::move(values);
  return {};
}

Int128 UnscaledAt(const io::ColumnValues& values, std::size_t row) {
  return std::visit(
      [row]<typename Held>(const Held& held) -> Int128 {
        if constexpr (std::is_same_v<Held, BytesValues>) {
          return DecimalOf(held[row]);
        } else {
          return static_cast<Int128>(held[row]);
        }
      },
      values);
}

template <typename T>
Status NarrowDecimals(const Type& to, ColumnData* column) {
  std::vector<T> values(column->size());
  for (std::size_t row = 0; row < values.size(); ++row) {
    if (IsNullAt(*column, row)) continue;
    const Int128 value = UnscaledAt(column->values, row);
    values[row] = static_cast<T>(value);
    if (value != values[row]) return OutOfRange(to);
  }
  column->values = std::move(values);
  return {};
}

Status ConvertDecimals(const ColumnType& from, const Type& to, ColumnData* column) {
  const ColumnType stored = DecimalType(to);
  if (from.physical == stored.physical && from.length == stored.length) return {};
  if (stored.physical == PhysicalType::kInt32) return NarrowDecimals<int32_t>(to, column);
  if (stored.physical == PhysicalType::kInt64) return NarrowDecimals<int64_t>(to, column);
  BytesValues values;
  const auto length = static_cast<std::size_t>(stored.length);
  for (std::size_t row = 0; row < column->size(); ++row) {
    if (IsNullAt(*column, row)) {
      values.Append("");
      continue;
    }
    if (const auto* held = std::get_if<BytesValues>(&column->values)) {
      if ((*held)[row].empty() || (*held)[row].size() > sizeof(Int128)) return OutOfRange(to);
    }
    const Int128 value = UnscaledAt(column->values, row);
    std::string bytes = DecimalBytes(value, length);
    if (DecimalOf(bytes) != value) return OutOfRange(to);
    values.Append(bytes);
  }
  column->values = std::move(values);
  return {};
}

void ConvertFloats(ColumnData* column) {
  const auto* narrow = std::get_if<std::vector<float>>(&column->values);
  if (narrow == nullptr) return;
  column->values = std::vector<double>(narrow->begin(), narrow->end());
}

/// A value in the representation that a column of `type` has.
template <typename T>
T NumberOf(const std::optional<Value>& value) {
  if (!value) return T{};
  return std::visit(
      []<typename V>(const V& held) -> T {
        if constexpr (std::is_same_v<V, std::string>) {
          return T{};
        } else {
          return static_cast<T>(held);
        }
      },
      value->data);
}

std::string BytesOf(const ColumnType& stored, const std::optional<Value>& value) {
  if (!value) return "";
  if (const auto* text = std::get_if<std::string>(&value->data)) return *text;
  return DecimalBytes(NumberOf<Int128>(value), static_cast<std::size_t>(stored.length));
}

}  // namespace

std::string DecimalBytes(Int128 value, std::size_t bytes) {
  std::string out(bytes, '\0');
  for (std::size_t i = bytes; i-- > 0; value >>= 8) out[i] = static_cast<char>(value & 0xFF);
  return out;
}

Int128 DecimalOf(std::string_view bytes) {
  auto value = static_cast<unsigned __int128>(!bytes.empty() && (bytes[0] & 0x80) != 0 ? -1 : 0);
  for (const char byte : bytes) value = (value << 8) | static_cast<uint8_t>(byte);
  return static_cast<Int128>(value);
}

Result<ColumnType> StoredTypeOf(const Type& type) {
  switch (type.kind) {
    case TypeKind::kBoolean: return ColumnType{.physical = PhysicalType::kBoolean};
    case TypeKind::kInt: return ColumnType{.physical = PhysicalType::kInt32};
    case TypeKind::kLong: return ColumnType{.physical = PhysicalType::kInt64};
    case TypeKind::kFloat: return ColumnType{.physical = PhysicalType::kFloat};
    case TypeKind::kDouble: return ColumnType{.physical = PhysicalType::kDouble};
    case TypeKind::kDecimal: return DecimalType(type);
    case TypeKind::kDate:
      return ColumnType{.physical = PhysicalType::kInt32, .logical = LogicalKind::kDate};
    case TypeKind::kTime:
      return ColumnType{.logical = LogicalKind::kTime, .unit_ns = kNanosPerMicro};
    case TypeKind::kTimestamp:
    case TypeKind::kTimestampTz:
    case TypeKind::kTimestampNs:
    case TypeKind::kTimestampTzNs: return TimestampType(type.kind);
    case TypeKind::kString:
      return ColumnType{.physical = PhysicalType::kByteArray, .logical = LogicalKind::kString};
    case TypeKind::kBinary: return ColumnType{.physical = PhysicalType::kByteArray};
    case TypeKind::kUuid:
      return ColumnType{
          .physical = PhysicalType::kFixedBytes, .logical = LogicalKind::kUuid, .length = 16};
    case TypeKind::kFixed:
      return ColumnType{.physical = PhysicalType::kFixedBytes, .length = type.length};
    default: break;
  }
  return Fail(ErrorKind::kUnsupported,
              fmt::format("rows of type {} are not read or written", type.ToString()));
}

Result<io::ColumnSchema> StoredColumnOf(const Field& field) {
  auto type = StoredTypeOf(field.type);
  if (!type) return Fail(type.error().WithContext(fmt::format("column {}", field.name)));
  return io::ColumnSchema{
      .name = field.name, .type = *type, .field_id = field.id, .required = field.required};
}

Result<std::vector<io::ColumnSchema>> StoredColumnsOf(const Schema& schema) {
  std::vector<io::ColumnSchema> columns;
  for (const Field& field : schema.fields) {
    TICKHOUSE_ASSIGN(io::ColumnSchema column, StoredColumnOf(field));
    columns.push_back(std::move(column));
  }
  return columns;
}

bool CanConvert(const io::FooterColumn& column, const Type& type) {
  if (CanReadAs(column, type)) return true;
  const bool local = type.kind == TypeKind::kTimestamp || type.kind == TypeKind::kTimestampNs;
  const bool zoned = type.kind == TypeKind::kTimestampTz || type.kind == TypeKind::kTimestampTzNs;
  if (column.type == PhysicalType::kInt96) return local || zoned;
  return local && column.type == PhysicalType::kInt32 && column.logical == LogicalKind::kDate;
}

Status ConvertColumn(const ColumnType& from, const Type& to, ColumnData* column) {
  switch (to.kind) {
    case TypeKind::kLong: column->values = Widened(column); return {};
    case TypeKind::kDouble: ConvertFloats(column); return {};
    case TypeKind::kDecimal: return ConvertDecimals(from, to, column);
    case TypeKind::kTime: return ConvertInstants(from.unit_ns, kNanosPerMicro, to, column);
    case TypeKind::kTimestamp:
    case TypeKind::kTimestampTz:
    case TypeKind::kTimestampNs:
    case TypeKind::kTimestampTzNs: {
      const int64_t unit = from.logical == LogicalKind::kDate ? kNanosOfDay : from.unit_ns;
      return ConvertInstants(unit, TimestampType(to.kind).unit_ns, to, column);
    }
    default: return {};
  }
}

ColumnData ConstantColumn(const Type& type, const std::optional<Value>& value, std::size_t rows) {
  const auto stored = StoredTypeOf(type);
  ColumnData column{.values = io::EmptyValues(stored ? stored->physical : PhysicalType::kInt64)};
  std::visit(
      [&]<typename Held>(Held& held) {
        if constexpr (std::is_same_v<Held, BytesValues>) {
          const std::string bytes = BytesOf(*stored, value);
          for (std::size_t row = 0; row < rows; ++row) held.Append(bytes);
        } else {
          held.assign(rows, NumberOf<typename Held::value_type>(value));
        }
      },
      column.values);
  if (!value) column.valid.assign(rows, 0);
  return column;
}

std::optional<Value> ValueAt(const Type& type, const ColumnData& column, std::size_t row) {
  if (column.IsNull(row)) return std::nullopt;
  if (type.kind == TypeKind::kDecimal) return Value{UnscaledAt(column.values, row)};
  return std::visit(
      [&]<typename Held>(const Held& held) -> Value {
        if constexpr (std::is_same_v<Held, BytesValues>) {
          return Value{std::string(held[row])};
        } else if constexpr (std::is_same_v<Held, std::vector<uint8_t>>) {
          return Value{held[row] != 0};
        } else {
          return Value{held[row]};
        }
      },
      column.values);
}

}  // namespace tickhouse::lake
