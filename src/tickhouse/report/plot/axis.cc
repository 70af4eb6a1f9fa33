#include "tickhouse/report/plot/axis.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>

#include "tickhouse/core/check.h"
#include "tickhouse/report/text/display_text.h"

namespace tickhouse::report {

namespace {

constexpr std::array<const char*, 12> kMonths = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                 "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};

double NiceStep(double span, int about) {
  const double raw = span / std::max(1, about);
  const double power = std::pow(10.0, std::floor(std::log10(raw)));
  for (const double factor : {1.0, 2.0, 5.0}) {
    if (factor * power >= raw * 0.999) return factor * power;
  }
  return 10 * power;
}

struct Date {
  int year;
  int month;
  int day;
};

Date DateOf(CivilDay day) {
  const std::chrono::year_month_day date = ToYearMonthDay(day);
  return {static_cast<int>(date.year()), static_cast<int>(static_cast<unsigned>(date.month())),
          static_cast<int>(static_cast<unsigned>(date.day()))};
}

int Weekday(CivilDay day) {
  return (((day.days_since_epoch + 3) % 7) + 7) % 7;
}

// Every `step` days, counted so that steps of seven fall on Mondays.
std::vector<DayTick> TicksByDays(CivilDay first, CivilDay last, int step) {
  std::vector<DayTick> ticks;
  int year = 0;
  int month = 0;
  for (CivilDay day = first; day <= last; ++day.days_since_epoch) {
    const bool wanted =
        step % 7 == 0 ? Weekday(day) == 0 && ((day.days_since_epoch + 3) / 7) % (step / 7) == 0
                      : (day.days_since_epoch - first.days_since_epoch) % step == 0;
    if (!wanted) continue;
    const Date date = DateOf(day);
    DayTick tick{day, fmt::format("{}", date.day), ""};
    if (date.year != year) {
      tick.second = fmt::format("{} {}", kMonths[date.month - 1], date.year);
    } else if (date.month != month) {
      tick.second = kMonths[date.month - 1];
    }
    year = date.year;
    month = date.month;
    ticks.push_back(std::move(tick));
  }
  return ticks;
}

// First days of every `step`th month; a step of twelve and more gives years.
std::vector<DayTick> TicksByMonths(CivilDay first, CivilDay last, int step) {
  std::vector<DayTick> ticks;
  int shown_year = 0;
  const Date begin = DateOf(first);
  for (int index = begin.year * 12 + begin.month - 1;; ++index) {
    CivilDay day;
    if (!MakeCivilDay(index / 12, index % 12 + 1, 1, &day) || day > last) return ticks;
    if (day < first || index % step != 0) continue;
    const std::string year = fmt::format("{}", index / 12);
    if (step >= 12) {
      ticks.push_back({day, year, ""});
    } else {
      ticks.push_back({day, kMonths[static_cast<std::size_t>(index % 12)],
                       index / 12 != shown_year ? year : ""});
    }
    shown_year = index / 12;
  }
}

}  // namespace

std::vector<double> NiceTicks(double low, double high, int about) {
  TICKHOUSE_CHECK(low < high, "an axis has a length");
  const double step = NiceStep(high - low, about);
  std::vector<double> ticks;
  const double first = std::ceil(low / step - 1e-9);
  for (double i = first; i * step <= high + step * 1e-9; ++i) ticks.push_back(i * step);
  return ticks;
}

double NiceCeiling(double value, int about) {
  if (!(value > 0)) return 1;
  const double step = NiceStep(value, about);
  return std::ceil(value / step - 1e-9) * step;
}

std::string TickLabel(double value, const std::vector<double>& ticks) {
  const double largest = std::max(std::fabs(ticks.front()), std::fabs(ticks.back()));
  if (largest >= 10'000) return ShortNumber(value);
  return PlainNumber(std::fabs(value) < largest * 1e-9 ? 0 : value, 6);
}

std::vector<DayTick> DayTicks(CivilDay first, CivilDay last, int most) {
  const int days = last.days_since_epoch - first.days_since_epoch + 1;
  for (const int step : {1, 2, 7, 14}) {
    if (days / step <= most) return TicksByDays(first, last, step);
  }
  for (const int step : {1, 3, 6, 12, 24, 60, 120, 600}) {
    if (days / (30 * step) <= most) return TicksByMonths(first, last, step);
  }
  return TicksByMonths(first, last, 1'200);
}

}  // namespace tickhouse::report
