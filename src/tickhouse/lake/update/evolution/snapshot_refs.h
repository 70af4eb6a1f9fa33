// Branches and tags, and the ways to move them: rollback, fast-forward, cherry-pick.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "tickhouse/lake/update/commit.h"

namespace tickhouse::lake {

/// How long a ref and, for branches, its snapshots are kept; empty: the table's properties.
struct RefRetention {
  std::optional<int64_t> max_ref_age_ms = {};
  std::optional<int64_t> max_snapshot_age_ms = {};    ///< Branches only.
  std::optional<int32_t> min_snapshots_to_keep = {};  ///< Branches only.
};

// Each is kInvalidArgument for a wrong name or retention, kNotFound for a snapshot or ref that does
// not exist, and does nothing when the table is already so.

/// kAlreadyExists when the name stands for something else. `snapshot_id` empty: the current one.
Result<CommitOutcome> CreateBranch(UpdateSession& session, const TableIdentifier& identifier,
                                   const std::string& name, std::optional<int64_t> snapshot_id = {},
                                   const RefRetention& retention = {});
Result<CommitOutcome> CreateTag(UpdateSession& session, const TableIdentifier& identifier,
                                const std::string& name, std::optional<int64_t> snapshot_id = {},
                                const RefRetention& retention = {});
Result<CommitOutcome> SetRefRetention(UpdateSession& session, const TableIdentifier& identifier,
                                      const std::string& name, const RefRetention& retention);
/// Not "main".
Result<CommitOutcome> RemoveRef(UpdateSession& session, const TableIdentifier& identifier,
                                const std::string& name);

/// Main goes back to an ancestor; kInvalidArgument for another snapshot.
Result<CommitOutcome> RollbackTo(UpdateSession& session, const TableIdentifier& identifier,
                                 int64_t snapshot_id);
/// To the last ancestor made at or before the instant; kNotFound when there is none.
Result<CommitOutcome> RollbackToTime(UpdateSession& session, const TableIdentifier& identifier,
                                     int64_t timestamp_ms);
/// Main goes to any snapshot of the table.
Result<CommitOutcome> SetCurrentSnapshot(UpdateSession& session, const TableIdentifier& identifier,
                                         int64_t snapshot_id);
/// `branch` (made when missing) goes forward to where `to` is; kConflict when it has snapshots that
/// `to` does not have.
Result<CommitOutcome> FastForward(UpdateSession& session, const TableIdentifier& identifier,
                                  const std::string& branch, const std::string& to);

/// Makes on main what a snapshot outside of its history made: forwards to it where it follows
/// main's head, else adds its files again. Once only: when main has it already, nothing happens.
/// kConflict when the files that it removed are gone or changed; kUnsupported for one that adds
/// delete files and does not follow the head.
Result<CommitOutcome> CherryPick(UpdateSession& session, const TableIdentifier& identifier,
                                 int64_t snapshot_id);
/// Cherry-picks the snapshot staged under `wap_id`; kNotFound. The second time does nothing.
Result<CommitOutcome> PublishStaged(UpdateSession& session, const TableIdentifier& identifier,
                                    const std::string& wap_id);

}  // namespace tickhouse::lake
