#include "tickhouse/lake/format/text/instant_text.h"

#include <fmt/format.h>

#include <array>

#include "tickhouse/core/time.h"

namespace tickhouse::lake {

namespace {

constexpr int64_t kSecondsPerDay = 86'400;
constexpr int64_t kDaysPerEra = 146'097;  // 400 years
constexpr std::size_t kMostYearDigits = 9;

int64_t PowerOfTen(int digits) {
  int64_t power = 1;
  for (int i = 0; i < digits; ++i) power *= 10;
  return power;
}

bool IsLeap(int64_t year) {
  return (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
}

int DaysOfMonth(int64_t year, int month) {
  constexpr std::array<int, 12> kDays = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  return month == 2 && IsLeap(year) ? 29 : kDays[static_cast<std::size_t>(month - 1)];
}

// Years are taken to begin in March, so that the leap day is a year's last.
int64_t DaysOfCivil(CivilDate date) {
  const int64_t year = date.year - (date.month <= 2 ? 1 : 0);
  const int64_t era = FloorDiv(year, 400);
  const int64_t year_of_era = year - era * 400;
  const int64_t month = (date.month + 9) % 12;
  const int64_t day_of_year = (153 * month + 2) / 5 + date.day - 1;
  const int64_t day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
  return era * kDaysPerEra + day_of_era - 719'468;  // 1970-01-01
}

bool IsDigit(char c) {
  return c >= '0' && c <= '9';
}

bool TakeCharacter(std::string_view* text, char c) {
  if (!text->starts_with(c)) return false;
  text->remove_prefix(1);
  return true;
}

std::optional<int> TakeTwoDigits(std::string_view* text, int max) {
  if (text->size() < 2 || !IsDigit((*text)[0]) || !IsDigit((*text)[1])) return std::nullopt;
  const int value = ((*text)[0] - '0') * 10 + ((*text)[1] - '0');
  if (value > max) return std::nullopt;
  text->remove_prefix(2);
  return value;
}

std::optional<int64_t> TakeYear(std::string_view* text) {
  const bool negative = text->starts_with('-');
  const bool has_sign = negative || text->starts_with('+');
  if (has_sign) text->remove_prefix(1);
  std::size_t digits = 0;
  int64_t year = 0;
  while (digits < text->size() && IsDigit((*text)[digits]) && digits <= kMostYearDigits) {
    year = year * 10 + ((*text)[digits++] - '0');
  }
  if (digits < 4 || digits > kMostYearDigits || (digits > 4 && !has_sign)) return std::nullopt;
  text->remove_prefix(digits);
  return negative ? -year : year;
}

// The digits after the point, as units of 10^-digits.
std::optional<int64_t> TakeFraction(std::string_view* text, int digits) {
  if (!TakeCharacter(text, '.')) return 0;
  int64_t units = 0;
  int seen = 0;
  while (!text->empty() && IsDigit(text->front())) {
    const int digit = text->front() - '0';
    if (seen < digits) {
      units = units * 10 + digit;
    } else if (digit != 0) {
      return std::nullopt;
    }
    ++seen;
    text->remove_prefix(1);
  }
  if (seen == 0) return std::nullopt;
  return seen < digits ? units * PowerOfTen(digits - seen) : units;
}

}  // namespace

CivilDate CivilOfDays(int64_t days) {
  const int64_t shifted = days + 719'468;
  const int64_t era = FloorDiv(shifted, kDaysPerEra);
  const int64_t day_of_era = shifted - era * kDaysPerEra;
  const int64_t year_of_era =
      (day_of_era - day_of_era / 1'460 + day_of_era / 36'524 - day_of_era / 146'096) / 365;
  const int64_t day_of_year =
      day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
  const int64_t month = (5 * day_of_year + 2) / 153;
  CivilDate date;
  date.day = static_cast<int>(day_of_year - (153 * month + 2) / 5 + 1);
  date.month = static_cast<int>(month < 10 ? month + 3 : month - 9);
  date.year = era * 400 + year_of_era + (date.month <= 2 ? 1 : 0);
  return date;
}

std::string YearText(int64_t year) {
  if (year < 0) return fmt::format("-{:04}", -year);
  return year > 9999 ? fmt::format("+{}", year) : fmt::format("{:04}", year);
}

std::string DateText(int64_t days) {
  const CivilDate date = CivilOfDays(days);
  return fmt::format("{}-{:02}-{:02}", YearText(date.year), date.month, date.day);
}

std::string TimeText(int64_t units, int digits) {
  const int64_t power = PowerOfTen(digits);
  const int64_t seconds = units / power;
  return fmt::format("{:02}:{:02}:{:02}.{:0{}}", seconds / 3600, seconds / 60 % 60, seconds % 60,
                     units % power, digits);
}

std::string TimestampText(int64_t units, int digits) {
  const int64_t per_day = kSecondsPerDay * PowerOfTen(digits);
  const int64_t days = FloorDiv(units, per_day);
  // Unsigned: the product of the least instant's day leaves the range, its remainder does not.
  const auto of_day =
      static_cast<int64_t>(static_cast<uint64_t>(units) - static_cast<uint64_t>(days) * per_day);
  return fmt::format("{}T{}", DateText(days), TimeText(of_day, digits));
}

std::optional<int64_t> TakeDate(std::string_view* text) {
  std::string_view rest = *text;
  const auto year = TakeYear(&rest);
  if (!year || !TakeCharacter(&rest, '-')) return std::nullopt;
  const auto month = TakeTwoDigits(&rest, 12);
  if (!month || *month < 1 || !TakeCharacter(&rest, '-')) return std::nullopt;
  const auto day = TakeTwoDigits(&rest, DaysOfMonth(*year, *month));
  if (!day || *day < 1) return std::nullopt;
  *text = rest;
  return DaysOfCivil({*year, *month, *day});
}

std::optional<int64_t> TakeTime(std::string_view* text, int digits) {
  std::string_view rest = *text;
  const auto hour = TakeTwoDigits(&rest, 23);
  if (!hour || !TakeCharacter(&rest, ':')) return std::nullopt;
  const auto minute = TakeTwoDigits(&rest, 59);
  if (!minute) return std::nullopt;
  int64_t seconds = *hour * 3600 + *minute * 60;
  int64_t fraction = 0;
  if (TakeCharacter(&rest, ':')) {
    const auto second = TakeTwoDigits(&rest, 59);
    const auto part = second ? TakeFraction(&rest, digits) : std::nullopt;
    if (!part) return std::nullopt;
    seconds += *second;
    fraction = *part;
  }
  *text = rest;
  return seconds * PowerOfTen(digits) + fraction;
}

std::optional<int> TakeOffset(std::string_view* text) {
  std::string_view rest = *text;
  if (TakeCharacter(&rest, 'Z')) {
    *text = rest;
    return 0;
  }
  const bool negative = rest.starts_with('-');
  if (!negative && !rest.starts_with('+')) return std::nullopt;
  rest.remove_prefix(1);
  const auto hour = TakeTwoDigits(&rest, 18);
  if (!hour || !TakeCharacter(&rest, ':')) return std::nullopt;
  const auto minute = TakeTwoDigits(&rest, 59);
  if (!minute) return std::nullopt;
  *text = rest;
  const int seconds = *hour * 3600 + *minute * 60;
  return negative ? -seconds : seconds;
}

}  // namespace tickhouse::lake
