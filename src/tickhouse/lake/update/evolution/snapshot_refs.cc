#include "tickhouse/lake/update/evolution/snapshot_refs.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace tickhouse::lake {
namespace {

constexpr char kMain[] = "main";

std::unexpected<Error> Refuse(std::string text) {
  return Fail(ErrorKind::kInvalidArgument, std::move(text));
}

Status CheckRetention(const RefRetention& retention, bool is_branch) {
  if (!is_branch && (retention.max_snapshot_age_ms || retention.min_snapshots_to_keep)) {
    return Refuse("a tag is one snapshot: only the age of the tag itself can be set");
  }
  for (const std::optional<int64_t>& value :
       {retention.max_ref_age_ms, retention.max_snapshot_age_ms,
        std::optional<int64_t>(retention.min_snapshots_to_keep)}) {
    if (value && *value <= 0) return Refuse("a retention must be above 0");
  }
  return {};
}

SnapshotRef WithRetention(SnapshotRef ref, const RefRetention& retention) {
  ref.max_ref_age_ms = retention.max_ref_age_ms;
  ref.max_snapshot_age_ms = retention.max_snapshot_age_ms;
  ref.min_snapshots_to_keep = retention.min_snapshots_to_keep;
  return ref;
}

bool SameRef(const SnapshotRef& a, const SnapshotRef& b) {
  return a.snapshot_id == b.snapshot_id && a.is_branch == b.is_branch &&
         a.max_ref_age_ms == b.max_ref_age_ms && a.max_snapshot_age_ms == b.max_snapshot_age_ms &&
         a.min_snapshots_to_keep == b.min_snapshots_to_keep;
}

Result<const Snapshot*> Known(const TableMetadata& metadata, int64_t id) {
  const Snapshot* snapshot = metadata.FindSnapshot(id);
  if (snapshot == nullptr) {
    return Fail(ErrorKind::kNotFound, fmt::format("no snapshot {}; it may have expired", id));
  }
  return snapshot;
}

bool IsAncestor(const TableMetadata& metadata, int64_t ancestor, int64_t of) {
  const auto line = metadata.AncestorsOf(of);
  return std::ranges::find(line, ancestor) != line.end();
}

/// Moves or makes a ref, on the condition that it still is where it was; nothing when it is there.
TableChange MoveRef(const TableMetadata& metadata, const std::string& name, SnapshotRef ref) {
  TableChange change;
  const auto found = metadata.refs.find(name);
  AssertRefSnapshotId stands{.ref = name, .snapshot_id = {}};
  if (found != metadata.refs.end()) {
    if (SameRef(found->second, ref)) return change;
    stands.snapshot_id = found->second.snapshot_id;
  }
  change.requirements = {AssertTableUuid{metadata.table_uuid}, std::move(stands)};
  change.updates = {SetSnapshotRef{name, std::move(ref)}};
  return change;
}

TableChange MoveMain(const TableMetadata& metadata, int64_t snapshot_id) {
  const auto found = metadata.refs.find(kMain);
  SnapshotRef ref = found == metadata.refs.end() ? SnapshotRef() : found->second;
  ref.snapshot_id = snapshot_id;
  return MoveRef(metadata, kMain, std::move(ref));
}

using Decide = std::function<Result<TableChange>(const TableMetadata&)>;

Result<CommitOutcome> Commit(UpdateSession& session, const TableIdentifier& identifier,
                             const Decide& decide) {
  return CommitChange(session, identifier,
                      [&](const LoadedTable& base, WrittenFiles&) -> Result<TableChange> {
                        return decide(*base.metadata);
                      });
}

Result<CommitOutcome> CreateRef(UpdateSession& session, const TableIdentifier& identifier,
                                const std::string& name, SnapshotRef ref,
                                std::optional<int64_t> snapshot_id) {
  if (name.empty()) return Refuse("a branch or tag needs a name");
  return Commit(session, identifier, [&](const TableMetadata& metadata) -> Result<TableChange> {
    const auto wanted = snapshot_id ? snapshot_id : metadata.current_snapshot_id;
    if (!wanted) return Fail(ErrorKind::kNotFound, "the table has no snapshot yet");
    TICKHOUSE_TRY(Known(metadata, *wanted));
    ref.snapshot_id = *wanted;
    const auto found = metadata.refs.find(name);
    if (found != metadata.refs.end() && !SameRef(found->second, ref)) {
      return Fail(ErrorKind::kAlreadyExists, fmt::format("{} '{}' exists already, at snapshot {}",
                                                         found->second.is_branch ? "branch" : "tag",
                                                         name, found->second.snapshot_id));
    }
    return MoveRef(metadata, name, ref);
  });
}

std::unexpected<Error> NoRef(const std::string& name) {
  return Fail(ErrorKind::kNotFound, fmt::format("no branch or tag '{}'", name));
}

}  // namespace

Result<CommitOutcome> CreateBranch(UpdateSession& session, const TableIdentifier& identifier,
                                   const std::string& name, std::optional<int64_t> snapshot_id,
                                   const RefRetention& retention) {
  TICKHOUSE_TRY(CheckRetention(retention, true));
  return CreateRef(session, identifier, name, WithRetention({.is_branch = true}, retention),
                   snapshot_id);
}

Result<CommitOutcome> CreateTag(UpdateSession& session, const TableIdentifier& identifier,
                                const std::string& name, std::optional<int64_t> snapshot_id,
                                const RefRetention& retention) {
  TICKHOUSE_TRY(CheckRetention(retention, false));
  if (name == kMain) return Refuse("'main' is the table's branch and no tag");
  return CreateRef(session, identifier, name, WithRetention({.is_branch = false}, retention),
                   snapshot_id);
}

Result<CommitOutcome> SetRefRetention(UpdateSession& session, const TableIdentifier& identifier,
                                      const std::string& name, const RefRetention& retention) {
  return Commit(session, identifier, [&](const TableMetadata& metadata) -> Result<TableChange> {
    const auto found = metadata.refs.find(name);
    if (found == metadata.refs.end()) return NoRef(name);
    TICKHOUSE_TRY(CheckRetention(retention, found->second.is_branch));
    if (name == kMain && retention.max_ref_age_ms) return Refuse("'main' does not expire");
    return MoveRef(metadata, name, WithRetention(found->second, retention));
  });
}

Result<CommitOutcome> RemoveRef(UpdateSession& session, const TableIdentifier& identifier,
                                const std::string& name) {
  if (name == kMain) return Refuse("'main' is the table itself and stays");
  return Commit(session, identifier, [&](const TableMetadata& metadata) -> Result<TableChange> {
    const auto found = metadata.refs.find(name);
    if (found == metadata.refs.end()) return NoRef(name);
    TableChange change;
    change.requirements = {AssertTableUuid{metadata.table_uuid},
                           AssertRefSnapshotId{name, found->second.snapshot_id}};
    change.updates = {RemoveSnapshotRef{name}};
    return change;
  });
}

Result<CommitOutcome> RollbackTo(UpdateSession& session, const TableIdentifier& identifier,
                                 int64_t snapshot_id) {
  return Commit(session, identifier, [&](const TableMetadata& metadata) -> Result<TableChange> {
    TICKHOUSE_TRY(Known(metadata, snapshot_id));
    const bool ancestor = metadata.current_snapshot_id &&
                          IsAncestor(metadata, snapshot_id, *metadata.current_snapshot_id);
    if (!ancestor) {
      return Refuse(
          fmt::format("snapshot {} is not in the history of the current one: that would "
                      "be no rollback",
                      snapshot_id));
    }
    return MoveMain(metadata, snapshot_id);
  });
}

Result<CommitOutcome> RollbackToTime(UpdateSession& session, const TableIdentifier& identifier,
                                     int64_t timestamp_ms) {
  return Commit(session, identifier, [&](const TableMetadata& metadata) -> Result<TableChange> {
    if (metadata.current_snapshot_id) {
      for (const int64_t id : metadata.AncestorsOf(*metadata.current_snapshot_id)) {
        const Snapshot* snapshot = metadata.FindSnapshot(id);
        if (snapshot != nullptr && snapshot->timestamp_ms <= timestamp_ms) {
          return MoveMain(metadata, id);
        }
      }
    }
    return Fail(ErrorKind::kNotFound,
                fmt::format("no snapshot at or before {}",
                            FormatUtc(FromNanos(timestamp_ms * kNanosPerMilli))));
  });
}

Result<CommitOutcome> SetCurrentSnapshot(UpdateSession& session, const TableIdentifier& identifier,
                                         int64_t snapshot_id) {
  return Commit(session, identifier, [&](const TableMetadata& metadata) -> Result<TableChange> {
    TICKHOUSE_TRY(Known(metadata, snapshot_id));
    return MoveMain(metadata, snapshot_id);
  });
}

Result<CommitOutcome> FastForward(UpdateSession& session, const TableIdentifier& identifier,
                                  const std::string& branch, const std::string& to) {
  if (branch.empty()) return Refuse("a branch needs a name");
  return Commit(session, identifier, [&](const TableMetadata& metadata) -> Result<TableChange> {
    const auto target = metadata.refs.find(to);
    if (target == metadata.refs.end()) return NoRef(to);
    const auto found = metadata.refs.find(branch);
    SnapshotRef ref = found == metadata.refs.end() ? SnapshotRef() : found->second;
    if (!ref.is_branch) return Refuse(fmt::format("'{}' is a tag and does not move", branch));
    const bool follows = found == metadata.refs.end() ||
                         IsAncestor(metadata, ref.snapshot_id, target->second.snapshot_id);
    if (!follows) {
      return Fail(ErrorKind::kConflict,
                  fmt::format("branch '{}' has snapshots that '{}' does not have", branch, to));
    }
    ref.snapshot_id = target->second.snapshot_id;
    return MoveRef(metadata, branch, std::move(ref));
  });
}

}  // namespace tickhouse::lake
