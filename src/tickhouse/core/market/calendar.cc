#include "tickhouse/core/market/calendar.h"

#include <algorithm>
#include <chrono>
#include <limits>

#include "tickhouse/core/check.h"
#include "tickhouse/core/zone.h"

namespace tickhouse {

namespace {

constexpr int64_t kClose = 17 * kNanosPerHour;     // Of the trading day, New York time.
constexpr int64_t kBreakEnd = 18 * kNanosPerHour;  // Where a daily break separates two days.
constexpr int64_t kChristmas = 3 * kNanosPerHour;  // FX trades into the morning of 25 December.

// Never destroyed: calendars may be asked while the process ends.
const Zone& NewYork() {
  static const Zone* const zone = [] {
    const Result<Zone> parsed = Zone::Parse("America/New_York");
    TICKHOUSE_CHECK(parsed.has_value(), "Zone::CheckDatabase went before");
    return new Zone(*parsed);
  }();
  return *zone;
}

// Gathers closures given as nanoseconds of New York's wall clock.
class ClosureList {
 public:
  void Add(int64_t local_begin_ns, int64_t local_end_ns) {
    closures_.push_back({NewYork().FromLocalNanos(local_begin_ns).time,
                         NewYork().FromLocalNanos(local_end_ns).time});
  }
  // In time order, those that touch made one.
  std::vector<UtcRange> Merged() && {
    std::sort(closures_.begin(), closures_.end());
    std::vector<UtcRange> merged;
    for (const UtcRange& closure : closures_) {
      if (!merged.empty() && closure.begin <= merged.back().end) {
        merged.back().end = std::max(merged.back().end, closure.end);
      } else {
        merged.push_back(closure);
      }
    }
    return merged;
  }

 private:
  std::vector<UtcRange> closures_;
};

// What closes on one day of New York's calendar.
void AddDay(CivilDay day, Session session, ClosureList* closures) {
  const bool is_fx = session == Session::kFx;
  const int64_t midnight = day.days_since_epoch * kNanosPerDay;
  const int64_t reopen = is_fx ? kClose : kBreakEnd;
  const std::chrono::weekday weekday(
      std::chrono::sys_days(std::chrono::days(day.days_since_epoch)));
  if (weekday == std::chrono::Friday) {
    closures->Add(midnight + kClose, midnight + 2 * kNanosPerDay + reopen);
  } else if (!is_fx && weekday.iso_encoding() < 5) {
    closures->Add(midnight + kClose, midnight + kBreakEnd);
  }
  const std::chrono::year_month_day date = ToYearMonthDay(day);
  const auto month = static_cast<unsigned>(date.month());
  const auto day_of_month = static_cast<unsigned>(date.day());
  if (month == 12 && day_of_month == 25) {
    closures->Add(is_fx ? midnight + kChristmas : midnight - kNanosPerDay + kClose,
                  midnight + reopen);
  } else if (month == 1 && day_of_month == 1) {
    closures->Add(midnight - kNanosPerDay + kClose, midnight + reopen);
  }
}

int64_t SaturatingLength(UtcTime begin, UtcTime end) {
  int64_t length = 0;
  if (__builtin_sub_overflow(ToNanos(end), ToNanos(begin), &length)) {
    return std::numeric_limits<int64_t>::max();
  }
  return length;
}

}  // namespace

TradingCalendar::TradingCalendar(Session session) : session_(session) {}

bool TradingCalendar::MayTrade(UtcRange range) const {
  return OpenTime(range) > Nanos::zero();
}

Nanos TradingCalendar::OpenTime(UtcRange range) const {
  if (range.begin >= range.end) return Nanos::zero();
  int64_t open_ns = SaturatingLength(range.begin, range.end);
  for (const UtcRange& closure : Closures(range)) {
    const UtcTime begin = std::max(closure.begin, range.begin);
    const UtcTime end = std::min(closure.end, range.end);
    open_ns -= SaturatingLength(begin, end);
  }
  return Nanos(open_ns);
}

std::vector<UtcRange> TradingCalendar::Closures(UtcRange range) const {
  if (session_ == Session::kCrypto || range.begin >= range.end) return {};
  // The longest closure (a weekend and New Year) lasts under five days.
  constexpr int64_t kMargin = 6;
  constexpr int64_t kLastDay = std::numeric_limits<int64_t>::max() / kNanosPerDay - 2 * kMargin;
  const int64_t first = std::max(FloorDiv(ToNanos(range.begin), kNanosPerDay) - kMargin, -kLastDay);
  const int64_t last = std::min(FloorDiv(ToNanos(range.end), kNanosPerDay) + kMargin, kLastDay);
  ClosureList list;
  for (int64_t day = first; day <= last; ++day) {
    AddDay({static_cast<int32_t>(day)}, session_, &list);
  }
  std::vector<UtcRange> closures = std::move(list).Merged();
  std::erase_if(closures, [&](const UtcRange& closure) {
    return closure.end <= range.begin || closure.begin >= range.end;
  });
  return closures;
}

}  // namespace tickhouse
