#include "tickhouse/lake/update/file_changes.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <utility>

#include "tickhouse/lake/update/history.h"

namespace tickhouse::lake {
namespace {

std::vector<DataFile> FilesOf(const std::vector<ManifestEntry>& entries) {
  std::vector<DataFile> files;
  for (const ManifestEntry& entry : entries) files.push_back(entry.file);
  return files;
}

/// Entries of one content that are live in `head`, of manifests that may matter.
Result<std::vector<ManifestEntry>> Live(
    SnapshotProducer& producer, io::FileSystem& files, const TableMetadata& metadata,
    const Snapshot* head, ManifestContent content,
    const std::function<Result<bool>(const ManifestFile&)>& may_hold) {
  TICKHOUSE_ASSIGN(const auto list, producer.ReadList(head));
  std::vector<ManifestEntry> live;
  for (const ManifestFile& manifest : list) {
    if (manifest.content != content || !MayHaveLiveFiles(manifest)) continue;
    TICKHOUSE_ASSIGN(const bool may, may_hold ? may_hold(manifest) : Result<bool>(true));
    if (!may) continue;
    TICKHOUSE_ASSIGN(auto entries, ReadManifest(files, manifest, metadata));
    for (ManifestEntry& entry : entries) {
      if (entry.status != EntryStatus::kDeleted) live.push_back(std::move(entry));
    }
  }
  return live;
}

/// What overwrites of both kinds ask of history, for the files that meet `matters`.
Status CheckOverwrite(io::FileSystem& files, const TableMetadata& metadata, const Snapshot* head,
                      const PlannedOn& planned, const FileTest& matters) {
  if (head != nullptr && planned.snapshot_id == head->id) return {};
  TICKHOUSE_ASSIGN(const Happened happened,
                   WhatHappened(files, metadata, planned.snapshot_id, head));
  TICKHOUSE_TRY(CheckNoDeletesAdded(happened, matters));
  if (planned.isolation == Isolation::kSnapshot) return {};
  TICKHOUSE_TRY(CheckNoDataRemoved(happened, matters));
  return CheckNoDataAdded(happened, matters);
}

FileTest InPartitionsOf(const std::vector<DataFile>& added, bool unpartitioned) {
  std::set<PartitionKey> partitions;
  for (const DataFile& file : added) partitions.insert(PartitionOf(file));
  return [partitions = std::move(partitions), unpartitioned](const DataFile& file) -> Result<bool> {
    return unpartitioned || partitions.contains(PartitionOf(file));
  };
}

Status CheckOnlyData(const std::vector<DataFile>& files, std::string_view what) {
  const auto other = std::ranges::find_if(
      files, [](const DataFile& file) { return file.content != FileContent::kData; });
  if (other == files.end()) return {};
  return Fail(ErrorKind::kInvalidArgument,
              fmt::format("file '{}': {} adds data files only", other->path, what));
}

}  // namespace

PlannedOn PlannedOnHead(const TableMetadata& metadata, const SnapshotTarget& target,
                        Isolation isolation) {
  PlannedOn planned{.isolation = isolation};
  const Snapshot* head = metadata.FindRef(target.branch);
  if (head == nullptr) head = metadata.CurrentSnapshot();
  if (head != nullptr) planned.snapshot_id = head->id;
  return planned;
}

Result<CommitOutcome> OverwriteByFilter(UpdateSession& session, const TableIdentifier& identifier,
                                        const BindFilter& filter, std::vector<DataFile> added,
                                        const PlannedOn& planned, const SnapshotTarget& target) {
  TICKHOUSE_TRY(CheckOnlyData(added, "an overwrite"));
  SnapshotProducer producer(session, target);
  FileChanges changes{.operation = "overwrite", .added = std::move(added)};
  if (changes.added.empty()) changes.operation = "delete";
  return CommitChange(
      session, identifier,
      [&](const LoadedTable& base, WrittenFiles& written) -> Result<TableChange> {
        const TableMetadata& metadata = *base.metadata;
        TICKHOUSE_ASSIGN(const FileFilter bound, filter(metadata));
        TICKHOUSE_ASSIGN(const Snapshot* head, producer.Head(metadata));
        TICKHOUSE_TRY(CheckOverwrite(*session.files, metadata, head, planned, bound.may_match));
        changes.remove_data.may_drop = bound.may_hold;
        changes.remove_data.drop = [&bound](const DataFile& file) -> Result<bool> {
          TICKHOUSE_ASSIGN(const bool may, bound.may_match(file));
          if (!may) return false;
          TICKHOUSE_ASSIGN(const bool must, bound.must_match(file));
          if (must) return true;
          return Fail(
              ErrorKind::kInvalidArgument,
              fmt::format("file {} may hold rows that match and rows that do not: it cannot "
                          "be overwritten as a whole",
                          file.path));
        };
        return producer.Produce(base, changes, written);
      });
}

Result<CommitOutcome> ReplacePartitions(UpdateSession& session, const TableIdentifier& identifier,
                                        std::vector<DataFile> added, const PlannedOn& planned,
                                        const SnapshotTarget& target) {
  TICKHOUSE_TRY(CheckOnlyData(added, "a replacement of partitions"));
  if (added.empty()) {
    return Fail(ErrorKind::kInvalidArgument,
                "no files: which partitions to replace is told by the files that come");
  }
  SnapshotProducer producer(session, target);
  FileChanges changes{.operation = "overwrite", .added = std::move(added)};
  changes.summary["replace-partitions"] = "true";
  return CommitChange(
      session, identifier,
      [&](const LoadedTable& base, WrittenFiles& written) -> Result<TableChange> {
        const TableMetadata& metadata = *base.metadata;
        const int spec_id = changes.added.front().spec_id;
        const PartitionSpec* spec = metadata.FindSpec(spec_id);
        const bool everything = spec != nullptr && spec->IsUnpartitioned();
        const FileTest within = InPartitionsOf(changes.added, everything);
        TICKHOUSE_ASSIGN(const Snapshot* head, producer.Head(metadata));
        TICKHOUSE_TRY(CheckOverwrite(*session.files, metadata, head, planned, within));
        changes.remove_data.drop = within;
        changes.remove_deletes.drop = within;
        return producer.Produce(base, changes, written);
      });
}

namespace {

/// One DeleteByFilter over its attempts: what was rewritten once is not rewritten again.
class Deletion {
 public:
  Deletion(UpdateSession& session, const SnapshotTarget& target, const RewriteRows& rewrite)
      : session_(session), producer_(session, target), rewrite_(rewrite) {}

  Result<TableChange> Attempt(const LoadedTable& base, const FileFilter& filter,
                              WrittenFiles& written);

 private:
  using Rewritten = std::optional<std::vector<DataFile>>;
  Result<Rewritten> Rewrite(const ManifestEntry& data, const std::vector<ManifestEntry>& deletes);

  UpdateSession& session_;
  SnapshotProducer producer_;
  const RewriteRows& rewrite_;
  std::map<std::vector<std::string>, Rewritten> done_;
  /// The producer writes the manifests of added files once; when another attempt adds other files,
  /// it needs another producer.
  std::set<std::string> added_paths_;
};

Result<Deletion::Rewritten> Deletion::Rewrite(const ManifestEntry& data,
                                              const std::vector<ManifestEntry>& deletes) {
  if (!rewrite_) {
    return Fail(ErrorKind::kInvalidArgument,
                fmt::format("file {} holds rows that match and rows that do not, and rows are not "
                            "rewritten here",
                            data.file.path));
  }
  std::vector<DataFile> applying;
  std::vector<std::string> key = {data.file.path};
  for (const ManifestEntry& each : deletes) {
    if (!MayDeleteRowsOf(each, data)) continue;
    applying.push_back(each.file);
    key.push_back(each.file.path);
  }
  if (const auto known = done_.find(key); known != done_.end()) return known->second;
  TICKHOUSE_ASSIGN(Rewritten rewritten, rewrite_(data.file, applying));
  return done_.emplace(std::move(key), std::move(rewritten)).first->second;
}

Result<TableChange> Deletion::Attempt(const LoadedTable& base, const FileFilter& filter,
                                      WrittenFiles& written) {
  const TableMetadata& metadata = *base.metadata;
  TICKHOUSE_ASSIGN(const Snapshot* head, producer_.Head(metadata));
  TICKHOUSE_ASSIGN(const auto data, Live(producer_, *session_.files, metadata, head,
                                         ManifestContent::kData, filter.may_hold));
  TICKHOUSE_ASSIGN(const auto deletes,
                   Live(producer_, *session_.files, metadata, head, ManifestContent::kDeletes, {}));
  FileChanges changes{.operation = "delete"};
  std::set<std::string> added_paths;
  for (const ManifestEntry& entry : data) {
    TICKHOUSE_ASSIGN(const bool may, filter.may_match(entry.file));
    if (!may) continue;
    TICKHOUSE_ASSIGN(const bool must, filter.must_match(entry.file));
    if (!must) {
      TICKHOUSE_ASSIGN(const Rewritten rewritten, Rewrite(entry, deletes));
      if (!rewritten) continue;
      for (const DataFile& file : *rewritten) {
        added_paths.insert(file.path);
        changes.added.push_back(file);
      }
    }
    changes.remove_data.paths.insert(entry.file.path);
  }
  if (!changes.added.empty()) changes.operation = "overwrite";
  if (added_paths != added_paths_) {
    producer_ = SnapshotProducer(session_, producer_.target());
    added_paths_ = std::move(added_paths);
  }
  return producer_.Produce(base, changes, written);
}

}  // namespace

Result<CommitOutcome> DeleteByFilter(UpdateSession& session, const TableIdentifier& identifier,
                                     const BindFilter& filter, const RewriteRows& rewrite,
                                     const SnapshotTarget& target) {
  Deletion deletion(session, target, rewrite);
  return CommitChange(session, identifier,
                      [&](const LoadedTable& base, WrittenFiles& written) -> Result<TableChange> {
                        TICKHOUSE_ASSIGN(const FileFilter bound, filter(*base.metadata));
                        return deletion.Attempt(base, bound, written);
                      });
}

namespace {

Status CheckRowDelta(UpdateSession& session, const TableMetadata& metadata, const Snapshot* head,
                     const RowDelta& delta, const PlannedOn& planned) {
  if (delta.added_deletes.empty() && !delta.checks_reads) return {};
  if (head != nullptr && planned.snapshot_id == head->id) return {};
  TICKHOUSE_ASSIGN(const Happened happened,
                   WhatHappened(*session.files, metadata, planned.snapshot_id, head));
  TICKHOUSE_TRY(CheckStillThere(happened, delta.referenced_files));
  if (!delta.checks_reads) return {};
  FileTest matters;
  if (delta.read_filter) {
    TICKHOUSE_ASSIGN(FileFilter bound, delta.read_filter(metadata));
    matters = std::move(bound.may_match);
  }
  TICKHOUSE_TRY(CheckNoDeletesAdded(happened, matters));
  if (planned.isolation == Isolation::kSnapshot) return {};
  return CheckNoDataAdded(happened, matters);
}

Status CheckDeletesOnly(const std::vector<DataFile>& files) {
  const auto other = std::ranges::find_if(
      files, [](const DataFile& file) { return file.content == FileContent::kData; });
  if (other == files.end()) return {};
  return Fail(ErrorKind::kInvalidArgument,
              fmt::format("file '{}' is a data file among delete files", other->path));
}

}  // namespace

Result<CommitOutcome> CommitRowDelta(UpdateSession& session, const TableIdentifier& identifier,
                                     const RowDelta& delta, const PlannedOn& planned,
                                     const SnapshotTarget& target) {
  TICKHOUSE_TRY(CheckOnlyData(delta.added_data, "the data part of a row delta"));
  TICKHOUSE_TRY(CheckDeletesOnly(delta.added_deletes));
  RowDelta checked = delta;
  for (const DataFile& file : delta.added_deletes) {
    if (file.referenced_data_file) checked.referenced_files.insert(*file.referenced_data_file);
  }
  SnapshotProducer producer(session, target);
  FileChanges changes{.operation = "overwrite", .added = delta.added_data};
  if (delta.added_data.empty()) changes.operation = "delete";
  if (delta.added_deletes.empty()) changes.operation = "append";
  changes.added.insert(changes.added.end(), delta.added_deletes.begin(), delta.added_deletes.end());
  return CommitChange(
      session, identifier,
      [&](const LoadedTable& base, WrittenFiles& written) -> Result<TableChange> {
        TICKHOUSE_ASSIGN(const Snapshot* head, producer.Head(*base.metadata));
        TICKHOUSE_TRY(CheckRowDelta(session, *base.metadata, head, checked, planned));
        return producer.Produce(base, changes, written);
      });
}

Result<CommitOutcome> RewriteFiles(UpdateSession& session, const TableIdentifier& identifier,
                                   const FileRewrite& rewrite, const PlannedOn& planned,
                                   const SnapshotTarget& target) {
  if (rewrite.removed_data.empty() && rewrite.removed_deletes.empty()) {
    return Fail(ErrorKind::kInvalidArgument, "a rewrite that removes no file adds rows twice");
  }
  SnapshotProducer producer(session, target);
  FileChanges changes{.operation = "replace", .added = rewrite.added};
  for (const DataFile& file : FilesOf(rewrite.removed_data)) {
    changes.remove_data.paths.insert(file.path);
  }
  changes.remove_deletes.paths = rewrite.removed_deletes;
  return CommitChange(
      session, identifier,
      [&](const LoadedTable& base, WrittenFiles& written) -> Result<TableChange> {
        const TableMetadata& metadata = *base.metadata;
        const Snapshot* on =
            planned.snapshot_id ? metadata.FindSnapshot(*planned.snapshot_id) : nullptr;
        if (on == nullptr) {
          return Fail(ErrorKind::kConflict,
                      "the snapshot that the rewrite was planned on is gone; plan it again");
        }
        if (metadata.format_version >= 2) changes.data_sequence_number = on->sequence_number;
        TICKHOUSE_ASSIGN(const Snapshot* head, producer.Head(metadata));
        if (head != nullptr && head->id != on->id) {
          TICKHOUSE_ASSIGN(const Happened happened,
                           WhatHappened(*session.files, metadata, on->id, head));
          TICKHOUSE_TRY(CheckNoDeletesFor(happened, rewrite.removed_data, true));
        }
        return producer.Produce(base, changes, written);
      });
}

}  // namespace tickhouse::lake
