// JSON read member by member: what is asked for is known, the rest is kept; errors carry the path.
#pragma once

#include <simdjson.h>

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "tickhouse/core/error.h"

namespace tickhouse::lake {

using JsonElement = simdjson::dom::element;

/// Where a value stands: a chain on the stack, turned to text only when something is wrong. The
/// root's `member` is the document's name.
struct JsonPath {
  const JsonPath* parent = nullptr;
  std::string_view member = {};  ///< Empty: `index` counts.
  std::size_t index = 0;
  /// "table metadata: schemas[0].fields[2].type"
  std::string ToString() const;
};

/// kCorrupt.
std::unexpected<Error> JsonFault(const JsonPath& path, std::string_view what);

/// kCorrupt with line and column. The answer lives as long as `parser` and is overwritten by its
/// next use.
Result<JsonElement> ParseJson(std::string_view text, const JsonPath& path,
                              simdjson::dom::parser* parser);

// One value; kCorrupt when it is of another kind or out of range.
Status ReadJson(JsonElement element, const JsonPath& path, bool* value);
Status ReadJson(JsonElement element, const JsonPath& path, int32_t* value);
Status ReadJson(JsonElement element, const JsonPath& path, int64_t* value);
Status ReadJson(JsonElement element, const JsonPath& path, std::string* value);
Status ReadJson(JsonElement element, const JsonPath& path,
                std::map<std::string, std::string>* values);

template <typename T, typename Read>
Status ReadJsonArray(JsonElement element, const JsonPath& path, std::vector<T>* values, Read read) {
  simdjson::dom::array array;
  if (element.get_array().get(array) != simdjson::SUCCESS) return JsonFault(path, "no array");
  values->reserve(array.size());
  for (const JsonElement each : array) {
    const JsonPath at{&path, {}, values->size()};
    T value{};
    TICKHOUSE_TRY(read(each, at, &value));
    values->push_back(std::move(value));
  }
  return {};
}

template <typename T>
Status ReadJson(JsonElement element, const JsonPath& path, std::vector<T>* values) {
  return ReadJsonArray(element, path, values, [](JsonElement each, const JsonPath& at, T* value) {
    return ReadJson(each, at, value);
  });
}

/// The element without insignificant space.
std::string JsonTextOf(JsonElement element);

/// One object. Of members of one name the last counts. `path` must outlive it.
class JsonObject {
 public:
  static Result<JsonObject> Of(JsonElement element, const JsonPath& path);

  const JsonPath& path() const { return *path_; }
  JsonPath At(std::string_view name) const { return {path_, name, 0}; }

  /// The member, from now on a known one; nullopt when it is missing or null.
  std::optional<JsonElement> Take(std::string_view name);
  /// kCorrupt when it is missing.
  Result<JsonElement> TakeRequired(std::string_view name);

  template <typename T>
  Status Read(std::string_view name, T* value) {
    TICKHOUSE_ASSIGN(const JsonElement element, TakeRequired(name));
    return ReadJson(element, At(name), value);
  }
  /// Missing or null: `*value` stays.
  template <typename T>
  Status ReadIfThere(std::string_view name, T* value) {
    const auto element = Take(name);
    return element ? ReadJson(*element, At(name), value) : Status();
  }
  template <typename T>
  Status ReadIfThere(std::string_view name, std::optional<T>* value) {
    const auto element = Take(name);
    return element ? ReadJson(*element, At(name), &value->emplace()) : Status();
  }
  /// The text of a member of any kind, null included, or "" when it is missing.
  std::string TakeText(std::string_view name);

  /// What nobody has taken, as an object's text; empty when there is nothing.
  std::string UnknownMembers() const;

 private:
  struct Member {
    std::string_view name;
    JsonElement value;
    bool taken = false;
  };

  const Member* Mark(std::string_view name);

  explicit JsonObject(const JsonPath& path) : path_(&path) {}

  const JsonPath* path_;
  std::vector<Member> members_;
};

}  // namespace tickhouse::lake
