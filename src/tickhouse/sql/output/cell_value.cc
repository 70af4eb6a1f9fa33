#include "tickhouse/sql/output/cell_value.h"

#include <algorithm>
#include <cctype>
#include <string>

#include "tickhouse/core/time.h"

namespace tickhouse::sql {

namespace {

// "HH:MM:SS[.f]" as units of a second, `digits` of them after the point.
std::optional<int64_t> TimeOfDay(std::string_view text, int digits) {
  if (text.size() < 8 || text[2] != ':' || text[5] != ':') return std::nullopt;
  const auto hour = NumberOf<int64_t>(text.substr(0, 2));
  const auto minute = NumberOf<int64_t>(text.substr(3, 2));
  const auto second = NumberOf<int64_t>(text.substr(6, 2));
  if (!hour || !minute || !second) return std::nullopt;
  std::string fraction(text.size() > 9 && text[8] == '.' ? text.substr(9) : std::string_view());
  if (fraction.size() > static_cast<std::size_t>(digits)) return std::nullopt;
  fraction.resize(static_cast<std::size_t>(digits), '0');
  const auto units = NumberOf<int64_t>(fraction);
  if (!units) return std::nullopt;
  int64_t per_second = 1;
  for (int i = 0; i < digits; ++i) per_second *= 10;
  return (*hour * 3'600 + *minute * 60 + *second) * per_second + *units;
}

}  // namespace

std::optional<int32_t> DayOf(std::string_view text) {
  const bool negative = text.starts_with('-');
  const std::string_view digits = text.substr(negative ? 1 : 0);
  const std::size_t first = digits.find('-');
  const std::size_t second = first == std::string_view::npos ? first : digits.find('-', first + 1);
  if (second == std::string_view::npos) return std::nullopt;
  const auto year = NumberOf<int>(digits.substr(0, first));
  const auto month = NumberOf<int>(digits.substr(first + 1, second - first - 1));
  const auto day = NumberOf<int>(digits.substr(second + 1));
  CivilDay civil;
  if (!year || !month || !day || !MakeCivilDay(negative ? -*year : *year, *month, *day, &civil)) {
    return std::nullopt;
  }
  return civil.days_since_epoch;
}

std::optional<int64_t> InstantOf(std::string_view text, int digits) {
  const std::size_t blank = text.find(' ');
  if (blank == std::string_view::npos) return std::nullopt;
  const auto day = DayOf(text.substr(0, blank));
  const auto time = TimeOfDay(text.substr(blank + 1), digits);
  if (!day || !time) return std::nullopt;
  int64_t per_day = 86'400;
  for (int i = 0; i < digits; ++i) per_day *= 10;
  int64_t whole = 0;
  if (__builtin_mul_overflow(int64_t{*day}, per_day, &whole) ||
      __builtin_add_overflow(whole, *time, &whole)) {
    return std::nullopt;
  }
  return whole;
}

std::optional<__int128> DecimalOf(std::string_view text, int precision, int scale) {
  const bool negative = text.starts_with('-');
  if (negative) text.remove_prefix(1);
  const std::size_t point = text.find('.');
  const std::string_view whole = text.substr(0, point);
  const std::string_view places =
      point == std::string_view::npos ? std::string_view() : text.substr(point + 1);
  if (whole.empty() || places.size() > static_cast<std::size_t>(scale)) return std::nullopt;
  std::string digits(whole);
  digits += places;
  digits.append(static_cast<std::size_t>(scale) - places.size(), '0');
  __int128 value = 0;
  int used = 0;
  for (const char c : digits) {
    if (c < '0' || c > '9') return std::nullopt;
    value = value * 10 + (c - '0');
    if (value != 0 || used > 0) ++used;
    if (used > precision) return std::nullopt;
  }
  return negative ? -value : value;
}

std::optional<std::pair<int, int>> DecimalDigits(std::string_view type) {
  const std::size_t open = type.find('(');
  const std::size_t comma = open == std::string_view::npos ? open : type.find(',', open);
  const std::size_t close = comma == std::string_view::npos ? comma : type.find(')', comma);
  if (close == std::string_view::npos) return std::nullopt;
  std::string_view places = type.substr(comma + 1, close - comma - 1);
  while (places.starts_with(' ')) places.remove_prefix(1);
  const auto precision = NumberOf<int>(type.substr(open + 1, comma - open - 1));
  const auto scale = NumberOf<int>(places);
  if (!precision || !scale || *precision < 1 || *precision > 38 || *scale < 0 ||
      *scale > *precision) {
    return std::nullopt;
  }
  return std::pair(*precision, *scale);
}

std::string TypeWord(const Column& column) {
  std::string word = column.type;
  std::ranges::transform(word, word.begin(),
                         [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return word;
}

bool HasNanoseconds(const Column& column) {
  const std::string word = TypeWord(column);
  return word.find("_ns") != std::string::npos || word.find("(9)") != std::string::npos;
}

}  // namespace tickhouse::sql
