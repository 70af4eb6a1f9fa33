// Types of the Iceberg specification, and the fields that make a schema. Plain values.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "tickhouse/core/error.h"

namespace tickhouse::lake {

enum class TypeKind {
  kBoolean,
  kInt,
  kLong,
  kFloat,
  kDouble,
  kDecimal,
  kDate,
  kTime,           ///< Microseconds of the day.
  kTimestamp,      ///< Microseconds, no zone.
  kTimestampTz,    ///< Microseconds, UTC.
  kTimestampNs,    ///< v3.
  kTimestampTzNs,  ///< v3.
  kString,
  kUuid,
  kFixed,
  kBinary,
  kStruct,
  kList,
  kMap,
  /// v3 kinds that this version reads the metadata of but no rows: `Type::name` says which
  /// (unknown, variant, geometry(...), geography(...)).
  kOpaque,
};

struct Field;

struct Type {
  TypeKind kind = TypeKind::kLong;
  int precision = 0;      ///< kDecimal.
  int scale = 0;          ///< kDecimal.
  int length = 0;         ///< kFixed.
  std::string name = {};  ///< kOpaque: as written in the metadata.
  /// kStruct: its fields; kList: `element`; kMap: `key`, `value`.
  std::vector<Field> fields;
  std::string unknown_members = {};  ///< Nested kinds: a JSON object's text, or empty.

  bool IsPrimitive() const {
    return kind != TypeKind::kStruct && kind != TypeKind::kList && kind != TypeKind::kMap;
  }
  /// As in metadata JSON for primitives ("timestamp", "decimal(9,2)"); "struct<...>" otherwise.
  std::string ToString() const;
  bool operator==(const Type& other) const;
};

struct Field {
  int id = 0;
  std::string name;
  bool required = false;
  Type type;
  std::optional<std::string> doc = {};
  /// v3 defaults, and members this version does not know, as JSON text; kept on rewrite.
  std::optional<std::string> initial_default = {};
  std::optional<std::string> write_default = {};
  std::string unknown_members = {};  ///< A JSON object's text, or empty.
  bool operator==(const Field& other) const;
};

/// "timestamp", "decimal(9,2)", "fixed[16]"; kCorrupt for what the specification does not know.
Result<Type> ParsePrimitiveType(std::string_view text);

struct Schema {
  int id = 0;
  std::vector<Field> fields = {};
  std::vector<int> identifier_field_ids = {};
  std::string unknown_members = {};

  /// At any depth; nullptr when there is none. Valid while the schema is.
  const Field* FindById(int field_id) const;
  /// Dotted path ("a.b", "list.element"); case matters.
  const Field* FindByName(std::string_view path) const;
  /// The dotted path of a field, empty when there is none.
  std::string PathOf(int field_id) const;
  /// The greatest id at any depth; 0 for none.
  int MaxFieldId() const;
  /// Same fields and identifiers; the ids of the schemas themselves do not count.
  bool SameFields(const Schema& other) const;
  bool operator==(const Schema& other) const = default;
};

/// True when values of `from` may be read as `to` (int to long, float to double, decimal widened).
bool CanPromote(const Type& from, const Type& to);

}  // namespace tickhouse::lake
