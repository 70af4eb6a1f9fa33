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
  std::vector<PartitionField> fields;
  bool IsUnpartitioned() const { return fields.empty(); }
  /// The struct of partition values; a dropped source column reads as the transform's own type.
  Result<Type> PartitionType(const Schema& schema) const;
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
  std::vector<SortField> fields;
};

struct Snapshot {
  int64_t id = 0;
  std::optional<int64_t> parent_id = {};
  int64_t sequence_number = 0;
  int64_t timestamp_ms = 0;
  std::string manifest_list = {};                   ///< Location; empty in old v1, see `manifests`.
  std::vector<std::string> manifests = {};          ///< v1 without a list.
  std::map<std::string, std::string> summary = {};  ///< With "operation".
  std::optional<int> schema_id = {};
  std::optional<int64_t> first_row_id = {};  ///< v3.
  std::optional<int64_t> added_rows = {};    ///< v3.
  std::string unknown_members = {};
  /// summary["operation"], or "".
  std::string_view operation() const;
};

struct SnapshotRef {
  int64_t snapshot_id = 0;
  bool is_branch = true;
  std::optional<int64_t> max_ref_age_ms = {};
  std::optional<int64_t> max_snapshot_age_ms = {};    ///< Branches only.
  std::optional<int32_t> min_snapshots_to_keep = {};  ///< Branches only.
  std::string unknown_members = {};
};

struct SnapshotLogEntry {
  int64_t timestamp_ms = 0;
  int64_t snapshot_id = 0;
};
struct MetadataLogEntry {
  int64_t timestamp_ms = 0;
  std::string metadata_file;
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
  std::vector<Snapshot> snapshots;
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
