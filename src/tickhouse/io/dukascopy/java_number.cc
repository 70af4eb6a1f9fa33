#include "tickhouse/io/dukascopy/java_number.h"

#include <charconv>
#include <cmath>
#include <string_view>

namespace tickhouse::io {

std::string FormatJavaDouble(double value) {
  if (value == 0) return std::signbit(value) ? "-0.0" : "0.0";
  char buffer[64];
  const double size = std::fabs(value);
  const bool plain = size >= 1e-3 && size < 1e7;
  const auto format = plain ? std::chars_format::fixed : std::chars_format::scientific;
  const auto end = std::to_chars(buffer, buffer + sizeof(buffer), value, format).ptr;
  const std::string_view text(buffer, static_cast<std::size_t>(end - buffer));
  if (plain) return std::string(text) + (text.find('.') == text.npos ? ".0" : "");
  // "1.449e+07" -> "1.449E7"
  const std::size_t e = text.find('e');
  const std::string mantissa(text.substr(0, e));
  std::string_view exponent = text.substr(e + 1);
  std::string sign = exponent.front() == '-' ? "-" : "";
  exponent.remove_prefix(1);
  while (exponent.size() > 1 && exponent.front() == '0') exponent.remove_prefix(1);
  return mantissa + (mantissa.find('.') == mantissa.npos ? ".0" : "") + "E" + sign +
         std::string(exponent);
}

}  // namespace tickhouse::io
