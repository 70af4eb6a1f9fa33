#include "tickhouse/lake/catalog/information/information_tables.h"

#include <fmt/format.h>

namespace tickhouse::lake {

namespace {

using enum InformationType;

// In the order of InformationKind.
const std::array<InformationTable, kInformationKinds.size()>& Tables() {
  static const std::array<InformationTable, kInformationKinds.size()> tables = {{
      {"iceberg_columns",
       {{"column_name", kName, true}, {"column_type", kName}, {"column_position", kInt}}},
      {"iceberg_partitions",
       {{"partition_spec_id", kInt, true},
        {"partition_key", kName, true},
        {"transform", kName},
        {"column_name", kName}}},
      {"iceberg_snapshots",
       {{"snapshot_id", kBigInt, true},
        {"parent_snapshot_id", kOptionalBigInt},
        {"timestamp_ms", kBigInt},
        {"manifest_list", kText},
        {"summary", kText}}},
      {"iceberg_manifest_files", {{"snapshot_id", kBigInt, true}, {"manifest_path", kText, true}}},
      {"iceberg_data_files", {{"snapshot_id", kBigInt, true}, {"file_path", kText, true}}},
      {"iceberg_refs", {{"ref_name", kName, true}, {"snapshot_id", kBigInt}, {"type", kName}}},
      {"iceberg_properties", {{"property_key", kName, true}, {"property_value", kText}}},
  }};
  return tables;
}

std::string_view SqlTypeOf(InformationType type) {
  switch (type) {
    case kName: return "VARCHAR(255) NOT NULL";
    case kText: return "TEXT NOT NULL";
    case kInt: return "INT NOT NULL";
    case kBigInt: return "BIGINT NOT NULL";
    case kOptionalBigInt: return "BIGINT";
  }
  return "";
}

}  // namespace

const InformationTable& InformationTableOf(InformationKind kind) {
  return Tables()[static_cast<std::size_t>(kind)];
}

std::string CreateInformationSql(const InformationTable& table) {
  std::string columns =
      "catalog_name VARCHAR(255) NOT NULL, table_namespace VARCHAR(255) NOT NULL, table_name "
      "VARCHAR(255) NOT NULL";
  std::string key = "catalog_name, table_namespace, table_name";
  for (const InformationColumn& column : table.columns) {
    columns += fmt::format(", {} {}", column.name, SqlTypeOf(column.type));
    if (column.in_key) key += fmt::format(", {}", column.name);
  }
  return fmt::format("CREATE TABLE {} ({}, PRIMARY KEY ({}))", table.name, columns, key);
}

}  // namespace tickhouse::lake
