// The text of a value, as cell_text.h writes it, as the value: for files that keep types.
#pragma once

#include <charconv>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "tickhouse/sql/engine/engine.h"

namespace tickhouse::sql {

// Each is nothing for text that is no such value, or does not fit.

template <typename Number>
std::optional<Number> NumberOf(std::string_view text) {
  Number value{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

/// Also "NaN", "Infinity", "-Infinity".
template <typename Real>
std::optional<Real> RealOf(std::string_view text) {
  if (text == "NaN") return std::numeric_limits<Real>::quiet_NaN();
  if (text == "Infinity") return std::numeric_limits<Real>::infinity();
  if (text == "-Infinity") return -std::numeric_limits<Real>::infinity();
  return NumberOf<Real>(text);
}

/// Days since 1970-01-01.
std::optional<int32_t> DayOf(std::string_view text);

/// Units of 10^-`digits` seconds since 1970; a finer fraction does not fit.
std::optional<int64_t> InstantOf(std::string_view text, int digits);

/// Unscaled, of at most `precision` digits; more than `scale` places do not fit.
std::optional<__int128> DecimalOf(std::string_view text, int precision, int scale);

/// Precision and scale of "DECIMAL(9,2)" or "decimal(9, 2)", up to 38 digits.
std::optional<std::pair<int, int>> DecimalDigits(std::string_view type);

/// The engine's word of a column's type in small letters.
std::string TypeWord(const Column& column);

/// True for times of nanoseconds ("TIMESTAMP_NS", "timestamp(9)").
bool HasNanoseconds(const Column& column);

}  // namespace tickhouse::sql
