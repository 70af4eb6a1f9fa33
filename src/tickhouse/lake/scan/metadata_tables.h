// What a table says of itself, as rows: the metadata tables of other engines.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "tickhouse/core/error.h"
#include "tickhouse/io/fs/file_system.h"
#include "tickhouse/lake/manifest/manifest.h"

namespace tickhouse::lake {

// Columns and their meaning are those of Iceberg's metadata tables. Where a snapshot is asked for,
// nullptr is an empty table and answers no rows.

struct HistoryRow {
  int64_t made_current_at_ms = 0;
  int64_t snapshot_id = 0;
  std::optional<int64_t> parent_id = {};  ///< Empty too when the snapshot has expired.
  bool is_current_ancestor = false;
};
/// The snapshot log, oldest first.
std::vector<HistoryRow> HistoryOf(const TableMetadata& metadata);

struct SnapshotRow {
  int64_t committed_at_ms = 0;
  int64_t snapshot_id = 0;
  std::optional<int64_t> parent_id = {};
  std::optional<std::string> operation = {};
  std::string manifest_list = {};
  std::map<std::string, std::string> summary = {};  ///< Without the operation.
};
std::vector<SnapshotRow> SnapshotsOf(const TableMetadata& metadata);

struct RefRow {
  std::string name = {};
  bool is_branch = true;
  int64_t snapshot_id = 0;
  std::optional<int64_t> max_ref_age_ms = {};
  std::optional<int32_t> min_snapshots_to_keep = {};
  std::optional<int64_t> max_snapshot_age_ms = {};
};
/// By name.
std::vector<RefRow> RefsOf(const TableMetadata& metadata);

struct MetadataLogRow {
  int64_t timestamp_ms = 0;
  std::string file = {};
  // Of what was current then by the snapshot log.
  std::optional<int64_t> latest_snapshot_id = {};
  std::optional<int> latest_schema_id = {};
  std::optional<int64_t> latest_sequence_number = {};
};
/// Oldest first; the current file, `metadata_location`, is the last.
std::vector<MetadataLogRow> MetadataLogOf(const TableMetadata& metadata,
                                          const std::string& metadata_location);

struct ManifestRow {
  struct Summary {
    bool contains_null = false;
    std::optional<bool> contains_nan = {};
    std::optional<std::string> lower_bound = {};  ///< As people read it: "2021", "2021-01-04".
    std::optional<std::string> upper_bound = {};
  };
  ManifestFile manifest = {};
  std::vector<Summary> partitions = {};
};
/// kCorrupt for a bound that does not fit the spec, or a spec that the table lacks.
Result<std::vector<ManifestRow>> ManifestsOf(io::FileSystem& files, const TableMetadata& metadata,
                                             const Snapshot* snapshot);

/// Every entry, deleted ones too, with inherited ids and numbers; data and delete files.
Result<std::vector<ManifestEntry>> EntriesOf(io::FileSystem& files, const TableMetadata& metadata,
                                             const Snapshot* snapshot);
/// The live files; `content` empty: data and delete files.
Result<std::vector<DataFile>> FilesOf(io::FileSystem& files, const TableMetadata& metadata,
                                      const Snapshot* snapshot,
                                      std::optional<ManifestContent> content = {});

struct PartitionRow {
  int spec_id = 0;
  std::vector<std::optional<Value>> partition = {};  ///< In the order of the spec's fields.
  int64_t record_count = 0;                          ///< Of data files, before deletes.
  int64_t file_count = 0;
  int64_t data_bytes = 0;
  int64_t position_delete_records = 0;  ///< Deletion vectors too.
  int64_t position_delete_files = 0;
  int64_t equality_delete_records = 0;
  int64_t equality_delete_files = 0;
  // By the latest snapshot that is known to have added one of the live files.
  std::optional<int64_t> last_updated_ms = {};
  std::optional<int64_t> last_updated_snapshot_id = {};
};
/// By spec and values, null first; one row for an unpartitioned spec.
Result<std::vector<PartitionRow>> PartitionsOf(io::FileSystem& files, const TableMetadata& metadata,
                                               const Snapshot* snapshot);

/// "datetime_year=2021/side=BUY"; "" without fields; null is "null".
std::string PartitionText(const TableMetadata& metadata, int spec_id,
                          const std::vector<std::optional<Value>>& partition);

}  // namespace tickhouse::lake
