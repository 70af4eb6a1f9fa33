#include "tickhouse/report/plot/canvas.h"

#include <array>

#include "tickhouse/report/text/display_text.h"

namespace tickhouse::report {

Paint ink::Series(std::size_t index) {
  constexpr std::array<Paint, 6> kSeries = {{{0x0072B2, "series0"},
                                             {0xE69F00, "series1"},
                                             {0x009E73, "series2"},
                                             {0xCC79A7, "series3"},
                                             {0x56B4E9, "series4"},
                                             {0xD55E00, "series5"}}};
  return kSeries[index % kSeries.size()];
}

// Widths follow DejaVu Sans, the widest of the fonts asked for.
double TextWidth(std::string_view utf8, double size, bool bold) {
  double ems = 0;
  for (const char c : utf8) {
    const auto byte = static_cast<unsigned char>(c);
    if ((byte & 0xC0) == 0x80) continue;
    if (byte >= 0x80) {
      ems += 0.7;
    } else if (std::string_view("ijlI.,:;'|!()[]/ -").find(c) != std::string_view::npos) {
      ems += 0.36;
    } else if (std::string_view("mwMW%@").find(c) != std::string_view::npos) {
      ems += 0.95;
    } else {
      ems += c >= 'A' && c <= 'Z' ? 0.69 : 0.62;
    }
  }
  return ems * size * (bold ? 1.1 : 1);
}

}  // namespace tickhouse::report
