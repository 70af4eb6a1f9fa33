// Changes that take files out of a table: overwrite, replace partitions, delete, row delta and
// rewrite. Each says what it was planned on, and is checked against what happened since.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "tickhouse/lake/update/snapshot_producer.h"

namespace tickhouse::lake {

/// What must not have happened in between. kSnapshot: nobody deleted the rows that the change
/// rewrites. kSerializable: nor did anybody add or remove rows that it would have seen.
enum class Isolation { kSnapshot, kSerializable };

struct PlannedOn {
  std::optional<int64_t> snapshot_id = {};  ///< Empty: the table was empty.
  Isolation isolation = Isolation::kSerializable;
};
/// The branch's head as it is now.
PlannedOn PlannedOnHead(const TableMetadata& metadata, const SnapshotTarget& target = {},
                        Isolation isolation = Isolation::kSerializable);

/// What is known of files under a filter: `may_match` false: no row matches; `must_match` true: all
/// rows do. Bound to the table's state at each attempt.
struct FileFilter {
  std::function<Result<bool>(const DataFile&)> may_match;
  std::function<Result<bool>(const DataFile&)> must_match;
  std::function<Result<bool>(const ManifestFile&)> may_hold = {};  ///< Empty: it may.
};
/// Binds a filter to a state of the table: partition specs and columns may be new.
using BindFilter = std::function<Result<FileFilter>(const TableMetadata& metadata)>;

/// Takes out every file whose rows all match and adds `added`. kInvalidArgument for a file that
/// holds rows of both kinds: those need DeleteByFilter. Conflicts as `planned` asks.
Result<CommitOutcome> OverwriteByFilter(UpdateSession& session, const TableIdentifier& identifier,
                                        const BindFilter& filter, std::vector<DataFile> added,
                                        const PlannedOn& planned,
                                        const SnapshotTarget& target = {});

/// Replaces the partitions that `added` has files of (all of an unpartitioned table).
Result<CommitOutcome> ReplacePartitions(UpdateSession& session, const TableIdentifier& identifier,
                                        std::vector<DataFile> added, const PlannedOn& planned,
                                        const SnapshotTarget& target = {});

/// Copy on write of one data file and the deletes that apply to it: the files that hold the rows
/// that stay (none: no row does), or nothing when no row matched. Called once for each state of a
/// file, however many attempts there are; what it wrote is the caller's to clean up after "failed".
using RewriteRows = std::function<Result<std::optional<std::vector<DataFile>>>(
    const DataFile& data, const std::vector<DataFile>& deletes)>;

/// Deletes what matches, judged anew in each attempt, so that what others add meanwhile goes too:
/// whole files by their metadata alone, the others through `rewrite` (empty: kInvalidArgument names
/// the first such file).
Result<CommitOutcome> DeleteByFilter(UpdateSession& session, const TableIdentifier& identifier,
                                     const BindFilter& filter, const RewriteRows& rewrite,
                                     const SnapshotTarget& target = {});

struct RowDelta {
  std::vector<DataFile> added_data = {};
  std::vector<DataFile> added_deletes = {};
  /// Data files that the position deletes point into: all must still be there.
  std::set<std::string> referenced_files = {};
  /// What the change read (an update or merge); empty: everything. Used when `checks_reads`.
  BindFilter read_filter = {};
  /// True for updates and merges: rows that others added or deleted under `read_filter` conflict as
  /// the isolation says. A delete of rows goes well with any other.
  bool checks_reads = false;
};
Result<CommitOutcome> CommitRowDelta(UpdateSession& session, const TableIdentifier& identifier,
                                     const RowDelta& delta, const PlannedOn& planned,
                                     const SnapshotTarget& target = {});

/// The same rows in other files. Added data files get the sequence number of the snapshot it was
/// planned on, so that equality deletes committed meanwhile go on to apply; position deletes
/// committed meanwhile for a rewritten file conflict.
struct FileRewrite {
  std::vector<ManifestEntry> removed_data = {};  ///< As planned, with their sequence numbers.
  std::set<std::string> removed_deletes = {};
  std::vector<DataFile> added = {};
};
Result<CommitOutcome> RewriteFiles(UpdateSession& session, const TableIdentifier& identifier,
                                   const FileRewrite& rewrite, const PlannedOn& planned,
                                   const SnapshotTarget& target = {});

}  // namespace tickhouse::lake
