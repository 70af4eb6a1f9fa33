// The parts of table metadata, from JSON elements and to text; the public functions are in
// table_metadata.h.
#pragma once

#include "tickhouse/lake/format/json/json_object.h"
#include "tickhouse/lake/format/json/json_text.h"
#include "tickhouse/lake/format/table_metadata.h"

namespace tickhouse::lake {

// kCorrupt with the path at fault.
Status ReadSchema(JsonElement element, const JsonPath& path, Schema* schema);
/// A missing field id stays 0.
Status ReadPartitionField(JsonElement element, const JsonPath& path, PartitionField* field);
Status ReadPartitionSpec(JsonElement element, const JsonPath& path, PartitionSpec* spec);
Status ReadSortOrder(JsonElement element, const JsonPath& path, SortOrder* order);
Status ReadSnapshot(JsonElement element, const JsonPath& path, Snapshot* snapshot);
Status ReadSnapshotRef(JsonElement element, const JsonPath& path, SnapshotRef* ref);
/// The members of a ref, which stand among others in an update.
Status ReadSnapshotRef(JsonObject* object, SnapshotRef* ref);

void PrintSchema(const Schema& schema, JsonText* json);
void PrintPartitionField(const PartitionField& field, JsonText* json);
void PrintPartitionSpec(const PartitionSpec& spec, JsonText* json);
void PrintSortOrder(const SortOrder& order, JsonText* json);
void PrintSnapshot(const Snapshot& snapshot, JsonText* json);
void PrintSnapshotRef(const SnapshotRef& ref, JsonText* json);
void PrintSnapshotRefMembers(const SnapshotRef& ref, JsonText* json);

/// A whole document of one part.
template <typename T>
Result<T> ParsePart(std::string_view text, std::string_view name,
                    Status (*read)(JsonElement, const JsonPath&, T*)) {
  const JsonPath root{nullptr, name, 0};
  simdjson::dom::parser parser;
  TICKHOUSE_ASSIGN(const JsonElement element, ParseJson(text, root, &parser));
  T part;
  TICKHOUSE_TRY(read(element, root, &part));
  return part;
}

template <typename T>
std::string PrintPart(const T& part, void (*print)(const T&, JsonText*)) {
  JsonText json;
  print(part, &json);
  return std::move(json).Take();
}

}  // namespace tickhouse::lake
