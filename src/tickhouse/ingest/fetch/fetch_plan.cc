#include "tickhouse/ingest/fetch/fetch_plan.h"

#include <algorithm>

namespace tickhouse::ingest {

namespace {

std::string WhyClosed(UtcRange hour, const TradingCalendar& calendar,
                      const std::vector<UtcRange>& holidays, const Instrument& instrument) {
  if (instrument.first_tick && hour.end <= *instrument.first_tick) {
    return "before the instrument's first tick";
  }
  const auto covers = [hour](const UtcRange& holiday) {
    return holiday.begin <= hour.begin && hour.end <= holiday.end;
  };
  if (std::any_of(holidays.begin(), holidays.end(), covers)) return "holiday of the instrument";
  if (!calendar.MayTrade(hour)) return "the market is closed";
  return {};
}

}  // namespace

HourPlan PlanHours(UtcRange range, UtcTime now, const TradingCalendar& calendar,
                   const std::vector<UtcRange>& holidays, const Instrument& instrument) {
  HourPlan plan;
  const int64_t end_ns = ToNanos(range.end);
  for (int64_t hour = FloorDiv(ToNanos(range.begin), kNanosPerHour) * kNanosPerHour; hour < end_ns;
       hour += kNanosPerHour) {
    const UtcRange whole{FromNanos(hour), FromNanos(hour + kNanosPerHour)};
    if (whole.end + kSettling > now) {
      plan.running.push_back(hour);
    } else {
      plan.hours.push_back({hour, WhyClosed(whole, calendar, holidays, instrument)});
    }
  }
  return plan;
}

}  // namespace tickhouse::ingest
