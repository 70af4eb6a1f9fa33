#include "tickhouse/core/time.h"

#include <fmt/format.h>

#include <optional>

namespace tickhouse {

namespace {

namespace chrono = std::chrono;

// The digits of `text` as a number, or nothing when one of them is no digit.
std::optional<int> Digits(std::string_view text) {
  int value = 0;
  for (const char c : text) {
    if (c < '0' || c > '9') return std::nullopt;
    value = value * 10 + (c - '0');
  }
  return value;
}

// Walks through a text of fixed fields; any mismatch makes it `failed` for good.
class Fields {
 public:
  explicit Fields(std::string_view text) : rest_(text) {}

  int Number(std::size_t digits) {
    if (rest_.size() < digits) return Failed();
    const std::optional<int> value = Digits(rest_.substr(0, digits));
    if (!value) return Failed();
    rest_.remove_prefix(digits);
    return *value;
  }
  void Literal(char c) {
    if (!Skip(c)) Failed();
  }
  bool Skip(char c) {
    if (rest_.empty() || rest_.front() != c) return false;
    rest_.remove_prefix(1);
    return true;
  }
  // 1 to 9 digits after a point, as nanoseconds.
  int FractionNanos() {
    std::size_t digits = 0;
    while (digits < rest_.size() && rest_[digits] >= '0' && rest_[digits] <= '9') ++digits;
    if (digits == 0 || digits > 9) return Failed();
    int value = Number(digits);
    for (; digits < 9; ++digits) value *= 10;
    return value;
  }
  bool done() const { return !failed_ && rest_.empty(); }
  bool at_end() const { return rest_.empty(); }

 private:
  int Failed() {
    failed_ = true;
    return 0;
  }
  std::string_view rest_;
  bool failed_ = false;
};

std::unexpected<Error> BadTime(std::string_view text, std::string_view why) {
  return Fail(ErrorKind::kInvalidArgument,
              fmt::format("'{}' is no time: {}; write 2012-12-21 or 2012-12-21T07:50:00.000 (UTC)",
                          text, why));
}

}  // namespace

bool MakeCivilDay(int year, int month, int day_of_month, CivilDay* day) {
  if (year < -9999 || year > 9999 || month < 1 || month > 12 || day_of_month < 1) return false;
  const chrono::year_month_day date(chrono::year(year), chrono::month(static_cast<unsigned>(month)),
                                    chrono::day(static_cast<unsigned>(day_of_month)));
  if (!date.ok()) return false;
  day->days_since_epoch = static_cast<int32_t>(chrono::sys_days(date).time_since_epoch().count());
  return true;
}

std::chrono::year_month_day ToYearMonthDay(CivilDay day) {
  return chrono::year_month_day(chrono::sys_days(chrono::days(day.days_since_epoch)));
}

std::string FormatDay(CivilDay day) {
  const chrono::year_month_day date = ToYearMonthDay(day);
  return fmt::format("{:04}-{:02}-{:02}", static_cast<int>(date.year()),
                     static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()));
}

std::string FormatUtc(UtcTime time) {
  const int64_t ns = ToNanos(time);
  const int64_t second = FloorDiv(ns, kNanosPerSecond);
  const int64_t day = FloorDiv(ns, kNanosPerDay);
  const int64_t fraction = ns % kNanosPerSecond + (ns % kNanosPerSecond < 0 ? kNanosPerSecond : 0);
  const int64_t second_of_day = second - day * 86'400;
  std::string text =
      fmt::format("{}T{:02}:{:02}:{:02}", FormatDay({static_cast<int32_t>(day)}),
                  second_of_day / 3'600, second_of_day / 60 % 60, second_of_day % 60);
  if (fraction % kNanosPerMicro != 0) {
    text += fmt::format(".{:09}", fraction);
  } else if (fraction % kNanosPerMilli != 0) {
    text += fmt::format(".{:06}", fraction / kNanosPerMicro);
  } else if (fraction != 0) {
    text += fmt::format(".{:03}", fraction / kNanosPerMilli);
  }
  return text + "Z";
}

Result<UtcTime> ParseUtc(std::string_view text) {
  Fields fields(text);
  const int year = fields.Number(4);
  fields.Literal('-');
  const int month = fields.Number(2);
  fields.Literal('-');
  const int day_of_month = fields.Number(2);
  int hour = 0;
  int minute = 0;
  int second = 0;
  int fraction_ns = 0;
  if (!fields.at_end()) {
    fields.Literal('T');
    hour = fields.Number(2);
    fields.Literal(':');
    minute = fields.Number(2);
    if (fields.Skip(':')) {
      second = fields.Number(2);
      if (fields.Skip('.')) fraction_ns = fields.FractionNanos();
    }
    fields.Skip('Z');
  }
  if (!fields.done()) return BadTime(text, "it does not have that shape");
  CivilDay day;
  if (!MakeCivilDay(year, month, day_of_month, &day)) return BadTime(text, "no such day");
  if (hour > 23 || minute > 59) return BadTime(text, "no such time of day");
  if (second > 59) return BadTime(text, "seconds run from 00 to 59, leap seconds are not counted");
  // Nanoseconds in 64 bits reach from 1677-09-21 to 2262-04-11; whole years keep sums safe.
  if (year < 1678 || year > 2261) return BadTime(text, "years run from 1678 to 2261");
  const int64_t second_of_day = hour * 3'600 + minute * 60 + second;
  return FromNanos(day.days_since_epoch * kNanosPerDay + second_of_day * kNanosPerSecond +
                   fraction_ns);
}

}  // namespace tickhouse
