#include "tickhouse/io/parquet/table/value_encoder.h"

namespace tickhouse::io {

namespace {

bool StartsCharacter(char byte) {
  return (static_cast<uint8_t>(byte) & 0xC0) != 0x80;
}

// Of one whole character; nothing for what is none.
std::optional<uint32_t> CodePoint(std::string_view bytes) {
  const auto lead = static_cast<uint8_t>(bytes[0]);
  const std::size_t length = lead < 0x80 ? 1 : (lead < 0xE0 ? 2 : (lead < 0xF0 ? 3 : 4));
  if (bytes.size() != length || (lead >= 0x80 && lead < 0xC2) || lead > 0xF4) return std::nullopt;
  if (length == 1) return lead;
  uint32_t point = lead & (0x7FU >> length);
  for (const char byte : bytes.substr(1))
    point = (point << 6) | (static_cast<uint8_t>(byte) & 0x3F);
  return point;
}

void AppendCharacter(uint32_t point, std::string* text) {
  const auto tail = [&](int shift) {
    text->push_back(static_cast<char>(0x80 | ((point >> shift) & 0x3F)));
  };
  if (point < 0x80) {
    text->push_back(static_cast<char>(point));
  } else if (point < 0x800) {
    text->push_back(static_cast<char>(0xC0 | (point >> 6)));
    tail(0);
  } else if (point < 0x10000) {
    text->push_back(static_cast<char>(0xE0 | (point >> 12)));
    tail(6);
    tail(0);
  } else {
    text->push_back(static_cast<char>(0xF0 | (point >> 18)));
    tail(12);
    tail(6);
    tail(0);
  }
}

std::optional<std::string> NextText(std::string text) {
  while (!text.empty()) {
    std::size_t at = text.size() - 1;
    while (at > 0 && !StartsCharacter(text[at])) --at;
    const auto point = CodePoint(std::string_view(text).substr(at));
    if (!point) return std::nullopt;
    text.resize(at);
    if (*point == 0x10FFFF) continue;
    AppendCharacter(*point == 0xD7FF ? 0xE000 : *point + 1,
                    &text);  // Surrogates are no characters.
    return text;
  }
  return std::nullopt;
}

std::optional<std::string> NextBytes(std::string bytes) {
  while (!bytes.empty() && static_cast<uint8_t>(bytes.back()) == 0xFF) bytes.pop_back();
  if (bytes.empty()) return std::nullopt;
  bytes.back() = static_cast<char>(static_cast<uint8_t>(bytes.back()) + 1);
  return bytes;
}

}  // namespace

std::string CutLower(std::string_view value, std::size_t bytes, bool is_text) {
  if (value.size() <= bytes) return std::string(value);
  std::size_t cut = bytes;
  while (is_text && cut > 0 && !StartsCharacter(value[cut])) --cut;
  return std::string(value.substr(0, cut));
}

std::optional<std::string> CutUpper(std::string_view value, std::size_t bytes, bool is_text) {
  if (value.size() <= bytes) return std::string(value);
  std::string cut = CutLower(value, bytes, is_text);
  return is_text ? NextText(std::move(cut)) : NextBytes(std::move(cut));
}

}  // namespace tickhouse::io
