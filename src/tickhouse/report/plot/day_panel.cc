#include "tickhouse/report/plot/day_panel.h"

#include <algorithm>

#include "tickhouse/report/plot/axis.h"

namespace tickhouse::report {

namespace {

constexpr double kLabelSize = 12;
constexpr double kMargin = 24;

}  // namespace

DayPanel::DayPanel(Rect area, CivilDay first, CivilDay last, double largest)
    : area_(area),
      first_(first),
      last_(last),
      days_(last.days_since_epoch - first.days_since_epoch + 1),
      top_(NiceCeiling(largest, 4)) {}

double DayPanel::X(CivilDay day) const {
  return area_.x + (day.days_since_epoch - first_.days_since_epoch + 0.5) * SlotWidth();
}

double DayPanel::Y(double value) const {
  return area_.y + area_.height - std::clamp(value / top_, 0.0, 1.0) * area_.height;
}

void DayPanel::DrawFrame(Canvas& canvas, const std::string& value_title) const {
  const std::vector<double> ticks = NiceTicks(0, top_, 4);
  for (const double tick : ticks) {
    const double y = Y(tick);
    canvas.StrokeLine({area_.x, y}, {area_.x + area_.width, y}, tick == 0 ? ink::kAxis : ink::kGrid,
                      1, false);
    canvas.DrawText({area_.x - 8, y + 4}, TickLabel(tick, ticks),
                    {.size = kLabelSize, .anchor = Anchor::kEnd}, ink::kMuted);
  }
  canvas.DrawText({area_.x - 62, area_.y + area_.height / 2}, value_title,
                  {.size = kLabelSize, .anchor = Anchor::kMiddle, .upwards = true}, ink::kMuted);
}

void DayPanel::DrawDays(Canvas& canvas) const {
  const double bottom = area_.y + area_.height;
  double second_line_end = 0;
  for (const DayTick& tick : DayTicks(first_, last_, static_cast<int>(area_.width / 36))) {
    const double x = X(tick.day);
    canvas.StrokeLine({x, bottom}, {x, bottom + 5}, ink::kAxis, 1, false);
    canvas.DrawText({x, bottom + 19}, tick.label, {.size = kLabelSize, .anchor = Anchor::kMiddle},
                    ink::kMuted);
    if (tick.second.empty()) continue;
    const double half = TextWidth(tick.second, kLabelSize, true) / 2;
    if (x - half < second_line_end) continue;
    canvas.DrawText({x, bottom + 35}, tick.second,
                    {.size = kLabelSize, .bold = true, .anchor = Anchor::kMiddle}, ink::kMuted);
    second_line_end = x + half + 6;
  }
}

void DayPanel::DrawBar(Canvas& canvas, CivilDay day, double value, Paint paint,
                       const std::string& hint) const {
  const double width = std::clamp(SlotWidth() * 0.72, 0.6, 34.0);
  const double y = Y(value);
  canvas.FillRectWithHint({X(day) - width / 2, y, width, area_.y + area_.height - y}, paint, hint);
}

void DayPanel::DrawMissing(Canvas& canvas, CivilDay day, const std::string& hint) const {
  const double width = std::max(SlotWidth(), 1.0);
  canvas.FillRectWithHint({X(day) - width / 2, area_.y, width, area_.height}, ink::kMissing, hint);
}

void DayPanel::DrawLevel(Canvas& canvas, double value, const std::string& words,
                         Paint paint) const {
  const double y = Y(value);
  canvas.StrokeLine({area_.x, y}, {area_.x + area_.width, y}, paint, 1, true);
  canvas.DrawText({area_.x + area_.width + 8, y + 4}, words, {.size = kLabelSize}, paint);
}

void DayPanel::DrawSeries(Canvas& canvas, const std::vector<DayValue>& values, Paint paint,
                          int longest_step) const {
  const bool dots = SlotWidth() >= 7;
  for (std::size_t begin = 0; begin < values.size();) {
    std::vector<Point> run;
    std::size_t end = begin;
    do {
      run.push_back({X(values[end].day), Y(values[end].value)});
      ++end;
    } while (end < values.size() &&
             values[end].day.days_since_epoch - values[end - 1].day.days_since_epoch <=
                 longest_step);
    canvas.StrokePath(run, paint, 1.8);
    if (dots || run.size() == 1) {
      for (const Point& point : run) canvas.FillCircle(point, dots ? 2.8 : 1.8, paint);
    }
    begin = end;
  }
}

void DrawHeading(Canvas& canvas, const std::string& title, const std::string& subtitle,
                 const std::vector<LegendItem>& legend) {
  canvas.DrawText({kMargin, 34}, title, {.size = 19, .bold = true}, ink::kText);
  canvas.DrawText({kMargin, 56}, subtitle, {.size = 13}, ink::kMuted);
  double x = kMargin;
  for (const LegendItem& item : legend) {
    canvas.FillRect({x, 68, 12, 12}, item.paint);
    canvas.DrawText({x + 18, 78.5}, item.words, {.size = kLabelSize}, ink::kText);
    x += 18 + TextWidth(item.words, kLabelSize) + 22;
  }
}

}  // namespace tickhouse::report
