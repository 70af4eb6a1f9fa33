#include "tickhouse/sql/engine/cell_text.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <chrono>
#include <cmath>

namespace tickhouse::sql {

namespace {

template <typename Real>
std::string ShortestText(Real value) {
  if (std::isnan(value)) return "NaN";
  if (std::isinf(value)) return value > 0 ? "Infinity" : "-Infinity";
  return fmt::format("{}", value).find_first_of(".e") == std::string::npos
             ? fmt::format("{}.0", value)
             : fmt::format("{}", value);
}

std::string WithoutZeros(std::string text) {
  if (text.find('.') == std::string::npos) return text;
  text.erase(text.find_last_not_of('0') + 1);
  if (text.back() == '.') text.pop_back();
  return text;
}

std::string SecondText(int64_t seconds) {
  const int64_t day = FloorDiv(seconds, 86'400);
  const int64_t of_day = seconds - day * 86'400;
  return fmt::format("{} {:02}:{:02}:{:02}", DateText(static_cast<int32_t>(day)), of_day / 3'600,
                     of_day / 60 % 60, of_day % 60);
}

std::string PlainTime(std::string_view text) {
  std::string plain(text);
  if (plain.size() > 10 && plain[10] == 'T') plain[10] = ' ';
  for (const std::string_view end : {" UTC", "+00:00", "+00", "Z"}) {
    if (plain.size() > 11 && plain.ends_with(end)) {
      plain.resize(plain.size() - end.size());
      break;
    }
  }
  return WithoutZeros(std::move(plain));
}

}  // namespace

std::string RealText(double value) {
  return ShortestText(value);
}

std::string RealText(float value) {
  return ShortestText(value);
}

std::string TimestampText(int64_t ns) {
  const int64_t seconds = FloorDiv(ns, kNanosPerSecond);
  return WithoutZeros(fmt::format("{}.{:09}", SecondText(seconds), ns - seconds * kNanosPerSecond));
}

std::string TimestampTextOfMicros(int64_t us) {
  const int64_t seconds = FloorDiv(us, 1'000'000);
  return WithoutZeros(fmt::format("{}.{:06}", SecondText(seconds), us - seconds * 1'000'000));
}

std::string DateText(int32_t days) {
  return FormatDay(CivilDay{days});
}

std::string DecimalText(__int128 unscaled, int scale) {
  const bool negative = unscaled < 0;
  auto left = static_cast<unsigned __int128>(unscaled);
  if (negative) left = -left;
  std::string digits;
  for (int place = 0; left != 0 || place <= scale; ++place, left /= 10) {
    if (place == scale && scale > 0) digits += '.';
    digits += static_cast<char>('0' + static_cast<int>(left % 10));
  }
  if (negative) digits += '-';
  std::reverse(digits.begin(), digits.end());
  return digits;
}

std::string PlainText(ColumnKind kind, std::string_view text) {
  if (kind == ColumnKind::kTimestamp || kind == ColumnKind::kTimestampTz) return PlainTime(text);
  if (kind == ColumnKind::kReal) {
    double value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error == std::errc() && end == text.data() + text.size()) return RealText(value);
  }
  return std::string(text);
}

}  // namespace tickhouse::sql
