#include "tickhouse/lake/update/history.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace tickhouse::lake {
namespace {

/// Of the column `file_path` in position delete files.
constexpr int kFilePathId = 2147483546;

bool SamePartition(const DataFile& a, const DataFile& b) {
  const PartitionKey left = PartitionOf(a);
  const PartitionKey right = PartitionOf(b);
  return !(left < right) && !(right < left);
}

bool PathWithinBounds(const DataFile& deletes, const std::string& path) {
  const std::string* lower = FindByFieldId(deletes.lower_bounds, kFilePathId);
  const std::string* upper = FindByFieldId(deletes.upper_bounds, kFilePathId);
  // Bounds may be cut: compared over their own length only, an upper one is never too low.
  if (lower != nullptr && path < *lower) return false;
  return upper == nullptr || path.substr(0, upper->size()) <= *upper;
}

bool SequenceAllows(const ManifestEntry& deletes, const ManifestEntry& data) {
  if (!deletes.sequence_number || !data.sequence_number) return true;
  return deletes.file.content == FileContent::kEqualityDeletes
             ? *deletes.sequence_number > *data.sequence_number
             : *deletes.sequence_number >= *data.sequence_number;
}

std::unexpected<Error> Conflict(const Happened::File& file, std::string_view what) {
  return Fail(ErrorKind::kConflict,
              fmt::format("{} {} (snapshot {}); plan the change again", what, file.entry.file.path,
                          file.entry.snapshot_id.value_or(0)));
}

Status CheckNone(const std::vector<Happened::File>& files, bool rewritten_too,
                 const FileTest& matters, std::string_view what) {
  for (const Happened::File& file : files) {
    if (file.rewritten && !rewritten_too) continue;
    TICKHOUSE_ASSIGN(const bool counts, matters ? matters(file.entry.file) : Result<bool>(true));
    if (counts) return Conflict(file, what);
  }
  return {};
}

Status Collect(io::FileSystem& files, const TableMetadata& metadata, const Snapshot& snapshot,
               Happened* happened) {
  TICKHOUSE_ASSIGN(const auto list, ReadManifestList(files, snapshot));
  const bool rewritten = snapshot.operation() == "replace";
  for (const ManifestFile& manifest : list) {
    if (manifest.added_snapshot_id && *manifest.added_snapshot_id != snapshot.id) continue;
    TICKHOUSE_ASSIGN(auto entries, ReadManifest(files, manifest, metadata));
    for (ManifestEntry& entry : entries) {
      if (entry.snapshot_id != snapshot.id || entry.status == EntryStatus::kExisting) continue;
      const bool data = manifest.content == ManifestContent::kData;
      const bool added = entry.status == EntryStatus::kAdded;
      if (!data && !added) continue;
      auto& target = !data   ? happened->added_deletes
                     : added ? happened->added_data
                             : happened->removed_data;
      target.push_back({.entry = std::move(entry), .rewritten = rewritten});
    }
  }
  return {};
}

}  // namespace

bool MayDeleteRowsOf(const ManifestEntry& deletes, const ManifestEntry& data) {
  if (!SequenceAllows(deletes, data)) return false;
  const DataFile& file = deletes.file;
  if (file.referenced_data_file) return *file.referenced_data_file == data.file.path;
  if (file.content == FileContent::kEqualityDeletes) {
    return file.partition.empty() || SamePartition(file, data.file);
  }
  return SamePartition(file, data.file) && PathWithinBounds(file, data.file.path);
}

Result<Happened> WhatHappened(io::FileSystem& files, const TableMetadata& metadata,
                              std::optional<int64_t> planned_on, const Snapshot* head) {
  Happened happened;
  std::size_t steps = 0;
  for (const Snapshot* at = head; at != nullptr; at = metadata.FindSnapshot(*at->parent_id)) {
    if (planned_on && at->id == *planned_on) return happened;
    if (++steps > metadata.snapshots.size()) break;
    TICKHOUSE_TRY(Collect(files, metadata, *at, &happened));
    if (!at->parent_id) {
      if (!planned_on) return happened;
      break;
    }
  }
  if (head == nullptr && !planned_on) return happened;
  return Fail(ErrorKind::kConflict,
              planned_on
                  ? fmt::format("snapshot {}, on which the change was planned, is not in the "
                                "branch's history any more; plan the change again",
                                *planned_on)
                  : "the branch's history has expired in part; plan the change again");
}

Status CheckNoDataAdded(const Happened& happened, const FileTest& matters) {
  return CheckNone(happened.added_data, false, matters, "another writer added");
}

Status CheckNoDataRemoved(const Happened& happened, const FileTest& matters) {
  return CheckNone(happened.removed_data, false, matters, "another writer removed");
}

Status CheckNoDeletesAdded(const Happened& happened, const FileTest& matters) {
  return CheckNone(happened.added_deletes, false, matters, "another writer added the deletes");
}

Status CheckNoDeletesFor(const Happened& happened, const std::vector<ManifestEntry>& data,
                         bool sequence_numbers_kept) {
  for (const Happened::File& deletes : happened.added_deletes) {
    const bool equality = deletes.entry.file.content == FileContent::kEqualityDeletes;
    if (equality && sequence_numbers_kept) continue;
    const auto hit = std::ranges::find_if(
        data, [&](const ManifestEntry& each) { return MayDeleteRowsOf(deletes.entry, each); });
    if (hit != data.end()) {
      return Conflict(deletes, fmt::format("rows of {} were deleted by", hit->file.path));
    }
  }
  return {};
}

Status CheckStillThere(const Happened& happened, const std::set<std::string>& paths) {
  return CheckNone(
      happened.removed_data, true,
      [&](const DataFile& file) -> Result<bool> { return paths.contains(file.path); },
      "another writer removed");
}

}  // namespace tickhouse::lake
