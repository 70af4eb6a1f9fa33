#include "tickhouse/sql/output/arrow_cell.h"

#include <arrow/builder.h>
#include <arrow/type.h>
#include <arrow/util/decimal.h>

#include <optional>
#include <string>

#include "tickhouse/sql/output/cell_value.h"

namespace tickhouse::sql {

namespace {

template <typename Builder, typename Value>
bool Append(arrow::ArrayBuilder* builder, const std::optional<Value>& value) {
  return value && static_cast<Builder*>(builder)->Append(*value).ok();
}

template <typename ArrowType>
bool AppendInteger(arrow::ArrayBuilder* builder, std::string_view text) {
  return Append<arrow::NumericBuilder<ArrowType>>(builder,
                                                  NumberOf<typename ArrowType::c_type>(text));
}

bool AppendDecimal(const arrow::DataType& type, std::string_view text,
                   arrow::ArrayBuilder* builder) {
  const auto& decimal = static_cast<const arrow::Decimal128Type&>(type);
  const auto value = DecimalOf(text, decimal.precision(), decimal.scale());
  if (!value) return false;
  const arrow::Decimal128 parts(static_cast<int64_t>(*value >> 64), static_cast<uint64_t>(*value));
  return static_cast<arrow::Decimal128Builder*>(builder)->Append(parts).ok();
}

std::shared_ptr<arrow::DataType> IntegerType(const std::string& word) {
  if (word == "tinyint") return arrow::int8();
  if (word == "smallint") return arrow::int16();
  if (word == "integer" || word == "int") return arrow::int32();
  if (word == "utinyint") return arrow::uint8();
  if (word == "usmallint") return arrow::uint16();
  if (word == "uinteger") return arrow::uint32();
  if (word == "ubigint") return arrow::uint64();
  if (word == "hugeint" || word == "uhugeint") return arrow::decimal128(38, 0);
  return arrow::int64();
}

std::shared_ptr<arrow::DataType> DecimalType(const std::string& word) {
  const auto digits = DecimalDigits(word);
  return digits ? arrow::decimal128(digits->first, digits->second) : arrow::utf8();
}

}  // namespace

std::shared_ptr<arrow::DataType> ArrowTypeOf(const Column& column) {
  const std::string word = TypeWord(column);
  const auto unit = HasNanoseconds(column) ? arrow::TimeUnit::NANO : arrow::TimeUnit::MICRO;
  switch (column.kind) {
    case ColumnKind::kBoolean: return arrow::boolean();
    case ColumnKind::kInteger: return IntegerType(word);
    case ColumnKind::kDecimal: return DecimalType(word);
    case ColumnKind::kReal:
      return word == "float" || word == "real" ? arrow::float32() : arrow::float64();
    case ColumnKind::kDate: return arrow::date32();
    case ColumnKind::kTimestamp: return arrow::timestamp(unit);
    case ColumnKind::kTimestampTz: return arrow::timestamp(unit, "UTC");
    case ColumnKind::kText:
    case ColumnKind::kOther: break;
  }
  return arrow::utf8();
}

bool AppendCell(const arrow::DataType& type, std::string_view text, arrow::ArrayBuilder* builder) {
  switch (type.id()) {
    case arrow::Type::BOOL:
      return static_cast<arrow::BooleanBuilder*>(builder)->Append(text == "true").ok();
    case arrow::Type::INT8: return AppendInteger<arrow::Int8Type>(builder, text);
    case arrow::Type::INT16: return AppendInteger<arrow::Int16Type>(builder, text);
    case arrow::Type::INT32: return AppendInteger<arrow::Int32Type>(builder, text);
    case arrow::Type::INT64: return AppendInteger<arrow::Int64Type>(builder, text);
    case arrow::Type::UINT8: return AppendInteger<arrow::UInt8Type>(builder, text);
    case arrow::Type::UINT16: return AppendInteger<arrow::UInt16Type>(builder, text);
    case arrow::Type::UINT32: return AppendInteger<arrow::UInt32Type>(builder, text);
    case arrow::Type::UINT64: return AppendInteger<arrow::UInt64Type>(builder, text);
    case arrow::Type::FLOAT: return Append<arrow::FloatBuilder>(builder, RealOf<float>(text));
    case arrow::Type::DOUBLE: return Append<arrow::DoubleBuilder>(builder, RealOf<double>(text));
    case arrow::Type::DATE32: return Append<arrow::Date32Builder>(builder, DayOf(text));
    case arrow::Type::TIMESTAMP: {
      const auto& time = static_cast<const arrow::TimestampType&>(type);
      const int digits = time.unit() == arrow::TimeUnit::NANO ? 9 : 6;
      return Append<arrow::TimestampBuilder>(builder, InstantOf(text, digits));
    }
    case arrow::Type::DECIMAL128: return AppendDecimal(type, text, builder);
    default: return static_cast<arrow::StringBuilder*>(builder)->Append(text).ok();
  }
}

}  // namespace tickhouse::sql
