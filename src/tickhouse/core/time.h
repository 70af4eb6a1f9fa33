// UTC instants. A scalar is a `UtcTime` (a nanosecond time point); a column of them is
// `std::vector<int64_t>` named `*_ns`, nanoseconds since 1970-01-01T00:00:00 UTC, leap seconds not
// counted (as POSIX and Parquet count). Instants before 1970 are negative and floor downwards.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

#include "tickhouse/core/error.h"

namespace tickhouse {

using Nanos = std::chrono::nanoseconds;
using UtcTime = std::chrono::sys_time<Nanos>;

inline constexpr int64_t kNanosPerMicro = 1'000;
inline constexpr int64_t kNanosPerMilli = 1'000'000;
inline constexpr int64_t kNanosPerSecond = 1'000'000'000;
inline constexpr int64_t kNanosPerHour = 3'600 * kNanosPerSecond;
inline constexpr int64_t kNanosPerDay = 24 * kNanosPerHour;

inline constexpr UtcTime FromNanos(int64_t ns) {
  return UtcTime(Nanos(ns));
}
inline constexpr int64_t ToNanos(UtcTime time) {
  return time.time_since_epoch().count();
}

/// Floor division, right for negative numerators (before 1970). Divisor > 0.
inline constexpr int64_t FloorDiv(int64_t value, int64_t divisor) {
  const int64_t quotient = value / divisor;
  return quotient - (value % divisor < 0 ? 1 : 0);
}

/// A calendar day without a zone, counted from 1970-01-01.
struct CivilDay {
  int32_t days_since_epoch = 0;
  auto operator<=>(const CivilDay&) const = default;
};

/// False for 31 February and the like; then `*day` is untouched.
bool MakeCivilDay(int year, int month, int day_of_month, CivilDay* day);
/// "2012-12-21"
std::string FormatDay(CivilDay day);
std::chrono::year_month_day ToYearMonthDay(CivilDay day);

/// "2012-12-21T07:50:00.123Z": as many decimals (0, 3, 6 or 9) as the instant needs.
std::string FormatUtc(UtcTime time);

/// Reads `2012-12-21` or `2012-12-21T07:50[:00[.000]][Z]` as UTC; anything else, 31 February or
/// leap second :60 included, is kInvalidArgument.
Result<UtcTime> ParseUtc(std::string_view text);

/// A half-open range of instants: begin is in, end is not.
struct UtcRange {
  UtcTime begin;
  UtcTime end;
  bool Contains(UtcTime time) const { return begin <= time && time < end; }
  auto operator<=>(const UtcRange&) const = default;
};

}  // namespace tickhouse
