#include "tickhouse/io/parquet/encode/bound_order.h"

#include <algorithm>
#include <cstdint>
#include <cstring>

namespace tickhouse::io {

namespace {

template <typename T>
int CompareAs(std::string_view a, std::string_view b) {
  T left{};
  T right{};
  std::memcpy(&left, a.data(), std::min(a.size(), sizeof(T)));
  std::memcpy(&right, b.data(), std::min(b.size(), sizeof(T)));
  return left < right ? -1 : (right < left ? 1 : 0);
}

}  // namespace

int CompareBigEndian(std::string_view a, std::string_view b) {
  const auto fill = [](std::string_view bytes) {
    return static_cast<uint8_t>(!bytes.empty() && (bytes[0] & 0x80) != 0 ? 0xFF : 0);
  };
  const bool a_negative = fill(a) != 0;
  if (a_negative != (fill(b) != 0)) return a_negative ? -1 : 1;
  const std::size_t length = std::max(a.size(), b.size());
  for (std::size_t i = 0; i < length; ++i) {
    const auto at = [&](std::string_view bytes) {
      const std::size_t lead = length - bytes.size();
      return i < lead ? fill(bytes) : static_cast<uint8_t>(bytes[i - lead]);
    };
    if (at(a) != at(b)) return at(a) < at(b) ? -1 : 1;
  }
  return 0;
}

int CompareBounds(const ColumnType& type, std::string_view a, std::string_view b) {
  const bool is_unsigned = type.logical == LogicalKind::kUnsigned;
  switch (type.physical) {
    case PhysicalType::kBoolean: return CompareAs<uint8_t>(a, b);
    case PhysicalType::kInt32:
      return is_unsigned ? CompareAs<uint32_t>(a, b) : CompareAs<int32_t>(a, b);
    case PhysicalType::kInt64:
    case PhysicalType::kInt96:
      return is_unsigned ? CompareAs<uint64_t>(a, b) : CompareAs<int64_t>(a, b);
    case PhysicalType::kFloat: return CompareAs<float>(a, b);
    case PhysicalType::kDouble: return CompareAs<double>(a, b);
    default: break;
  }
  return type.logical == LogicalKind::kDecimal ? CompareBigEndian(a, b) : a.compare(b);
}

bool ComparesSigned(const ColumnType& type) {
  return type.logical != LogicalKind::kUnsigned && type.physical != PhysicalType::kByteArray &&
         type.physical != PhysicalType::kFixedBytes;
}

}  // namespace tickhouse::io
