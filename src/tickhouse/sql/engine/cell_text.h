// The one way a value is written, so that the same row looks the same from every engine.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "tickhouse/sql/engine/engine.h"

namespace tickhouse::sql {

/// Shortest text that reads back to the same number; a whole number ends in ".0"; "NaN",
/// "Infinity", "-Infinity".
std::string RealText(double value);
std::string RealText(float value);

/// "2024-01-02 03:04:05.678": of the fraction as many digits as the value needs.
std::string TimestampText(int64_t ns);
/// The same from microseconds, which reach further than nanoseconds.
std::string TimestampTextOfMicros(int64_t us);

/// "2024-01-02"
std::string DateText(int32_t days);

/// `unscaled` / 10^scale with exactly `scale` decimals.
std::string DecimalText(__int128 unscaled, int scale);

/// An engine's own text of a value as this house writes it: zeros at the end of a time's fraction
/// go, 'T', "Z" and " UTC" too; reals in their shortest form; other kinds stay.
std::string PlainText(ColumnKind kind, std::string_view text);

}  // namespace tickhouse::sql
