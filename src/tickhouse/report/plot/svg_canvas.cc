#include <fmt/format.h>

#include "tickhouse/report/plot/canvas.h"
#include "tickhouse/report/text/display_text.h"

namespace tickhouse::report {

namespace {

constexpr std::string_view kFonts =
    "Inter,'Segoe UI','Helvetica Neue',Arial,'Liberation Sans','DejaVu Sans',sans-serif";

// Two decimals are a fiftieth of a pixel; the rest would be bytes without sight.
std::string Number(double value) {
  std::string text = fmt::format("{:.2f}", value);
  text.erase(text.find_last_not_of('0') + 1);
  if (text.back() == '.') text.pop_back();
  return text == "-0" ? "0" : text;
}

std::string Attributes(const char* property, Paint paint) {
  std::string text = fmt::format(" {}=\"#{:06x}\"", property, paint.rgb);
  if (paint.opacity < 1) text += fmt::format(" {}-opacity=\"{}\"", property, Number(paint.opacity));
  if (*paint.role != '\0') text += fmt::format(" class=\"th-{}-{}\"", property, paint.role);
  return text;
}

class SvgCanvas : public Canvas {
 public:
  explicit SvgCanvas(std::string* out) : out_(*out) {}

  void FillRect(Rect rect, Paint paint) override { out_ += OpenRect(rect, paint) + "/>\n"; }

  void FillRectWithHint(Rect rect, Paint paint, std::string_view hint) override {
    out_ += OpenRect(rect, paint) + "><title>" + EscapeMarkup(hint) + "</title></rect>\n";
  }

  void StrokeLine(Point from, Point to, Paint paint, double width, bool dashed) override {
    out_ += fmt::format("<line x1=\"{}\" y1=\"{}\" x2=\"{}\" y2=\"{}\" stroke-width=\"{}\"{}{}/>\n",
                        Number(from.x), Number(from.y), Number(to.x), Number(to.y), Number(width),
                        dashed ? " stroke-dasharray=\"5 4\"" : "", Attributes("stroke", paint));
  }

  void StrokePath(std::span<const Point> points, Paint paint, double width) override {
    if (points.size() < 2) return;
    std::string list;
    for (const Point& point : points) {
      if (!list.empty()) list += ' ';
      list += Number(point.x) + "," + Number(point.y);
    }
    out_ += fmt::format(
        "<polyline points=\"{}\" fill=\"none\" stroke-linejoin=\"round\" stroke-width=\"{}\"{}/>\n",
        list, Number(width), Attributes("stroke", paint));
  }

  void FillCircle(Point centre, double radius, Paint paint) override {
    out_ += fmt::format("<circle cx=\"{}\" cy=\"{}\" r=\"{}\"{}/>\n", Number(centre.x),
                        Number(centre.y), Number(radius), Attributes("fill", paint));
  }

  void DrawText(Point at, std::string_view utf8, const TextStyle& style, Paint paint) override {
    constexpr const char* kAnchors[] = {"start", "middle", "end"};
    const std::string x = Number(at.x);
    const std::string y = Number(at.y);
    out_ +=
        fmt::format("<text x=\"{}\" y=\"{}\" font-size=\"{}\" text-anchor=\"{}\"{}{}{}>{}</text>\n",
                    x, y, Number(style.size), kAnchors[static_cast<int>(style.anchor)],
                    style.bold ? " font-weight=\"600\"" : "",
                    style.upwards ? fmt::format(" transform=\"rotate(-90 {} {})\"", x, y) : "",
                    Attributes("fill", paint), EscapeMarkup(utf8));
  }

 private:
  static std::string OpenRect(Rect rect, Paint paint) {
    return fmt::format("<rect x=\"{}\" y=\"{}\" width=\"{}\" height=\"{}\"{}", Number(rect.x),
                       Number(rect.y), Number(rect.width), Number(rect.height),
                       Attributes("fill", paint));
  }

  std::string& out_;
};

}  // namespace

std::string DrawSvg(const Plot& plot) {
  std::string svg = fmt::format(
      "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{0}\" height=\"{1}\" "
      "viewBox=\"0 0 {0} {1}\" role=\"img\" aria-label=\"{2}\" font-family=\"{3}\">\n",
      Number(plot.width), Number(plot.height), EscapeMarkup(plot.title), kFonts);
  SvgCanvas canvas(&svg);
  canvas.FillRect({0, 0, plot.width, plot.height}, ink::kBackground);
  plot.draw(canvas);
  svg += "</svg>\n";
  return svg;
}

}  // namespace tickhouse::report
