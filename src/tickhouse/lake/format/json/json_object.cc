#include "tickhouse/lake/format/json/json_object.h"

#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <nlohmann/json.hpp>
#include <ranges>

#include "tickhouse/lake/format/json/json_text.h"

namespace tickhouse::lake {

namespace {

constexpr std::size_t kMostOfValueShown = 60;

std::string Shown(JsonElement element) {
  std::string text = JsonTextOf(element);
  if (text.size() > kMostOfValueShown) text = text.substr(0, kMostOfValueShown) + "...";
  return text;
}

// simdjson says what is wrong but not where; the slower parser is asked only then.
std::string SyntaxFault(std::string_view text, simdjson::error_code error) {
  try {
    [[maybe_unused]] const auto read = nlohmann::json::parse(text);
  } catch (const nlohmann::json::exception& fault) {
    const std::string_view what = fault.what();
    const std::size_t end_of_tag = what.find("] ");
    return std::string(end_of_tag == std::string_view::npos ? what : what.substr(end_of_tag + 2));
  }
  return simdjson::error_message(error);
}

}  // namespace

std::string JsonPath::ToString() const {
  if (parent == nullptr) return std::string(member);
  const bool below_root = parent->parent == nullptr;
  const std::string before = parent->ToString() + (below_root ? ": " : "");
  if (member.empty()) return fmt::format("{}[{}]", before, index);
  return fmt::format("{}{}{}", before, below_root ? "" : ".", member);
}

std::unexpected<Error> JsonFault(const JsonPath& path, std::string_view what) {
  return Fail(ErrorKind::kCorrupt, fmt::format("{}: {}", path.ToString(), what));
}

Result<JsonElement> ParseJson(std::string_view text, const JsonPath& path,
                              simdjson::dom::parser* parser) {
  JsonElement element;
  const auto error = parser->parse(text.data(), text.size()).get(element);
  if (error == simdjson::SUCCESS) return element;
  if (text.empty()) return JsonFault(path, "empty");
  return JsonFault(path, SyntaxFault(text, error));
}

Status ReadJson(JsonElement element, const JsonPath& path, bool* value) {
  if (element.get_bool().get(*value) == simdjson::SUCCESS) return {};
  return JsonFault(path, fmt::format("{} is neither true nor false", Shown(element)));
}

Status ReadJson(JsonElement element, const JsonPath& path, int64_t* value) {
  if (element.is_int64() && element.get_int64().get(*value) == simdjson::SUCCESS) return {};
  return JsonFault(path, fmt::format("{} is no whole number of 64 bits", Shown(element)));
}

Status ReadJson(JsonElement element, const JsonPath& path, int32_t* value) {
  int64_t wide = 0;
  if (!element.is_int64() || element.get_int64().get(wide) != simdjson::SUCCESS ||
      wide < std::numeric_limits<int32_t>::min() || wide > std::numeric_limits<int32_t>::max()) {
    return JsonFault(path, fmt::format("{} is no whole number of 32 bits", Shown(element)));
  }
  *value = static_cast<int32_t>(wide);
  return {};
}

Status ReadJson(JsonElement element, const JsonPath& path, std::string* value) {
  std::string_view text;
  if (element.get_string().get(text) != simdjson::SUCCESS) {
    return JsonFault(path, fmt::format("{} is no string", Shown(element)));
  }
  value->assign(text);
  return {};
}

Status ReadJson(JsonElement element, const JsonPath& path,
                std::map<std::string, std::string>* values) {
  simdjson::dom::object object;
  if (element.get_object().get(object) != simdjson::SUCCESS) return JsonFault(path, "no object");
  for (const auto member : object) {
    std::string_view text;
    if (member.value.get_string().get(text) != simdjson::SUCCESS) {
      const JsonPath at{&path, member.key, 0};
      return JsonFault(at, fmt::format("{} is no string", Shown(member.value)));
    }
    // Writers sort them more often than not.
    const std::size_t before = values->size();
    const auto at = values->emplace_hint(values->end(), member.key, text);
    if (values->size() == before) at->second.assign(text);
  }
  return {};
}

std::string JsonTextOf(JsonElement element) {
  return simdjson::minify(element);
}

Result<JsonObject> JsonObject::Of(JsonElement element, const JsonPath& path) {
  simdjson::dom::object object;
  if (element.get_object().get(object) != simdjson::SUCCESS) {
    return JsonFault(path, fmt::format("{} is no object", Shown(element)));
  }
  JsonObject result(path);
  result.members_.reserve(object.size());
  for (const auto member : object) result.members_.push_back({member.key, member.value});
  return result;
}

const JsonObject::Member* JsonObject::Mark(std::string_view name) {
  const Member* last = nullptr;
  for (Member& member : members_) {
    if (member.name != name) continue;
    member.taken = true;
    last = &member;
  }
  return last;
}

std::optional<JsonElement> JsonObject::Take(std::string_view name) {
  const Member* const member = Mark(name);
  if (member == nullptr || member->value.is_null()) return std::nullopt;
  return member->value;
}

Result<JsonElement> JsonObject::TakeRequired(std::string_view name) {
  if (const auto element = Take(name)) return *element;
  return JsonFault(At(name), "missing");
}

std::string JsonObject::TakeText(std::string_view name) {
  const Member* const member = Mark(name);
  return member == nullptr ? std::string() : JsonTextOf(member->value);
}

std::string JsonObject::UnknownMembers() const {
  if (std::ranges::all_of(members_, &Member::taken)) return {};
  JsonText json;
  json.BeginObject();
  for (const Member& member : members_) {
    if (member.taken) continue;
    json.Key(member.name);
    json.Raw(JsonTextOf(member.value));
  }
  json.EndObject();
  return std::move(json).Take();
}

}  // namespace tickhouse::lake
