// Where an hour lies: SYMBOL/YYYY/MM/DD/HHh_ticks.bi5 with the month counted from 00.
#include <fmt/format.h>

#include <chrono>
#include <utility>

#include "tickhouse/core/time.h"
#include "tickhouse/io/bi5/bi5.h"

namespace tickhouse::io {

namespace {

// -1: not that many digits.
int ParseDigits(std::string_view text, std::size_t digits) {
  if (text.size() != digits) return -1;
  int value = 0;
  for (const char c : text) {
    if (c < '0' || c > '9') return -1;
    value = value * 10 + (c - '0');
  }
  return value;
}

std::string_view TakeLastPart(std::string_view* path) {
  const std::size_t slash = path->rfind('/');
  if (slash == std::string_view::npos) return std::exchange(*path, {});
  const std::string_view part = path->substr(slash + 1);
  *path = path->substr(0, slash);
  return part;
}

std::string UpperLettersAndDigits(std::string_view name) {
  std::string out;
  for (const char c : name) {
    if (c >= 'a' && c <= 'z') out += static_cast<char>(c - 'a' + 'A');
    if ((c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9')) out += c;
  }
  return out;
}

}  // namespace

Result<Bi5Path> ParseBi5Path(std::string_view path) {
  std::string_view rest = path;
  const std::string_view file = TakeLastPart(&rest);
  constexpr std::string_view kEnd = "h_ticks.bi5";
  const int hour =
      file.ends_with(kEnd) ? ParseDigits(file.substr(0, file.size() - kEnd.size()), 2) : -1;
  const int day = ParseDigits(TakeLastPart(&rest), 2);
  const int month = ParseDigits(TakeLastPart(&rest), 2);
  const int year = ParseDigits(TakeLastPart(&rest), 4);
  const std::string symbol = UpperLettersAndDigits(TakeLastPart(&rest));
  const std::chrono::year_month_day date(std::chrono::year(year),
                                         std::chrono::month(static_cast<unsigned>(month + 1)),
                                         std::chrono::day(static_cast<unsigned>(day)));
  if (hour < 0 || hour > 23 || day < 0 || month < 0 || year < 0 || symbol.empty() || !date.ok()) {
    return Fail(ErrorKind::kInvalidArgument,
                fmt::format("{}: not the path of a bi5 hour; expected SYMBOL/YYYY/MM/DD/"
                            "HHh_ticks.bi5 with the month from 00 to 11",
                            path));
  }
  const int64_t days = std::chrono::sys_days(date).time_since_epoch().count();
  return Bi5Path{symbol, days * kNanosPerDay + hour * kNanosPerHour};
}

std::string MakeBi5Path(std::string_view symbol, int64_t hour_ns) {
  const int64_t days = FloorDiv(hour_ns, kNanosPerDay);
  const std::chrono::year_month_day date{std::chrono::sys_days(std::chrono::days(days))};
  return fmt::format("{}/{:04}/{:02}/{:02}/{:02}h_ticks.bi5", symbol, static_cast<int>(date.year()),
                     static_cast<unsigned>(date.month()) - 1, static_cast<unsigned>(date.day()),
                     (hour_ns - days * kNanosPerDay) / kNanosPerHour);
}

}  // namespace tickhouse::io
