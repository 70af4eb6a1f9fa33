// What a commit asks of a catalog: requirements that must hold, then updates in order. The words
// are those of the REST specification; every catalog applies them through this file.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "tickhouse/core/error.h"
#include "tickhouse/lake/format/table_metadata.h"

namespace tickhouse::lake {

// Requirements.
struct AssertCreate {};
struct AssertTableUuid {
  std::string uuid;
};
struct AssertRefSnapshotId {
  std::string ref;
  std::optional<int64_t> snapshot_id;  ///< Empty: the ref must not exist.
};
struct AssertLastAssignedFieldId {
  int last_assigned_field_id = 0;
};
struct AssertCurrentSchemaId {
  int current_schema_id = 0;
};
struct AssertLastAssignedPartitionId {
  int last_assigned_partition_id = 0;
};
struct AssertDefaultSpecId {
  int default_spec_id = 0;
};
struct AssertDefaultSortOrderId {
  int default_sort_order_id = 0;
};
using TableRequirement =
    std::variant<AssertCreate, AssertTableUuid, AssertRefSnapshotId, AssertLastAssignedFieldId,
                 AssertCurrentSchemaId, AssertLastAssignedPartitionId, AssertDefaultSpecId,
                 AssertDefaultSortOrderId>;

// Updates. An id of -1 means "the one added last in this commit".
struct AssignUuid {
  std::string uuid;
};
struct UpgradeFormatVersion {
  int format_version = 2;
};
struct AddSchema {
  Schema schema;
};
struct SetCurrentSchema {
  int schema_id = -1;
};
struct AddPartitionSpec {
  PartitionSpec spec;
};
struct SetDefaultSpec {
  int spec_id = -1;
};
struct AddSortOrder {
  SortOrder order;
};
struct SetDefaultSortOrder {
  int sort_order_id = -1;
};
struct AddSnapshot {
  Snapshot snapshot;
};
struct SetSnapshotRef {
  std::string name;
  SnapshotRef ref;
};
struct RemoveSnapshotRef {
  std::string name;
};
struct RemoveSnapshots {
  std::vector<int64_t> snapshot_ids;
};
struct SetLocation {
  std::string location;
};
struct SetProperties {
  std::map<std::string, std::string> updates;
};
struct RemoveProperties {
  std::vector<std::string> removals;
};
struct RemovePartitionSpecs {
  std::vector<int> spec_ids;
};
struct RemoveSchemas {
  std::vector<int> schema_ids;
};
/// set-statistics, remove-statistics, set-partition-statistics, remove-partition-statistics.
struct ChangeStatistics {
  std::string action;
  std::string json;  ///< The update as it came.
};
using TableUpdate =
    std::variant<AssignUuid, UpgradeFormatVersion, AddSchema, SetCurrentSchema, AddPartitionSpec,
                 SetDefaultSpec, AddSortOrder, SetDefaultSortOrder, AddSnapshot, SetSnapshotRef,
                 RemoveSnapshotRef, RemoveSnapshots, SetLocation, SetProperties, RemoveProperties,
                 RemovePartitionSpecs, RemoveSchemas, ChangeStatistics>;

/// kConflict with the requirement that does not hold. `base` is nullptr for a table that does not
/// exist (then only AssertCreate may stand).
Status CheckRequirements(const std::vector<TableRequirement>& requirements,
                         const TableMetadata* base);

/// The metadata after `updates`, applied to `base` (nullptr: a new table). kInvalidArgument names
/// the update that cannot be applied. Sets last_updated_ms to `now_ms` (never backwards), keeps
/// snapshot log, "main" and current_snapshot_id in step; does not touch the metadata log.
Result<TableMetadata> ApplyUpdates(const TableMetadata* base,
                                   const std::vector<TableUpdate>& updates, int64_t now_ms);

/// JSON as REST bodies hold it ({"type": "assert-create"}, {"action": "add-schema", ...}).
/// kInvalidArgument for a kind this version does not know: never ignored.
std::string RequirementToJson(const TableRequirement& requirement);
Result<TableRequirement> ParseRequirement(std::string_view text);
std::string UpdateToJson(const TableUpdate& update);
Result<TableUpdate> ParseUpdate(std::string_view text);

}  // namespace tickhouse::lake
