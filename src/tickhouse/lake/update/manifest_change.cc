#include "tickhouse/lake/update/manifest_change.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <map>
#include <optional>
#include <tuple>
#include <utility>

namespace tickhouse::lake {
namespace {

bool CountsKnown(const ManifestFile& manifest) {
  return manifest.added_files && manifest.existing_files && manifest.deleted_files &&
         manifest.added_rows && manifest.existing_rows && manifest.deleted_rows &&
         manifest.added_snapshot_id;
}

/// A file that was live before and stays so.
ManifestEntry Carried(ManifestEntry entry) {
  entry.status = EntryStatus::kExisting;
  return entry;
}

ManifestEntry Deleted(ManifestEntry entry, int64_t snapshot_id) {
  entry.status = EntryStatus::kDeleted;
  entry.snapshot_id = snapshot_id;
  return entry;
}

Result<bool> MayRemoveFrom(const ManifestFile& manifest, const RemovalRule& rule,
                           std::size_t paths_left) {
  if (paths_left > 0) return true;
  if (!rule.drop) return false;
  return rule.may_drop ? rule.may_drop(manifest) : true;
}

struct Split {
  std::vector<ManifestEntry> entries;
  std::vector<ManifestEntry> removed;
};

Result<Split> SplitEntries(std::vector<ManifestEntry> entries, const RemovalRule& rule,
                           int64_t snapshot_id) {
  Split split;
  for (ManifestEntry& entry : entries) {
    if (entry.status == EntryStatus::kDeleted) continue;
    bool remove = rule.paths.contains(entry.file.path);
    if (!remove && rule.drop) {
      TICKHOUSE_ASSIGN(remove, rule.drop(entry.file));
    }
    if (remove) {
      split.removed.push_back(entry);
      split.entries.push_back(Deleted(std::move(entry), snapshot_id));
    } else {
      split.entries.push_back(Carried(std::move(entry)));
    }
  }
  return split;
}

Result<int64_t> PositiveProperty(const TableMetadata& metadata, std::string_view key,
                                 int64_t fallback) {
  const std::string_view text = metadata.Property(key, "");
  if (text.empty()) return fallback;
  int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size() || value <= 0) {
    return Fail(
        ErrorKind::kInvalidArgument,
        fmt::format("table property {} is '{}': expected a whole number above 0", key, text));
  }
  return value;
}

/// Powers of 100 of live files: what is merged is hundredfold and waits for its like.
int Tier(const ManifestFile& manifest) {
  int64_t files = manifest.added_files.value_or(0) + manifest.existing_files.value_or(0);
  int tier = 0;
  while (files >= 100) {
    files /= 100;
    ++tier;
  }
  return tier;
}

}  // namespace

std::string MetadataFolder(const TableMetadata& metadata) {
  std::string folder(metadata.Property("write.metadata.path", metadata.location + "/metadata"));
  while (folder.size() > 1 && folder.ends_with('/')) folder.pop_back();
  return folder;
}

bool MayHaveLiveFiles(const ManifestFile& manifest) {
  if (!manifest.added_files || !manifest.existing_files) return true;
  return *manifest.added_files + *manifest.existing_files > 0;
}

Result<ManifestFile> ManifestWriter::Write(const TableMetadata& metadata, int spec_id,
                                           ManifestContent content,
                                           const std::vector<ManifestEntry>& entries,
                                           WrittenFiles& written) {
  const PartitionSpec* spec = metadata.FindSpec(spec_id);
  if (spec == nullptr) {
    return Fail(ErrorKind::kInvalidArgument, fmt::format("no partition spec {}", spec_id));
  }
  const ManifestContext context{.schema = &metadata.CurrentSchema(),
                                .spec = spec,
                                .format_version = metadata.format_version,
                                .content = content};
  const std::string location =
      fmt::format("{}/{}-m{}.avro", MetadataFolder(metadata), uuid_, next_manifest_++);
  written.push_back(location);
  return WriteManifest(*files_, location, context, snapshot_id_, entries);
}

std::string ManifestWriter::NextListLocation(const TableMetadata& metadata) {
  return fmt::format("{}/snap-{}-{}-{}.avro", MetadataFolder(metadata), snapshot_id_, next_list_++,
                     uuid_);
}

Result<FilteredManifests> FilterManifests(ManifestWriter& writer, const TableMetadata& metadata,
                                          const std::vector<ManifestFile>& list,
                                          ManifestContent content, const RemovalRule& rule,
                                          WrittenFiles& written) {
  FilteredManifests result;
  std::set<std::string> found;
  for (const ManifestFile& manifest : list) {
    if (manifest.content != content || !MayHaveLiveFiles(manifest)) continue;
    // Version 2 cannot list a manifest of old v1 whose counts nobody knows: it is written anew.
    const bool must_rewrite = metadata.format_version >= 2 && !CountsKnown(manifest);
    TICKHOUSE_ASSIGN(const bool may_remove,
                     MayRemoveFrom(manifest, rule, rule.paths.size() - found.size()));
    if (!may_remove && !must_rewrite) {
      result.manifests.push_back(manifest);
      continue;
    }
    TICKHOUSE_ASSIGN(auto entries, ReadManifest(writer.files(), manifest, metadata));
    TICKHOUSE_ASSIGN(Split split, SplitEntries(std::move(entries), rule, writer.snapshot_id()));
    if (split.removed.empty() && !must_rewrite) {
      result.manifests.push_back(manifest);
      continue;
    }
    for (const ManifestEntry& removed : split.removed) {
      if (rule.paths.contains(removed.file.path)) found.insert(removed.file.path);
    }
    TICKHOUSE_ASSIGN(result.manifests.emplace_back(),
                     writer.Write(metadata, manifest.spec_id, content, split.entries, written));
    std::ranges::move(split.removed, std::back_inserter(result.removed));
  }
  return result;
}

Result<MergePolicy> ParseMergePolicy(const TableMetadata& metadata) {
  MergePolicy policy;
  policy.enabled = metadata.Property("commit.manifest-merge.enabled", "true") != "false";
  TICKHOUSE_ASSIGN(policy.min_count,
                   PositiveProperty(metadata, "commit.manifest.min-count-to-merge", 100));
  TICKHOUSE_ASSIGN(
      policy.target_bytes,
      PositiveProperty(metadata, "commit.manifest.target-size-bytes", policy.target_bytes));
  policy.min_count = std::max<int64_t>(policy.min_count, 2);
  return policy;
}

Result<std::vector<ManifestFile>> MergeManifests(ManifestWriter& writer,
                                                 const TableMetadata& metadata,
                                                 const MergePolicy& policy,
                                                 std::vector<ManifestFile> list,
                                                 WrittenFiles& written) {
  using Group = std::tuple<ManifestContent, int, int>;
  std::map<Group, std::vector<std::size_t>> groups;
  for (std::size_t i = 0; policy.enabled && i < list.size(); ++i) {
    if (list[i].added_snapshot_id == writer.snapshot_id() || !CountsKnown(list[i])) continue;
    if (list[i].length * 2 > policy.target_bytes) continue;
    groups[{list[i].content, list[i].spec_id, Tier(list[i])}].push_back(i);
  }
  std::set<std::size_t> merged_away;
  for (const auto& [group, members] : groups) {
    if (static_cast<int64_t>(members.size()) < policy.min_count) continue;
    for (std::size_t begin = 0; begin < members.size();) {
      std::vector<ManifestEntry> entries;
      int64_t bytes = 0;
      std::size_t end = begin;
      for (; end < members.size() && bytes < policy.target_bytes; ++end) {
        const ManifestFile& manifest = list[members[end]];
        bytes += manifest.length;
        TICKHOUSE_ASSIGN(auto read, ReadManifest(writer.files(), manifest, metadata));
        for (ManifestEntry& entry : read) {
          if (entry.status != EntryStatus::kDeleted) entries.push_back(Carried(std::move(entry)));
        }
      }
      if (end - begin > 1) {
        TICKHOUSE_ASSIGN(ManifestFile merged, writer.Write(metadata, std::get<1>(group),
                                                           std::get<0>(group), entries, written));
        for (std::size_t i = begin + 1; i < end; ++i) merged_away.insert(members[i]);
        list[members[begin]] = std::move(merged);
      }
      begin = end;
    }
  }
  std::vector<ManifestFile> result;
  for (std::size_t i = 0; i < list.size(); ++i) {
    if (!merged_away.contains(i)) result.push_back(std::move(list[i]));
  }
  return result;
}

}  // namespace tickhouse::lake
