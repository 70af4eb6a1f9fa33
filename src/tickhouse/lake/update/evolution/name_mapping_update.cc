// Out of schema_update.cc, which knows no JSON.
#include <algorithm>
#include <nlohmann/json.hpp>

#include "tickhouse/lake/update/evolution/schema_update.h"

namespace tickhouse::lake {
namespace {

using nlohmann::json;

bool IsMapping(const json& entries) {
  return entries.is_array() && std::ranges::all_of(entries, [](const json& entry) {
           return entry.is_object() && entry.contains("names") && entry["names"].is_array() &&
                  (!entry.contains("fields") || IsMapping(entry["fields"]));
         });
}

json* FindEntry(json& entries, int field_id) {
  for (json& entry : entries) {
    if (entry.contains("field-id") && entry["field-id"] == field_id) return &entry;
  }
  return nullptr;
}

/// A name stands for one column of a level: the one that has it now.
void TakeName(json& entries, const std::string& name, int field_id) {
  for (json& entry : entries) {
    if (entry.contains("field-id") && entry["field-id"] == field_id) continue;
    json& names = entry["names"];
    json kept = json::array();
    for (const json& each : names) {
      if (each != name) kept.push_back(each);
    }
    names = std::move(kept);
  }
}

void UpdateLevel(json& entries, const Schema& before, const std::vector<Field>& fields) {
  for (const Field& field : fields) {
    const Field* known = before.FindById(field.id);
    json* entry = FindEntry(entries, field.id);
    // A column that was there without an entry is one its owner left out.
    if (entry == nullptr && known != nullptr) continue;
    if (known == nullptr || known->name != field.name) {
      TakeName(entries, field.name, field.id);
      if (entry == nullptr) {
        entries.push_back({{"field-id", field.id}, {"names", json::array({field.name})}});
        entry = &entries.back();
      } else if (std::ranges::find((*entry)["names"], json(field.name)) ==
                 (*entry)["names"].end()) {
        (*entry)["names"].push_back(field.name);
      }
    }
    if (field.type.fields.empty()) continue;
    if (!entry->contains("fields")) (*entry)["fields"] = json::array();
    UpdateLevel((*entry)["fields"], before, field.type.fields);
  }
}

}  // namespace

Result<std::string> UpdateNameMapping(const std::string& mapping, const Schema& before,
                                      const Schema& after) {
  json entries = json::parse(mapping, nullptr, false);
  if (!IsMapping(entries)) {
    return Fail(
        ErrorKind::kCorrupt,
        "table property schema.name-mapping.default is no name mapping; repair or remove it");
  }
  UpdateLevel(entries, before, after.fields);
  return entries.dump();
}

}  // namespace tickhouse::lake
