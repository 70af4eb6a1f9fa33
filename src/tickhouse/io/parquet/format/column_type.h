// What a flat column is: how its values are stored and what they mean.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "tickhouse/io/parquet/format/parquet_footer.h"

namespace tickhouse::io {

/// The representation of a column. kInt96 does not occur: it is read as timestamps in nanoseconds.
struct ColumnType {
  PhysicalType physical = PhysicalType::kInt64;
  LogicalKind logical = LogicalKind::kNone;
  int64_t unit_ns = 0;  ///< kTime, kTimestamp: 1'000'000, 1'000 or 1.
  bool utc = false;     ///< kTimestamp, kTime.
  int precision = 0;    ///< kDecimal.
  int scale = 0;        ///< kDecimal.
  int length = 0;       ///< kFixedBytes.
  bool operator==(const ColumnType&) const = default;
};

struct ColumnSchema {
  std::string name;
  ColumnType type = {};
  std::optional<int> field_id = {};
  bool required = false;
};

inline constexpr ColumnType kDoubleColumn{.physical = PhysicalType::kDouble};
inline constexpr ColumnType kInt64Column{};
/// Microseconds of no zone.
inline constexpr ColumnType kTimestampColumn{.logical = LogicalKind::kTimestamp, .unit_ns = 1'000};

}  // namespace tickhouse::io
