#include "tickhouse/sql/output/arrow_cell.h"

#include <arrow/builder.h>
#include <arrow/type.h>
#include <arrow/util/decimal.h>

#include <algorithm>
#include <cctype>
#include <charconv>
#include <limits>
#include <optional>
#include <string>

#include "tickhouse/core/time.h"

namespace tickhouse::sql {

namespace {

template <typename Number>
std::optional<Number> NumberOf(std::string_view text) {
  Number value{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

template <typename Real>
std::optional<Real> RealOf(std::string_view text) {
  if (text == "NaN") return std::numeric_limits<Real>::quiet_NaN();
  if (text == "Infinity") return std::numeric_limits<Real>::infinity();
  if (text == "-Infinity") return -std::numeric_limits<Real>::infinity();
  return NumberOf<Real>(text);
}

std::optional<int32_t> DayOf(std::string_view text) {
  const bool negative = text.starts_with('-');
  const std::string_view digits = text.substr(negative ? 1 : 0);
  const std::size_t first = digits.find('-');
  const std::size_t second = first == std::string_view::npos ? first : digits.find('-', first + 1);
  if (second == std::string_view::npos) return std::nullopt;
  const auto year = NumberOf<int>(digits.substr(0, first));
  const auto month = NumberOf<int>(digits.substr(first + 1, second - first - 1));
  const auto day = NumberOf<int>(digits.substr(second + 1));
  CivilDay civil;
  if (!year || !month || !day || !MakeCivilDay(negative ? -*year : *year, *month, *day, &civil)) {
    return std::nullopt;
  }
  return civil.days_since_epoch;
}

// "HH:MM:SS[.f]" as units of a second, `digits` of them after the point.
std::optional<int64_t> TimeOfDay(std::string_view text, int digits) {
  if (text.size() < 8 || text[2] != ':' || text[5] != ':') return std::nullopt;
  const auto hour = NumberOf<int64_t>(text.substr(0, 2));
  const auto minute = NumberOf<int64_t>(text.substr(3, 2));
  const auto second = NumberOf<int64_t>(text.substr(6, 2));
  if (!hour || !minute || !second) return std::nullopt;
  std::string fraction(text.size() > 9 && text[8] == '.' ? text.substr(9) : std::string_view());
  if (fraction.size() > static_cast<std::size_t>(digits)) return std::nullopt;
  fraction.resize(static_cast<std::size_t>(digits), '0');
  const auto units = NumberOf<int64_t>(fraction);
  if (!units) return std::nullopt;
  int64_t per_second = 1;
  for (int i = 0; i < digits; ++i) per_second *= 10;
  return (*hour * 3'600 + *minute * 60 + *second) * per_second + *units;
}

std::optional<int64_t> InstantOf(std::string_view text, int digits) {
  const std::size_t blank = text.find(' ');
  if (blank == std::string_view::npos) return std::nullopt;
  const auto day = DayOf(text.substr(0, blank));
  const auto time = TimeOfDay(text.substr(blank + 1), digits);
  if (!day || !time) return std::nullopt;
  int64_t per_day = 86'400;
  for (int i = 0; i < digits; ++i) per_day *= 10;
  int64_t whole = 0;
  if (__builtin_mul_overflow(int64_t{*day}, per_day, &whole) ||
      __builtin_add_overflow(whole, *time, &whole)) {
    return std::nullopt;
  }
  return whole;
}

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
  arrow::Decimal128 value;
  int32_t precision = 0;
  int32_t scale = 0;
  if (!arrow::Decimal128::FromString(text, &value, &precision, &scale).ok()) return false;
  const auto scaled = value.Rescale(scale, decimal.scale());
  if (!scaled.ok() || !scaled->FitsInPrecision(decimal.precision())) return false;
  return static_cast<arrow::Decimal128Builder*>(builder)->Append(*scaled).ok();
}

std::string Lower(std::string_view text) {
  std::string lower(text);
  std::transform(lower.begin(), lower.end(), lower.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return lower;
}

std::shared_ptr<arrow::DataType> IntegerType(const std::string& word) {
  if (word == "tinyint") return arrow::int8();
  if (word == "smallint") return arrow::int16();
  if (word == "integer") return arrow::int32();
  if (word == "utinyint") return arrow::uint8();
  if (word == "usmallint") return arrow::uint16();
  if (word == "uinteger") return arrow::uint32();
  if (word == "ubigint") return arrow::uint64();
  if (word == "hugeint" || word == "uhugeint") return arrow::decimal128(38, 0);
  return arrow::int64();
}

std::shared_ptr<arrow::DataType> DecimalType(const std::string& word) {
  const std::size_t open = word.find('(');
  const std::size_t comma = word.find(',', open == std::string::npos ? 0 : open);
  if (open == std::string::npos || comma == std::string::npos) return arrow::utf8();
  const std::string_view digits = std::string_view(word).substr(open + 1, comma - open - 1);
  std::string_view places = std::string_view(word).substr(comma + 1);
  places = places.substr(0, places.find(')'));
  while (places.starts_with(' ')) places.remove_prefix(1);
  const auto precision = NumberOf<int32_t>(digits);
  const auto scale = NumberOf<int32_t>(places);
  if (!precision || !scale || *precision < 1 || *precision > 38) return arrow::utf8();
  return arrow::decimal128(*precision, *scale);
}

}  // namespace

std::shared_ptr<arrow::DataType> ArrowTypeOf(const Column& column) {
  const std::string word = Lower(column.type);
  const bool nanos = word.find("_ns") != std::string::npos || word.find("(9)") != std::string::npos;
  const auto unit = nanos ? arrow::TimeUnit::NANO : arrow::TimeUnit::MICRO;
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
