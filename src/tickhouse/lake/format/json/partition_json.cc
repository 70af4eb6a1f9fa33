#include <fmt/format.h>

#include "tickhouse/lake/format/json/parts.h"

namespace tickhouse::lake {

namespace {

// v3 writes "source-ids" where a transform takes several columns. None is known that does: such a
// field is kept and never used to leave out a file.
Status ReadSource(JsonObject* object, int* source_id, Transform* transform) {
  const auto single = object->Take("source-id");
  std::string name;
  TICKHOUSE_TRY(object->Read("transform", &name));
  *transform = ParseTransform(name);
  if (single) return ReadJson(*single, object->At("source-id"), source_id);
  TICKHOUSE_ASSIGN(const JsonElement element, object->TakeRequired("source-ids"));
  std::vector<int> ids;
  TICKHOUSE_TRY(ReadJson(element, object->At("source-ids"), &ids));
  if (ids.size() != 1) {
    return Fail(ErrorKind::kUnsupported,
                fmt::format("{}: transforms of {} columns are not known",
                            object->At("source-ids").ToString(), ids.size()));
  }
  *source_id = ids.front();
  return {};
}

Status ReadSortField(JsonElement element, const JsonPath& path, SortField* field) {
  TICKHOUSE_ASSIGN(JsonObject object, JsonObject::Of(element, path));
  TICKHOUSE_TRY(ReadSource(&object, &field->source_id, &field->transform));
  std::string direction;
  TICKHOUSE_TRY(object.Read("direction", &direction));
  field->ascending = direction == "asc" || direction == "ASC";
  if (!field->ascending && direction != "desc" && direction != "DESC") {
    return JsonFault(object.At("direction"), fmt::format("\"{}\" is not asc or desc", direction));
  }
  std::string nulls;
  TICKHOUSE_TRY(object.Read("null-order", &nulls));
  field->nulls_first = nulls == "nulls-first";
  if (!field->nulls_first && nulls != "nulls-last") {
    return JsonFault(object.At("null-order"),
                     fmt::format("\"{}\" is not nulls-first or nulls-last", nulls));
  }
  field->unknown_members = object.UnknownMembers();
  return {};
}

}  // namespace

Status ReadPartitionField(JsonElement element, const JsonPath& path, PartitionField* field) {
  TICKHOUSE_ASSIGN(JsonObject object, JsonObject::Of(element, path));
  TICKHOUSE_TRY(ReadSource(&object, &field->source_id, &field->transform));
  TICKHOUSE_TRY(object.ReadIfThere("field-id", &field->field_id));
  TICKHOUSE_TRY(object.Read("name", &field->name));
  field->unknown_members = object.UnknownMembers();
  return {};
}

Status ReadPartitionSpec(JsonElement element, const JsonPath& path, PartitionSpec* spec) {
  TICKHOUSE_ASSIGN(JsonObject object, JsonObject::Of(element, path));
  TICKHOUSE_TRY(object.ReadIfThere("spec-id", &spec->id));
  TICKHOUSE_ASSIGN(const JsonElement fields, object.TakeRequired("fields"));
  TICKHOUSE_TRY(ReadJsonArray(fields, object.At("fields"), &spec->fields, ReadPartitionField));
  spec->unknown_members = object.UnknownMembers();
  return {};
}

Status ReadSortOrder(JsonElement element, const JsonPath& path, SortOrder* order) {
  TICKHOUSE_ASSIGN(JsonObject object, JsonObject::Of(element, path));
  TICKHOUSE_TRY(object.ReadIfThere("order-id", &order->id));
  TICKHOUSE_ASSIGN(const JsonElement fields, object.TakeRequired("fields"));
  TICKHOUSE_TRY(ReadJsonArray(fields, object.At("fields"), &order->fields, ReadSortField));
  order->unknown_members = object.UnknownMembers();
  return {};
}

void PrintPartitionField(const PartitionField& field, JsonText* json) {
  json->BeginObject();
  json->Member("name", field.name);
  json->Member("transform", field.transform.ToString());
  json->Member("source-id", field.source_id);
  if (field.field_id > 0) json->Member("field-id", field.field_id);
  json->MembersOf(field.unknown_members);
  json->EndObject();
}

void PrintPartitionSpec(const PartitionSpec& spec, JsonText* json) {
  json->BeginObject();
  json->Member("spec-id", spec.id);
  json->Key("fields");
  json->BeginArray();
  for (const PartitionField& field : spec.fields) PrintPartitionField(field, json);
  json->EndArray();
  json->MembersOf(spec.unknown_members);
  json->EndObject();
}

void PrintSortOrder(const SortOrder& order, JsonText* json) {
  json->BeginObject();
  json->Member("order-id", order.id);
  json->Key("fields");
  json->BeginArray();
  for (const SortField& field : order.fields) {
    json->BeginObject();
    json->Member("transform", field.transform.ToString());
    json->Member("source-id", field.source_id);
    json->Member("direction", std::string_view(field.ascending ? "asc" : "desc"));
    json->Member("null-order", std::string_view(field.nulls_first ? "nulls-first" : "nulls-last"));
    json->MembersOf(field.unknown_members);
    json->EndObject();
  }
  json->EndArray();
  json->MembersOf(order.unknown_members);
  json->EndObject();
}

std::string PartitionSpecToJson(const PartitionSpec& spec) {
  return PrintPart(spec, PrintPartitionSpec);
}

Result<PartitionSpec> ParsePartitionSpec(std::string_view text) {
  return ParsePart<PartitionSpec>(text, "partition spec", ReadPartitionSpec);
}

std::string SortOrderToJson(const SortOrder& order) {
  return PrintPart(order, PrintSortOrder);
}

Result<SortOrder> ParseSortOrder(std::string_view text) {
  return ParsePart<SortOrder>(text, "sort order", ReadSortOrder);
}

}  // namespace tickhouse::lake
