// Forgetting old snapshots, and removing the files that only they needed.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "tickhouse/lake/maintenance/receipt.h"

namespace tickhouse::lake {

/// Empty members: as the refs themselves and the table's properties history.expire.* say (5 days,
/// 1 snapshot, refs forever).
struct ExpireRequest {
  std::optional<int64_t> older_than_ms = {};  ///< Snapshots made before this instant.
  std::optional<int32_t> keep_last = {};      ///< At least so many of each branch.
  std::vector<int64_t> snapshot_ids = {};     ///< These too, whatever their age.
  bool remove_files = true;
  bool dry_run = false;
};

/// What a state of the table would lose.
struct ExpirePlan {
  std::vector<int64_t> snapshots;
  std::vector<std::string> refs;  ///< Branches and tags past their own age.
  bool empty() const { return snapshots.empty() && refs.empty(); }
};

/// The rules of the specification ("Snapshot Retention Policy"): a snapshot stays when a ref points
/// at it, or when it is among the last of a branch or young enough; a staged one stays while it is
/// young. kInvalidArgument for an id that a ref still needs, or that is unknown.
Result<ExpirePlan> PlanExpire(const TableMetadata& metadata, const ExpireRequest& request,
                              int64_t now_ms);

/// Commits the plan, then removes files: those of the expired snapshots that no snapshot of the
/// table *as it is after the commit* refers to. When that cannot be read the snapshots are expired,
/// the files stay, and a note says so. A dry run changes nothing. Files of an expired snapshot that
/// could not be read are left to orphan removal.
Result<Receipt> ExpireSnapshots(UpdateSession& session, const TableIdentifier& identifier,
                                const ExpireRequest& request = {});

}  // namespace tickhouse::lake
