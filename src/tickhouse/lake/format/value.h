// One value of a primitive Iceberg type: partition values, bounds, literals of filters.
#pragma once

#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include "tickhouse/lake/format/type.h"

namespace tickhouse::lake {

/// A 128-bit unscaled decimal, two's complement.
using Int128 = __int128;

/// Null is the absence: `std::optional<Value>`. The representation by type: kBoolean bool; kInt,
/// kDate int32_t; kLong, kTime, all timestamps int64_t (in the unit of the type); kFloat float;
/// kDouble double; kDecimal Int128 (unscaled); kString, kUuid (16 bytes), kFixed, kBinary string.
struct Value {
  std::variant<bool, int32_t, int64_t, float, double, Int128, std::string> data;

  /// The total order of the specification: -NaN < -inf < ... < -0.0 < +0.0 < ... < NaN; strings
  /// and bytes by unsigned bytes. Both must hold the same alternative (checked).
  std::weak_ordering Compare(const Value& other) const;
  bool operator==(const Value& other) const { return Compare(other) == 0; }
  bool IsNan() const;
};

/// "Single-value serialization", binary: bounds in manifests. Never fails for a value that fits.
std::string ValueToBytes(const Type& type, const Value& value);
/// kCorrupt for a wrong length. A 4-byte int read as long and the like are promoted.
Result<Value> ValueFromBytes(const Type& type, std::string_view bytes);

/// "Single-value serialization", JSON text: "2017-11-16", 34, "14.20". kCorrupt on the way back.
std::string ValueToJson(const Type& type, const Value& value);
Result<Value> ValueFromJson(const Type& type, std::string_view json_text);

/// What a person writes in a filter: 2012-12-21T07:50, 1.25, 'abc' without the quotes.
/// kInvalidArgument with the expected form.
Result<Value> ParseValue(const Type& type, std::string_view text);
/// As `ParseValue` reads it, and as `year=2021` paths and tables show it.
std::string ValueToText(const Type& type, const Value& value);

}  // namespace tickhouse::lake
