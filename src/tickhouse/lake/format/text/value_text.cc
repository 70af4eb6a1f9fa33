// The text forms of value.h: JSON single values, and what people write.
#include <fmt/format.h>

#include <charconv>
#include <cmath>
#include <limits>
#include <nlohmann/json.hpp>

#include "tickhouse/lake/format/text/instant_text.h"
#include "tickhouse/lake/format/value.h"

namespace tickhouse::lake {

namespace {

constexpr int64_t kSecondsPerDay = 86'400;
constexpr const char* kHexDigits = "0123456789abcdef";

bool IsNanos(const Type& type) {
  return type.kind == TypeKind::kTimestampNs || type.kind == TypeKind::kTimestampTzNs;
}
bool HasZone(const Type& type) {
  return type.kind == TypeKind::kTimestampTz || type.kind == TypeKind::kTimestampTzNs;
}

std::string Hex(std::string_view bytes) {
  std::string text;
  for (const char c : bytes) {
    const auto byte = static_cast<unsigned char>(c);
    text += kHexDigits[byte >> 4];
    text += kHexDigits[byte & 0xF];
  }
  return text;
}

std::optional<std::string> FromHex(std::string_view text) {
  if (text.size() % 2 != 0) return std::nullopt;
  std::string bytes;
  for (std::size_t i = 0; i < text.size(); i += 2) {
    unsigned value = 0;
    const char* const end = text.data() + i + 2;
    const auto [stop, error] = std::from_chars(text.data() + i, end, value, 16);
    if (error != std::errc() || stop != end) return std::nullopt;
    bytes += static_cast<char>(value);
  }
  return bytes;
}

std::string UuidText(std::string_view bytes) {
  std::string text = Hex(bytes);
  if (text.size() != 32) return text;
  for (const std::size_t at : {20, 16, 12, 8}) text.insert(at, 1, '-');
  return text;
}

std::optional<std::string> ReadUuid(std::string_view text) {
  if (text.size() != 36) return std::nullopt;
  std::string digits;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const bool dash = i == 8 || i == 13 || i == 18 || i == 23;
    if (dash != (text[i] == '-')) return std::nullopt;
    if (!dash) digits += text[i];
  }
  return FromHex(digits);
}

std::string DecimalText(Int128 unscaled, int scale) {
  const bool negative = unscaled < 0;
  // Unsigned negation: the least Int128 has no positive counterpart.
  auto rest = static_cast<unsigned __int128>(unscaled);
  if (negative) rest = -rest;
  std::string reversed;
  while (rest != 0 || reversed.size() <= static_cast<std::size_t>(scale)) {
    if (scale > 0 && reversed.size() == static_cast<std::size_t>(scale)) break;
    reversed += static_cast<char>('0' + static_cast<int>(rest % 10));
    rest /= 10;
  }
  if (scale > 0) {
    reversed += '.';
    do {
      reversed += static_cast<char>('0' + static_cast<int>(rest % 10));
      rest /= 10;
    } while (rest != 0);
  }
  if (negative) reversed += '-';
  return {reversed.rbegin(), reversed.rend()};
}

// Digits beyond the scale must be zeros: a price never loses one silently.
std::optional<Int128> ReadDecimal(std::string_view text, int precision, int scale) {
  const bool negative = text.starts_with('-');
  if (negative || text.starts_with('+')) text.remove_prefix(1);
  Int128 most = 1;
  for (int i = 0; i < precision; ++i) most *= 10;
  Int128 value = 0;
  int decimals = -1;  // Before the point.
  bool any = false;
  for (const char c : text) {
    if (c == '.' && decimals < 0) {
      decimals = 0;
      continue;
    }
    if (c < '0' || c > '9') return std::nullopt;
    any = true;
    if (decimals >= 0) ++decimals;
    if (decimals > scale) {
      if (c != '0') return std::nullopt;
      continue;
    }
    // Before the step: ten times a number of 38 digits leaves 128 bits.
    if (value > (most - 1 - (c - '0')) / 10) return std::nullopt;
    value = value * 10 + (c - '0');
  }
  if (!any) return std::nullopt;
  for (int i = std::min(std::max(decimals, 0), scale); i < scale; ++i) {
    if (value > (most - 1) / 10) return std::nullopt;
    value *= 10;
  }
  return negative ? -value : value;
}

template <typename Number>
std::optional<Value> ReadNumber(std::string_view text) {
  if (text.starts_with('+') && text.size() > 1 && text[1] != '-') text.remove_prefix(1);
  Number number{};
  const char* const end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, number);
  if (error != std::errc() || stop != end) return std::nullopt;
  return Value{number};
}

std::optional<Value> ReadBoolean(std::string_view text) {
  if (text == "true") return Value{true};
  if (text == "false") return Value{false};
  return std::nullopt;
}

std::optional<Value> ReadDate(std::string_view text) {
  const auto days = TakeDate(&text);
  if (!days || !text.empty()) return std::nullopt;
  if (*days < std::numeric_limits<int32_t>::min() || *days > std::numeric_limits<int32_t>::max()) {
    return std::nullopt;
  }
  return Value{static_cast<int32_t>(*days)};
}

std::optional<Value> ReadTime(std::string_view text) {
  const auto micros = TakeTime(&text, 6);
  if (!micros || !text.empty()) return std::nullopt;
  return Value{*micros};
}

std::optional<Value> ReadTimestamp(const Type& type, std::string_view text) {
  const int digits = IsNanos(type) ? 9 : 6;
  const auto days = TakeDate(&text);
  if (!days) return std::nullopt;
  Int128 seconds = static_cast<Int128>(*days) * kSecondsPerDay;
  int64_t of_day = 0;
  if (!text.empty()) {
    if (text[0] != 'T' && text[0] != ' ') return std::nullopt;
    text.remove_prefix(1);
    const auto time = TakeTime(&text, digits);
    if (!time) return std::nullopt;
    of_day = *time;
  }
  if (text == "Z") text = "";
  if (!text.empty() && HasZone(type)) {
    const auto offset = TakeOffset(&text);
    if (!offset) return std::nullopt;
    seconds -= *offset;
  }
  if (!text.empty()) return std::nullopt;
  const Int128 instant = seconds * (IsNanos(type) ? 1'000'000'000 : 1'000'000) + of_day;
  const auto narrow = static_cast<int64_t>(instant);
  if (narrow != instant) return std::nullopt;
  return Value{narrow};
}

std::optional<Value> AsValue(std::optional<std::string> bytes) {
  if (!bytes) return std::nullopt;
  return Value{std::move(*bytes)};
}

std::optional<Value> ReadBytes(const Type& type, std::string_view text) {
  auto bytes = FromHex(text.starts_with("0x") ? text.substr(2) : text);
  if (!bytes) return std::nullopt;
  if (type.kind == TypeKind::kFixed && bytes->size() != static_cast<std::size_t>(type.length)) {
    return std::nullopt;
  }
  return AsValue(std::move(bytes));
}

std::optional<Value> Read(const Type& type, std::string_view text) {
  switch (type.kind) {
    case TypeKind::kBoolean: return ReadBoolean(text);
    case TypeKind::kInt: return ReadNumber<int32_t>(text);
    case TypeKind::kLong: return ReadNumber<int64_t>(text);
    case TypeKind::kFloat: return ReadNumber<float>(text);
    case TypeKind::kDouble: return ReadNumber<double>(text);
    case TypeKind::kDecimal: {
      const auto unscaled = ReadDecimal(text, type.precision, type.scale);
      return unscaled ? std::optional(Value{*unscaled}) : std::nullopt;
    }
    case TypeKind::kDate: return ReadDate(text);
    case TypeKind::kTime: return ReadTime(text);
    case TypeKind::kTimestamp:
    case TypeKind::kTimestampTz:
    case TypeKind::kTimestampNs:
    case TypeKind::kTimestampTzNs: return ReadTimestamp(type, text);
    case TypeKind::kString: return Value{std::string(text)};
    case TypeKind::kUuid: return AsValue(ReadUuid(text));
    case TypeKind::kFixed:
    case TypeKind::kBinary: return ReadBytes(type, text);
    default: return std::nullopt;
  }
}

std::string_view ExpectedForm(const Type& type) {
  switch (type.kind) {
    case TypeKind::kBoolean: return "true or false";
    case TypeKind::kInt:
    case TypeKind::kLong: return "a whole number within its range";
    case TypeKind::kFloat:
    case TypeKind::kDouble: return "a number such as 1.25";
    case TypeKind::kDecimal: return "a number that its digits can hold, such as 14.2";
    case TypeKind::kDate: return "a day such as 2012-12-21";
    case TypeKind::kTime: return "a time such as 07:50:00.5";
    case TypeKind::kTimestamp:
    case TypeKind::kTimestampNs: return "an instant such as 2012-12-21T07:50";
    case TypeKind::kTimestampTz:
    case TypeKind::kTimestampTzNs:
      return "an instant such as 2012-12-21T07:50Z or 2012-12-21T09:50+02:00";
    case TypeKind::kUuid: return "a UUID such as f79c3e09-677c-4bbd-a479-3f349cb785e7";
    case TypeKind::kFixed:
    case TypeKind::kBinary: return "its bytes in hexadecimal, such as 00ff";
    default: return "nothing: this type has no literals";
  }
}

template <typename Float>
std::string FloatText(Float number) {
  if (std::isnan(number)) return std::signbit(number) ? "-nan" : "nan";
  return fmt::format("{}", number);
}

std::string FloatJson(const std::string& text) {
  if (text.ends_with("nan")) return "\"NaN\"";
  if (text == "inf") return "\"Infinity\"";
  if (text == "-inf") return "\"-Infinity\"";
  return text;
}

// What JSON holds for a type: a number, a boolean or a string.
bool IsJsonNumber(const Type& type) {
  return type.kind == TypeKind::kInt || type.kind == TypeKind::kLong ||
         type.kind == TypeKind::kFloat || type.kind == TypeKind::kDouble;
}

// The exact text of a JSON number: through a double, a long would lose digits.
std::optional<std::string> NumberText(const Type& type, std::string_view json_text,
                                      const nlohmann::json& json) {
  const bool is_float = type.kind == TypeKind::kFloat || type.kind == TypeKind::kDouble;
  if (json.is_string() && is_float) {
    const auto& word = json.get_ref<const std::string&>();
    if (word == "NaN") return "nan";
    if (word == "Infinity") return "inf";
    if (word == "-Infinity") return "-inf";
    return std::nullopt;
  }
  if (!json.is_number()) return std::nullopt;
  const std::size_t begin = json_text.find_first_not_of(" \t\r\n");
  const std::size_t end = json_text.find_last_not_of(" \t\r\n");
  return std::string(json_text.substr(begin, end - begin + 1));
}

std::optional<std::string> ScalarText(const Type& type, std::string_view json_text) {
  const auto json = nlohmann::json::parse(json_text, nullptr, /*allow_exceptions=*/false);
  if (json.is_discarded()) return std::nullopt;
  if (IsJsonNumber(type)) return NumberText(type, json_text, json);
  if (type.kind == TypeKind::kBoolean) {
    if (!json.is_boolean()) return std::nullopt;
    return json.get<bool>() ? "true" : "false";
  }
  if (!json.is_string()) return std::nullopt;
  return json.get<std::string>();
}

}  // namespace

std::string ValueToText(const Type& type, const Value& value) {
  switch (type.kind) {
    case TypeKind::kBoolean: return std::get<bool>(value.data) ? "true" : "false";
    case TypeKind::kInt: return fmt::format("{}", std::get<int32_t>(value.data));
    case TypeKind::kLong: return fmt::format("{}", std::get<int64_t>(value.data));
    case TypeKind::kFloat: return FloatText(std::get<float>(value.data));
    case TypeKind::kDouble: return FloatText(std::get<double>(value.data));
    case TypeKind::kDecimal: return DecimalText(std::get<Int128>(value.data), type.scale);
    case TypeKind::kDate: return DateText(std::get<int32_t>(value.data));
    case TypeKind::kTime: return TimeText(std::get<int64_t>(value.data), 6);
    case TypeKind::kTimestamp:
    case TypeKind::kTimestampTz:
    case TypeKind::kTimestampNs:
    case TypeKind::kTimestampTzNs:
      return TimestampText(std::get<int64_t>(value.data), IsNanos(type) ? 9 : 6) +
             (HasZone(type) ? "+00:00" : "");
    case TypeKind::kUuid: return UuidText(std::get<std::string>(value.data));
    case TypeKind::kFixed:
    case TypeKind::kBinary: return Hex(std::get<std::string>(value.data));
    default: return std::get<std::string>(value.data);
  }
}

Result<Value> ParseValue(const Type& type, std::string_view text) {
  if (auto value = Read(type, text)) return std::move(*value);
  return Fail(ErrorKind::kInvalidArgument, fmt::format("\"{}\" is no {}: expected {}", text,
                                                       type.ToString(), ExpectedForm(type)));
}

std::string ValueToJson(const Type& type, const Value& value) {
  std::string text = ValueToText(type, value);
  if (type.kind == TypeKind::kFloat || type.kind == TypeKind::kDouble) return FloatJson(text);
  if (IsJsonNumber(type) || type.kind == TypeKind::kBoolean) return text;
  return nlohmann::json(text).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

Result<Value> ValueFromJson(const Type& type, std::string_view json_text) {
  if (const auto text = ScalarText(type, json_text)) {
    if (auto value = Read(type, *text)) return std::move(*value);
  }
  return Fail(ErrorKind::kCorrupt, fmt::format("{} is no {}: expected {}", json_text.substr(0, 80),
                                               type.ToString(), ExpectedForm(type)));
}

}  // namespace tickhouse::lake
