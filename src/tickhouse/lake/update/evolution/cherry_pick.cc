// Out of snapshot_refs.cc: the one move of a ref that writes files.
#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <utility>

#include "tickhouse/lake/update/evolution/snapshot_refs.h"
#include "tickhouse/lake/update/history.h"
#include "tickhouse/lake/update/snapshot_producer.h"

namespace tickhouse::lake {
namespace {

std::string SummaryOf(const Snapshot& snapshot, const std::string& key) {
  const auto found = snapshot.summary.find(key);
  return found == snapshot.summary.end() ? std::string() : found->second;
}

/// True when main has `picked`, itself or picked before, or its wap.id.
bool HasAlready(const TableMetadata& metadata, const Snapshot& picked) {
  if (!metadata.current_snapshot_id) return false;
  const std::string id = fmt::to_string(picked.id);
  const std::string wap_id = SummaryOf(picked, "wap.id");
  return std::ranges::any_of(metadata.AncestorsOf(*metadata.current_snapshot_id), [&](int64_t at) {
    const Snapshot* snapshot = metadata.FindSnapshot(at);
    if (at == picked.id) return true;
    if (snapshot == nullptr) return false;
    if (SummaryOf(*snapshot, "source-snapshot-id") == id) return true;
    return !wap_id.empty() && (SummaryOf(*snapshot, "published-wap-id") == wap_id ||
                               SummaryOf(*snapshot, "wap.id") == wap_id);
  });
}

TableChange Forward(const TableMetadata& metadata, const Snapshot& picked) {
  const auto main = metadata.refs.find("main");
  SnapshotRef ref = main == metadata.refs.end() ? SnapshotRef() : main->second;
  AssertRefSnapshotId stands{.ref = "main", .snapshot_id = {}};
  if (main != metadata.refs.end()) stands.snapshot_id = ref.snapshot_id;
  ref.snapshot_id = picked.id;
  TableChange change;
  change.requirements = {AssertTableUuid{metadata.table_uuid}, std::move(stands)};
  change.updates = {SetSnapshotRef{"main", std::move(ref)}};
  return change;
}

/// What the snapshot changed, as changes to be made again.
Result<FileChanges> ChangesOf(io::FileSystem& files, const TableMetadata& metadata,
                              const Snapshot& picked) {
  TICKHOUSE_ASSIGN(const Happened happened,
                   WhatHappened(files, metadata, picked.parent_id, &picked));
  if (!happened.added_deletes.empty()) {
    return Fail(
        ErrorKind::kUnsupported,
        fmt::format("snapshot {} adds delete files and does not follow the current one: its "
                    "deletes cannot be moved",
                    picked.id));
  }
  FileChanges changes{.operation = std::string(picked.operation())};
  for (const Happened::File& file : happened.added_data) changes.added.push_back(file.entry.file);
  for (const Happened::File& file : happened.removed_data) {
    changes.remove_data.paths.insert(file.entry.file.path);
  }
  changes.summary["source-snapshot-id"] = fmt::to_string(picked.id);
  if (const std::string wap_id = SummaryOf(picked, "wap.id"); !wap_id.empty()) {
    changes.summary["published-wap-id"] = wap_id;
  }
  return changes;
}

/// An overwrite picked onto a head that has rows it did not see would bring replaced rows back.
Status CheckOverwrite(io::FileSystem& files, const TableMetadata& metadata, const Snapshot* head,
                      const Snapshot& picked, const FileChanges& changes) {
  if (changes.remove_data.paths.empty()) return {};
  if (SummaryOf(picked, "replace-partitions") != "true") {
    return Fail(ErrorKind::kConflict,
                fmt::format("snapshot {} removes files and does not follow the current one: only a "
                            "replacement of partitions can be picked then",
                            picked.id));
  }
  TICKHOUSE_ASSIGN(const Happened happened, WhatHappened(files, metadata, picked.parent_id, head));
  std::set<PartitionKey> partitions;
  for (const DataFile& file : changes.added) partitions.insert(PartitionOf(file));
  const FileTest within = [&](const DataFile& file) -> Result<bool> {
    return partitions.contains(PartitionOf(file));
  };
  TICKHOUSE_TRY(CheckNoDeletesAdded(happened, within));
  return CheckNoDataAdded(happened, within);
}

Result<TableChange> Pick(UpdateSession& session, SnapshotProducer& producer,
                         const LoadedTable& base, int64_t snapshot_id, WrittenFiles& written) {
  const TableMetadata& metadata = *base.metadata;
  const Snapshot* picked = metadata.FindSnapshot(snapshot_id);
  if (picked == nullptr) {
    return Fail(ErrorKind::kNotFound,
                fmt::format("no snapshot {}; it may have expired", snapshot_id));
  }
  if (HasAlready(metadata, *picked)) return TableChange();
  if (picked->parent_id == metadata.current_snapshot_id) return Forward(metadata, *picked);
  TICKHOUSE_ASSIGN(const FileChanges changes, ChangesOf(*session.files, metadata, *picked));
  const Snapshot* head = metadata.CurrentSnapshot();
  TICKHOUSE_TRY(CheckOverwrite(*session.files, metadata, head, *picked, changes));
  return producer.Produce(base, changes, written);
}

}  // namespace

Result<CommitOutcome> CherryPick(UpdateSession& session, const TableIdentifier& identifier,
                                 int64_t snapshot_id) {
  SnapshotProducer producer(session, {});
  return CommitChange(session, identifier, [&](const LoadedTable& base, WrittenFiles& written) {
    return Pick(session, producer, base, snapshot_id, written);
  });
}

Result<CommitOutcome> PublishStaged(UpdateSession& session, const TableIdentifier& identifier,
                                    const std::string& wap_id) {
  if (wap_id.empty()) return Fail(ErrorKind::kInvalidArgument, "a wap.id is not empty");
  SnapshotProducer producer(session, {});
  return CommitChange(session, identifier,
                      [&](const LoadedTable& base, WrittenFiles& written) -> Result<TableChange> {
                        for (const Snapshot& snapshot : base.metadata->snapshots) {
                          if (SummaryOf(snapshot, "wap.id") != wap_id) continue;
                          return Pick(session, producer, base, snapshot.id, written);
                        }
                        return Fail(ErrorKind::kNotFound,
                                    fmt::format("no snapshot is staged under wap.id '{}'", wap_id));
                      });
}

}  // namespace tickhouse::lake
