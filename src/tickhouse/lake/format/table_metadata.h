// Table metadata of Iceberg v1, v2 and v3: plain values, and their JSON form.
//
// Everything a reader of the specification finds there is a field here; members this version does
// not know are kept as text and written back where they stood. Immutable once shared.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "tickhouse/core/error.h"
#include "tickhouse/lake/format/snapshot.h"
#include "tickhouse/lake/format/transform.h"
#include "tickhouse/lake/format/type.h"

namespace tickhouse::lake {

struct PartitionField {
  int source_id = 0;  ///< Of the schema's column.
  int field_id = 0;   ///< From 1000 up.
  std::string name;
  Transform transform;
  std::string unknown_members = {};  ///< Here and below: a JSON object's text, or empty.
  bool operator==(const PartitionField&) const = default;
};

struct PartitionSpec {
  int id = 0;
  std::vector<PartitionField> fields = {};
  std::string unknown_members = {};
  bool IsUnpartitioned() const { return fields.empty(); }
  /// The struct of partition values. A dropped source column reads as the transform's own type, or,
  /// where that would be the column's, as the opaque "unknown": the file itself says which.
  Result<Type> PartitionType(const Schema& schema) const;
  bool operator==(const PartitionSpec&) const = default;
};

struct SortField {
  int source_id = 0;
  Transform transform;
  bool ascending = true;
  bool nulls_first = true;
  std::string unknown_members = {};
  bool operator==(const SortField&) const = default;
};

/// Order id 0 is "unsorted".
struct SortOrder {
  int id = 0;
  std::vector<SortField> fields = {};
  std::string unknown_members = {};
  bool operator==(const SortOrder&) const = default;
};

struct SnapshotLogEntry {
  int64_t timestamp_ms = 0;
  int64_t snapshot_id = 0;
  std::string unknown_members = {};
  bool operator==(const SnapshotLogEntry&) const = default;
};
struct MetadataLogEntry {
  int64_t timestamp_ms = 0;
  std::string metadata_file;
  std::string unknown_members = {};
  bool operator==(const MetadataLogEntry&) const = default;
};

struct TableMetadata {
  int format_version = 2;
  std::string table_uuid;
  std::string location;  ///< Without a slash at the end.
  int64_t last_sequence_number = 0;
  int64_t last_updated_ms = 0;
  int last_column_id = 0;
  int current_schema_id = 0;
  std::vector<Schema> schemas;
  int default_spec_id = 0;
  std::vector<PartitionSpec> specs;
  int last_partition_id = 999;
  int default_sort_order_id = 0;
  std::vector<SortOrder> sort_orders;
  std::map<std::string, std::string> properties;
  std::optional<int64_t> current_snapshot_id = {};
  SnapshotList snapshots;
  std::map<std::string, SnapshotRef> refs;  ///< With "main" when there is a current snapshot.
  std::vector<SnapshotLogEntry> snapshot_log;
  std::vector<MetadataLogEntry> metadata_log;
  std::optional<int64_t> next_row_id = {};  ///< v3.
  std::string statistics = {};              ///< JSON array text, kept; empty when absent.
  std::string partition_statistics = {};
  std::string unknown_members = {};

  // Look-ups answer nullptr when there is none; valid while the metadata is.
  const Schema* FindSchema(int id) const;
  const Schema& CurrentSchema() const;  ///< Checked to exist when parsed.
  const PartitionSpec* FindSpec(int id) const;
  const PartitionSpec& DefaultSpec() const;
  const SortOrder* FindSortOrder(int id) const;
  const Snapshot* FindSnapshot(int64_t id) const;
  const Snapshot* CurrentSnapshot() const;
  /// The head of a branch or the target of a tag.
  const Snapshot* FindRef(std::string_view name) const;
  /// The snapshot that was current at an instant by the snapshot log; nullptr before the first.
  const Snapshot* SnapshotAsOf(int64_t timestamp_ms) const;
  /// From `id` back to the first ancestor still known, `id` included; ids only.
  std::vector<int64_t> AncestorsOf(int64_t id) const;
  /// A property, or `fallback`.
  std::string_view Property(std::string_view key, std::string_view fallback) const;

  bool operator==(const TableMetadata&) const = default;
};

using MetadataPtr = std::shared_ptr<const TableMetadata>;

/// kCorrupt with the JSON path at fault; kUnsupported for a format version above 3. `text` may be
/// gzip-packed (`*.gz.metadata.json` of Java): see io/compress.
Result<TableMetadata> ParseTableMetadata(std::string_view text);
/// Members in the specification's order, no insignificant space; refs, v1 forms as the version
/// asks.
std::string TableMetadataToJson(const TableMetadata& metadata);

// The parts as JSON, for REST bodies and update lists.
std::string SchemaToJson(const Schema& schema);
Result<Schema> ParseSchema(std::string_view text);
std::string PartitionSpecToJson(const PartitionSpec& spec);
Result<PartitionSpec> ParsePartitionSpec(std::string_view text);
std::string SortOrderToJson(const SortOrder& order);
Result<SortOrder> ParseSortOrder(std::string_view text);
std::string SnapshotToJson(const Snapshot& snapshot);
Result<Snapshot> ParseSnapshot(std::string_view text);
std::string SnapshotRefToJson(const SnapshotRef& ref);
Result<SnapshotRef> ParseSnapshotRef(std::string_view text);

}  // namespace tickhouse::lake
