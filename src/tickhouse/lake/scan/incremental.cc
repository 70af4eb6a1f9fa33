#include "tickhouse/lake/scan/incremental.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "tickhouse/lake/scan/delete_index.h"
#include "tickhouse/lake/scan/partition_range.h"
#include "tickhouse/lake/scan/scan_filter.h"

namespace tickhouse::lake {
namespace {

std::unexpected<Error> NoAncestor(const TableMetadata& metadata, int64_t from, const Snapshot& to,
                                  const Snapshot& last) {
  if (last.parent_id) {
    return Fail(ErrorKind::kNotFound,
                fmt::format("snapshot {} is not in the history of {} as far as it is known: {}, "
                            "the parent of {}, has expired",
                            from, to.id, *last.parent_id, last.id));
  }
  return Fail(ErrorKind::kInvalidArgument,
              fmt::format("snapshot {} is no ancestor of {}{}", from, to.id,
                          metadata.FindSnapshot(from) == nullptr ? ", nor in the table" : ""));
}

bool IsOf(const ManifestFile& manifest, const Snapshot& snapshot) {
  // Lists of old writers may not say: then the entries do.
  return !manifest.added_snapshot_id || *manifest.added_snapshot_id == snapshot.id;
}

/// The task of a file that may hold matching rows.
std::optional<ScanTask> TaskOf(const ScanFilter& filter, const ManifestEntry& entry) {
  if (filter.Judge(entry.file) != ScanFilter::Verdict::kSelected) return std::nullopt;
  Predicate residual = filter.Residual(entry.file);
  if (residual.IsFalse()) return std::nullopt;
  return ScanTask{.data = entry.file,
                  .data_sequence_number = entry.sequence_number.value_or(0),
                  .residual = std::move(residual)};
}

/// What one snapshot did, by the manifests that it added.
struct OwnEntries {
  std::vector<ManifestEntry> added_data;
  std::vector<ManifestEntry> removed_data;
  std::vector<ManifestEntry> added_deletes;
};

class ChangeReader {
 public:
  ChangeReader(io::FileSystem& files, const TableMetadata& metadata, const Predicate& filter)
      : files_(files), metadata_(metadata), filter_(metadata, filter) {}

  Status AddAppended(const Snapshot& snapshot, std::vector<ScanTask>* tasks) {
    TICKHOUSE_ASSIGN(const auto list, ReadManifestList(files_, snapshot));
    TICKHOUSE_ASSIGN(const OwnEntries own, ReadOwn(snapshot, list, false));
    for (const ManifestEntry& entry : own.added_data) {
      if (auto task = TaskOf(filter_, entry)) tasks->push_back(std::move(*task));
    }
    return {};
  }

  Result<SnapshotChange> Changes(const Snapshot& snapshot) {
    SnapshotChange change{.snapshot = &snapshot, .rewritten = snapshot.operation() == "replace"};
    if (change.rewritten) return change;
    TICKHOUSE_ASSIGN(const auto list, ReadManifestList(files_, snapshot));
    TICKHOUSE_ASSIGN(OwnEntries own, ReadOwn(snapshot, list, true));
    TICKHOUSE_ASSIGN(const DeleteIndex added,
                     DeleteIndex::Build(metadata_, std::move(own.added_deletes)));
    DeleteIndex before;
    if (!own.removed_data.empty() || !added.empty()) {
      TICKHOUSE_ASSIGN(before, DeletesBefore(snapshot));
    }
    for (const ManifestEntry& entry : own.removed_data) {
      Append(FileChangeKind::kRemoved, entry, before, &change);
    }
    if (!added.empty()) TICKHOUSE_TRY(AddHit(snapshot, list, added, before, &change));
    for (const ManifestEntry& entry : own.added_data) {
      Append(FileChangeKind::kAdded, entry, added, &change);
    }
    return change;
  }

 private:
  Result<OwnEntries> ReadOwn(const Snapshot& snapshot, const std::vector<ManifestFile>& list,
                             bool deletes_too) {
    OwnEntries own;
    for (const ManifestFile& manifest : list) {
      const bool data = manifest.content == ManifestContent::kData;
      if (!IsOf(manifest, snapshot) || (!data && !deletes_too)) continue;
      // Of deletes all are read: those that apply to every partition are in none.
      if (data && !filter_.MayMatch(manifest)) continue;
      TICKHOUSE_ASSIGN(auto entries, ReadManifest(files_, manifest, metadata_));
      for (ManifestEntry& entry : entries) {
        if (entry.snapshot_id != snapshot.id || entry.status == EntryStatus::kExisting) continue;
        const bool added = entry.status == EntryStatus::kAdded;
        if (!data && !added) continue;
        auto& target = !data ? own.added_deletes : added ? own.added_data : own.removed_data;
        target.push_back(std::move(entry));
      }
    }
    return own;
  }

  /// Of the parent. Empty where there is none.
  Result<DeleteIndex> DeletesBefore(const Snapshot& snapshot) {
    if (!snapshot.parent_id) return DeleteIndex();
    const Snapshot* const parent = metadata_.FindSnapshot(*snapshot.parent_id);
    if (parent == nullptr) {
      return Fail(ErrorKind::kNotFound,
                  fmt::format("snapshot {}, the parent of {}, has expired: which rows were deleted "
                              "before cannot be told",
                              *snapshot.parent_id, snapshot.id));
    }
    TICKHOUSE_ASSIGN(const auto list, ReadManifestList(files_, *parent));
    std::vector<ManifestEntry> live;
    for (const ManifestFile& manifest : list) {
      if (manifest.content != ManifestContent::kDeletes || !MayHoldLiveFiles(manifest)) continue;
      if (!filter_.MayMatch(manifest)) continue;
      TICKHOUSE_ASSIGN(auto entries, ReadManifest(files_, manifest, metadata_));
      for (ManifestEntry& entry : entries) {
        if (entry.status != EntryStatus::kDeleted) live.push_back(std::move(entry));
      }
    }
    return DeleteIndex::Build(metadata_, std::move(live));
  }

  void Append(FileChangeKind kind, const ManifestEntry& entry, const DeleteIndex& beside,
              SnapshotChange* change) const {
    auto task = TaskOf(filter_, entry);
    if (!task) return;
    task->deletes = beside.For(task->data, task->data_sequence_number);
    change->files.push_back({.kind = kind, .task = std::move(*task)});
  }

  /// The older files that the snapshot's deletes take rows from.
  Status AddHit(const Snapshot& snapshot, const std::vector<ManifestFile>& list,
                const DeleteIndex& added, const DeleteIndex& before, SnapshotChange* change) {
    const PartitionRange partitions(metadata_, added);
    for (const ManifestFile& manifest : list) {
      if (manifest.content != ManifestContent::kData || !MayHoldLiveFiles(manifest)) continue;
      if (!filter_.MayMatch(manifest) || !partitions.MayHold(manifest)) continue;
      TICKHOUSE_ASSIGN(const auto entries, ReadManifest(files_, manifest, metadata_));
      for (const ManifestEntry& entry : entries) {
        const bool added_here =
            entry.status == EntryStatus::kAdded && entry.snapshot_id == snapshot.id;
        if (entry.status == EntryStatus::kDeleted || added_here) continue;
        auto deletes = added.For(entry.file, entry.sequence_number.value_or(0));
        if (deletes.empty()) continue;
        const std::size_t size = change->files.size();
        Append(FileChangeKind::kRowsDeleted, entry, before, change);
        if (change->files.size() > size) change->files.back().added_deletes = std::move(deletes);
      }
    }
    return {};
  }

  io::FileSystem& files_;
  const TableMetadata& metadata_;
  ScanFilter filter_;
};

}  // namespace

Result<std::vector<const Snapshot*>> SnapshotsBetween(const TableMetadata& metadata,
                                                      std::optional<int64_t> from_exclusive,
                                                      const Snapshot& to) {
  std::vector<const Snapshot*> between;
  if (from_exclusive == to.id) return between;
  for (const int64_t id : metadata.AncestorsOf(to.id)) {
    if (from_exclusive == id) break;
    between.push_back(metadata.FindSnapshot(id));
    if (from_exclusive && between.back()->parent_id == from_exclusive) break;
  }
  if (between.empty()) {
    return Fail(ErrorKind::kInvalidArgument, fmt::format("snapshot {} is not in the table", to.id));
  }
  const Snapshot& last = *between.back();
  if (from_exclusive && last.parent_id != from_exclusive) {
    return NoAncestor(metadata, *from_exclusive, to, last);
  }
  if (!from_exclusive && last.parent_id) {
    return Fail(ErrorKind::kNotFound,
                fmt::format("the beginning of the history has expired: {}, the parent of {}, is "
                            "not in the table; say after which snapshot to begin",
                            *last.parent_id, last.id));
  }
  std::ranges::reverse(between);
  return between;
}

Result<AppendPlan> PlanAppends(io::FileSystem& files, const TableMetadata& metadata,
                               const RangeRequest& request) {
  AppendPlan plan;
  if (request.to == nullptr) return plan;
  TICKHOUSE_ASSIGN(const auto between,
                   SnapshotsBetween(metadata, request.from_exclusive, *request.to));
  ChangeReader reader(files, metadata, request.filter);
  for (const Snapshot* snapshot : between) {
    if (snapshot->operation() != "append") {
      plan.skipped.push_back(snapshot->id);
      continue;
    }
    plan.appended.push_back(snapshot->id);
    TICKHOUSE_TRY(reader.AddAppended(*snapshot, &plan.tasks));
  }
  return plan;
}

Result<std::vector<SnapshotChange>> PlanChanges(io::FileSystem& files,
                                                const TableMetadata& metadata,
                                                const RangeRequest& request) {
  std::vector<SnapshotChange> changes;
  if (request.to == nullptr) return changes;
  TICKHOUSE_ASSIGN(const auto between,
                   SnapshotsBetween(metadata, request.from_exclusive, *request.to));
  ChangeReader reader(files, metadata, request.filter);
  for (const Snapshot* snapshot : between) {
    TICKHOUSE_ASSIGN(changes.emplace_back(), reader.Changes(*snapshot));
  }
  return changes;
}

}  // namespace tickhouse::lake
