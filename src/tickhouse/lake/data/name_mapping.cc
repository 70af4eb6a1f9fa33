#include "tickhouse/lake/data/name_mapping.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

namespace tickhouse::lake {

namespace {

std::unexpected<Error> Corrupt(std::string_view why) {
  return Fail(ErrorKind::kCorrupt, fmt::format("schema.name-mapping.default: {}", why));
}

Status AddEntry(const nlohmann::json& entry, NameMapping* mapping) {
  if (!entry.is_object()) return Corrupt("an entry is no object");
  const auto id = entry.find("field-id");
  const auto names = entry.find("names");
  if (names == entry.end() || !names->is_array()) return Corrupt("an entry has no list of names");
  for (const auto& name : *names) {
    if (!name.is_string()) return Corrupt("a name is no string");
    const auto text = name.get<std::string>();
    if (mapping->Find(text)) return Corrupt(fmt::format("name {} stands for two fields", text));
    if (id == entry.end()) continue;  // Such a name is not to be read.
    if (!id->is_number_integer()) return Corrupt("a field-id is no whole number");
    mapping->names.emplace_back(text, id->get<int>());
  }
  return {};
}

}  // namespace

std::optional<int> NameMapping::Find(std::string_view name) const {
  for (const auto& [known, id] : names) {
    if (known == name) return id;
  }
  return std::nullopt;
}

Result<NameMapping> ParseNameMapping(std::string_view json_text) {
  const auto json = nlohmann::json::parse(json_text, nullptr, false);
  if (!json.is_array()) return Corrupt("it is no JSON list");
  NameMapping mapping;
  for (const auto& entry : json) TICKHOUSE_TRY(AddEntry(entry, &mapping));
  return mapping;
}

}  // namespace tickhouse::lake
