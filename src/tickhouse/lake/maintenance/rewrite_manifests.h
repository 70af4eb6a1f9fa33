// Few manifests sorted by partition instead of many in the order of their commits: a plan then
// opens only those of the partitions it wants.
#pragma once

#include <cstdint>
#include <optional>

#include "tickhouse/lake/maintenance/receipt.h"
#include "tickhouse/lake/update/snapshot_producer.h"

namespace tickhouse::lake {

struct RewriteManifestsRequest {
  /// Of one manifest; empty: commit.manifest.target-size-bytes (8 MiB).
  std::optional<int64_t> target_bytes = {};
  bool dry_run = false;
};

/// Rewrites the data manifests of the branch's head, spec by spec, when that makes them fewer;
/// files and their sequence numbers stay. Appends that land meanwhile are kept as they are. Figures
/// of the receipt: manifests-before, manifests-after, files. A snapshot of operation "replace".
Result<Receipt> RewriteManifests(UpdateSession& session, const TableIdentifier& identifier,
                                 const RewriteManifestsRequest& request = {},
                                 const SnapshotTarget& target = {});

}  // namespace tickhouse::lake
