// A record's schema and its writing in one table, so that the two cannot part.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "tickhouse/lake/avro/avro_decoder.h"
#include "tickhouse/lake/avro/avro_schema.h"

namespace tickhouse::lake {

template <typename T>
struct AvroColumn {
  AvroField field;
  std::function<void(const T& record, AvroEncoder* out)> write;  ///< The branch of a union too.
};

template <typename T>
AvroSchema RecordSchema(std::string name, const std::vector<AvroColumn<T>>& columns) {
  AvroSchema schema{.kind = AvroKind::kRecord, .name = std::move(name)};
  for (const AvroColumn<T>& column : columns) schema.fields.push_back(column.field);
  return schema;
}

template <typename T>
void WriteRecord(const std::vector<AvroColumn<T>>& columns, const T& record, AvroEncoder* out) {
  for (const AvroColumn<T>& column : columns) column.write(record, out);
}

/// "null" by default, as the specification has its optional fields.
inline AvroField OptionalField(int id, std::string_view name, AvroSchema type) {
  return {.name = std::string(name),
          .id = id,
          .type = AvroOptional(std::move(type)),
          .default_json = "null"};
}

inline AvroField RequiredField(int id, std::string_view name, AvroSchema type) {
  return {.name = std::string(name), .id = id, .type = std::move(type)};
}

/// Writes the branch, and answers whether a value follows.
inline bool WritePresence(bool present, AvroEncoder* out) {
  out->Long(present ? 1 : 0);
  return present;
}

template <typename T>
void WriteOptionalLong(const std::optional<T>& value, AvroEncoder* out) {
  if (WritePresence(value.has_value(), out)) out->Long(*value);
}

}  // namespace tickhouse::lake
