// cairo is loaded by hand: linked, it and its forty libraries would start with every `--help`.
#include <cairo.h>
#include <dlfcn.h>
#include <fmt/format.h>

#include <array>
#include <cmath>
#include <memory>
#include <numbers>

#include "tickhouse/report/plot/canvas.h"
#include "tickhouse/report/text/display_text.h"

#ifdef __SANITIZE_ADDRESS__
// fontconfig, which cairo asks for fonts, keeps a few patterns to the end of the process.
extern "C" const char* __lsan_default_suppressions();
extern "C" const char* __lsan_default_suppressions() {
  return "leak:libfontconfig\n";
}
#endif

namespace tickhouse::report {

namespace {

// One member a function used, of the type its header declares.
struct Cairo {
  void* library = nullptr;
  decltype(&cairo_image_surface_create) surface_create = nullptr;
  decltype(&cairo_surface_destroy) surface_destroy = nullptr;
  decltype(&cairo_surface_status) surface_status = nullptr;
  decltype(&cairo_surface_write_to_png_stream) write_png = nullptr;
  decltype(&cairo_create) create = nullptr;
  decltype(&cairo_destroy) destroy = nullptr;
  decltype(&cairo_status) status = nullptr;
  decltype(&cairo_status_to_string) status_text = nullptr;
  decltype(&cairo_scale) scale = nullptr;
  decltype(&cairo_set_source_rgba) set_colour = nullptr;
  decltype(&cairo_set_line_width) set_line_width = nullptr;
  decltype(&cairo_set_line_join) set_line_join = nullptr;
  decltype(&cairo_set_dash) set_dash = nullptr;
  decltype(&cairo_rectangle) rectangle = nullptr;
  decltype(&cairo_arc) arc = nullptr;
  decltype(&cairo_new_path) new_path = nullptr;
  decltype(&cairo_move_to) move_to = nullptr;
  decltype(&cairo_line_to) line_to = nullptr;
  decltype(&cairo_fill) fill = nullptr;
  decltype(&cairo_stroke) stroke = nullptr;
  decltype(&cairo_select_font_face) select_font = nullptr;
  decltype(&cairo_set_font_size) set_font_size = nullptr;
  decltype(&cairo_text_extents) text_extents = nullptr;
  decltype(&cairo_show_text) show_text = nullptr;
  decltype(&cairo_save) save = nullptr;
  decltype(&cairo_restore) restore = nullptr;
  decltype(&cairo_translate) translate = nullptr;
  decltype(&cairo_rotate) rotate = nullptr;
};

template <typename Function>
bool Find(void* library, const char* name, Function* function) {
  *function = reinterpret_cast<Function>(dlsym(library, name));
  return *function != nullptr;
}

bool FindAll(Cairo* cairo) {
  void* lib = cairo->library;
  return Find(lib, "cairo_image_surface_create", &cairo->surface_create) &&
         Find(lib, "cairo_surface_destroy", &cairo->surface_destroy) &&
         Find(lib, "cairo_surface_status", &cairo->surface_status) &&
         Find(lib, "cairo_surface_write_to_png_stream", &cairo->write_png) &&
         Find(lib, "cairo_create", &cairo->create) && Find(lib, "cairo_destroy", &cairo->destroy) &&
         Find(lib, "cairo_status", &cairo->status) &&
         Find(lib, "cairo_status_to_string", &cairo->status_text) &&
         Find(lib, "cairo_scale", &cairo->scale) &&
         Find(lib, "cairo_set_source_rgba", &cairo->set_colour) &&
         Find(lib, "cairo_set_line_width", &cairo->set_line_width) &&
         Find(lib, "cairo_set_line_join", &cairo->set_line_join) &&
         Find(lib, "cairo_set_dash", &cairo->set_dash) &&
         Find(lib, "cairo_rectangle", &cairo->rectangle) && Find(lib, "cairo_arc", &cairo->arc) &&
         Find(lib, "cairo_new_path", &cairo->new_path) &&
         Find(lib, "cairo_move_to", &cairo->move_to) &&
         Find(lib, "cairo_line_to", &cairo->line_to) && Find(lib, "cairo_fill", &cairo->fill) &&
         Find(lib, "cairo_stroke", &cairo->stroke) &&
         Find(lib, "cairo_select_font_face", &cairo->select_font) &&
         Find(lib, "cairo_set_font_size", &cairo->set_font_size) &&
         Find(lib, "cairo_text_extents", &cairo->text_extents) &&
         Find(lib, "cairo_show_text", &cairo->show_text) && Find(lib, "cairo_save", &cairo->save) &&
         Find(lib, "cairo_restore", &cairo->restore) &&
         Find(lib, "cairo_translate", &cairo->translate) &&
         Find(lib, "cairo_rotate", &cairo->rotate);
}

// Loaded once and kept: unloading a library that holds thread-local data is not safe.
const Cairo* LoadCairo() {
  static const Cairo cairo = [] {
    Cairo loaded;
    loaded.library = dlopen("libcairo.so.2", RTLD_NOW | RTLD_LOCAL);
    if (loaded.library != nullptr && !FindAll(&loaded)) loaded.library = nullptr;
    return loaded;
  }();
  return cairo.library == nullptr ? nullptr : &cairo;
}

class PngCanvas : public Canvas {
 public:
  PngCanvas(const Cairo& cairo, cairo_t* context) : cairo_(cairo), context_(context) {
    cairo_.set_line_join(context_, CAIRO_LINE_JOIN_ROUND);
  }

  void FillRect(Rect rect, Paint paint) override {
    Use(paint);
    cairo_.rectangle(context_, rect.x, rect.y, rect.width, rect.height);
    cairo_.fill(context_);
  }

  void FillRectWithHint(Rect rect, Paint paint, std::string_view) override {
    FillRect(rect, paint);
  }

  void StrokeLine(Point from, Point to, Paint paint, double width, bool dashed) override {
    constexpr std::array<double, 2> kDash = {5, 4};
    cairo_.set_dash(context_, kDash.data(), dashed ? 2 : 0, 0);
    const std::array<Point, 2> points = {from, to};
    StrokePath(points, paint, width);
    cairo_.set_dash(context_, kDash.data(), 0, 0);
  }

  void StrokePath(std::span<const Point> points, Paint paint, double width) override {
    if (points.size() < 2) return;
    Use(paint);
    cairo_.set_line_width(context_, width);
    cairo_.move_to(context_, points[0].x, points[0].y);
    for (const Point& point : points.subspan(1)) cairo_.line_to(context_, point.x, point.y);
    cairo_.stroke(context_);
  }

  void FillCircle(Point centre, double radius, Paint paint) override {
    Use(paint);
    cairo_.new_path(context_);
    cairo_.arc(context_, centre.x, centre.y, radius, 0, 2 * std::numbers::pi);
    cairo_.fill(context_);
  }

  void DrawText(Point at, std::string_view utf8, const TextStyle& style, Paint paint) override {
    const std::string text = OneLine(utf8);
    Use(paint);
    cairo_.select_font(context_, "sans-serif", CAIRO_FONT_SLANT_NORMAL,
                       style.bold ? CAIRO_FONT_WEIGHT_BOLD : CAIRO_FONT_WEIGHT_NORMAL);
    // DejaVu Sans, which fontconfig gives most often, is wider than what a browser takes.
    cairo_.set_font_size(context_, style.size * 0.94);
    cairo_text_extents_t extents;
    cairo_.text_extents(context_, text.c_str(), &extents);
    double offset = 0;
    if (style.anchor == Anchor::kMiddle) offset = -extents.x_advance / 2;
    if (style.anchor == Anchor::kEnd) offset = -extents.x_advance;
    cairo_.save(context_);
    cairo_.translate(context_, at.x, at.y);
    if (style.upwards) cairo_.rotate(context_, -std::numbers::pi / 2);
    cairo_.move_to(context_, offset, 0);
    cairo_.show_text(context_, text.c_str());
    cairo_.restore(context_);
    cairo_.new_path(context_);
  }

 private:
  void Use(Paint paint) {
    const auto part = [&](int shift) {
      return static_cast<double>(paint.rgb >> shift & 0xFF) / 255;
    };
    cairo_.set_colour(context_, part(16), part(8), part(0), paint.opacity);
  }

  const Cairo& cairo_;
  cairo_t* context_;
};

cairo_status_t AppendBytes(void* closure, const unsigned char* data, unsigned int length) {
  static_cast<std::string*>(closure)->append(reinterpret_cast<const char*>(data), length);
  return CAIRO_STATUS_SUCCESS;
}

}  // namespace

Result<std::string> DrawPng(const Plot& plot, double scale) {
  const Cairo* cairo = LoadCairo();
  if (cairo == nullptr) {
    return Fail(ErrorKind::kUnavailable,
                "no PNG: libcairo.so.2 is missing; install the package libcairo2 (SVG needs none)");
  }
  const std::unique_ptr<cairo_surface_t, decltype(cairo->surface_destroy)> surface(
      cairo->surface_create(CAIRO_FORMAT_RGB24, static_cast<int>(std::ceil(plot.width * scale)),
                            static_cast<int>(std::ceil(plot.height * scale))),
      cairo->surface_destroy);
  const std::unique_ptr<cairo_t, decltype(cairo->destroy)> context(cairo->create(surface.get()),
                                                                   cairo->destroy);
  cairo->scale(context.get(), scale, scale);
  PngCanvas canvas(*cairo, context.get());
  canvas.FillRect({0, 0, plot.width, plot.height}, ink::kBackground);
  plot.draw(canvas);
  std::string png;
  cairo_status_t status = cairo->status(context.get());
  if (status == CAIRO_STATUS_SUCCESS) status = cairo->write_png(surface.get(), AppendBytes, &png);
  if (status != CAIRO_STATUS_SUCCESS) {
    return Fail(ErrorKind::kIo,
                fmt::format("{}: drawing failed: {}", plot.name, cairo->status_text(status)));
  }
  return png;
}

}  // namespace tickhouse::report
