#include <cstdint>

#include "tickhouse/lake/format/json/parts.h"

namespace tickhouse::lake {

namespace {

constexpr int64_t kNoSnapshot = -1;

template <typename T>
void PrintAll(std::string_view name, const std::vector<T>& parts,
              void (*print)(const T&, JsonText*), JsonText* json) {
  json->Key(name);
  json->BeginArray();
  for (const T& part : parts) print(part, json);
  json->EndArray();
}

// v1 readers look for the current schema and the fields of the default spec by themselves.
void PrintSchemas(const TableMetadata& table, JsonText* json) {
  if (table.format_version == 1) {
    json->Key("schema");
    PrintSchema(table.CurrentSchema(), json);
  }
  json->Member("current-schema-id", table.current_schema_id);
  PrintAll("schemas", table.schemas, PrintSchema, json);
}

void PrintSpecs(const TableMetadata& table, JsonText* json) {
  if (table.format_version == 1) {
    PrintAll("partition-spec", table.DefaultSpec().fields, PrintPartitionField, json);
  }
  json->Member("default-spec-id", table.default_spec_id);
  PrintAll("partition-specs", table.specs, PrintPartitionSpec, json);
  json->Member("last-partition-id", table.last_partition_id);
}

void PrintRefs(const TableMetadata& table, JsonText* json) {
  json->Key("refs");
  json->BeginObject();
  for (const auto& [name, ref] : table.refs) {
    json->Key(name);
    PrintSnapshotRef(ref, json);
  }
  json->EndObject();
}

void PrintSnapshots(const TableMetadata& table, JsonText* json) {
  if (table.current_snapshot_id) {
    json->Member("current-snapshot-id", *table.current_snapshot_id);
  } else if (table.format_version < 3) {
    json->Member("current-snapshot-id", kNoSnapshot);
  }
  json->Member("next-row-id", table.next_row_id);
  PrintRefs(table, json);
  json->Key("snapshots");
  json->Separate();
  table.snapshots.AppendJson(json->text());
}

void PrintStatistics(std::string_view name, const std::string& array, JsonText* json) {
  if (array.empty()) return;
  json->Key(name);
  json->Raw(array);
}

void PrintLogs(const TableMetadata& table, JsonText* json) {
  json->Key("snapshot-log");
  json->BeginArray();
  for (const SnapshotLogEntry& entry : table.snapshot_log) {
    json->BeginObject();
    json->Member("timestamp-ms", entry.timestamp_ms);
    json->Member("snapshot-id", entry.snapshot_id);
    json->MembersOf(entry.unknown_members);
    json->EndObject();
  }
  json->EndArray();
  json->Key("metadata-log");
  json->BeginArray();
  for (const MetadataLogEntry& entry : table.metadata_log) {
    json->BeginObject();
    json->Member("timestamp-ms", entry.timestamp_ms);
    json->Member("metadata-file", entry.metadata_file);
    json->MembersOf(entry.unknown_members);
    json->EndObject();
  }
  json->EndArray();
}

}  // namespace

std::string TableMetadataToJson(const TableMetadata& metadata) {
  JsonText json;
  constexpr std::size_t kBytesASnapshot = 800;  // A guess; too small only costs a copy.
  json.text()->reserve(4096 + metadata.snapshots.size() * kBytesASnapshot);
  json.BeginObject();
  json.Member("format-version", metadata.format_version);
  if (!metadata.table_uuid.empty()) json.Member("table-uuid", metadata.table_uuid);
  json.Member("location", metadata.location);
  if (metadata.format_version > 1) {
    json.Member("last-sequence-number", metadata.last_sequence_number);
  }
  json.Member("last-updated-ms", metadata.last_updated_ms);
  json.Member("last-column-id", metadata.last_column_id);
  PrintSchemas(metadata, &json);
  PrintSpecs(metadata, &json);
  json.Member("default-sort-order-id", metadata.default_sort_order_id);
  PrintAll("sort-orders", metadata.sort_orders, PrintSortOrder, &json);
  json.Member("properties", metadata.properties);
  PrintSnapshots(metadata, &json);
  PrintStatistics("statistics", metadata.statistics, &json);
  PrintStatistics("partition-statistics", metadata.partition_statistics, &json);
  PrintLogs(metadata, &json);
  json.MembersOf(metadata.unknown_members);
  json.EndObject();
  return std::move(json).Take();
}

}  // namespace tickhouse::lake
