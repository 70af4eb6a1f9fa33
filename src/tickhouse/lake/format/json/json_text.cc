#include "tickhouse/lake/format/json/json_text.h"

#include <fmt/format.h>
#include <simdjson.h>

#include <algorithm>
#include <charconv>
#include <cstring>
#include <iterator>

namespace tickhouse::lake {

namespace {

bool NeedsEscape(unsigned char c) {
  return c < 0x20 || c == '"' || c == '\\';
}

// Printable ASCII but for '"' and '\\', eight bytes at a time: most of metadata is nothing else.
bool IsPlain(uint64_t word) {
  constexpr uint64_t kOnes = 0x0101010101010101;
  constexpr uint64_t kHigh = kOnes << 7;
  const auto has_zero = [](uint64_t w) { return (w - kOnes) & ~w; };
  const uint64_t below_space = (word - kOnes * 0x20) & ~word;
  const uint64_t quote = has_zero(word ^ (kOnes * '"'));
  const uint64_t backslash = has_zero(word ^ (kOnes * '\\'));
  return ((word | below_space | quote | backslash) & kHigh) == 0;
}

bool IsPlainAscii(std::string_view value) {
  while (value.size() >= sizeof(uint64_t)) {
    uint64_t word = 0;
    std::memcpy(&word, value.data(), sizeof(word));
    if (!IsPlain(word)) return false;
    value.remove_prefix(sizeof(word));
  }
  return std::ranges::all_of(value, [](char c) {
    const auto byte = static_cast<unsigned char>(c);
    return byte < 0x80 && !NeedsEscape(byte);
  });
}

void AppendEscaped(char c, std::string* text) {
  switch (c) {
    case '"': *text += "\\\""; break;
    case '\\': *text += "\\\\"; break;
    case '\n': *text += "\\n"; break;
    case '\r': *text += "\\r"; break;
    case '\t': *text += "\\t"; break;
    default:
      if (NeedsEscape(static_cast<unsigned char>(c))) {
        fmt::format_to(std::back_inserter(*text), "\\u{:04x}", static_cast<unsigned char>(c));
      } else {
        *text += c;
      }
  }
}

// Bytes of the character that begins there; 0 when none does.
std::size_t CharacterLength(std::string_view rest) {
  for (std::size_t length = 1; length <= std::min<std::size_t>(rest.size(), 4); ++length) {
    if (simdjson::validate_utf8(rest.data(), length)) return length;
  }
  return 0;
}

std::string Repaired(std::string_view value) {
  std::string good;
  while (!value.empty()) {
    const std::size_t length = CharacterLength(value);
    good += length == 0 ? std::string_view("\xEF\xBF\xBD") : value.substr(0, length);
    value.remove_prefix(std::max<std::size_t>(length, 1));
  }
  return good;
}

}  // namespace

void AppendJsonString(std::string_view value, std::string* text) {
  *text += '"';
  if (IsPlainAscii(value)) {
    *text += value;
  } else if (simdjson::validate_utf8(value.data(), value.size())) {
    for (const char c : value) AppendEscaped(c, text);
  } else {
    for (const char c : Repaired(value)) AppendEscaped(c, text);
  }
  *text += '"';
}

void JsonText::Key(std::string_view name) {
  Separate();
  AppendJsonString(name, &text_);
  text_ += ':';
  first_ = true;
}

void JsonText::String(std::string_view value) {
  Separate();
  AppendJsonString(value, &text_);
}

void JsonText::Number(int64_t value) {
  Separate();
  char digits[24];
  text_.append(digits, std::to_chars(digits, digits + sizeof(digits), value).ptr);
}

void JsonText::Member(std::string_view name, const std::map<std::string, std::string>& values) {
  Key(name);
  BeginObject();
  for (const auto& [key, value] : values) Member(key, value);
  EndObject();
}

void JsonText::MembersOf(std::string_view object_text) {
  if (object_text.size() <= 2) return;
  Raw(object_text.substr(1, object_text.size() - 2));
}

}  // namespace tickhouse::lake
