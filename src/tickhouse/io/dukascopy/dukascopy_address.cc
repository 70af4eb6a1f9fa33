#include "tickhouse/io/dukascopy/dukascopy_address.h"

#include <fmt/format.h>

#include <chrono>

#include "tickhouse/core/time.h"

namespace tickhouse::io {

namespace {

struct HourParts {
  int year;
  unsigned month;
  unsigned day;
  int64_t hour;
};

HourParts PartsOf(int64_t hour_ns) {
  const int64_t days = FloorDiv(hour_ns, kNanosPerDay);
  const std::chrono::year_month_day date{std::chrono::sys_days(std::chrono::days(days))};
  return {static_cast<int>(date.year()), static_cast<unsigned>(date.month()),
          static_cast<unsigned>(date.day()), (hour_ns - days * kNanosPerDay) / kNanosPerHour};
}

std::string_view WithoutSlash(std::string_view root) {
  while (root.ends_with('/')) root.remove_suffix(1);
  return root;
}

int Digits(std::string_view text) {
  int value = 0;
  for (const char c : text) {
    if (c < '0' || c > '9') return -1;
    value = value * 10 + (c - '0');
  }
  return value;
}

}  // namespace

std::string DukascopyTicksUrl(std::string_view root, std::string_view code, int64_t hour_ns) {
  const HourParts at = PartsOf(hour_ns);
  return fmt::format("{}/ticks/{}/{}/{}/{}/{}", WithoutSlash(root), code, at.year, at.month, at.day,
                     at.hour);
}

std::string DukascopyInstrumentUrl(std::string_view root, std::string_view code) {
  return fmt::format("{}/instruments/{}", WithoutSlash(root), code);
}

std::string MakeDukascopyJsonPath(std::string_view symbol, int64_t hour_ns) {
  const HourParts at = PartsOf(hour_ns);
  const std::string day = fmt::format("{:04}-{:02}-{:02}", at.year, at.month, at.day);
  return fmt::format("{}/{:04}/{}/{}_{}T{:02}Z.json", symbol, at.year, day, symbol, day, at.hour);
}

Result<DukascopyJsonPath> ParseDukascopyJsonPath(std::string_view path) {
  const std::string_view name = path.substr(path.rfind('/') + 1);
  constexpr std::size_t kTail = std::string_view("_2026-07-13T12Z.json").size();
  if (name.size() > kTail) {
    const std::string_view tail = name.substr(name.size() - kTail);
    const std::chrono::year_month_day date(
        std::chrono::year(Digits(tail.substr(1, 4))),
        std::chrono::month(static_cast<unsigned>(Digits(tail.substr(6, 2)))),
        std::chrono::day(static_cast<unsigned>(Digits(tail.substr(9, 2)))));
    const int hour = Digits(tail.substr(12, 2));
    if (tail[0] == '_' && tail[5] == '-' && tail[8] == '-' && tail[11] == 'T' &&
        tail.ends_with("Z.json") && Digits(tail.substr(1, 4)) >= 0 && date.ok() && hour >= 0 &&
        hour < 24) {
      const int64_t days = std::chrono::sys_days(date).time_since_epoch().count();
      return DukascopyJsonPath{std::string(name.substr(0, name.size() - kTail)),
                               days * kNanosPerDay + hour * kNanosPerHour};
    }
  }
  return Fail(
      ErrorKind::kInvalidArgument,
      fmt::format("{}: not the name of a JSON hour; expected SYMBOL_YYYY-MM-DDTHHZ.json", path));
}

}  // namespace tickhouse::io
