// Random columns of every type, for the tests of this folder and of who builds on it.
#pragma once

#include <cmath>
#include <limits>
#include <string>
#include <utility>
#include <vector>

#include "tickhouse/core/random.h"
#include "tickhouse/io/parquet/table/column_batch.h"
#include "tickhouse/io/parquet/table/value_decoder.h"

namespace tickhouse::io {

/// One of every type that can be written.
inline std::vector<ColumnType> EveryColumnType() {
  using enum PhysicalType;
  using enum LogicalKind;
  std::vector<ColumnType> types = {{.physical = kBoolean}, {.physical = kInt32},
                                   {.physical = kInt64},   {.physical = kFloat},
                                   {.physical = kDouble},  {.physical = kByteArray}};
  types.push_back({.physical = kByteArray, .logical = kString});
  types.push_back({.physical = kFixedBytes, .length = 5});
  types.push_back({.physical = kFixedBytes, .logical = kUuid, .length = 16});
  types.push_back({.physical = kInt32, .logical = kDate});
  types.push_back({.physical = kInt32, .logical = kDecimal, .precision = 9, .scale = 2});
  types.push_back({.physical = kInt64, .logical = kDecimal, .precision = 18, .scale = 6});
  types.push_back(
      {.physical = kFixedBytes, .logical = kDecimal, .precision = 38, .scale = 9, .length = 16});
  types.push_back({.physical = kByteArray, .logical = kDecimal, .precision = 30, .scale = 3});
  types.push_back({.physical = kInt32, .logical = kTime, .unit_ns = 1'000'000, .utc = true});
  types.push_back({.physical = kInt64, .logical = kTime, .unit_ns = 1'000});
  for (const int64_t unit : {1, 1'000, 1'000'000}) {
    types.push_back({.physical = kInt64, .logical = kTimestamp, .unit_ns = unit});
    types.push_back({.physical = kInt64, .logical = kTimestamp, .unit_ns = unit, .utc = true});
  }
  for (const PhysicalType physical : {kInt32, kInt64}) {
    types.push_back({.physical = physical, .logical = kSigned});
    types.push_back({.physical = physical, .logical = kUnsigned});
  }
  return types;
}

/// How the values of a column go: few of them, in order, anything, or extremes.
enum class Habit { kFew, kAscending, kAny, kExtreme };

template <typename T>
T RandomNumber(Random* random, Habit habit, std::size_t row) {
  using Limits = std::numeric_limits<T>;
  switch (habit) {
    case Habit::kFew: return static_cast<T>(random->Below(40)) / T(4) - T(5);
    case Habit::kAscending: return static_cast<T>(1000 + row * 3);
    case Habit::kExtreme: {
      const T picks[] = {Limits::lowest(), Limits::max(), T(0), T(1), static_cast<T>(-1)};
      return picks[random->Below(5)];
    }
    default: break;
  }
  if constexpr (std::is_floating_point_v<T>) {
    const uint64_t pick = random->Below(20);
    if (pick == 0) return Limits::quiet_NaN();
    if (pick == 1) return T(-0.0);
    if (pick == 2) return random->Below(2) == 0 ? Limits::infinity() : -Limits::infinity();
    return static_cast<T>(random->Normal());
  } else {
    return static_cast<T>(random->Next());
  }
}

inline std::string RandomBytes(Random* random, const ColumnType& type, Habit habit) {
  std::string bytes;
  std::size_t length = static_cast<std::size_t>(type.length);
  if (type.physical == PhysicalType::kByteArray) length = random->Below(12);
  if (type.logical == LogicalKind::kDecimal && length == 0) length = 1 + random->Below(12);
  if (habit == Habit::kAny && type.logical == LogicalKind::kString && random->Below(9) == 0) {
    length = 150;  // Longer than bounds are.
  }
  const uint64_t letters = habit == Habit::kFew ? 2 : 200;
  for (std::size_t i = 0; i < length; ++i) {
    if (type.logical != LogicalKind::kString) {
      bytes.push_back(static_cast<char>(habit == Habit::kExtreme ? 0xFF : random->Below(letters)));
    } else if (random->Below(3) == 0) {
      bytes += "\u00e9\u4e2d";
    } else {
      bytes.push_back(static_cast<char>('a' + random->Below(letters % 26)));
    }
  }
  return bytes;
}

inline ColumnData RandomColumn(Random* random, const ColumnType& type, std::size_t rows,
                               bool nulls) {
  const auto habit = static_cast<Habit>(random->Below(4));
  ColumnData data{.values = EmptyValues(type.physical)};
  for (std::size_t row = 0; row < rows; ++row) {
    const bool is_null = nulls && random->Below(5) == 0;
    if (nulls) data.valid.push_back(is_null ? 0 : 1);
    std::visit(
        [&](auto& held) {
          using Held = std::decay_t<decltype(held)>;
          if constexpr (std::is_same_v<Held, BytesValues>) {
            held.Append(is_null ? "" : RandomBytes(random, type, habit));
          } else if constexpr (std::is_same_v<Held, std::vector<uint8_t>>) {
            held.push_back(is_null ? 0 : static_cast<uint8_t>(random->Below(2)));
          } else {
            using T = typename Held::value_type;
            held.push_back(is_null ? T{} : RandomNumber<T>(random, habit, row));
          }
        },
        data.values);
  }
  return data;
}

/// The stored bytes of a value that is not null, as statistics would have them.
inline std::string StoredBytes(const ColumnData& column, std::size_t row) {
  return std::visit(
      [&](const auto& held) -> std::string {
        if constexpr (std::is_same_v<std::decay_t<decltype(held)>, BytesValues>) {
          return std::string(held[row]);
        } else {
          return {reinterpret_cast<const char*>(&held[row]), sizeof(held[row])};
        }
      },
      column.values);
}

/// Bit for bit, nulls where nulls are.
inline bool SameRow(const ColumnData& a, std::size_t row, const ColumnData& b, std::size_t other) {
  if (a.IsNull(row) || b.IsNull(other)) return a.IsNull(row) && b.IsNull(other);
  return StoredBytes(a, row) == StoredBytes(b, other);
}

}  // namespace tickhouse::io
