// Decimal numbers of tick CSV, read exactly.
#pragma once

#include <cstdint>
#include <string_view>

namespace tickhouse::io {

inline constexpr int64_t kMaxCsvPoints = 999'999'999;  ///< 9 digits.
inline constexpr int kMaxCsvDecimals = 9;

enum class CsvNumberFault { kNone, kEmpty, kUnreadable, kNotFinite };

/// When `plain`, the number is mantissa / 10^decimals (18 digits or fewer, no exponent). `value` is
/// the text correctly rounded, in either case.
struct CsvNumber {
  bool plain = false;
  int64_t mantissa = 0;
  int decimals = 0;
  double value = 0;
};

/// [+-]digits[.digits][e[+-]digits], at least one digit before the exponent. -0 comes out as 0.
CsvNumberFault ParseCsvNumber(std::string_view text, CsvNumber* out);

/// The number times 10^6, correctly rounded: volumes in millions to units.
double MillionsToUnits(std::string_view text, const CsvNumber& number);

/// 10^exponent, 0 to 22: exact as doubles.
double PowerOfTen(int exponent);

}  // namespace tickhouse::io
