#include "tickhouse/lake/update/snapshot_producer.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <utility>

#include "tickhouse/lake/format/uuid.h"

namespace tickhouse::lake {
namespace {

/// More entries than this in one manifest of an append make reading it the slow part of a plan.
constexpr std::size_t kEntriesPerManifest = 20'000;

int64_t NewSnapshotId(Random& random) {
  for (;;) {
    const auto id = static_cast<int64_t>(random.Next() >> 1);
    if (id != 0) return id;
  }
}

std::unexpected<Error> Misfit(const DataFile& file, std::string_view why) {
  return Fail(ErrorKind::kInvalidArgument, fmt::format("file '{}': {}", file.path, why));
}

Status CheckFile(const TableMetadata& metadata, const DataFile& file) {
  if (file.path.empty()) return Misfit(file, "it has no path");
  const PartitionSpec* spec = metadata.FindSpec(file.spec_id);
  if (spec == nullptr) {
    return Misfit(file, fmt::format("the table has no partition spec {}", file.spec_id));
  }
  if (spec->fields.size() != file.partition.size()) {
    return Misfit(file, fmt::format("{} partition values, spec {} has {} fields",
                                    file.partition.size(), spec->id, spec->fields.size()));
  }
  if (file.record_count < 0 || file.file_size < 0) {
    return Misfit(file, "record count or size below zero");
  }
  if (file.content != FileContent::kData && metadata.format_version < 2) {
    return Misfit(file, "delete files need format version 2; upgrade the table first");
  }
  if (file.IsDeletionVector() && metadata.format_version < 3) {
    return Misfit(file, "deletion vectors need format version 3");
  }
  return {};
}

Status CheckVersion(const TableMetadata& metadata) {
  if (metadata.format_version <= 2) return {};
  return Fail(ErrorKind::kUnsupported,
              fmt::format("the table has format version {}: this version reads it, but writes "
                          "snapshots of versions 1 and 2 only",
                          metadata.format_version));
}

/// Position deletes of one data file go with it.
RemovalRule WithDangling(const RemovalRule& rule, const std::vector<ManifestEntry>& removed) {
  std::set<std::string> gone;
  for (const ManifestEntry& entry : removed) gone.insert(entry.file.path);
  RemovalRule extended = rule;
  extended.drop = [gone = std::move(gone), drop = rule.drop](const DataFile& file) -> Result<bool> {
    if (file.referenced_data_file && gone.contains(*file.referenced_data_file)) return true;
    return drop ? drop(file) : false;
  };
  extended.may_drop = {};
  return extended;
}

Status CheckAllFound(const RemovalRule& rule, const std::vector<ManifestEntry>& removed) {
  std::set<std::string> missing = rule.paths;
  for (const ManifestEntry& entry : removed) missing.erase(entry.file.path);
  if (missing.empty()) return {};
  return Fail(ErrorKind::kConflict,
              fmt::format("{} files to be removed are no longer in the table, such as {}; plan the "
                          "change again",
                          missing.size(), *missing.begin()));
}

/// As the list's writer will fill them in, so that a list kept in memory equals the one written.
void ResolveNumbers(const Snapshot& snapshot, std::vector<ManifestFile>* manifests) {
  for (ManifestFile& manifest : *manifests) {
    if (manifest.sequence_number == kAssignedByList) {
      manifest.sequence_number = snapshot.sequence_number;
    }
    if (manifest.min_sequence_number == kAssignedByList) {
      manifest.min_sequence_number = manifest.sequence_number;
    }
  }
}

}  // namespace

struct SnapshotProducer::Listed {
  std::vector<ManifestFile> manifests;
  SummaryCounts counts;
};

SnapshotProducer::SnapshotProducer(UpdateSession& session, SnapshotTarget target)
    : session_(&session),
      target_(std::move(target)),
      writer_(*session.files, NewSnapshotId(*session.random), MakeUuid(*session.random)) {}

Result<const Snapshot*> SnapshotProducer::Head(const TableMetadata& metadata) const {
  const auto ref = metadata.refs.find(target_.branch);
  if (ref == metadata.refs.end()) return metadata.CurrentSnapshot();
  if (!ref->second.is_branch) {
    return Fail(ErrorKind::kInvalidArgument,
                fmt::format("'{}' is a tag: only branches take snapshots", target_.branch));
  }
  return metadata.FindSnapshot(ref->second.snapshot_id);
}

Status SnapshotProducer::CheckAdded(const TableMetadata& metadata,
                                    const FileChanges& changes) const {
  std::set<std::string_view> paths;
  for (const DataFile& file : changes.added) {
    TICKHOUSE_TRY(CheckFile(metadata, file));
    if (!paths.insert(file.path).second) return Misfit(file, "it is added twice");
    const auto& rule =
        file.content == FileContent::kData ? changes.remove_data : changes.remove_deletes;
    if (rule.paths.contains(file.path)) return Misfit(file, "it is both added and removed");
  }
  return {};
}

Status SnapshotProducer::WriteAdded(const TableMetadata& metadata, const FileChanges& changes,
                                    WrittenFiles& written) {
  if (added_written_) return {};
  std::map<std::pair<ManifestContent, int>, std::vector<ManifestEntry>> groups;
  for (const DataFile& file : changes.added) {
    const bool data = file.content == FileContent::kData;
    ManifestEntry entry{.status = EntryStatus::kAdded, .file = file};
    if (data) entry.sequence_number = changes.data_sequence_number;
    groups[{data ? ManifestContent::kData : ManifestContent::kDeletes, file.spec_id}].push_back(
        std::move(entry));
  }
  for (const auto& [group, entries] : groups) {
    for (std::size_t begin = 0; begin < entries.size(); begin += kEntriesPerManifest) {
      const std::size_t end = std::min(entries.size(), begin + kEntriesPerManifest);
      const std::vector<ManifestEntry> part(entries.begin() + static_cast<std::ptrdiff_t>(begin),
                                            entries.begin() + static_cast<std::ptrdiff_t>(end));
      TICKHOUSE_ASSIGN(added_manifests_.emplace_back(),
                       writer_.Write(metadata, group.second, group.first, part, written));
    }
  }
  added_written_ = true;
  return {};
}

Result<std::vector<ManifestFile>> SnapshotProducer::ReadList(const Snapshot* snapshot) {
  if (snapshot == nullptr) return std::vector<ManifestFile>();
  if (!snapshot->manifest_list.empty() &&
      snapshot->manifest_list == session_->known_list_location) {
    return session_->known_list;
  }
  return ReadManifestList(*session_->files, *snapshot);
}

Result<SnapshotProducer::Listed> SnapshotProducer::MakeList(const TableMetadata& metadata,
                                                            const Snapshot* head,
                                                            const FileChanges& changes,
                                                            WrittenFiles& written) {
  TICKHOUSE_ASSIGN(const std::vector<ManifestFile> list, ReadList(head));
  TICKHOUSE_ASSIGN(FilteredManifests data,
                   FilterManifests(writer_, metadata, list, ManifestContent::kData,
                                   changes.remove_data, written));
  TICKHOUSE_TRY(CheckAllFound(changes.remove_data, data.removed));
  const RemovalRule delete_rule = data.removed.empty()
                                      ? changes.remove_deletes
                                      : WithDangling(changes.remove_deletes, data.removed);
  TICKHOUSE_ASSIGN(
      FilteredManifests deletes,
      FilterManifests(writer_, metadata, list, ManifestContent::kDeletes, delete_rule, written));
  TICKHOUSE_TRY(CheckAllFound(changes.remove_deletes, deletes.removed));
  Listed listed;
  for (const DataFile& file : changes.added) listed.counts.Add(file);
  for (const ManifestEntry& entry : data.removed) listed.counts.Remove(entry.file);
  for (const ManifestEntry& entry : deletes.removed) listed.counts.Remove(entry.file);
  listed.manifests = std::move(data.manifests);
  std::ranges::move(deletes.manifests, std::back_inserter(listed.manifests));
  return listed;
}

Result<TableChange> SnapshotProducer::Produce(const LoadedTable& base, const FileChanges& changes,
                                              WrittenFiles& written) {
  const TableMetadata& metadata = *base.metadata;
  TICKHOUSE_TRY(CheckVersion(metadata));
  TICKHOUSE_TRY(CheckAdded(metadata, changes));
  TICKHOUSE_ASSIGN(const Snapshot* head, Head(metadata));
  TICKHOUSE_ASSIGN(Listed listed, MakeList(metadata, head, changes, written));
  if (listed.counts.empty()) return TableChange();
  TICKHOUSE_TRY(WriteAdded(metadata, changes, written));
  listed.manifests.insert(listed.manifests.begin(), added_manifests_.begin(),
                          added_manifests_.end());
  TICKHOUSE_ASSIGN(const MergePolicy policy, ParseMergePolicy(metadata));
  TICKHOUSE_ASSIGN(listed.manifests,
                   MergeManifests(writer_, metadata, policy, std::move(listed.manifests), written));
  return Finish(metadata, head, changes, std::move(listed), written);
}

Result<TableChange> SnapshotProducer::ProduceList(const LoadedTable& base,
                                                  std::vector<ManifestFile> manifests,
                                                  std::map<std::string, std::string> summary,
                                                  WrittenFiles& written) {
  const TableMetadata& metadata = *base.metadata;
  TICKHOUSE_TRY(CheckVersion(metadata));
  TICKHOUSE_ASSIGN(const Snapshot* head, Head(metadata));
  const FileChanges changes{.operation = "replace", .summary = std::move(summary)};
  return Finish(metadata, head, changes, {.manifests = std::move(manifests), .counts = {}},
                written);
}

Result<TableChange> SnapshotProducer::Finish(const TableMetadata& metadata, const Snapshot* head,
                                             const FileChanges& changes, Listed listed,
                                             WrittenFiles& written) {
  Snapshot snapshot{.id = snapshot_id()};
  if (head != nullptr) snapshot.parent_id = head->id;
  if (metadata.format_version >= 2) snapshot.sequence_number = metadata.last_sequence_number + 1;
  // A clock that stands behind the table's must not make time run backwards in its history.
  snapshot.timestamp_ms = std::max(NowMillis(*session_->clock), metadata.last_updated_ms);
  snapshot.schema_id = metadata.current_schema_id;
  snapshot.manifest_list = writer_.NextListLocation(metadata);
  snapshot.summary = listed.counts.Build(head);
  snapshot.summary.insert(session_->engine_properties.begin(), session_->engine_properties.end());
  for (const auto& [key, value] : changes.summary) snapshot.summary[key] = value;
  for (const auto& [key, value] : target_.summary) snapshot.summary[key] = value;
  if (target_.wap_id) snapshot.summary["wap.id"] = *target_.wap_id;
  snapshot.summary["operation"] = changes.operation;
  ResolveNumbers(snapshot, &listed.manifests);
  written.push_back(snapshot.manifest_list);
  TICKHOUSE_TRY(
      WriteManifestList(*session_->files, snapshot, metadata.format_version, listed.manifests));
  TableChange change;
  change.requirements.push_back(AssertTableUuid{metadata.table_uuid});
  change.updates.push_back(AddSnapshot{snapshot});
  if (!target_.wap_id) {
    const auto ref = metadata.refs.find(target_.branch);
    SnapshotRef moved = ref == metadata.refs.end() ? SnapshotRef() : ref->second;
    AssertRefSnapshotId stands{.ref = target_.branch, .snapshot_id = {}};
    if (ref != metadata.refs.end()) stands.snapshot_id = ref->second.snapshot_id;
    moved.snapshot_id = snapshot.id;
    change.requirements.push_back(std::move(stands));
    change.updates.push_back(SetSnapshotRef{target_.branch, std::move(moved)});
  }
  change.kept_files.push_back(snapshot.manifest_list);
  for (const ManifestFile& manifest : listed.manifests) change.kept_files.push_back(manifest.path);
  session_->known_list_location = snapshot.manifest_list;
  session_->known_list = std::move(listed.manifests);
  return change;
}

Result<std::vector<ManifestEntry>> LiveEntries(io::FileSystem& files, const TableMetadata& metadata,
                                               const Snapshot& snapshot) {
  TICKHOUSE_ASSIGN(const auto list, ReadManifestList(files, snapshot));
  std::vector<ManifestEntry> live;
  for (const ManifestFile& manifest : list) {
    if (!MayHaveLiveFiles(manifest)) continue;
    TICKHOUSE_ASSIGN(auto entries, ReadManifest(files, manifest, metadata));
    for (ManifestEntry& entry : entries) {
      if (entry.status != EntryStatus::kDeleted) live.push_back(std::move(entry));
    }
  }
  return live;
}

}  // namespace tickhouse::lake
