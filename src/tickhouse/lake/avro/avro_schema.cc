#include "tickhouse/lake/avro/avro_schema.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <utility>

namespace tickhouse::lake {
namespace {

using Json = nlohmann::ordered_json;

constexpr int kMaxTypes = 10'000;
constexpr int kMaxDepth = 64;
constexpr std::array<std::string_view, 14> kKindNames = {
    "null",   "boolean", "int",  "long",  "float", "double", "bytes",
    "string", "record",  "enum", "array", "map",   "fixed",  "union"};

std::optional<AvroKind> FindKind(std::string_view name) {
  for (std::size_t i = 0; i < kKindNames.size(); ++i) {
    if (kKindNames[i] == name && name != "union") return static_cast<AvroKind>(i);
  }
  return std::nullopt;
}

std::string TextMember(const Json& json, const char* key) {
  const auto found = json.find(key);
  return found != json.end() && found->is_string() ? found->get<std::string>() : std::string();
}

std::optional<int> IntMember(const Json& json, const char* key) {
  const auto found = json.find(key);
  if (found == json.end() || !found->is_number_integer()) return std::nullopt;
  const auto value = found->get<int64_t>();
  return std::in_range<int>(value) ? std::optional(static_cast<int>(value)) : std::nullopt;
}

class SchemaParser {
 public:
  Result<AvroSchema> Parse(const Json& json, const std::string& where, int depth) {
    if (++types_ > kMaxTypes || depth > kMaxDepth) {
      return Fail(
          ErrorKind::kUnsupported,
          fmt::format("Avro schema: more than {} types or {} levels", kMaxTypes, kMaxDepth));
    }
    if (json.is_string()) return FromName(json.get<std::string>(), where);
    if (json.is_array()) return Union(json, where, depth);
    if (!json.is_object()) return Corrupt(where, "a type is a name, an object or an array");
    const auto type = json.find("type");
    if (type == json.end()) return Corrupt(where, "\"type\" is missing");
    if (!type->is_string()) return Parse(*type, where, depth + 1);
    const std::string name = type->get<std::string>();
    const auto kind = FindKind(name);
    if (!kind) return FromName(name, where);
    return Typed(*kind, json, where, depth);
  }

 private:
  static std::unexpected<Error> Corrupt(const std::string& where, std::string_view what) {
    return Fail(ErrorKind::kCorrupt, fmt::format("Avro schema at {}: {}", where, what));
  }

  std::string FullName(const std::string& name) const {
    if (name.find('.') != std::string::npos || namespace_.empty()) return name;
    return namespace_ + "." + name;
  }

  static int CountTypes(const AvroSchema& schema) {
    int count = 1;
    for (const AvroSchema& item : schema.items) count += CountTypes(item);
    for (const AvroField& field : schema.fields) count += CountTypes(field.type);
    return count;
  }

  Result<AvroSchema> FromName(const std::string& name, const std::string& where) {
    if (const auto kind = FindKind(name); kind && *kind <= AvroKind::kString) {
      return AvroPrimitive(*kind);
    }
    auto found = named_.find(FullName(name));
    if (found == named_.end()) found = named_.find(name);
    if (found == named_.end()) {
      return Corrupt(where, fmt::format("type \"{}\" is not defined", name));
    }
    if (!found->second) {
      return Fail(ErrorKind::kUnsupported,
                  fmt::format("Avro schema at {}: type \"{}\" contains itself", where, name));
    }
    types_ += CountTypes(*found->second);
    if (types_ > kMaxTypes) {
      return Fail(ErrorKind::kUnsupported,
                  fmt::format("Avro schema: more than {} types", kMaxTypes));
    }
    return *found->second;
  }

  Result<AvroSchema> Union(const Json& json, const std::string& where, int depth) {
    AvroSchema schema{.kind = AvroKind::kUnion};
    if (json.empty()) return Corrupt(where, "a union without branches");
    for (std::size_t i = 0; i < json.size(); ++i) {
      TICKHOUSE_ASSIGN(AvroSchema branch,
                       Parse(json[i], fmt::format("{}[{}]", where, i), depth + 1));
      if (branch.kind == AvroKind::kUnion) return Corrupt(where, "a union directly in a union");
      schema.items.push_back(std::move(branch));
    }
    return schema;
  }

  Result<AvroSchema> Typed(AvroKind kind, const Json& json, const std::string& where, int depth) {
    AvroSchema schema{.kind = kind, .logical_type = TextMember(json, "logicalType")};
    schema.precision = IntMember(json, "precision").value_or(0);
    schema.scale = IntMember(json, "scale").value_or(0);
    if (const auto utc = json.find("adjust-to-utc"); utc != json.end() && utc->is_boolean()) {
      schema.adjust_to_utc = utc->get<bool>();
    }
    if (kind == AvroKind::kArray || kind == AvroKind::kMap) {
      return Container(std::move(schema), json, where, depth);
    }
    if (kind != AvroKind::kRecord && kind != AvroKind::kEnum && kind != AvroKind::kFixed) {
      return schema;
    }
    return Named(std::move(schema), json, where, depth);
  }

  Result<AvroSchema> Container(AvroSchema schema, const Json& json, const std::string& where,
                               int depth) {
    const char* member = schema.kind == AvroKind::kArray ? "items" : "values";
    const auto items = json.find(member);
    if (items == json.end()) return Corrupt(where, fmt::format("\"{}\" is missing", member));
    TICKHOUSE_ASSIGN(AvroSchema item, Parse(*items, where + "." + member, depth + 1));
    schema.items.push_back(std::move(item));
    schema.element_id = IntMember(json, "element-id");
    schema.key_id = IntMember(json, "key-id");
    schema.value_id = IntMember(json, "value-id");
    return schema;
  }

  Result<AvroSchema> Named(AvroSchema schema, const Json& json, const std::string& where,
                           int depth) {
    const std::string name = TextMember(json, "name");
    if (name.empty()) return Corrupt(where, "\"name\" is missing");
    const std::string outer = namespace_;
    if (json.contains("namespace")) namespace_ = TextMember(json, "namespace");
    schema.name = FullName(name);
    if (const auto dot = schema.name.rfind('.'); dot != std::string::npos) {
      namespace_ = schema.name.substr(0, dot);
    }
    if (!named_.emplace(schema.name, std::nullopt).second) {
      return Corrupt(where, fmt::format("type \"{}\" is defined twice", schema.name));
    }
    if (schema.kind == AvroKind::kFixed) {
      const auto size = IntMember(json, "size");
      if (!size || *size < 0) return Corrupt(where, "\"size\" of a fixed must be a number >= 0");
      schema.size = *size;
    } else if (schema.kind == AvroKind::kEnum) {
      TICKHOUSE_TRY(Symbols(json, where, &schema));
    } else {
      TICKHOUSE_TRY(Fields(json, where, depth, &schema));
    }
    namespace_ = outer;
    named_[schema.name] = schema;
    return schema;
  }

  static Status Symbols(const Json& json, const std::string& where, AvroSchema* schema) {
    const auto symbols = json.find("symbols");
    if (symbols == json.end() || !symbols->is_array()) {
      return Corrupt(where, "\"symbols\" is missing");
    }
    for (const Json& symbol : *symbols) {
      if (!symbol.is_string()) return Corrupt(where, "a symbol is no string");
      schema->symbols.push_back(symbol.get<std::string>());
    }
    return {};
  }

  Status Fields(const Json& json, const std::string& where, int depth, AvroSchema* schema) {
    const auto fields = json.find("fields");
    if (fields == json.end() || !fields->is_array()) {
      return Corrupt(where, "\"fields\" is missing");
    }
    for (const Json& member : *fields) {
      if (!member.is_object() || TextMember(member, "name").empty() || !member.contains("type")) {
        return Corrupt(where, "a field needs \"name\" and \"type\"");
      }
      AvroField field{.name = TextMember(member, "name"), .id = IntMember(member, "field-id")};
      TICKHOUSE_ASSIGN(field.type, Parse(member["type"], where + "." + field.name, depth + 1));
      if (member.contains("default")) {
        field.default_json = member["default"].dump(-1, ' ', false, Json::error_handler_t::replace);
      }
      field.iceberg_field_name = TextMember(member, "iceberg-field-name");
      if (member.contains("doc")) field.doc = TextMember(member, "doc");
      schema->fields.push_back(std::move(field));
    }
    return {};
  }

  std::map<std::string, std::optional<AvroSchema>> named_;  ///< Empty: being defined.
  std::string namespace_;
  int types_ = 0;
};

/// As text at once: a document would take longer to make than the entries of most manifests.
class SchemaWriter {
 public:
  explicit SchemaWriter(std::string* out) : out_(*out) {}

  void Write(const AvroSchema& schema) {
    if (schema.kind == AvroKind::kUnion) return List(schema.items, [this](auto& x) { Write(x); });
    const bool plain = schema.kind <= AvroKind::kString && schema.logical_type.empty();
    if (plain && !schema.adjust_to_utc) return Text(AvroKindName(schema.kind));
    out_ += "{\"type\":";
    Text(AvroKindName(schema.kind));
    if (!schema.name.empty()) Member("name", schema.name);
    Contents(schema);
    if (!schema.logical_type.empty()) Member("logicalType", schema.logical_type);
    if (schema.logical_type == "decimal") {
      Member("precision", schema.precision);
      Member("scale", schema.scale);
    }
    if (schema.adjust_to_utc) {
      Key("adjust-to-utc");
      out_ += *schema.adjust_to_utc ? "true" : "false";
    }
    out_ += '}';
  }

 private:
  void Contents(const AvroSchema& schema) {
    if (schema.kind == AvroKind::kRecord) {
      Key("fields");
      List(schema.fields, [this](const AvroField& field) { Field(field); });
    }
    if (schema.kind == AvroKind::kEnum) {
      Key("symbols");
      List(schema.symbols, [this](const std::string& symbol) { Text(symbol); });
    }
    if (schema.kind == AvroKind::kFixed) Member("size", schema.size);
    if (schema.kind == AvroKind::kArray || schema.kind == AvroKind::kMap) {
      Key(schema.kind == AvroKind::kArray ? "items" : "values");
      Write(schema.items.at(0));
    }
    if (schema.element_id) Member("element-id", *schema.element_id);
    if (schema.key_id) Member("key-id", *schema.key_id);
    if (schema.value_id) Member("value-id", *schema.value_id);
  }

  void Field(const AvroField& field) {
    out_ += "{\"name\":";
    Text(field.name);
    Key("type");
    Write(field.type);
    if (!field.default_json.empty()) {
      Key("default");
      out_ += field.default_json;
    }
    if (field.id) Member("field-id", *field.id);
    if (field.doc) Member("doc", *field.doc);
    if (!field.iceberg_field_name.empty()) {
      Member("iceberg-field-name", field.iceberg_field_name);
    }
    out_ += '}';
  }

  template <typename Item, typename Function>
  void List(const std::vector<Item>& items, Function write) {
    out_ += '[';
    for (std::size_t i = 0; i < items.size(); ++i) {
      if (i > 0) out_ += ',';
      write(items[i]);
    }
    out_ += ']';
  }

  void Key(std::string_view key) {
    out_ += ",\"";
    out_ += key;
    out_ += "\":";
  }

  void Member(std::string_view key, std::string_view value) {
    Key(key);
    Text(value);
  }

  void Member(std::string_view key, int value) {
    Key(key);
    out_ += std::to_string(value);
  }

  void Text(std::string_view text) {
    const bool simple = std::ranges::all_of(
        text, [](char c) { return c >= ' ' && c <= '~' && c != '"' && c != '\\'; });
    if (!simple) {
      out_ += Json(text).dump(-1, ' ', false, Json::error_handler_t::replace);
      return;
    }
    out_ += '"';
    out_ += text;
    out_ += '"';
  }

  std::string& out_;
};

}  // namespace

std::string_view AvroKindName(AvroKind kind) {
  return kKindNames[static_cast<std::size_t>(kind)];
}

bool AvroSchema::operator==(const AvroSchema& other) const = default;

const AvroField* AvroSchema::FindField(int id) const {
  for (const AvroField& field : fields) {
    if (field.id == id) return &field;
  }
  return nullptr;
}

Result<AvroSchema> ParseAvroSchema(std::string_view json_text) {
  const Json json = Json::parse(json_text, nullptr, false);
  if (json.is_discarded()) return Fail(ErrorKind::kCorrupt, "Avro schema: this is no JSON");
  return SchemaParser().Parse(json, "$", 0);
}

std::string AvroSchemaToJson(const AvroSchema& schema) {
  std::string text;
  SchemaWriter(&text).Write(schema);
  return text;
}

AvroSchema AvroPrimitive(AvroKind kind, std::string logical_type) {
  return {.kind = kind, .logical_type = std::move(logical_type)};
}

AvroSchema AvroOptional(AvroSchema type) {
  AvroSchema schema{.kind = AvroKind::kUnion};
  schema.items.push_back(AvroPrimitive(AvroKind::kNull));
  schema.items.push_back(std::move(type));
  return schema;
}

std::string AvroSafeName(std::string_view name) {
  std::string safe;
  for (const char c : name) {
    const bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
    const bool digit = c >= '0' && c <= '9';
    if (letter || (digit && !safe.empty())) {
      safe += c;
    } else if (digit) {
      safe += '_';
      safe += c;
    } else {
      safe += fmt::format("_x{:X}", static_cast<unsigned char>(c));
    }
  }
  return safe.empty() ? "_" : safe;
}

}  // namespace tickhouse::lake
