// Few large files instead of many small ones, and no rows that deletes have taken away.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <vector>

#include "tickhouse/lake/maintenance/receipt.h"
#include "tickhouse/lake/update/snapshot_producer.h"

namespace tickhouse::lake {

struct CompactRequest {
  /// Of a file; empty: write.target-file-size-bytes (512 MiB).
  std::optional<int64_t> target_bytes = {};
  /// A group of fewer files is left alone unless it fills a target or has deletes.
  int min_files = 5;
  /// A file with at least so many delete files is rewritten whatever its size.
  int min_deletes = 1;
  /// Files larger than a target by this much are split up; those smaller by `small` are joined.
  double small = 0.75;
  double large = 1.8;
  /// Of a group at most, and of groups that are committed together at least: so much work a killed
  /// run has lost at most twice.
  int64_t group_bytes = int64_t{10} << 30;
  bool dry_run = false;
};

struct CompactInput {
  ManifestEntry data;
  std::vector<DataFile> deletes;  ///< Those that apply to it, as a scan would find them.
};

/// Files of one partition that become fewer.
struct CompactGroup {
  PartitionKey partition;
  std::vector<CompactInput> inputs;
  int64_t bytes = 0;
  int64_t target_bytes = 0;
};

/// Groups of the snapshot's files by the rules above, in the order of partitions. Files of an old
/// partition spec stay in groups of their own.
Result<std::vector<CompactGroup>> PlanCompaction(io::FileSystem& files,
                                                 const TableMetadata& metadata,
                                                 const Snapshot& snapshot,
                                                 const CompactRequest& request);

/// Writes the rows of a group, without those its deletes take away, into new files of the same
/// partition and spec.
using RewriteGroup =
    std::function<Result<std::vector<DataFile>>(const LoadedTable& table, const CompactGroup&)>;

/// Rewrites group after group, and commits what has come together. A group that conflicts with what
/// others did meanwhile is noted, its new files are removed and the others go on; after an unknown
/// outcome its files stay and the run ends. Where a group cannot be rewritten, those before it are
/// committed. Figures: groups, groups-done, files-before, files-after, bytes-before, bytes-after,
/// rows-before, rows-after.
Result<Receipt> CompactFiles(UpdateSession& session, const TableIdentifier& identifier,
                             const RewriteGroup& rewrite, const CompactRequest& request = {},
                             const SnapshotTarget& target = {});

}  // namespace tickhouse::lake
