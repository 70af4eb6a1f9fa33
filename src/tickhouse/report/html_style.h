// The style sheet of the HTML report.
#pragma once

#include <string_view>

namespace tickhouse::report {

/// Colours by role (canvas.h) for light and dark, layout for wide and narrow windows and for paper.
extern const std::string_view kHtmlStyle;

}  // namespace tickhouse::report
