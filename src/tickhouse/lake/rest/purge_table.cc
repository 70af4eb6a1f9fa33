#include "tickhouse/lake/rest/purge_table.h"

#include <fmt/format.h>

#include <tuple>

#include "tickhouse/lake/format/location.h"
#include "tickhouse/lake/manifest/manifest.h"

namespace tickhouse::lake {

Result<std::set<std::string>> FilesToPurge(io::FileSystem& files, const LoadedTable& table) {
  const TableMetadata& metadata = *table.metadata;
  if (metadata.Property("gc.enabled", "true") == "false") {
    return Fail(ErrorKind::kUnsupported,
                fmt::format("table {}: its files may be used elsewhere (gc.enabled is false); drop "
                            "it without purge",
                            table.identifier.ToString()));
  }
  std::set<std::string> reached;
  std::set<std::string> read_manifests;
  for (const Snapshot& snapshot : metadata.snapshots) {
    TICKHOUSE_ASSIGN(const auto manifests, ReadManifestList(files, snapshot));
    if (!snapshot.manifest_list.empty()) reached.insert(snapshot.manifest_list);
    for (const ManifestFile& manifest : manifests) {
      if (!read_manifests.insert(manifest.path).second) continue;
      reached.insert(manifest.path);
      TICKHOUSE_ASSIGN(const auto entries, ReadManifest(files, manifest, metadata));
      for (const ManifestEntry& entry : entries) reached.insert(entry.file.path);
    }
  }
  for (const MetadataLogEntry& entry : metadata.metadata_log) reached.insert(entry.metadata_file);
  reached.insert(table.metadata_location);
  TICKHOUSE_ASSIGN(std::string root, StoragePath(metadata.location));
  root += '/';
  std::set<std::string> paths;
  for (const std::string& location : reached) {
    const auto path = StoragePath(location);
    if (path && path->starts_with(root)) paths.insert(*path);
  }
  return paths;
}

Status PurgeTable(Catalog& catalog, io::FileSystem& files, const TableIdentifier& identifier) {
  TICKHOUSE_ASSIGN(const LoadedTable table, catalog.LoadTable(identifier));
  TICKHOUSE_ASSIGN(const std::set<std::string> paths, FilesToPurge(files, table));
  TICKHOUSE_TRY(catalog.DropTable(identifier));
  for (const std::string& path : paths) std::ignore = files.Remove(path);
  return {};
}

}  // namespace tickhouse::lake
