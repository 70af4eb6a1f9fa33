#include "tickhouse/io/csv/csv_number.h"

#include <array>
#include <charconv>
#include <cmath>
#include <string>

namespace tickhouse::io {

namespace {

constexpr std::array<double, 23> kPowers = {1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,
                                            1e8,  1e9,  1e10, 1e11, 1e12, 1e13, 1e14, 1e15,
                                            1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};
constexpr int64_t kExactIntegers = int64_t{1} << 53;
constexpr int kMaxPlainDigits = 18;

bool IsDigit(char c) {
  return c >= '0' && c <= '9';
}

/// Digits with at most one point; false when there is anything else, or too many digits.
bool ReadPlain(std::string_view digits, CsvNumber* out) {
  int count = 0;
  int point_at = -1;
  int64_t mantissa = 0;
  for (const char c : digits) {
    if (IsDigit(c)) {
      if (++count > kMaxPlainDigits) return false;
      mantissa = mantissa * 10 + (c - '0');
    } else if (c == '.' && point_at < 0) {
      point_at = count;
    } else {
      return false;
    }
  }
  if (count == 0) return false;
  out->mantissa = mantissa;
  out->decimals = point_at < 0 ? 0 : count - point_at;
  return true;
}

CsvNumberFault ReadByLibrary(std::string_view text, double* value) {
  const char* const begin = text.data();
  const char* const end = begin + text.size();
  const auto [stop, error] = std::from_chars(begin, end, *value);
  if (stop != end || error == std::errc::invalid_argument) return CsvNumberFault::kUnreadable;
  if (error != std::errc() || !std::isfinite(*value)) return CsvNumberFault::kNotFinite;
  *value += 0.0;  // -0 to 0
  return CsvNumberFault::kNone;
}

}  // namespace

CsvNumberFault ParseCsvNumber(std::string_view text, CsvNumber* out) {
  *out = CsvNumber{};
  if (text.empty()) return CsvNumberFault::kEmpty;
  const bool negative = text.front() == '-';
  std::string_view magnitude = text;
  if (negative || text.front() == '+') magnitude.remove_prefix(1);
  if (magnitude.empty() || magnitude.front() == '-') return CsvNumberFault::kUnreadable;
  out->plain = ReadPlain(magnitude, out);
  if (!out->plain || out->mantissa >= kExactIntegers) {
    const auto fault = ReadByLibrary(magnitude, &out->value);
    if (fault != CsvNumberFault::kNone) return fault;
  } else {
    out->value = static_cast<double>(out->mantissa) / PowerOfTen(out->decimals);
  }
  if (negative) {
    out->mantissa = -out->mantissa;
    out->value = 0.0 - out->value;
  }
  return CsvNumberFault::kNone;
}

double MillionsToUnits(std::string_view text, const CsvNumber& number) {
  constexpr int kMillion = 6;
  const auto mantissa = static_cast<double>(number.mantissa);
  const bool exact = number.plain && std::fabs(mantissa) < static_cast<double>(kExactIntegers);
  if (exact && number.decimals <= kMillion) {
    return mantissa * PowerOfTen(kMillion - number.decimals);
  }
  if (exact) return mantissa / PowerOfTen(number.decimals - kMillion);
  const std::size_t e = text.find_first_of("eE");
  if (e != std::string_view::npos) return number.value * PowerOfTen(kMillion);
  std::string scaled(text.starts_with('+') ? text.substr(1) : text);
  scaled += "e6";
  double value = 0;
  return ReadByLibrary(scaled, &value) == CsvNumberFault::kNone ? value : number.value * 1e6;
}

double PowerOfTen(int exponent) {
  return kPowers[static_cast<std::size_t>(exponent)];
}

}  // namespace tickhouse::io
