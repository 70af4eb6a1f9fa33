// Which files a table refers to. What maintenance removes is proven against this, never guessed.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <string_view>

#include "tickhouse/core/cancel.h"
#include "tickhouse/core/error.h"
#include "tickhouse/io/fs/file_system.h"
#include "tickhouse/lake/catalog/catalog.h"
#include "tickhouse/lake/manifest/manifest.h"

namespace tickhouse::lake {

enum class FileRole { kMetadata, kManifestList, kManifest, kData, kDeletes, kStatistics };
/// "metadata", "manifest-list", "manifest", "data", "deletes", "statistics".
std::string_view FileRoleName(FileRole role);

/// By storage path (`StoragePath` of the location), so that "s3a://b/k" and "s3://b/k" are one.
using FileRoles = std::map<std::string, FileRole>;

using SnapshotTest = std::function<bool(const Snapshot&)>;

/// Manifest lists and manifests of several snapshots, each once.
struct ListedManifests {
  FileRoles lists;
  std::map<std::string, ManifestFile> manifests;  ///< By storage path.
};

/// Of the snapshots that `wanted` (empty: all) answers true for. Errors as ReadManifestList.
Result<ListedManifests> ListManifests(io::FileSystem& files, const TableMetadata& metadata,
                                      const SnapshotTest& wanted = {},
                                      const CancelToken& cancel = {});

/// The live files of `manifest`.
Status AddLiveFiles(io::FileSystem& files, const TableMetadata& metadata,
                    const ManifestFile& manifest, FileRoles* found);

/// Everything that `table` refers to: its metadata file and those of its log, statistics, lists,
/// manifests and live files of all snapshots. One unreadable file is an error: what is behind it
/// cannot be known.
Result<FileRoles> ReachableFiles(io::FileSystem& files, const LoadedTable& table,
                                 const CancelToken& cancel = {});

/// Statistics files of the snapshots that `wanted` (empty: all) answers true for.
Status AddStatistics(const TableMetadata& metadata, const SnapshotTest& wanted, FileRoles* found);

}  // namespace tickhouse::lake
