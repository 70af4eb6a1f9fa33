// Avro schemas (specification 1.11), with what Iceberg adds to them: ids of fields, elements, keys.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "tickhouse/core/error.h"

namespace tickhouse::lake {

enum class AvroKind {
  kNull,
  kBoolean,
  kInt,
  kLong,
  kFloat,
  kDouble,
  kBytes,
  kString,
  kRecord,
  kEnum,
  kArray,
  kMap,
  kFixed,
  kUnion,
};

/// "null", "record" ...
std::string_view AvroKindName(AvroKind kind);

struct AvroField;

/// A plain value. A name that stands for a type defined before is replaced by that type.
struct AvroSchema {
  AvroKind kind = AvroKind::kNull;
  std::string name = {};                   ///< kRecord, kEnum, kFixed: with its namespace.
  std::string logical_type = {};           ///< "date", "map", ...; empty: none.
  int precision = 0;                       ///< Of logical type "decimal".
  int scale = 0;                           ///< Of logical type "decimal".
  std::optional<bool> adjust_to_utc = {};  ///< "adjust-to-utc" of timestamps.
  int size = 0;                            ///< kFixed.
  std::optional<int> element_id = {};      ///< kArray.
  std::optional<int> key_id = {};          ///< kMap.
  std::optional<int> value_id = {};        ///< kMap.
  std::vector<AvroField> fields;           ///< kRecord.
  std::vector<AvroSchema> items = {};      ///< kArray, kMap: one; kUnion: the branches.
  std::vector<std::string> symbols = {};   ///< kEnum.

  bool operator==(const AvroSchema& other) const;
  /// The field with this id, or nullptr. Valid while the schema is.
  const AvroField* FindField(int id) const;
};

struct AvroField {
  std::string name;
  std::optional<int> id = {};  ///< "field-id"
  AvroSchema type = {};
  std::string default_json = {};        ///< JSON text; empty: none.
  std::string iceberg_field_name = {};  ///< When `name` had to be made fit for Avro.
  std::optional<std::string> doc = {};
  bool operator==(const AvroField& other) const = default;
};

/// kCorrupt says where in the schema; kUnsupported for a type that contains itself and for a schema
/// of more than 10,000 types or 64 levels (once names are replaced).
Result<AvroSchema> ParseAvroSchema(std::string_view json_text);

/// Without insignificant space. A named type must occur once.
std::string AvroSchemaToJson(const AvroSchema& schema);

// Short hands for schemas made in code.
AvroSchema AvroPrimitive(AvroKind kind, std::string logical_type = {});
/// ["null", type]
AvroSchema AvroOptional(AvroSchema type);

/// A name that Avro allows ([A-Za-z_][A-Za-z0-9_]*), as Java makes it: "1a" is "_1a", "a b" is
/// "a_x20b" (each byte of UTF-8 for itself).
std::string AvroSafeName(std::string_view name);

}  // namespace tickhouse::lake
