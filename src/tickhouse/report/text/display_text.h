// Names and numbers as people and parsers can take them: file names are any bytes, reports are
// UTF-8.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "tickhouse/core/time.h"

namespace tickhouse::report {

/// Valid UTF-8 unchanged; every byte that belongs to none as `\xNN`.
std::string ToUtf8(std::string_view bytes);

/// ToUtf8, then control characters as `\n`, `\t` or `\xNN`: one line, safe to print on a terminal.
std::string OneLine(std::string_view bytes);

/// Text for HTML and SVG, in content and in quoted attributes: ToUtf8 with & < > " ' escaped and
/// the control characters that XML forbids shown as `\xNN`.
std::string EscapeMarkup(std::string_view text);

/// Columns that UTF-8 text takes on a terminal: East Asian wide characters and emoji two, combining
/// marks none.
std::size_t DisplayWidth(std::string_view utf8);

/// At most `width` columns; a longer text loses its middle, shown by an ellipsis: both ends of a
/// path matter. `width` >= 1.
std::string Shorten(std::string_view utf8, std::size_t width);

/// 1234567 -> "1,234,567"
std::string GroupDigits(int64_t number);

/// 950 -> "950", 12300 -> "12.3k", 4.5e6 -> "4.5M": three significant digits.
std::string ShortNumber(double number);

/// 0.00312 s -> "3.1 ms", 95 s -> "1 min 35 s", 7200 s -> "2 h", 90 h -> "3 d 18 h".
std::string ShortDuration(double seconds);

/// Bytes in decimal units: "812 B", "1.2 kB", "3.4 GB".
std::string ShortBytes(int64_t bytes);

/// Up to `digits` significant digits without exponent or trailing zeros where the size allows:
/// "0.00002".
std::string PlainNumber(double number, int digits = 6);

}  // namespace tickhouse::report
