#include "tickhouse/lake/expression/filter_literal.h"

#include <cmath>
#include <limits>
#include <optional>
#include <string>

#include "tickhouse/lake/format/text/instant_text.h"

namespace tickhouse::lake {

namespace {

using Place = FilterLiteral::Place;

constexpr int64_t kSecondsPerDay = 86'400;
constexpr int64_t kNanosPerSecond = 1'000'000'000;

bool IsTimestamp(TypeKind kind) {
  return kind == TypeKind::kTimestamp || kind == TypeKind::kTimestampTz ||
         kind == TypeKind::kTimestampNs || kind == TypeKind::kTimestampTzNs;
}
bool IsNanos(TypeKind kind) {
  return kind == TypeKind::kTimestampNs || kind == TypeKind::kTimestampTzNs;
}
bool HasZone(TypeKind kind) {
  return kind == TypeKind::kTimestampTz || kind == TypeKind::kTimestampTzNs;
}

// `units` and whether something was left over beyond them; saturated numbers are outside of every
// type.
struct Floored {
  Int128 units = 0;
  bool exact = true;
};

Int128 FloorDiv128(Int128 value, Int128 divisor, bool* exact) {
  const Int128 quotient = value / divisor;
  const Int128 rest = value % divisor;
  *exact = *exact && rest == 0;
  return rest < 0 ? quotient - 1 : quotient;
}

constexpr Int128 kSaturated = static_cast<Int128>(~static_cast<unsigned __int128>(0) >> 1);

Int128 PushDigit(Int128 number, int digit) {
  if (number > (kSaturated - digit) / 10) return kSaturated;
  return number * 10 + digit;
}

/// "-12.75" in units of 10^-scale, rounded down.
std::optional<Floored> ReadPlainNumber(std::string_view text, int scale) {
  const bool negative = text.starts_with('-');
  if (negative || text.starts_with('+')) text.remove_prefix(1);
  Int128 number = 0;
  int decimals = -1;
  bool any = false, rest = false;
  for (const char c : text) {
    if (c == '.' && decimals < 0) {
      decimals = 0;
      continue;
    }
    if (c < '0' || c > '9') return std::nullopt;
    any = true;
    if (decimals >= 0 && decimals == scale) {
      rest = rest || c != '0';
      continue;
    }
    if (decimals >= 0) ++decimals;
    number = PushDigit(number, c - '0');
  }
  if (!any) return std::nullopt;
  for (int i = std::max(decimals, 0); i < scale; ++i) number = PushDigit(number, 0);
  if (!negative) return Floored{number, !rest};
  return Floored{rest ? -number - 1 : -number, !rest};
}

/// Nanoseconds since 1970, by the zone rules of `ParseValue`.
std::optional<Int128> ReadInstant(TypeKind kind, std::string_view text) {
  const auto days = TakeDate(&text);
  if (!days) return std::nullopt;
  int64_t of_day = 0;
  if (text.starts_with('T') || text.starts_with(' ')) {
    text.remove_prefix(1);
    const auto time = TakeTime(&text, 9);
    if (!time) return std::nullopt;
    of_day = *time;
  }
  int64_t offset = 0;
  if (text == "Z") text = "";
  if (!text.empty() && HasZone(kind)) {
    const auto taken = TakeOffset(&text);
    if (!taken) return std::nullopt;
    offset = *taken;
  }
  if (!text.empty()) return std::nullopt;
  const Int128 seconds = static_cast<Int128>(*days) * kSecondsPerDay - offset;
  return seconds * kNanosPerSecond + of_day;
}

std::optional<Floored> ReadUnits(const Type& type, std::string_view text) {
  switch (type.kind) {
    case TypeKind::kInt:
    case TypeKind::kLong: return ReadPlainNumber(text, 0);
    case TypeKind::kDecimal: return ReadPlainNumber(text, type.scale);
    default: break;
  }
  if (type.kind != TypeKind::kDate && !IsTimestamp(type.kind)) return std::nullopt;
  const auto instant = ReadInstant(type.kind, text);
  if (!instant) return std::nullopt;
  const int64_t unit = type.kind == TypeKind::kDate ? kSecondsPerDay * kNanosPerSecond
                       : IsNanos(type.kind)         ? 1
                                                    : 1'000;
  Floored floored;
  floored.units = FloorDiv128(*instant, unit, &floored.exact);
  return floored;
}

template <typename Number>
FilterLiteral Placed(const Floored& floored) {
  if (floored.units < std::numeric_limits<Number>::min()) return {.place = Place::kBelowAll};
  if (floored.units > std::numeric_limits<Number>::max()) return {.place = Place::kAboveAll};
  return {.place = floored.exact ? Place::kOn : Place::kAfter,
          .value = Value{static_cast<Number>(floored.units)}};
}

FilterLiteral PlacedDecimal(int precision, const Floored& floored) {
  Int128 bound = 1;
  for (int i = 0; i < precision; ++i) bound *= 10;
  if (floored.units <= -bound) return {.place = Place::kBelowAll};
  if (floored.units >= bound) return {.place = Place::kAboveAll};
  return {.place = floored.exact ? Place::kOn : Place::kAfter, .value = Value{floored.units}};
}

FilterLiteral PlacedIn(const Type& type, const Floored& floored) {
  switch (type.kind) {
    case TypeKind::kInt:
    case TypeKind::kDate: return Placed<int32_t>(floored);
    case TypeKind::kDecimal: return PlacedDecimal(type.precision, floored);
    default: return Placed<int64_t>(floored);
  }
}

/// A number beyond the greatest or below the least that a float holds, infinity apart.
template <typename Float>
std::optional<FilterLiteral> ReadHugeFloat(std::string_view text) {
  const auto wide = ReadPlainNumber(text.substr(0, text.find_first_of("eE")), 38);
  if (!wide || text.find("e-") != text.npos || text.find("E-") != text.npos) return std::nullopt;
  constexpr Float kMax = std::numeric_limits<Float>::max();
  if (wide->units == 0) return std::nullopt;
  return FilterLiteral{
      .place = Place::kAfter,
      .value = Value{wide->units > 0 ? kMax : -std::numeric_limits<Float>::infinity()}};
}

/// -0.0 and 0.0 are one literal.
Value WithoutNegativeZero(Value value) {
  if (auto* single = std::get_if<float>(&value.data); single != nullptr && *single == 0) {
    *single = 0;
  }
  if (auto* real = std::get_if<double>(&value.data); real != nullptr && *real == 0) *real = 0;
  return value;
}

std::string LowerBoolean(std::string_view text) {
  std::string lower(text);
  for (char& c : lower) c = static_cast<char>(c | 0x20);
  return lower;
}

}  // namespace

Result<FilterLiteral> ReadFilterLiteral(const Type& type, std::string_view text) {
  auto exact = type.kind == TypeKind::kBoolean ? ParseValue(type, LowerBoolean(text))
                                               : ParseValue(type, text);
  if (exact) return FilterLiteral{.value = WithoutNegativeZero(std::move(*exact))};
  if (const auto floored = ReadUnits(type, text)) return PlacedIn(type, *floored);
  std::optional<FilterLiteral> huge;
  if (type.kind == TypeKind::kFloat) huge = ReadHugeFloat<float>(text);
  if (type.kind == TypeKind::kDouble) huge = ReadHugeFloat<double>(text);
  if (huge) return *huge;
  return Fail(std::move(exact).error());
}

}  // namespace tickhouse::lake
