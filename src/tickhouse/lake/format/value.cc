#include "tickhouse/lake/format/value.h"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>
#include <limits>
#include <type_traits>

#include "tickhouse/core/check.h"

namespace tickhouse::lake {

namespace {

static_assert(std::endian::native == std::endian::little, "bounds are little-endian as memory is");

// -NaN before all, NaN after all: the sort order of the specification.
template <typename Float>
std::weak_ordering CompareFloats(Float a, Float b) {
  const auto rank = [](Float x) { return !std::isnan(x) ? 0 : std::signbit(x) ? -1 : 1; };
  if (rank(a) != 0 || rank(b) != 0) return rank(a) <=> rank(b);
  if (a == b) return std::signbit(b) <=> std::signbit(a);
  return a < b ? std::weak_ordering::less : std::weak_ordering::greater;
}

std::weak_ordering CompareBytes(const std::string& a, const std::string& b) {
  const int order = std::memcmp(a.data(), b.data(), std::min(a.size(), b.size()));
  return order != 0 ? order <=> 0 : a.size() <=> b.size();
}

template <typename T>
std::string LittleEndian(T value) {
  std::string bytes(sizeof(T), '\0');
  std::memcpy(bytes.data(), &value, sizeof(T));
  return bytes;
}

template <typename T>
T FromLittleEndian(std::string_view bytes) {
  T value;
  std::memcpy(&value, bytes.data(), sizeof(T));
  return value;
}

// Two's complement, most significant byte first, no byte more than the value needs.
std::string MinimalBigEndian(Int128 value) {
  std::string bytes(sizeof(Int128), '\0');
  for (std::size_t i = 0; i < sizeof(Int128); ++i) {
    bytes[sizeof(Int128) - 1 - i] = static_cast<char>(value >> (8 * i));
  }
  std::size_t skip = 0;
  while (skip + 1 < bytes.size()) {
    const bool sign_only = bytes[skip] == '\0' || bytes[skip] == '\xFF';
    const bool same_sign = ((bytes[skip] ^ bytes[skip + 1]) & 0x80) == 0;
    if (!sign_only || !same_sign) break;
    ++skip;
  }
  return bytes.substr(skip);
}

Int128 FromBigEndian(std::string_view bytes) {
  unsigned __int128 value = (bytes.front() & 0x80) != 0 ? ~static_cast<unsigned __int128>(0) : 0;
  for (const char c : bytes) value = (value << 8) | static_cast<unsigned char>(c);
  return static_cast<Int128>(value);
}

std::unexpected<Error> WrongLength(const Type& type, std::string_view bytes) {
  return Fail(ErrorKind::kCorrupt,
              fmt::format("{} bytes are no value of type {}", bytes.size(), type.ToString()));
}

template <typename T>
Result<Value> Exactly(const Type& type, std::string_view bytes) {
  if (bytes.size() != sizeof(T)) return WrongLength(type, bytes);
  return Value{FromLittleEndian<T>(bytes)};
}

// A day widened to an instant (v3 lets a date become a timestamp).
Result<Value> WidenedDay(const Type& type, std::string_view bytes) {
  const auto days = FromLittleEndian<int32_t>(bytes);
  constexpr int64_t kMicrosPerDay = 86'400'000'000;
  const int64_t units = type.kind == TypeKind::kTimestampNs ? kMicrosPerDay * 1'000 : kMicrosPerDay;
  int64_t instant = 0;
  if (__builtin_mul_overflow(static_cast<int64_t>(days), units, &instant)) {
    return Fail(ErrorKind::kCorrupt, fmt::format("day {} is outside of {}", days, type.ToString()));
  }
  return Value{instant};
}

}  // namespace

std::weak_ordering Value::Compare(const Value& other) const {
  TICKHOUSE_CHECK(data.index() == other.data.index(), "values of one type compare");
  return std::visit(
      [&other]<typename T>(const T& mine) -> std::weak_ordering {
        const T& theirs = std::get<T>(other.data);
        if constexpr (std::is_floating_point_v<T>) {
          return CompareFloats(mine, theirs);
        } else if constexpr (std::is_same_v<T, std::string>) {
          return CompareBytes(mine, theirs);
        } else {
          return mine < theirs   ? std::weak_ordering::less
                 : theirs < mine ? std::weak_ordering::greater
                                 : std::weak_ordering::equivalent;
        }
      },
      data);
}

bool Value::IsNan() const {
  if (const auto* single = std::get_if<float>(&data)) return std::isnan(*single);
  if (const auto* real = std::get_if<double>(&data)) return std::isnan(*real);
  return false;
}

std::string ValueToBytes(const Type& /*type*/, const Value& value) {
  return std::visit(
      []<typename T>(const T& held) -> std::string {
        if constexpr (std::is_same_v<T, std::string>) {
          return held;
        } else if constexpr (std::is_same_v<T, bool>) {
          return std::string(1, held ? '\x01' : '\x00');
        } else if constexpr (std::is_same_v<T, Int128>) {
          return MinimalBigEndian(held);
        } else {
          return LittleEndian(held);
        }
      },
      value.data);
}

Result<Value> ValueFromBytes(const Type& type, std::string_view bytes) {
  switch (type.kind) {
    case TypeKind::kBoolean:
      if (bytes.size() != 1) return WrongLength(type, bytes);
      return Value{bytes[0] != '\0'};
    case TypeKind::kInt:
    case TypeKind::kDate: return Exactly<int32_t>(type, bytes);
    case TypeKind::kLong:
      if (bytes.size() == sizeof(int32_t)) {
        return Value{static_cast<int64_t>(FromLittleEndian<int32_t>(bytes))};
      }
      return Exactly<int64_t>(type, bytes);
    case TypeKind::kTimestamp:
    case TypeKind::kTimestampNs:
      if (bytes.size() == sizeof(int32_t)) return WidenedDay(type, bytes);
      return Exactly<int64_t>(type, bytes);
    case TypeKind::kTime:
    case TypeKind::kTimestampTz:
    case TypeKind::kTimestampTzNs: return Exactly<int64_t>(type, bytes);
    case TypeKind::kFloat: return Exactly<float>(type, bytes);
    case TypeKind::kDouble:
      if (bytes.size() == sizeof(float)) {
        return Value{static_cast<double>(FromLittleEndian<float>(bytes))};
      }
      return Exactly<double>(type, bytes);
    case TypeKind::kDecimal:
      if (bytes.empty() || bytes.size() > sizeof(Int128)) return WrongLength(type, bytes);
      return Value{FromBigEndian(bytes)};
    case TypeKind::kString:
    case TypeKind::kBinary: return Value{std::string(bytes)};
    case TypeKind::kUuid:
      if (bytes.size() != 16) return WrongLength(type, bytes);
      return Value{std::string(bytes)};
    case TypeKind::kFixed:
      if (bytes.size() != static_cast<std::size_t>(type.length)) return WrongLength(type, bytes);
      return Value{std::string(bytes)};
    default:
      return Fail(ErrorKind::kUnsupported,
                  fmt::format("type {} has no single values", type.ToString()));
  }
}

}  // namespace tickhouse::lake
