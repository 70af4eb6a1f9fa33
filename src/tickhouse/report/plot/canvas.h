// A surface to draw on. A plot is drawn once, by the same code, as SVG or as PNG.
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <string_view>

#include "tickhouse/core/error.h"

namespace tickhouse::report {

/// A colour, and the part it plays. In an HTML page the role lets dark mode choose another colour
/// (html_report.h); on paper and in a lone SVG the colour stands.
struct Paint {
  uint32_t rgb = 0;       ///< 0xRRGGBB
  const char* role = "";  ///< "" for colours that carry data, such as the cells of a heat map.
  double opacity = 1;
};

/// The colours in use. Series are those of Okabe and Ito (2008), told apart by colour-blind
/// readers.
namespace ink {
inline constexpr Paint kBackground{0xFFFFFF, "background"};
inline constexpr Paint kText{0x1F2933, "text"};
inline constexpr Paint kMuted{0x5A6775, "muted"};
inline constexpr Paint kGrid{0xE4E8ED, "grid"};
inline constexpr Paint kAxis{0x9AA5B1, "axis"};
inline constexpr Paint kMissing{0xD55E00, "missing", 0.16};
inline constexpr Paint kMissingLine{0xD55E00, "missing-line"};
/// Series 0, 1, 2, ... repeat after six.
Paint Series(std::size_t index);
}  // namespace ink

struct Point {
  double x = 0;
  double y = 0;
};

struct Rect {
  double x = 0;
  double y = 0;
  double width = 0;
  double height = 0;
};

enum class Anchor { kStart, kMiddle, kEnd };

struct TextStyle {
  double size = 12;
  bool bold = false;
  Anchor anchor = Anchor::kStart;
  bool upwards = false;  ///< Turned by 90 degrees, read from below.
};

/// Units are pixels at normal size, y grows downwards, text stands on its base line.
class Canvas {
 public:
  virtual ~Canvas() = default;
  virtual void FillRect(Rect rect, Paint paint) = 0;
  /// As FillRect, with words shown when the pointer rests on it, where the format can.
  virtual void FillRectWithHint(Rect rect, Paint paint, std::string_view hint) = 0;
  virtual void StrokeLine(Point from, Point to, Paint paint, double width, bool dashed) = 0;
  virtual void StrokePath(std::span<const Point> points, Paint paint, double width) = 0;
  virtual void FillCircle(Point centre, double radius, Paint paint) = 0;
  virtual void DrawText(Point at, std::string_view utf8, const TextStyle& style, Paint paint) = 0;
};

/// Something that can be drawn at one size.
struct Plot {
  std::string name;  ///< Part of the file name, such as "daily_window_counts".
  std::string title;
  double width = 0;
  double height = 0;
  std::function<void(Canvas&)> draw;
};

/// A whole SVG document. Text stays text.
std::string DrawSvg(const Plot& plot);

/// A PNG with `scale` image pixels to a unit. kUnavailable when libcairo is not installed.
Result<std::string> DrawPng(const Plot& plot, double scale = 2);

/// Roughly how wide text will be, on the wide side, for any font it may be drawn in.
double TextWidth(std::string_view utf8, double size, bool bold = false);

}  // namespace tickhouse::report
