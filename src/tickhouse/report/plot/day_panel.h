// A panel with days on the horizontal axis: the frame that the daily plots share.
#pragma once

#include <string>
#include <vector>

#include "tickhouse/core/time.h"
#include "tickhouse/report/plot/canvas.h"

namespace tickhouse::report {

/// Places days and values in a rectangle and draws what surrounds the data. Values begin at zero.
class DayPanel {
 public:
  /// `first` <= `last`; `largest` is the greatest value to be shown.
  DayPanel(Rect area, CivilDay first, CivilDay last, double largest);

  /// Horizontal grid lines with labels, and the vertical axis title.
  void DrawFrame(Canvas& canvas, const std::string& value_title) const;
  /// Tick marks and labels below the panel.
  void DrawDays(Canvas& canvas) const;
  /// A bar from zero. `hint` is shown when pointed at.
  void DrawBar(Canvas& canvas, CivilDay day, double value, Paint paint,
               const std::string& hint) const;
  /// Tints a whole day as missing.
  void DrawMissing(Canvas& canvas, CivilDay day, const std::string& hint) const;
  /// A dashed horizontal line with words to the right of the panel.
  void DrawLevel(Canvas& canvas, double value, const std::string& words, Paint paint) const;

  struct DayValue {
    CivilDay day;
    double value = 0;
  };
  /// A line through values in order of days, broken where more than `longest_step` days lie between
  /// two; lone values become dots, and so do all of them when there is room.
  void DrawSeries(Canvas& canvas, const std::vector<DayValue>& values, Paint paint,
                  int longest_step) const;

  double X(CivilDay day) const;
  double Y(double value) const;

 private:
  double SlotWidth() const { return area_.width / days_; }

  Rect area_;
  CivilDay first_;
  CivilDay last_;
  double days_;
  double top_;  // Value at the upper edge.
};

struct LegendItem {
  std::string words;
  Paint paint;
};

/// Title, subtitle and a row of coloured squares with words, at the upper left of a plot; what
/// begins below kHeadingHeight is free of them.
inline constexpr double kHeadingHeight = 92;
void DrawHeading(Canvas& canvas, const std::string& title, const std::string& subtitle,
                 const std::vector<LegendItem>& legend);

}  // namespace tickhouse::report
