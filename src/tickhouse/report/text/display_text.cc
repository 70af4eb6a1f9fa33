#include "tickhouse/report/text/display_text.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <iterator>

namespace tickhouse::report {

namespace {

struct CodePoint {
  uint32_t value = 0;
  std::size_t length = 0;  // 0: the first byte begins no valid character.
};

// RFC 3629: no overlong forms, no surrogates, nothing past U+10FFFF.
CodePoint Decode(std::string_view text) {
  const auto byte = [&](std::size_t i) { return static_cast<uint8_t>(text[i]); };
  const uint8_t lead = byte(0);
  if (lead < 0x80) return {lead, 1};
  std::size_t length = 0;
  uint32_t value = 0;
  uint32_t smallest = 0;
  if ((lead & 0xE0) == 0xC0) {
    length = 2, value = lead & 0x1F, smallest = 0x80;
  } else if ((lead & 0xF0) == 0xE0) {
    length = 3, value = lead & 0x0F, smallest = 0x800;
  } else if ((lead & 0xF8) == 0xF0) {
    length = 4, value = lead & 0x07, smallest = 0x10000;
  }
  if (length == 0 || text.size() < length) return {};
  for (std::size_t i = 1; i < length; ++i) {
    if ((byte(i) & 0xC0) != 0x80) return {};
    value = value << 6 | (byte(i) & 0x3F);
  }
  if (value < smallest || value > 0x10FFFF || (value >= 0xD800 && value < 0xE000)) return {};
  return {value, length};
}

void AppendHex(uint8_t byte, std::string* out) {
  *out += fmt::format("\\x{:02x}", byte);
}

struct Range {
  uint32_t first;
  uint32_t last;
};

// The blocks that matter for file names; no claim to all of Unicode.
constexpr Range kWide[] = {{0x1100, 0x115F},   {0x2E80, 0x303E},   {0x3041, 0x33FF},
                           {0x3400, 0x4DBF},   {0x4E00, 0x9FFF},   {0xA000, 0xA4CF},
                           {0xAC00, 0xD7A3},   {0xF900, 0xFAFF},   {0xFE30, 0xFE6F},
                           {0xFF00, 0xFF60},   {0xFFE0, 0xFFE6},   {0x1F300, 0x1F64F},
                           {0x1F680, 0x1F6FF}, {0x1F900, 0x1F9FF}, {0x20000, 0x3FFFD}};
constexpr Range kZero[] = {{0x0300, 0x036F}, {0x0483, 0x0489}, {0x0591, 0x05BD}, {0x064B, 0x065F},
                           {0x1AB0, 0x1AFF}, {0x1DC0, 0x1DFF}, {0x200B, 0x200F}, {0x202A, 0x202E},
                           {0x2060, 0x2064}, {0x20D0, 0x20FF}, {0xFE00, 0xFE0F}, {0xFE20, 0xFE2F}};

template <std::size_t N>
bool IsIn(const Range (&ranges)[N], uint32_t value) {
  return std::any_of(std::begin(ranges), std::end(ranges), [&](const Range& range) {
    return range.first <= value && value <= range.last;
  });
}

std::size_t WidthOf(uint32_t value) {
  if (value < 0x300) return 1;
  if (IsIn(kZero, value)) return 0;
  return IsIn(kWide, value) ? 2 : 1;
}

// Direction overrides and C1 controls can forge a terminal line as well as C0 controls can.
bool IsControl(uint32_t value) {
  return value < 0x20 || (value >= 0x7F && value < 0xA0) || (value >= 0x202A && value <= 0x202E) ||
         (value >= 0x2066 && value <= 0x2069) || value == 0x2028 || value == 0x2029;
}

template <typename OnCharacter>
std::string Rewrite(std::string_view bytes, const OnCharacter& on_character) {
  std::string out;
  out.reserve(bytes.size());
  for (std::size_t i = 0; i < bytes.size();) {
    const CodePoint point = Decode(bytes.substr(i));
    if (point.length == 0) {
      AppendHex(static_cast<uint8_t>(bytes[i]), &out);
      ++i;
      continue;
    }
    on_character(point.value, bytes.substr(i, point.length), &out);
    i += point.length;
  }
  return out;
}

}  // namespace

std::string ToUtf8(std::string_view bytes) {
  return Rewrite(bytes, [](uint32_t, std::string_view text, std::string* out) { *out += text; });
}

std::string OneLine(std::string_view bytes) {
  return Rewrite(bytes, [](uint32_t value, std::string_view text, std::string* out) {
    if (value == '\n') {
      *out += "\\n";
    } else if (value == '\t') {
      *out += "\\t";
    } else if (IsControl(value)) {
      for (const char c : text) AppendHex(static_cast<uint8_t>(c), out);
    } else {
      *out += text;
    }
  });
}

std::string EscapeMarkup(std::string_view text) {
  return Rewrite(text, [](uint32_t value, std::string_view character, std::string* out) {
    switch (value) {
      case '&': *out += "&amp;"; return;
      case '<': *out += "&lt;"; return;
      case '>': *out += "&gt;"; return;
      case '"': *out += "&quot;"; return;
      case '\'': *out += "&#39;"; return;
      default: break;
    }
    const bool allowed = value == '\n' || value == '\t' || !IsControl(value);
    if (allowed && value != 0xFFFE && value != 0xFFFF) {
      *out += character;
    } else {
      for (const char c : character) AppendHex(static_cast<uint8_t>(c), out);
    }
  });
}

std::size_t DisplayWidth(std::string_view utf8) {
  std::size_t width = 0;
  while (!utf8.empty()) {
    const CodePoint point = Decode(utf8);
    width += point.length == 0 ? 1 : WidthOf(point.value);
    utf8.remove_prefix(std::max<std::size_t>(1, point.length));
  }
  return width;
}

std::string Shorten(std::string_view utf8, std::size_t width) {
  if (DisplayWidth(utf8) <= width) return std::string(utf8);
  const std::size_t tail_width = (width - 1) / 2;
  const std::size_t head_width = width - 1 - tail_width;
  std::string head;
  std::size_t used = 0;
  std::string_view rest = utf8;
  while (!rest.empty()) {
    const CodePoint point = Decode(rest);
    const std::size_t length = std::max<std::size_t>(1, point.length);
    const std::size_t next = point.length == 0 ? 1 : WidthOf(point.value);
    if (used + next > head_width) break;
    head += rest.substr(0, length);
    used += next;
    rest.remove_prefix(length);
  }
  while (DisplayWidth(rest) > tail_width) {
    rest.remove_prefix(std::max<std::size_t>(1, Decode(rest).length));
  }
  head += "…";
  head += rest;
  return head;
}

std::string GroupDigits(int64_t number) {
  const std::string digits = fmt::format("{}", number);
  std::string grouped;
  for (std::size_t i = 0; i < digits.size(); ++i) {
    const bool after_digit = i > 0 && digits[i - 1] != '-';
    if (after_digit && (digits.size() - i) % 3 == 0) grouped += ',';
    grouped += digits[i];
  }
  return grouped;
}

std::string PlainNumber(double number, int digits) {
  if (!std::isfinite(number)) return fmt::format("{}", number);
  const double size = std::fabs(number);
  if (size != 0 && (size < 1e-9 || size >= 1e15)) return fmt::format("{:.{}g}", number, digits);
  const int whole = size >= 1 ? static_cast<int>(std::floor(std::log10(size))) + 1 : 0;
  const int zeros = size > 0 && size < 1 ? -static_cast<int>(std::floor(std::log10(size))) - 1 : 0;
  std::string text = fmt::format("{:.{}f}", number, std::max(0, digits - whole + zeros));
  if (text.find('.') != std::string::npos) {
    text.erase(text.find_last_not_of('0') + 1);
    if (text.back() == '.') text.pop_back();
  }
  return text == "-0" ? "0" : text;
}

std::string ShortNumber(double number) {
  constexpr std::array<const char*, 5> kUnits = {"", "k", "M", "G", "T"};
  std::size_t unit = 0;
  while (std::fabs(number) >= 999.5 && unit + 1 < kUnits.size()) {
    number /= 1000;
    ++unit;
  }
  return PlainNumber(number, 3) + kUnits[unit];
}

std::string ShortBytes(int64_t bytes) {
  if (bytes < 1000) return fmt::format("{} B", bytes);
  const std::string number = ShortNumber(static_cast<double>(bytes));
  return fmt::format("{} {}B", number.substr(0, number.size() - 1), number.back());
}

std::string ShortDuration(double seconds) {
  if (!std::isfinite(seconds) || seconds < 0) return "";
  if (seconds < 0.9995e-3) return fmt::format("{} µs", PlainNumber(seconds * 1e6, 2));
  if (seconds < 0.9995) return fmt::format("{} ms", PlainNumber(seconds * 1e3, 2));
  if (seconds < 59.95) return fmt::format("{} s", PlainNumber(seconds, seconds < 10 ? 2 : 3));
  // Two units, the smaller one only when it is not zero.
  const auto join = [](int64_t count, int64_t size, const char* unit, const char* smaller) {
    std::string text = fmt::format("{} {}", count / size, unit);
    if (count % size != 0) text += fmt::format(" {} {}", count % size, smaller);
    return text;
  };
  seconds = std::min(seconds, 1e15);
  if (seconds < 3'599.5) return join(std::llround(seconds), 60, "min", "s");
  if (seconds < 86'370) return join(std::llround(seconds / 60), 60, "h", "min");
  return join(std::llround(seconds / 3600), 24, "d", "h");
}

}  // namespace tickhouse::report
