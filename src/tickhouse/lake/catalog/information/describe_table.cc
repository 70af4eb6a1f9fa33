#include "tickhouse/lake/catalog/information/describe_table.h"

#include <algorithm>
#include <string_view>
#include <utility>

#include "tickhouse/lake/format/json/json_text.h"
#include "tickhouse/lake/manifest/manifest.h"

namespace tickhouse::lake {

namespace {

using enum InformationKind;

constexpr std::size_t kNameCharacters = 255;
constexpr char kEllipsis[] = "\u2026";

bool BeginsCharacter(char byte) {
  return (static_cast<unsigned char>(byte) & 0xC0) != 0x80;
}

// Databases hold no NUL in a text.
std::string TextValue(std::string_view text) {
  std::string value(text);
  std::ranges::replace(value, '\0', ' ');
  return value;
}

// At most as many characters as the column takes.
std::string NameValue(std::string_view text) {
  if (text.size() <= kNameCharacters) return TextValue(text);
  std::size_t characters = 0;
  std::size_t last = 0;  // Where the last character that may stay begins.
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (!BeginsCharacter(text[i])) continue;
    if (characters == kNameCharacters - 1) last = i;
    if (++characters > kNameCharacters) return TextValue(text.substr(0, last)) + kEllipsis;
  }
  return TextValue(text);
}

// The column may be gone from the current schema while files are still partitioned by it.
std::string SourceColumn(const TableMetadata& metadata, int field_id) {
  std::string path = metadata.CurrentSchema().PathOf(field_id);
  for (auto schema = metadata.schemas.rbegin(); path.empty() && schema != metadata.schemas.rend();
       ++schema) {
    path = schema->PathOf(field_id);
  }
  return path;
}

TableInformation DescribeSmall(const TableMetadata& metadata) {
  TableInformation told;
  int position = 0;
  for (const Field& field : metadata.CurrentSchema().fields) {
    told[kColumns].push_back(
        {NameValue(field.name), NameValue(field.type.ToString()), std::to_string(++position)});
  }
  for (const PartitionSpec& spec : metadata.specs) {
    for (const PartitionField& field : spec.fields) {
      told[kPartitions].push_back({std::to_string(spec.id), NameValue(field.name),
                                   NameValue(field.transform.ToString()),
                                   NameValue(SourceColumn(metadata, field.source_id))});
    }
  }
  for (const auto& [name, ref] : metadata.refs) {
    told[kRefs].push_back(
        {NameValue(name), std::to_string(ref.snapshot_id), ref.is_branch ? "BRANCH" : "TAG"});
  }
  for (const auto& [key, value] : metadata.properties) {
    told[kProperties].push_back({NameValue(key), TextValue(value)});
  }
  return told;
}

InformationRow SnapshotRow(const Snapshot& snapshot) {
  JsonText summary;
  summary.BeginObject();
  for (const auto& [key, value] : snapshot.summary) summary.Member(key, value);
  summary.EndObject();
  return {std::to_string(snapshot.id),
          snapshot.parent_id ? std::to_string(*snapshot.parent_id) : "",
          std::to_string(snapshot.timestamp_ms), TextValue(snapshot.manifest_list),
          TextValue(std::move(summary).Take())};
}

// The live files of one manifest, each under the snapshot that added it.
Status AddFiles(io::FileSystem& files, const TableMetadata& metadata, const ManifestFile& manifest,
                const Snapshot& snapshot, bool only_its_own, std::vector<InformationRow>* rows) {
  if (manifest.content != ManifestContent::kData) return {};
  const EntryChoice choice{.keep = [&](const ManifestEntry& entry) {
    return !only_its_own || (entry.status == EntryStatus::kAdded &&
                             entry.snapshot_id.value_or(snapshot.id) == snapshot.id);
  }};
  TICKHOUSE_ASSIGN(const auto entries, ReadChosenEntries(files, manifest, metadata, choice));
  for (const ManifestEntry& entry : entries) {
    rows->push_back(
        {std::to_string(entry.snapshot_id.value_or(snapshot.id)), TextValue(entry.file.path)});
  }
  return {};
}

// A snapshot, the manifests it added and the files it added.
Status AddSnapshotOf(io::FileSystem& files, const TableMetadata& metadata, const Snapshot& snapshot,
                     TableInformation* told) {
  (*told)[kSnapshots].push_back(SnapshotRow(snapshot));
  TICKHOUSE_ASSIGN(const auto list, ReadManifestList(files, snapshot));
  for (const ManifestFile& manifest : list) {
    if (manifest.added_snapshot_id.value_or(snapshot.id) != snapshot.id) continue;
    (*told)[kManifestFiles].push_back({std::to_string(snapshot.id), TextValue(manifest.path)});
    TICKHOUSE_TRY(AddFiles(files, metadata, manifest, snapshot, true, &(*told)[kDataFiles]));
  }
  return {};
}

// One row for each key: rewritten manifests name files that others named before.
void DropRepeated(std::vector<InformationRow>* rows) {
  std::ranges::sort(*rows);
  const auto rest = std::ranges::unique(*rows);
  rows->erase(rest.begin(), rest.end());
}

}  // namespace

Result<InformationChange> DescribeWhole(io::FileSystem& files, const TableMetadata& metadata) {
  InformationChange change{.after = DescribeSmall(metadata), .replaces_files = true};
  TableInformation& told = change.after;
  std::set<std::string> seen;
  for (const Snapshot& snapshot : metadata.snapshots) {
    told[kSnapshots].push_back(SnapshotRow(snapshot));
    TICKHOUSE_ASSIGN(const auto list, ReadManifestList(files, snapshot));
    for (const ManifestFile& manifest : list) {
      if (!seen.insert(manifest.path).second) continue;
      const int64_t added = manifest.added_snapshot_id.value_or(snapshot.id);
      told[kManifestFiles].push_back({std::to_string(added), TextValue(manifest.path)});
      TICKHOUSE_TRY(AddFiles(files, metadata, manifest, snapshot, false, &told[kDataFiles]));
    }
  }
  DropRepeated(&told[kDataFiles]);
  return change;
}

Result<InformationChange> DescribeMissing(io::FileSystem& files, const TableMetadata& metadata,
                                          const std::set<int64_t>& known) {
  std::size_t found = 0;
  for (const Snapshot& snapshot : metadata.snapshots) found += known.contains(snapshot.id) ? 1 : 0;
  if (found != known.size()) return DescribeWhole(files, metadata);
  InformationChange change{.after = DescribeSmall(metadata)};
  for (const Snapshot& snapshot : metadata.snapshots) {
    if (known.contains(snapshot.id)) continue;
    TICKHOUSE_TRY(AddSnapshotOf(files, metadata, snapshot, &change.after));
  }
  return change;
}

InformationChange DescribeCommit(io::FileSystem& files, const TableMetadata* before,
                                 const TableMetadata& after) {
  InformationChange stale{.is_stale = true};
  if (before == nullptr) return DescribeWhole(files, after).value_or(std::move(stale));
  InformationChange change{.before = DescribeSmall(*before),
                           .snapshot_before = before->current_snapshot_id,
                           .after = DescribeSmall(after)};
  // New ones are put at the end.
  std::size_t first = after.snapshots.size();
  while (first > 0 && before->snapshots.Find(after.snapshots[first - 1].id) == nullptr) --first;
  if (first != before->snapshots.size()) return stale;
  for (std::size_t i = first; i < after.snapshots.size(); ++i) {
    if (!AddSnapshotOf(files, after, after.snapshots[i], &change.after)) return stale;
  }
  return change;
}

}  // namespace tickhouse::lake
