#include "tickhouse/lake/data/bound.h"

#include <algorithm>
#include <cmath>
#include <cstring>

namespace tickhouse::lake {

namespace {

constexpr std::size_t kBoundLength = 16;

template <typename T>
T Load(std::string_view bytes) {
  T value{};
  std::memcpy(&value, bytes.data(), sizeof(T));
  return value;
}

template <typename T>
std::string Store(T value) {
  std::string bytes(sizeof(T), '\0');
  std::memcpy(bytes.data(), &value, sizeof(T));
  return bytes;
}

bool IsText(TypeKind kind) {
  return kind == TypeKind::kString || kind == TypeKind::kBinary;
}

std::optional<int64_t> StoredInteger(std::string_view stored) {
  if (stored.size() == 4) return Load<int32_t>(stored);
  if (stored.size() == 8) return Load<int64_t>(stored);
  return std::nullopt;
}

// Nanoseconds of one unit of the type; 0: no time.
int64_t UnitOf(TypeKind kind) {
  switch (kind) {
    case TypeKind::kTime:
    case TypeKind::kTimestamp:
    case TypeKind::kTimestampTz: return 1000;
    case TypeKind::kTimestampNs:
    case TypeKind::kTimestampTzNs: return 1;
    default: return 0;
  }
}

std::optional<std::string> TimeBound(int64_t value, int64_t from, int64_t to, BoundSide side) {
  if (from <= 0) return std::nullopt;
  if (from >= to) {
    if (__builtin_mul_overflow(value, from / to, &value)) return std::nullopt;
    return Store(value);
  }
  const int64_t step = to / from;
  const int64_t rest = value % step;
  value /= step;
  if (rest < 0 && side == BoundSide::kLower) --value;
  if (rest > 0 && side == BoundSide::kUpper) ++value;
  return Store(value);
}

// Big-endian two's complement without bytes that say nothing.
std::string Shortest(std::string bytes) {
  std::size_t skip = 0;
  while (skip + 1 < bytes.size()) {
    const auto head = static_cast<uint8_t>(bytes[skip]);
    const bool next_negative = (static_cast<uint8_t>(bytes[skip + 1]) & 0x80) != 0;
    if (!((head == 0 && !next_negative) || (head == 0xFF && next_negative))) break;
    ++skip;
  }
  return bytes.substr(skip);
}

std::optional<std::string> DecimalBound(io::PhysicalType type, std::string_view stored) {
  if (stored.empty() || stored.size() > 16) return std::nullopt;
  std::string bytes(stored);
  if (type == io::PhysicalType::kInt32 || type == io::PhysicalType::kInt64) {
    std::reverse(bytes.begin(), bytes.end());
  }
  return Shortest(std::move(bytes));
}

std::optional<std::string> FloatBound(TypeKind kind, std::string_view stored) {
  if (stored.size() != 4 && stored.size() != 8) return std::nullopt;
  const double value = stored.size() == 4 ? double{Load<float>(stored)} : Load<double>(stored);
  if (std::isnan(value)) return std::nullopt;
  if (kind == TypeKind::kDouble) return Store(value);
  if (stored.size() != 4) return std::nullopt;
  return std::string(stored);
}

int CompareDecimals(std::string_view a, std::string_view b) {
  const auto wide = [](std::string_view bytes) {
    auto value = static_cast<unsigned __int128>((bytes[0] & 0x80) != 0 ? -1 : 0);
    for (const char byte : bytes) value = (value << 8) | static_cast<uint8_t>(byte);
    return static_cast<__int128>(value);
  };
  const __int128 left = wide(a);
  const __int128 right = wide(b);
  return left < right ? -1 : (left > right ? 1 : 0);
}

// The code point at `at` made one greater; false when there is none (or the bytes are no UTF-8).
bool Increment(std::string* text, std::size_t at, bool is_string) {
  if (!is_string) {
    auto byte = static_cast<uint8_t>((*text)[at]);
    if (byte == 0xFF) return false;
    (*text)[at] = static_cast<char>(byte + 1);
    text->resize(at + 1);
    return true;
  }
  // Only ASCII is stepped: any other code point is left off, and the one before is made greater.
  const auto byte = static_cast<uint8_t>((*text)[at]);
  if (byte >= 0x7F) return false;
  (*text)[at] = static_cast<char>(byte + 1);
  text->resize(at + 1);
  return true;
}

bool StartsCodePoint(char byte) {
  return (static_cast<uint8_t>(byte) & 0xC0) != 0x80;
}

// Bytes of the first 16 code points or bytes.
std::size_t CutAt(std::string_view text, bool is_string) {
  if (!is_string) return std::min(text.size(), kBoundLength);
  std::size_t points = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (StartsCodePoint(text[i]) && points++ == kBoundLength) return i;
  }
  return text.size();
}

}  // namespace

std::optional<std::string> TruncateBound(const Type& type, BoundSide side, std::string bound) {
  if (!IsText(type.kind)) return bound;
  const bool is_string = type.kind == TypeKind::kString;
  const std::size_t cut = CutAt(bound, is_string);
  if (cut == bound.size()) return bound;
  bound.resize(cut);
  if (side == BoundSide::kLower) return bound;
  for (std::size_t at = bound.size(); at-- > 0;) {
    if (is_string && !StartsCodePoint(bound[at])) continue;
    if (Increment(&bound, at, is_string)) return bound;
  }
  return std::nullopt;
}

std::optional<std::string> BoundFromParquet(const io::FooterColumn& column, const Type& type,
                                            BoundSide side, std::string_view stored) {
  if (const int64_t unit = UnitOf(type.kind); unit > 0) {
    const auto value = StoredInteger(stored);
    return value ? TimeBound(*value, column.time_unit_ns, unit, side) : std::nullopt;
  }
  switch (type.kind) {
    case TypeKind::kBoolean:
      return stored.size() == 1 ? std::optional(std::string(stored)) : std::nullopt;
    case TypeKind::kInt:
    case TypeKind::kDate:
      return stored.size() == 4 ? std::optional(std::string(stored)) : std::nullopt;
    case TypeKind::kLong: {
      const auto value = StoredInteger(stored);
      return value ? std::optional(Store(*value)) : std::nullopt;
    }
    case TypeKind::kFloat:
    case TypeKind::kDouble: return FloatBound(type.kind, stored);
    case TypeKind::kDecimal: return DecimalBound(column.type, stored);
    default: return TruncateBound(type, side, std::string(stored));
  }
}

bool BoundLess(const Type& type, std::string_view a, std::string_view b) {
  switch (type.kind) {
    case TypeKind::kFloat: return Load<float>(a) < Load<float>(b);
    case TypeKind::kDouble: return Load<double>(a) < Load<double>(b);
    case TypeKind::kInt:
    case TypeKind::kDate: return Load<int32_t>(a) < Load<int32_t>(b);
    case TypeKind::kLong: return Load<int64_t>(a) < Load<int64_t>(b);
    case TypeKind::kDecimal: return CompareDecimals(a, b) < 0;
    default: break;
  }
  if (UnitOf(type.kind) > 0) return Load<int64_t>(a) < Load<int64_t>(b);
  return a < b;  // Unsigned bytes.
}

}  // namespace tickhouse::lake
