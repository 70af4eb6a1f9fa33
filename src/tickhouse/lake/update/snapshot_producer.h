// How a set of file changes becomes a snapshot: manifests, their list, summary, requirements and
// updates. Every operation that writes files goes through here.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "tickhouse/lake/update/commit.h"
#include "tickhouse/lake/update/manifest_change.h"
#include "tickhouse/lake/update/snapshot_summary.h"

namespace tickhouse::lake {

/// Where a snapshot goes.
struct SnapshotTarget {
  std::string branch = "main";  ///< Made from the current snapshot when it does not exist.
  /// Write, audit, publish: the snapshot is added under this "wap.id" and no branch moves.
  std::optional<std::string> wap_id = {};
  std::map<std::string, std::string> summary = {};  ///< Put into the summary as they are.
};

struct FileChanges {
  /// "append", "overwrite", "delete", "replace".
  std::string operation = "append";
  std::vector<DataFile> added = {};  ///< Data files and delete files.
  /// Of added data files, when they hold rows that were there before (compaction): deletes written
  /// since then go on to apply to them.
  std::optional<int64_t> data_sequence_number = {};
  RemovalRule remove_data = {};     ///< Each of `paths` must be live: kConflict names the others.
  RemovalRule remove_deletes = {};  ///< As above.
  std::map<std::string, std::string> summary = {};
};

/// One snapshot in the making, over all attempts: its id and the manifests of added files stay.
class SnapshotProducer {
 public:
  SnapshotProducer(UpdateSession& session, SnapshotTarget target);

  int64_t snapshot_id() const { return writer_.snapshot_id(); }
  const SnapshotTarget& target() const { return target_; }

  /// The snapshot that the change stands on: the branch's head, or nullptr. kInvalidArgument for a
  /// tag.
  Result<const Snapshot*> Head(const TableMetadata& metadata) const;

  /// No updates when `changes` add nothing and take nothing out. `changes.added` must be the same
  /// in each attempt. kUnsupported for tables of version 3, whose row lineage this version does not
  /// write; kInvalidArgument for a file that does not fit the table.
  Result<TableChange> Produce(const LoadedTable& base, const FileChanges& changes,
                              WrittenFiles& written);

  /// The same files under other manifests: a "replace" whose list is `manifests`. `summary` is put
  /// into the snapshot's. kUnsupported as Produce.
  Result<TableChange> ProduceList(const LoadedTable& base, std::vector<ManifestFile> manifests,
                                  std::map<std::string, std::string> summary,
                                  WrittenFiles& written);
  ManifestWriter& writer() { return writer_; }

  /// The list of `snapshot` (nullptr: empty), from the session when it is known there.
  Result<std::vector<ManifestFile>> ReadList(const Snapshot* snapshot);

 private:
  struct Listed;
  Status CheckAdded(const TableMetadata& metadata, const FileChanges& changes) const;
  Status WriteAdded(const TableMetadata& metadata, const FileChanges& changes,
                    WrittenFiles& written);
  Result<Listed> MakeList(const TableMetadata& metadata, const Snapshot* head,
                          const FileChanges& changes, WrittenFiles& written);
  Result<TableChange> Finish(const TableMetadata& metadata, const Snapshot* head,
                             const FileChanges& changes, Listed listed, WrittenFiles& written);

  UpdateSession* session_;  // Never nullptr; a pointer, so that producers can be assigned.
  SnapshotTarget target_;
  ManifestWriter writer_;
  std::vector<ManifestFile> added_manifests_;
  bool added_written_ = false;
};

/// The live files of a snapshot, with their sequence numbers; for tests and small tables.
Result<std::vector<ManifestEntry>> LiveEntries(io::FileSystem& files, const TableMetadata& metadata,
                                               const Snapshot& snapshot);

}  // namespace tickhouse::lake
