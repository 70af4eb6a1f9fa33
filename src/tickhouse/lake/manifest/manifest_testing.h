// A table and its files for tests of manifests. Tests only.
#pragma once

#include <fmt/format.h>

#include <string>
#include <utility>

#include "tickhouse/lake/manifest/manifest.h"

namespace tickhouse::lake {

/// datetime, bid, ask, side, day, price, id; spec 0: year(datetime); spec 1: one field of many
/// types each; spec 2: nothing.
inline TableMetadata TestTable(int format_version = 2) {
  TableMetadata table;
  table.format_version = format_version;
  const auto field = [](int id, std::string name, TypeKind kind) {
    Field made{.id = id, .name = std::move(name), .required = false, .type = {}};
    made.type.kind = kind;
    return made;
  };
  Schema schema{.id = 0, .fields = {}};
  schema.fields = {field(1, "datetime", TypeKind::kTimestamp),
                   field(2, "bid", TypeKind::kDouble),
                   field(3, "ask", TypeKind::kDouble),
                   field(4, "side", TypeKind::kString),
                   field(5, "day", TypeKind::kDate),
                   field(6, "price", TypeKind::kDecimal),
                   field(7, "id", TypeKind::kUuid),
                   field(8, "long", TypeKind::kLong)};
  schema.fields[5].type.precision = 9;
  schema.fields[5].type.scale = 2;
  table.schemas = {std::move(schema)};
  const auto part = [](int source, int id, std::string name, TransformKind kind) {
    return PartitionField{
        .source_id = source, .field_id = id, .name = std::move(name), .transform = {.kind = kind}};
  };
  table.specs = {{.id = 0, .fields = {part(1, 1000, "datetime_year", TransformKind::kYear)}},
                 {.id = 1,
                  .fields = {part(4, 1001, "side", TransformKind::kIdentity),
                             part(5, 1002, "day", TransformKind::kIdentity),
                             part(6, 1003, "price", TransformKind::kIdentity),
                             part(7, 1004, "the id", TransformKind::kIdentity),
                             part(8, 1005, "long", TransformKind::kIdentity),
                             part(2, 1006, "bid", TransformKind::kIdentity),
                             part(1, 1007, "1st", TransformKind::kDay)}},
                 {.id = 2, .fields = {}}};
  return table;
}

inline ManifestEntry TestEntry(int64_t number) {
  ManifestEntry entry{.status = EntryStatus::kAdded};
  DataFile& file = entry.file;
  file.path = fmt::format("s3://lake/gold/eurusd/data/year=2021/{:05}-part.parquet", number);
  file.partition = {Value{static_cast<int32_t>(51 + number % 3)}};
  file.record_count = 1000 + number;
  file.file_size = 54'321 + number;
  file.column_sizes = {{1, 100}, {2, 200}, {3, 300}};
  file.value_counts = {{1, 1000}, {2, 1000}, {3, 1000}};
  file.null_counts = {{1, 0}, {2, 1}, {3, 2}};
  file.nan_counts = {{2, 0}, {3, 7}};
  file.lower_bounds = {{1, std::string("\0\1\2\3\4\5\6\7", 8)}, {2, "12345678"}, {3, "abcdefgh"}};
  file.upper_bounds = {{1, std::string("\7\1\2\3\4\5\6\7", 8)}, {2, "22345678"}, {3, "bbcdefgh"}};
  file.split_offsets = {4, 50'000};
  file.sort_order_id = 1;
  return entry;
}

}  // namespace tickhouse::lake
