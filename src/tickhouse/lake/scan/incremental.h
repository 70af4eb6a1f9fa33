// What came and went between two snapshots of one line of history.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "tickhouse/core/error.h"
#include "tickhouse/io/fs/file_system.h"
#include "tickhouse/lake/scan/scan_task.h"

namespace tickhouse::lake {

struct RangeRequest {
  /// Empty: from the beginning, which must not have expired.
  std::optional<int64_t> from_exclusive = {};
  const Snapshot* to = nullptr;  ///< Of the metadata; nullptr: an empty table.
  Predicate filter = {};         ///< Bound to a schema of the table.
};

/// The snapshots after `from_exclusive` up to `to`, oldest first; none when they are the same.
/// `from_exclusive` itself may have expired as long as a successor names it as its parent.
/// kInvalidArgument: it is no ancestor of `to`; kNotFound: history has expired in between.
Result<std::vector<const Snapshot*>> SnapshotsBetween(const TableMetadata& metadata,
                                                      std::optional<int64_t> from_exclusive,
                                                      const Snapshot& to);

struct AppendPlan {
  std::vector<int64_t> appended = {};  ///< Snapshots that are in the plan, oldest first.
  std::vector<int64_t> skipped = {};   ///< Of other operations: nothing of theirs is.
  std::vector<ScanTask> tasks = {};    ///< Oldest snapshot first.
};

/// The data files that "append" snapshots added, as they were added: whether later snapshots
/// removed rows is not looked at, and there are no deletes. As SnapshotsBetween on errors.
Result<AppendPlan> PlanAppends(io::FileSystem& files, const TableMetadata& metadata,
                               const RangeRequest& request);

enum class FileChangeKind {
  kAdded,       ///< The rows of `task` were added.
  kRemoved,     ///< The rows of `task` were removed.
  kRowsDeleted  ///< The rows of `task` that `added_deletes` name were removed.
};

/// `task.deletes` are those in force beside: rows that they name were not there, before or after.
struct FileChange {
  FileChangeKind kind = FileChangeKind::kAdded;
  ScanTask task = {};
  std::vector<DataFile> added_deletes = {};  ///< In the order of ScanTask::deletes.
};

struct SnapshotChange {
  const Snapshot* snapshot = nullptr;
  bool rewritten = false;  ///< "replace": the same rows in other files, so no changes.
  /// Removed, rows deleted, added; each in the order of list and manifests.
  std::vector<FileChange> files = {};
};

/// Snapshot by snapshot, oldest first. Reads the manifests that each snapshot added; those of the
/// rest of the table only for snapshots that add delete files (data manifests that may hold their
/// partitions) or remove data files where there are deletes. A file that is rewritten to take rows
/// out (copy on write) is removed and added: what both hold is the reader's to cancel out. As
/// SnapshotsBetween on errors.
Result<std::vector<SnapshotChange>> PlanChanges(io::FileSystem& files,
                                                const TableMetadata& metadata,
                                                const RangeRequest& request);

}  // namespace tickhouse::lake
