#include "tickhouse/report/statistics_csv.h"

#include <fmt/format.h>

namespace tickhouse::report {

namespace {

using quality::DayStatistics;
using quality::TickStatistics;

// A quotient by a power of ten carries noise in its last digits: 12 digits are exact enough for
// money and short enough to read.
std::string Price(double value) {
  return fmt::format("{:.12g}", value);
}

}  // namespace

std::string WindowCountsCsv(const TickStatistics& statistics) {
  std::string csv = "date";
  for (std::size_t i = 1; i <= statistics.windows.size(); ++i)
    csv += fmt::format(",ticks_window{}", i);
  csv += '\n';
  for (const DayStatistics& day : statistics.days) {
    csv += FormatDay(day.day);
    for (const int64_t ticks : day.window_ticks) csv += fmt::format(",{}", ticks);
    csv += '\n';
  }
  return csv;
}

std::string SpreadCsv(const TickStatistics& statistics) {
  std::string csv = "date,ticks,mean_spread,median_spread,p95_spread\n";
  for (const DayStatistics& day : statistics.days) {
    csv += fmt::format("{},{},", FormatDay(day.day), day.ticks);
    if (day.spread) {
      csv +=
          Price(day.spread->mean) + "," + Price(day.spread->median) + "," + Price(day.spread->p95);
    } else {
      csv += ",,";
    }
    csv += '\n';
  }
  return csv;
}

std::string VolatilityCsv(const TickStatistics& statistics) {
  std::string csv = "date,realised_volatility\n";
  for (const DayStatistics& day : statistics.days) {
    csv += FormatDay(day.day) + ",";
    if (day.realised_volatility) csv += fmt::format("{}", *day.realised_volatility);
    csv += '\n';
  }
  return csv;
}

std::string TicksPerHourCsv(const TickStatistics& statistics) {
  std::string csv = "date,hour,ticks\n";
  for (const DayStatistics& day : statistics.days) {
    for (std::size_t hour = 0; hour < day.hour_ticks.size(); ++hour) {
      csv += fmt::format("{},{},{}\n", FormatDay(day.day), hour, day.hour_ticks[hour]);
    }
  }
  return csv;
}

}  // namespace tickhouse::report
