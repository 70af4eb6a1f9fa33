// Use cases that move or name states of a table: rollback, tag, branch, publish.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "tickhouse/app/environment.h"
#include "tickhouse/app/lake/workspace.h"
#include "tickhouse/app/run_report.h"

namespace tickhouse::app {

// Each tells the state before and after. A table that is so already is left alone, and told so.

struct RollbackRequest {
  std::string table = {};
  std::string to = {};     ///< Snapshot id, branch, tag or time.
  bool any = false;        ///< Also a snapshot outside of the current one's history.
  bool confirmed = false;  ///< --yes; without it only the plan is told.
};
/// The snapshots after `to` stay in the table until they expire, so that a rollback can be rolled
/// back.
Result<RunReport> LakeRollback(const WorkspaceRequest& workspace, const RollbackRequest& request,
                               Environment& environment);

struct RefRequest {
  std::string table = {};
  std::string name = {};
  std::string at = {};  ///< As RollbackRequest::to; empty: the current snapshot.
  bool remove = false;
  std::optional<double> keep_days = {};            ///< How long the name is kept.
  std::optional<double> keep_snapshots_days = {};  ///< Branches: how long their snapshots are.
  std::optional<int> keep_snapshots = {};          ///< Branches: at least so many.
  std::string forward_to = {};                     ///< Branches: goes forward to where this ref is.
};
Result<RunReport> LakeTag(const WorkspaceRequest& workspace, const RefRequest& request,
                          Environment& environment);
Result<RunReport> LakeBranch(const WorkspaceRequest& workspace, const RefRequest& request,
                             Environment& environment);

/// Makes on main what a snapshot outside of its history made: `what` is a snapshot id, or, with
/// `is_wap`, the id under which it was staged (write, audit, publish).
Result<RunReport> LakePublish(const WorkspaceRequest& workspace, const std::string& table,
                              const std::string& what, bool is_wap, Environment& environment);

}  // namespace tickhouse::app
