#include "tickhouse/report/plot/tick_plots.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <memory>

#include "tickhouse/report/plot/day_panel.h"
#include "tickhouse/report/text/display_text.h"

namespace tickhouse::report {

namespace {

using quality::DayStatistics;
using quality::TickStatistics;

constexpr double kWidth = 1120;
constexpr double kLeft = 96;
constexpr double kRight = 110;
constexpr double kBelow = 52;  // Room for the days' labels.
constexpr double kPlotWidth = kWidth - kLeft - kRight;

constexpr std::array<const char*, 7> kWeekdays = {"Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"};

std::size_t WeekdayOf(CivilDay day) {
  return static_cast<std::size_t>((((day.days_since_epoch + 3) % 7) + 7) % 7);
}

std::string Named(CivilDay day) {
  return fmt::format("{} {}", kWeekdays[WeekdayOf(day)], FormatDay(day));
}

// "07:50–08:00"; seconds are shown where a window has them.
std::string WindowName(TradingWindow window) {
  std::string text = FormatWindow(window);
  const std::size_t dash = text.find('-');
  if (dash != std::string::npos) text.replace(dash, 1, "–");
  return text;
}

std::string Period(const TickStatistics& statistics) {
  if (statistics.days.empty()) return "no ticks";
  const std::string first = FormatDay(statistics.days.front().day);
  const std::string last = FormatDay(statistics.days.back().day);
  const std::string days = first == last ? first : first + " to " + last;
  return fmt::format("{} · {} ticks on {} {} · days in {}", days, GroupDigits(statistics.ticks),
                     GroupDigits(static_cast<int64_t>(statistics.days.size())),
                     statistics.days.size() == 1 ? "day" : "days", statistics.zone);
}

// FX may run into the first hours of Saturday in zones east of New York; a market that trades
// through Saturdays does so for more than half of one.
bool TradesOnSaturdays(const DayStatistics& day) {
  const auto busy = std::count_if(day.hour_ticks.begin(), day.hour_ticks.end(),
                                  [](int64_t ticks) { return ticks > 0; });
  return WeekdayOf(day.day) == 5 && busy > 12;
}

bool RestsAtWeekends(const TickStatistics& statistics) {
  return std::none_of(statistics.days.begin(), statistics.days.end(), TradesOnSaturdays);
}

bool IsTradingDay(CivilDay day, bool rests) {
  return !rests || WeekdayOf(day) < 5;
}

void DrawNothing(Canvas& canvas, double height) {
  canvas.DrawText({kWidth / 2, height / 2}, "no ticks to draw",
                  {.size = 15, .anchor = Anchor::kMiddle}, ink::kMuted);
}

void DrawWindow(Canvas& canvas, const TickStatistics& statistics, std::size_t window, Rect area) {
  const bool rests = RestsAtWeekends(statistics);
  const Paint paint = ink::Series(window);
  const std::string name = WindowName(statistics.windows[window]);
  std::vector<int64_t> counts;
  int64_t largest = 0;
  for (const DayStatistics& day : statistics.days) {
    const int64_t ticks = day.window_ticks[window];
    largest = std::max(largest, ticks);
    if (ticks > 0) counts.push_back(ticks);
  }
  const CivilDay first = statistics.days.front().day;
  const CivilDay last = statistics.days.back().day;
  const DayPanel panel(area, first, last, static_cast<double>(largest));
  panel.DrawFrame(canvas, "ticks a day");
  std::size_t next = 0;
  for (CivilDay day = first; day <= last; ++day.days_since_epoch) {
    int64_t ticks = 0;
    if (statistics.days[next].day == day) ticks = statistics.days[next++].window_ticks[window];
    if (ticks > 0) {
      panel.DrawBar(canvas, day, static_cast<double>(ticks), paint,
                    fmt::format("{}, {}: {} ticks", Named(day), name, GroupDigits(ticks)));
    } else if (IsTradingDay(day, rests)) {
      panel.DrawMissing(canvas, day, fmt::format("{}, {}: no ticks", Named(day), name));
    }
  }
  if (!counts.empty()) {
    const double median = quality::MedianOf(counts);
    panel.DrawLevel(canvas, median, "median " + ShortNumber(median), ink::kMuted);
  }
  canvas.DrawText({area.x, area.y - 9}, name, {.size = 13, .bold = true}, ink::kText);
}

std::vector<DayPanel::DayValue> SpreadOf(const TickStatistics& statistics,
                                         double quality::SpreadSummary::* member) {
  std::vector<DayPanel::DayValue> values;
  const double points = std::pow(10.0, statistics.decimals);
  for (const DayStatistics& day : statistics.days) {
    if (day.spread) values.push_back({day.day, (*day.spread).*member * points});
  }
  return values;
}

double Largest(const std::vector<DayPanel::DayValue>& values) {
  double largest = 0;
  for (const auto& value : values) largest = std::max(largest, value.value);
  return largest;
}

void DrawSpread(Canvas& canvas, const TickStatistics& statistics, Rect area) {
  struct Line {
    std::vector<DayPanel::DayValue> values;
    Paint paint;
  };
  const std::vector<Line> lines = {
      {SpreadOf(statistics, &quality::SpreadSummary::p95), ink::Series(1)},
      {SpreadOf(statistics, &quality::SpreadSummary::mean), ink::Series(2)},
      {SpreadOf(statistics, &quality::SpreadSummary::median), ink::Series(0)}};
  double largest = 0;
  for (const Line& line : lines) largest = std::max(largest, Largest(line.values));
  const bool rests = RestsAtWeekends(statistics);
  const DayPanel panel(area, statistics.days.front().day, statistics.days.back().day, largest);
  panel.DrawFrame(canvas, "spread in points");
  for (const Line& line : lines) {
    panel.DrawSeries(canvas, line.values, line.paint, rests ? 3 : 1);
  }
  panel.DrawDays(canvas);
}

void DrawVolatility(Canvas& canvas, const TickStatistics& statistics, Rect area) {
  std::vector<DayPanel::DayValue> values;
  for (const DayStatistics& day : statistics.days) {
    if (day.realised_volatility) values.push_back({day.day, *day.realised_volatility * 100});
  }
  const bool rests = RestsAtWeekends(statistics);
  const CivilDay first = statistics.days.front().day;
  const CivilDay last = statistics.days.back().day;
  const DayPanel panel(area, first, last, Largest(values));
  panel.DrawFrame(canvas, "volatility in % a day");
  std::size_t next = 0;
  for (CivilDay day = first; day <= last; ++day.days_since_epoch) {
    if (next < values.size() && values[next].day == day) {
      panel.DrawBar(canvas, day, values[next].value, ink::Series(0),
                    fmt::format("{}: {} %", Named(day), PlainNumber(values[next].value, 3)));
      ++next;
    } else if (IsTradingDay(day, rests)) {
      panel.DrawMissing(canvas, day, Named(day) + ": fewer than two samples");
    }
  }
  panel.DrawDays(canvas);
}

// One hue from light to dark: order is seen in grey and by colour-blind eyes too.
Paint HeatColour(double share) {
  constexpr std::array<std::array<double, 3>, 5> kStops = {
      {{237, 244, 251}, {189, 215, 238}, {107, 174, 214}, {33, 113, 181}, {8, 48, 107}}};
  const double position = std::clamp(share, 0.0, 1.0) * (kStops.size() - 1);
  const std::size_t low =
      std::min<std::size_t>(static_cast<std::size_t>(position), kStops.size() - 2);
  const double part = position - static_cast<double>(low);
  uint32_t rgb = 0;
  for (std::size_t i = 0; i < 3; ++i) {
    const double value = kStops[low][i] + (kStops[low + 1][i] - kStops[low][i]) * part;
    rgb = rgb << 8 | static_cast<uint32_t>(std::lround(value));
  }
  return {rgb, ""};
}

constexpr double kCellHeight = 34;
constexpr double kCellWidth = kPlotWidth / 24;

void DrawHeatScale(Canvas& canvas, double largest, double top, double height) {
  const double x = kLeft + kPlotWidth + 26;
  constexpr int kSteps = 60;
  for (int i = 0; i < kSteps; ++i) {
    const double share = (i + 0.5) / kSteps;
    canvas.FillRect({x, top + height * (1 - (i + 1.0) / kSteps), 14, height / kSteps + 0.5},
                    HeatColour(share));
  }
  canvas.DrawText({x, top - 9}, "ticks an hour", {.size = 12}, ink::kMuted);
  canvas.DrawText({x + 20, top + 10}, ShortNumber(largest), {.size = 12}, ink::kMuted);
  canvas.DrawText({x + 20, top + height / 2 + 4}, ShortNumber(largest / 2), {.size = 12},
                  ink::kMuted);
  canvas.DrawText({x + 20, top + height}, "0", {.size = 12}, ink::kMuted);
}

void DrawHeatRow(Canvas& canvas, std::size_t weekday,
                 const std::array<std::optional<double>, 24>& hours, double largest, double y) {
  canvas.DrawText({kLeft - 10, y + kCellHeight / 2 + 4}, kWeekdays[weekday],
                  {.size = 12, .anchor = Anchor::kEnd}, ink::kText);
  for (std::size_t hour = 0; hour < 24; ++hour) {
    const Rect cell = {kLeft + static_cast<double>(hour) * kCellWidth + 1, y + 1, kCellWidth - 2,
                       kCellHeight - 2};
    const std::string when =
        fmt::format("{} {:02}:00–{:02}:00", kWeekdays[weekday], hour, hour + 1);
    if (!hours[hour] || *hours[hour] == 0) {
      canvas.FillRectWithHint(cell, ink::kGrid, when + ": no ticks");
      continue;
    }
    const double share = *hours[hour] / largest;
    canvas.FillRectWithHint(cell, HeatColour(share),
                            fmt::format("{}: {} ticks", when, ShortNumber(*hours[hour])));
    canvas.DrawText({cell.x + cell.width / 2, cell.y + cell.height / 2 + 4},
                    ShortNumber(*hours[hour]), {.size = 11, .anchor = Anchor::kMiddle},
                    share > 0.55 ? Paint{0xFFFFFF, ""} : Paint{0x1F2933, ""});
  }
}

void DrawHeatMap(Canvas& canvas, const TickStatistics& statistics, double top) {
  const quality::HourMatrix matrix = quality::MeanTicksPerHour(statistics);
  double largest = 0;
  std::vector<std::size_t> rows;
  for (std::size_t weekday = 0; weekday < matrix.size(); ++weekday) {
    if (matrix[weekday][0]) rows.push_back(weekday);
    for (const auto& ticks : matrix[weekday]) largest = std::max(largest, ticks.value_or(0));
  }
  double y = top;
  for (const std::size_t weekday : rows) {
    DrawHeatRow(canvas, weekday, matrix[weekday], std::max(largest, 1.0), y);
    y += kCellHeight;
  }
  for (int hour = 0; hour <= 24; hour += 2) {
    canvas.DrawText({kLeft + hour * kCellWidth, y + 17}, fmt::format("{:02}", hour),
                    {.size = 12, .anchor = Anchor::kMiddle}, ink::kMuted);
  }
  canvas.DrawText({kLeft + kPlotWidth / 2, y + 38}, "hour of the day (" + statistics.zone + ")",
                  {.size = 12, .anchor = Anchor::kMiddle}, ink::kMuted);
  DrawHeatScale(canvas, largest, top, y - top);
}

std::size_t WeekdaysWithTicks(const TickStatistics& statistics) {
  std::array<bool, 7> seen{};
  for (const DayStatistics& day : statistics.days) seen[WeekdayOf(day.day)] = true;
  return static_cast<std::size_t>(std::count(seen.begin(), seen.end(), true));
}

using Shared = std::shared_ptr<const TickStatistics>;

Plot MakeWindowCounts(const std::string& symbol, const Shared& statistics) {
  constexpr double kPanel = 170;
  constexpr double kStep = kPanel + 44;
  const double windows = static_cast<double>(statistics->windows.size());
  Plot plot{"daily_window_counts",
            symbol + ": ticks per day and trading window",
            kWidth,
            kHeadingHeight + kStep * windows + kBelow - 8,
            {}};
  plot.draw = [title = plot.title, statistics, height = plot.height](Canvas& canvas) {
    std::vector<LegendItem> legend;
    for (std::size_t i = 0; i < statistics->windows.size(); ++i) {
      legend.push_back({WindowName(statistics->windows[i]), ink::Series(i)});
    }
    legend.push_back({"trading day without a tick in the window", ink::kMissing});
    DrawHeading(canvas, title, Period(*statistics), legend);
    if (statistics->days.empty()) return DrawNothing(canvas, height);
    for (std::size_t i = 0; i < statistics->windows.size(); ++i) {
      const double top = kHeadingHeight + 30 + kStep * static_cast<double>(i);
      DrawWindow(canvas, *statistics, i, {kLeft, top, kPlotWidth, kPanel});
    }
    const double last_top =
        kHeadingHeight + 30 + kStep * (static_cast<double>(statistics->windows.size()) - 1);
    DayPanel({kLeft, last_top, kPlotWidth, kPanel}, statistics->days.front().day,
             statistics->days.back().day, 1)
        .DrawDays(canvas);
  };
  return plot;
}

Plot MakeSpread(const std::string& symbol, const Shared& statistics) {
  constexpr double kPanel = 230;
  Plot plot{
      "spread", symbol + ": spread by day", kWidth, kHeadingHeight + 16 + kPanel + kBelow, {}};
  plot.draw = [title = plot.title, statistics, height = plot.height](Canvas& canvas) {
    std::string subtitle = Period(*statistics);
    if (statistics->spread) {
      const double points = std::pow(10.0, statistics->decimals);
      subtitle = fmt::format("1 point = {} · all ticks: median {}, mean {}, 95 % up to {} points",
                             PlainNumber(1 / points, 1),
                             PlainNumber(statistics->spread->median * points, 3),
                             PlainNumber(statistics->spread->mean * points, 3),
                             PlainNumber(statistics->spread->p95 * points, 3));
    }
    DrawHeading(canvas, title, subtitle,
                {{"median", ink::Series(0)},
                 {"mean", ink::Series(2)},
                 {"95th percentile", ink::Series(1)}});
    if (!statistics->spread) return DrawNothing(canvas, height);
    DrawSpread(canvas, *statistics, {kLeft, kHeadingHeight + 16, kPlotWidth, kPanel});
  };
  return plot;
}

Plot MakeVolatility(const std::string& symbol, const Shared& statistics) {
  constexpr double kPanel = 200;
  Plot plot{"volatility",
            symbol + ": realised volatility by day",
            kWidth,
            kHeadingHeight + 16 + kPanel + kBelow,
            {}};
  plot.draw = [title = plot.title, statistics, height = plot.height](Canvas& canvas) {
    DrawHeading(
        canvas, title,
        "square root of the sum of squared log returns of the mid price, sampled every 5 minutes",
        {{"realised volatility", ink::Series(0)}, {"trading day without data", ink::kMissing}});
    if (statistics->days.empty()) return DrawNothing(canvas, height);
    DrawVolatility(canvas, *statistics, {kLeft, kHeadingHeight + 16, kPlotWidth, kPanel});
  };
  return plot;
}

Plot MakeTicksPerHour(const std::string& symbol, const Shared& statistics) {
  const double rows = static_cast<double>(std::max<std::size_t>(1, WeekdaysWithTicks(*statistics)));
  Plot plot{"ticks_per_hour",
            symbol + ": ticks per hour",
            kWidth,
            kHeadingHeight + 8 + kCellHeight * rows + kBelow + 4,
            {}};
  plot.draw = [title = plot.title, statistics, height = plot.height](Canvas& canvas) {
    DrawHeading(canvas, title,
                "mean ticks an hour over the days that traded · " + Period(*statistics),
                {{"no ticks", ink::kGrid}});
    if (statistics->days.empty()) return DrawNothing(canvas, height);
    DrawHeatMap(canvas, *statistics, kHeadingHeight + 8);
  };
  return plot;
}

}  // namespace

Plot WindowCountsPlot(const std::string& symbol, const TickStatistics& statistics) {
  return MakeWindowCounts(symbol, std::make_shared<TickStatistics>(statistics));
}

Plot SpreadPlot(const std::string& symbol, const TickStatistics& statistics) {
  return MakeSpread(symbol, std::make_shared<TickStatistics>(statistics));
}

Plot VolatilityPlot(const std::string& symbol, const TickStatistics& statistics) {
  return MakeVolatility(symbol, std::make_shared<TickStatistics>(statistics));
}

Plot TicksPerHourPlot(const std::string& symbol, const TickStatistics& statistics) {
  return MakeTicksPerHour(symbol, std::make_shared<TickStatistics>(statistics));
}

std::vector<Plot> PlotsOf(const std::string& symbol, const TickStatistics& statistics) {
  const Shared shared = std::make_shared<TickStatistics>(statistics);
  return {MakeWindowCounts(symbol, shared), MakeSpread(symbol, shared),
          MakeVolatility(symbol, shared), MakeTicksPerHour(symbol, shared)};
}

}  // namespace tickhouse::report
