#include "tickhouse/lake/maintenance/reachable.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "tickhouse/lake/format/location.h"
#include "tickhouse/lake/update/manifest_change.h"

namespace tickhouse::lake {
namespace {

Status Add(const std::string& location, FileRole role, FileRoles* found) {
  TICKHOUSE_ASSIGN(std::string path, StoragePath(location));
  found->emplace(std::move(path), role);
  return {};
}

Status AddStatisticsOf(const std::string& text, const TableMetadata& metadata,
                       const SnapshotTest& wanted, FileRoles* found) {
  if (text.empty()) return {};
  const auto array = nlohmann::json::parse(text, nullptr, false);
  if (!array.is_array()) return Fail(ErrorKind::kCorrupt, "statistics: not an array");
  for (const auto& item : array) {
    const auto path = item.find("statistics-path");
    const auto id = item.find("snapshot-id");
    if (path == item.end() || !path->is_string() || id == item.end() || !id->is_number_integer()) {
      return Fail(ErrorKind::kCorrupt, "statistics: an entry without snapshot-id or path");
    }
    const Snapshot* snapshot = metadata.FindSnapshot(id->get<int64_t>());
    if (wanted && (snapshot == nullptr || !wanted(*snapshot))) continue;
    TICKHOUSE_TRY(Add(path->get<std::string>(), FileRole::kStatistics, found));
  }
  return {};
}

}  // namespace

std::string_view FileRoleName(FileRole role) {
  switch (role) {
    case FileRole::kMetadata: return "metadata";
    case FileRole::kManifestList: return "manifest-list";
    case FileRole::kManifest: return "manifest";
    case FileRole::kData: return "data";
    case FileRole::kDeletes: return "deletes";
    case FileRole::kStatistics: return "statistics";
  }
  return "";
}

Result<ListedManifests> ListManifests(io::FileSystem& files, const TableMetadata& metadata,
                                      const SnapshotTest& wanted, const CancelToken& cancel) {
  ListedManifests listed;
  for (const Snapshot& snapshot : metadata.snapshots) {
    if (wanted && !wanted(snapshot)) continue;
    TICKHOUSE_TRY(cancel.Check());
    auto list = ReadManifestList(files, snapshot);
    if (!list) {
      return Fail(list.error().WithContext(fmt::format("snapshot {}", snapshot.id)));
    }
    if (!snapshot.manifest_list.empty()) {
      TICKHOUSE_TRY(Add(snapshot.manifest_list, FileRole::kManifestList, &listed.lists));
    }
    for (ManifestFile& manifest : *list) {
      TICKHOUSE_ASSIGN(std::string path, StoragePath(manifest.path));
      listed.manifests.emplace(std::move(path), std::move(manifest));
    }
  }
  return listed;
}

Status AddLiveFiles(io::FileSystem& files, const TableMetadata& metadata,
                    const ManifestFile& manifest, FileRoles* found) {
  if (!MayHaveLiveFiles(manifest)) return {};
  TICKHOUSE_ASSIGN(const auto entries, ReadManifest(files, manifest, metadata));
  for (const ManifestEntry& entry : entries) {
    if (entry.status == EntryStatus::kDeleted) continue;
    const bool data = entry.file.content == FileContent::kData;
    TICKHOUSE_TRY(Add(entry.file.path, data ? FileRole::kData : FileRole::kDeletes, found));
  }
  return {};
}

Status AddStatistics(const TableMetadata& metadata, const SnapshotTest& wanted, FileRoles* found) {
  TICKHOUSE_TRY(AddStatisticsOf(metadata.statistics, metadata, wanted, found));
  return AddStatisticsOf(metadata.partition_statistics, metadata, wanted, found);
}

Result<FileRoles> ReachableFiles(io::FileSystem& files, const LoadedTable& table,
                                 const CancelToken& cancel) {
  const TableMetadata& metadata = *table.metadata;
  TICKHOUSE_ASSIGN(ListedManifests listed, ListManifests(files, metadata, {}, cancel));
  FileRoles found = std::move(listed.lists);
  for (const auto& [path, manifest] : listed.manifests) {
    TICKHOUSE_TRY(cancel.Check());
    found.emplace(path, FileRole::kManifest);
    TICKHOUSE_TRY(AddLiveFiles(files, metadata, manifest, &found));
  }
  TICKHOUSE_TRY(AddStatistics(metadata, {}, &found));
  TICKHOUSE_TRY(Add(table.metadata_location, FileRole::kMetadata, &found));
  for (const MetadataLogEntry& entry : metadata.metadata_log) {
    TICKHOUSE_TRY(Add(entry.metadata_file, FileRole::kMetadata, &found));
  }
  return found;
}

}  // namespace tickhouse::lake
