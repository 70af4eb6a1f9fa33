#include "tickhouse/lake/format/transform.h"

#include <fmt/format.h>

#include <array>
#include <charconv>
#include <cmath>
#include <cstring>
#include <limits>
#include <type_traits>
#include <utility>

#include "tickhouse/core/time.h"
#include "tickhouse/lake/format/text/instant_text.h"
#include "tickhouse/lake/format/text/murmur3.h"

namespace tickhouse::lake {

namespace {

constexpr int64_t kMicrosPerHour = 3'600'000'000;
constexpr int64_t kHoursPerDay = 24;

constexpr std::array<std::pair<TransformKind, std::string_view>, 6> kPlainNames = {{
    {TransformKind::kIdentity, "identity"},
    {TransformKind::kYear, "year"},
    {TransformKind::kMonth, "month"},
    {TransformKind::kDay, "day"},
    {TransformKind::kHour, "hour"},
    {TransformKind::kVoid, "void"},
}};

std::optional<int> Parameter(std::string_view text, std::string_view word) {
  if (!text.starts_with(word) || !text.ends_with(']')) return std::nullopt;
  text.remove_prefix(word.size());
  text.remove_suffix(1);
  int value = 0;
  const char* const end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, value);
  if (error != std::errc() || stop != end || value < 1) return std::nullopt;
  return value;
}

bool IsTimestamp(TypeKind kind) {
  return kind == TypeKind::kTimestamp || kind == TypeKind::kTimestampTz ||
         kind == TypeKind::kTimestampNs || kind == TypeKind::kTimestampTzNs;
}
bool IsNanos(TypeKind kind) {
  return kind == TypeKind::kTimestampNs || kind == TypeKind::kTimestampTzNs;
}

bool CanBucket(const Type& type) {
  switch (type.kind) {
    case TypeKind::kBoolean:
    case TypeKind::kFloat:
    case TypeKind::kDouble:
    case TypeKind::kOpaque: return false;
    default: return type.IsPrimitive();
  }
}

bool CanTruncate(const Type& type) {
  switch (type.kind) {
    case TypeKind::kInt:
    case TypeKind::kLong:
    case TypeKind::kDecimal:
    case TypeKind::kString:
    case TypeKind::kBinary: return true;
    default: return false;
  }
}

bool Allows(TransformKind kind, const Type& source) {
  switch (kind) {
    case TransformKind::kIdentity: return source.IsPrimitive() && source.kind != TypeKind::kOpaque;
    case TransformKind::kBucket: return CanBucket(source);
    case TransformKind::kTruncate: return CanTruncate(source);
    case TransformKind::kYear:
    case TransformKind::kMonth:
    case TransformKind::kDay: return source.kind == TypeKind::kDate || IsTimestamp(source.kind);
    case TransformKind::kHour: return IsTimestamp(source.kind);
    case TransformKind::kVoid:
    case TransformKind::kUnknown: return true;
  }
  return false;
}

// As the specification has it: v - (((v % W) + W) % W); at the low end of the range it wraps, as in
// Java.
template <typename Number>
Number TruncatedNumber(Number value, int width) {
  const Int128 wide_value = value;
  const Int128 remainder = ((wide_value % width) + width) % width;
  return static_cast<Number>(static_cast<unsigned __int128>(wide_value) -
                             static_cast<unsigned __int128>(remainder));
}

// The first `width` code points: bytes 10xxxxxx continue one.
std::string FirstCodePoints(const std::string& text, int width) {
  int seen = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const bool continues = (static_cast<unsigned char>(text[i]) & 0xC0) == 0x80;
    if (!continues && seen++ == width) return text.substr(0, i);
  }
  return text;
}

Value Truncated(const Type& source, const Value& value, int width) {
  return std::visit(
      [&]<typename T>(const T& held) -> Value {
        if constexpr (std::is_same_v<T, std::string>) {
          return source.kind == TypeKind::kString
                     ? Value{FirstCodePoints(held, width)}
                     : Value{held.substr(0, static_cast<std::size_t>(width))};
        } else if constexpr (std::is_same_v<T, int32_t> || std::is_same_v<T, int64_t> ||
                             std::is_same_v<T, Int128>) {
          return Value{TruncatedNumber(held, width)};
        } else {
          return Value{held};
        }
      },
      value.data);
}

int64_t HoursOf(const Type& source, const Value& value) {
  const int64_t hour = IsNanos(source.kind) ? kMicrosPerHour * 1'000 : kMicrosPerHour;
  return FloorDiv(std::get<int64_t>(value.data), hour);
}

int64_t DaysOf(const Type& source, const Value& value) {
  if (source.kind == TypeKind::kDate) return std::get<int32_t>(value.data);
  return FloorDiv(HoursOf(source, value), kHoursPerDay);
}

// Years and months count from 1970-01.
int32_t CivilPart(TransformKind kind, int64_t days) {
  const CivilDate date = CivilOfDays(days);
  const int64_t years = date.year - 1970;
  return static_cast<int32_t>(kind == TransformKind::kYear ? years : years * 12 + date.month - 1);
}

template <typename T>
std::string_view BytesOf(const T& value) {
  return {reinterpret_cast<const char*>(&value), sizeof(value)};
}

int32_t HashLong(int64_t value) {
  return Murmur3(BytesOf(value));
}

// One bit pattern a number: both zeros are one, and so are all NaN.
int32_t HashDouble(double value) {
  if (value == 0) value = 0;
  if (std::isnan(value)) value = std::numeric_limits<double>::quiet_NaN();
  int64_t bits = 0;
  std::memcpy(&bits, &value, sizeof(bits));
  return HashLong(bits);
}

std::string MonthText(int64_t months) {
  const int64_t year = FloorDiv(months, 12);
  return fmt::format("{}-{:02}", YearText(1970 + year), months - year * 12 + 1);
}

std::string HourText(int64_t hours) {
  const int64_t day = FloorDiv(hours, kHoursPerDay);
  return fmt::format("{}-{:02}", DateText(day), hours - day * kHoursPerDay);
}

}  // namespace

std::string Transform::ToString() const {
  if (kind == TransformKind::kBucket) return fmt::format("bucket[{}]", parameter);
  if (kind == TransformKind::kTruncate) return fmt::format("truncate[{}]", parameter);
  for (const auto& [plain, name] : kPlainNames) {
    if (plain == kind) return std::string(name);
  }
  return unknown;
}

Result<Type> Transform::ResultType(const Type& source) const {
  if (!Allows(kind, source)) {
    return Fail(ErrorKind::kInvalidArgument,
                fmt::format("transform {} does not take a {}", ToString(), source.ToString()));
  }
  switch (kind) {
    case TransformKind::kBucket:
    case TransformKind::kYear:
    case TransformKind::kMonth:
    case TransformKind::kHour: return Type{.kind = TypeKind::kInt};
    case TransformKind::kDay: return Type{.kind = TypeKind::kDate};
    case TransformKind::kUnknown: return Type{.kind = TypeKind::kString};
    default: return source;
  }
}

std::optional<Value> Transform::Apply(const Type& source, const std::optional<Value>& value) const {
  if (!value) return std::nullopt;
  switch (kind) {
    case TransformKind::kIdentity: return value;
    case TransformKind::kBucket:
      return Value{(BucketHash(source, *value) & std::numeric_limits<int32_t>::max()) % parameter};
    case TransformKind::kTruncate: return Truncated(source, *value, parameter);
    case TransformKind::kYear:
    case TransformKind::kMonth: return Value{CivilPart(kind, DaysOf(source, *value))};
    case TransformKind::kDay: return Value{static_cast<int32_t>(DaysOf(source, *value))};
    case TransformKind::kHour: return Value{static_cast<int32_t>(HoursOf(source, *value))};
    case TransformKind::kVoid:
    case TransformKind::kUnknown: return std::nullopt;
  }
  return std::nullopt;
}

bool Transform::PreservesOrder() const {
  return kind != TransformKind::kBucket && kind != TransformKind::kVoid &&
         kind != TransformKind::kUnknown;
}

std::string Transform::ResultToText(const Type& source, const std::optional<Value>& value) const {
  if (!value) return "null";
  switch (kind) {
    case TransformKind::kIdentity:
    case TransformKind::kTruncate:
    case TransformKind::kVoid: return ValueToText(source, *value);
    case TransformKind::kBucket: return fmt::format("{}", std::get<int32_t>(value->data));
    case TransformKind::kYear: return YearText(1970 + int64_t{std::get<int32_t>(value->data)});
    case TransformKind::kMonth: return MonthText(std::get<int32_t>(value->data));
    case TransformKind::kDay: return DateText(std::get<int32_t>(value->data));
    case TransformKind::kHour: return HourText(std::get<int32_t>(value->data));
    case TransformKind::kUnknown:
      return std::holds_alternative<std::string>(value->data) ? std::get<std::string>(value->data)
                                                              : unknown;
  }
  return "null";
}

Transform ParseTransform(std::string_view text) {
  for (const auto& [kind, name] : kPlainNames) {
    if (text == name) return {.kind = kind};
  }
  if (const auto buckets = Parameter(text, "bucket[")) {
    return {.kind = TransformKind::kBucket, .parameter = *buckets};
  }
  if (const auto width = Parameter(text, "truncate[")) {
    return {.kind = TransformKind::kTruncate, .parameter = *width};
  }
  return {.kind = TransformKind::kUnknown, .unknown = std::string(text)};
}

int32_t BucketHash(const Type& type, const Value& value) {
  return std::visit(
      [&]<typename T>(const T& held) -> int32_t {
        if constexpr (std::is_floating_point_v<T>) {
          return HashDouble(held);
        } else if constexpr (std::is_same_v<T, std::string>) {
          return Murmur3(held);
        } else if constexpr (std::is_same_v<T, Int128>) {
          return Murmur3(ValueToBytes(type, value));
        } else {
          // Nanoseconds hash as the microseconds they lie in, so that a column can be widened.
          const auto number = static_cast<int64_t>(held);
          return HashLong(IsNanos(type.kind) ? FloorDiv(number, 1'000) : number);
        }
      },
      value.data);
}

}  // namespace tickhouse::lake
