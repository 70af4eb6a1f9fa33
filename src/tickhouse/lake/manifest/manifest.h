// Manifests and manifest lists: which files make a snapshot, and what each is known to hold.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "tickhouse/core/error.h"
#include "tickhouse/io/fs/file_system.h"
#include "tickhouse/lake/format/table_metadata.h"
#include "tickhouse/lake/format/value.h"

namespace tickhouse::lake {

/// By field id, ascending, each id once. Small: a search is a binary one.
template <typename T>
using ByFieldId = std::vector<std::pair<int, T>>;

/// nullptr when the id is not there.
template <typename T>
const T* FindByFieldId(const ByFieldId<T>& values, int field_id) {
  std::size_t low = 0, high = values.size();
  while (low < high) {
    const std::size_t middle = (low + high) / 2;
    if (values[middle].first < field_id) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  return low < values.size() && values[low].first == field_id ? &values[low].second : nullptr;
}

enum class FileContent { kData = 0, kPositionDeletes = 1, kEqualityDeletes = 2 };

/// A data file or delete file. Bounds are single-value serializations, possibly truncated for
/// strings (then lower is below, upper above the true value).
struct DataFile {
  FileContent content = FileContent::kData;
  std::string path = {};  ///< Location, as written in the manifest.
  std::string format = "PARQUET";
  int spec_id = 0;                                   ///< Of the manifest.
  std::vector<std::optional<Value>> partition = {};  ///< In the order of the spec's fields.
  int64_t record_count = 0;
  int64_t file_size = 0;
  ByFieldId<int64_t> column_sizes = {};
  ByFieldId<int64_t> value_counts = {};
  ByFieldId<int64_t> null_counts = {};
  ByFieldId<int64_t> nan_counts = {};
  ByFieldId<std::string> lower_bounds = {};
  ByFieldId<std::string> upper_bounds = {};
  std::string key_metadata = {};
  std::vector<int64_t> split_offsets = {};
  std::vector<int> equality_ids = {};
  std::optional<int> sort_order_id = {};
  std::optional<int64_t> first_row_id = {};              ///< v3.
  std::optional<std::string> referenced_data_file = {};  ///< Delete files of one data file.
  std::optional<int64_t> content_offset = {};  ///< Deletion vectors: blob in a Puffin file.
  std::optional<int64_t> content_size = {};
  bool IsDeletionVector() const { return format == "PUFFIN"; }
};

enum class EntryStatus { kExisting = 0, kAdded = 1, kDeleted = 2 };

/// After reading, snapshot id and sequence numbers are filled in by the rules of inheritance.
struct ManifestEntry {
  EntryStatus status = EntryStatus::kExisting;
  std::optional<int64_t> snapshot_id = {};
  std::optional<int64_t> sequence_number = {};  ///< Of the data.
  std::optional<int64_t> file_sequence_number = {};
  DataFile file = {};
};

struct PartitionSummary {
  bool contains_null = false;
  std::optional<bool> contains_nan = {};
  std::optional<std::string> lower_bound = {};  ///< Single-value serializations.
  std::optional<std::string> upper_bound = {};
};

enum class ManifestContent { kData = 0, kDeletes = 1 };

struct ManifestFile {
  std::string path = {};
  int64_t length = 0;
  int spec_id = 0;
  ManifestContent content = ManifestContent::kData;
  int64_t sequence_number = 0;
  int64_t min_sequence_number = 0;
  std::optional<int64_t> added_snapshot_id = {};
  // Empty counts: not known (old v1); then the manifest must be read.
  std::optional<int64_t> added_files = {}, existing_files = {}, deleted_files = {};
  std::optional<int64_t> added_rows = {}, existing_rows = {}, deleted_rows = {};
  std::vector<PartitionSummary> partitions = {};  ///< In the order of the spec's fields, or empty.
  std::string key_metadata = {};
  std::optional<int64_t> first_row_id = {};  ///< v3.
};

/// A sequence number that `WriteManifestList` replaces by the snapshot's: a manifest stays as it is
/// when its commit has to be tried again under a later number.
inline constexpr int64_t kAssignedByList = -1;

/// What a manifest says of itself (Avro file metadata) beside its entries.
struct ManifestContext {
  const Schema* schema = nullptr;
  const PartitionSpec* spec = nullptr;
  int format_version = 2;
  ManifestContent content = ManifestContent::kData;
};

/// Writes one manifest to `location` (must not exist), format version 1 to 3 as `context` says.
/// Added entries without sequence numbers inherit; without a snapshot id, added and deleted ones
/// get `snapshot_id`. Answers the list entry: counts, summaries, length, added_snapshot_id;
/// sequence_number is kAssignedByList, min_sequence_number the least that live entries give, or
/// kAssignedByList when none does. kInvalidArgument for an entry that the version or the spec
/// cannot hold. kAlreadyExists, kIo ...: nothing is left behind.
Result<ManifestFile> WriteManifest(io::FileSystem& files, const std::string& location,
                                   const ManifestContext& context, int64_t snapshot_id,
                                   const std::vector<ManifestEntry>& entries);

/// All entries, deleted ones too. Partition values are decoded by the types the file itself
/// declares and promoted to those of its spec. kCorrupt names file and byte; kNotFound;
/// kUnsupported for a format version above 3.
Result<std::vector<ManifestEntry>> ReadManifest(io::FileSystem& files, const ManifestFile& manifest,
                                                const TableMetadata& metadata);

/// Which live entries a reader wants, judged at a glance.
struct EntryChoice {
  std::vector<int> columns = {};  ///< Field ids whose counts and bounds `keep` looks at; ascending.
  /// Sees what inheritance and decoding gave for: status, ids and numbers, content, spec,
  /// partition, record count, file size, first row id, and null, NaN and value counts and bounds of
  /// `columns`. The rest is empty.
  std::function<bool(const ManifestEntry&)> keep;
};

/// As ReadManifest, but the live entries that `choice` keeps only, which are whole. What is not
/// kept costs little: nothing of it is copied.
Result<std::vector<ManifestEntry>> ReadChosenEntries(io::FileSystem& files,
                                                     const ManifestFile& manifest,
                                                     const TableMetadata& metadata,
                                                     const EntryChoice& choice);

/// `snapshot` supplies id, parent, sequence number, first_row_id and the location, which must not
/// exist. Replaces kAssignedByList in manifests that this snapshot added; v3: gives data manifests
/// without first_row_id the next free ones. kInvalidArgument for a manifest that the version cannot
/// hold.
Status WriteManifestList(io::FileSystem& files, const Snapshot& snapshot, int format_version,
                         const std::vector<ManifestFile>& manifests);
/// Also serves v1 snapshots without a list (`snapshot.manifests`).
Result<std::vector<ManifestFile>> ReadManifestList(io::FileSystem& files, const Snapshot& snapshot);

}  // namespace tickhouse::lake
