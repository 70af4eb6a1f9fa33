// Writing, filtering and merging the manifests of a new snapshot.
#pragma once

#include <cstdint>
#include <functional>
#include <set>
#include <string>
#include <vector>

#include "tickhouse/lake/manifest/manifest.h"
#include "tickhouse/lake/update/commit.h"

namespace tickhouse::lake {

/// Where manifests and lists lie: write.metadata.path, else "<location>/metadata".
std::string MetadataFolder(const TableMetadata& metadata);

/// True unless the counts say that no file of it is live.
bool MayHaveLiveFiles(const ManifestFile& manifest);

/// Names and writes the manifests of one snapshot, over all attempts.
class ManifestWriter {
 public:
  ManifestWriter(io::FileSystem& files, int64_t snapshot_id, std::string uuid)
      : files_(&files), snapshot_id_(snapshot_id), uuid_(std::move(uuid)) {}

  Result<ManifestFile> Write(const TableMetadata& metadata, int spec_id, ManifestContent content,
                             const std::vector<ManifestEntry>& entries, WrittenFiles& written);
  /// A name for the list of the next attempt.
  std::string NextListLocation(const TableMetadata& metadata);

  io::FileSystem& files() const { return *files_; }
  int64_t snapshot_id() const { return snapshot_id_; }

 private:
  io::FileSystem* files_;
  int64_t snapshot_id_;
  std::string uuid_;
  int next_manifest_ = 0;
  int next_list_ = 1;
};

/// Which live files a change takes out.
struct RemovalRule {
  std::set<std::string> paths = {};
  std::function<Result<bool>(const DataFile&)> drop = {};  ///< Empty: nothing but `paths`.
  /// False: no file of the manifest meets `drop`, so that it need not be read. Empty: read.
  std::function<Result<bool>(const ManifestFile&)> may_drop = {};
  bool empty() const { return paths.empty() && !drop; }
};

struct FilteredManifests {
  std::vector<ManifestFile> manifests;
  std::vector<ManifestEntry> removed;
};

/// The manifests of `content` in `list` without what `rule` takes out: those without a match stay
/// as they are, the others are written anew, with the removed files marked. Manifests of other
/// content and those without live files are left out.
Result<FilteredManifests> FilterManifests(ManifestWriter& writer, const TableMetadata& metadata,
                                          const std::vector<ManifestFile>& list,
                                          ManifestContent content, const RemovalRule& rule,
                                          WrittenFiles& written);

/// commit.manifest-merge.enabled, commit.manifest.min-count-to-merge, .target-size-bytes.
struct MergePolicy {
  bool enabled = true;
  int64_t min_count = 100;
  int64_t target_bytes = int64_t{8} << 20;
};
Result<MergePolicy> ParseMergePolicy(const TableMetadata& metadata);

/// `list` with many small manifests put into few. Manifests of like size are merged with each
/// other, so that over a long history every entry is rewritten a handful of times and not once for
/// each merge. Manifests that this snapshot adds are left alone.
Result<std::vector<ManifestFile>> MergeManifests(ManifestWriter& writer,
                                                 const TableMetadata& metadata,
                                                 const MergePolicy& policy,
                                                 std::vector<ManifestFile> list,
                                                 WrittenFiles& written);

}  // namespace tickhouse::lake
