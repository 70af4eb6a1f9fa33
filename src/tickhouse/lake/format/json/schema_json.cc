#include <fmt/format.h>

#include <set>

#include "tickhouse/lake/format/json/parts.h"

namespace tickhouse::lake {

namespace {

constexpr int kMostLevels = 100;

Status ReadType(JsonElement element, const JsonPath& path, int levels, Type* type);
void PrintType(const Type& type, JsonText* json);

Status ReadField(JsonElement element, const JsonPath& path, int levels, Field* field) {
  TICKHOUSE_ASSIGN(JsonObject object, JsonObject::Of(element, path));
  TICKHOUSE_TRY(object.Read("id", &field->id));
  TICKHOUSE_TRY(object.Read("name", &field->name));
  TICKHOUSE_TRY(object.Read("required", &field->required));
  TICKHOUSE_ASSIGN(const JsonElement type, object.TakeRequired("type"));
  TICKHOUSE_TRY(ReadType(type, object.At("type"), levels, &field->type));
  TICKHOUSE_TRY(object.ReadIfThere("doc", &field->doc));
  if (const auto value = object.Take("initial-default")) {
    field->initial_default = JsonTextOf(*value);
  }
  if (const auto value = object.Take("write-default")) field->write_default = JsonTextOf(*value);
  field->unknown_members = object.UnknownMembers();
  return {};
}

Status ReadFields(JsonObject* object, int levels, std::vector<Field>* fields) {
  TICKHOUSE_ASSIGN(const JsonElement array, object->TakeRequired("fields"));
  return ReadJsonArray(array, object->At("fields"), fields,
                       [&](JsonElement each, const JsonPath& at, Field* field) {
                         return ReadField(each, at, levels, field);
                       });
}

// "element", "key" or "value": its id, type and whether it is required stand beside it.
Status ReadInner(JsonObject* object, const std::string& name, int levels,
                 std::vector<Field>* fields) {
  Field field;
  field.name = name;
  field.required = name == "key";
  TICKHOUSE_TRY(object->Read(name + "-id", &field.id));
  if (!field.required) TICKHOUSE_TRY(object->Read(name + "-required", &field.required));
  TICKHOUSE_ASSIGN(const JsonElement type, object->TakeRequired(name));
  TICKHOUSE_TRY(ReadType(type, object->At(name), levels, &field.type));
  fields->push_back(std::move(field));
  return {};
}

Status ReadNestedType(JsonElement element, const JsonPath& path, int levels, Type* type) {
  if (levels <= 0) return JsonFault(path, fmt::format("nested deeper than {} levels", kMostLevels));
  TICKHOUSE_ASSIGN(JsonObject object, JsonObject::Of(element, path));
  std::string name;
  TICKHOUSE_TRY(object.Read("type", &name));
  if (name == "struct") {
    type->kind = TypeKind::kStruct;
    TICKHOUSE_TRY(ReadFields(&object, levels - 1, &type->fields));
  } else if (name == "list") {
    type->kind = TypeKind::kList;
    TICKHOUSE_TRY(ReadInner(&object, "element", levels - 1, &type->fields));
  } else if (name == "map") {
    type->kind = TypeKind::kMap;
    TICKHOUSE_TRY(ReadInner(&object, "key", levels - 1, &type->fields));
    TICKHOUSE_TRY(ReadInner(&object, "value", levels - 1, &type->fields));
  } else {
    return JsonFault(object.At("type"), fmt::format("\"{}\" is no nested type", name));
  }
  type->unknown_members = object.UnknownMembers();
  return {};
}

Status ReadType(JsonElement element, const JsonPath& path, int levels, Type* type) {
  std::string_view name;
  if (element.get_string().get(name) != simdjson::SUCCESS) {
    return ReadNestedType(element, path, levels, type);
  }
  auto primitive = ParsePrimitiveType(name);
  if (!primitive) return Fail(primitive.error().WithContext(path.ToString()));
  *type = std::move(*primitive);
  return {};
}

Status CheckIds(const std::vector<Field>& fields, const JsonPath& path, std::set<int>* seen) {
  for (const Field& field : fields) {
    if (!seen->insert(field.id).second) {
      return JsonFault(path, fmt::format("field id {} is used twice", field.id));
    }
    TICKHOUSE_TRY(CheckIds(field.type.fields, path, seen));
  }
  return {};
}

void PrintField(const Field& field, JsonText* json) {
  json->BeginObject();
  json->Member("id", field.id);
  json->Member("name", field.name);
  json->Member("required", field.required);
  json->Key("type");
  PrintType(field.type, json);
  json->Member("doc", field.doc);
  if (field.initial_default) {
    json->Key("initial-default");
    json->Raw(*field.initial_default);
  }
  if (field.write_default) {
    json->Key("write-default");
    json->Raw(*field.write_default);
  }
  json->MembersOf(field.unknown_members);
  json->EndObject();
}

void PrintFields(const std::vector<Field>& fields, JsonText* json) {
  json->Key("fields");
  json->BeginArray();
  for (const Field& field : fields) PrintField(field, json);
  json->EndArray();
}

void PrintType(const Type& type, JsonText* json) {
  if (type.IsPrimitive()) return json->String(type.ToString());
  json->BeginObject();
  if (type.kind == TypeKind::kStruct) {
    json->Member("type", std::string_view("struct"));
    PrintFields(type.fields, json);
  } else {
    json->Member("type", std::string_view(type.kind == TypeKind::kList ? "list" : "map"));
    for (const Field& field : type.fields) {
      json->Member(field.name + "-id", field.id);
      json->Key(field.name);
      PrintType(field.type, json);
      if (field.name != "key") json->Member(field.name + "-required", field.required);
    }
  }
  json->MembersOf(type.unknown_members);
  json->EndObject();
}

}  // namespace

Status ReadSchema(JsonElement element, const JsonPath& path, Schema* schema) {
  TICKHOUSE_ASSIGN(JsonObject object, JsonObject::Of(element, path));
  std::string type = "struct";
  TICKHOUSE_TRY(object.ReadIfThere("type", &type));
  if (type != "struct") return JsonFault(object.At("type"), "a schema is a struct");
  TICKHOUSE_TRY(object.ReadIfThere("schema-id", &schema->id));
  TICKHOUSE_TRY(object.ReadIfThere("identifier-field-ids", &schema->identifier_field_ids));
  TICKHOUSE_TRY(ReadFields(&object, kMostLevels, &schema->fields));
  std::set<int> seen;
  TICKHOUSE_TRY(CheckIds(schema->fields, path, &seen));
  schema->unknown_members = object.UnknownMembers();
  return {};
}

void PrintSchema(const Schema& schema, JsonText* json) {
  json->BeginObject();
  json->Member("type", std::string_view("struct"));
  json->Member("schema-id", schema.id);
  if (!schema.identifier_field_ids.empty()) {
    json->ArrayMember("identifier-field-ids", schema.identifier_field_ids);
  }
  PrintFields(schema.fields, json);
  json->MembersOf(schema.unknown_members);
  json->EndObject();
}

std::string SchemaToJson(const Schema& schema) {
  return PrintPart(schema, PrintSchema);
}

Result<Schema> ParseSchema(std::string_view text) {
  return ParsePart<Schema>(text, "schema", ReadSchema);
}

}  // namespace tickhouse::lake
