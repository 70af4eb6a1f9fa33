#include "tickhouse/lake/scan/metadata_tables.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <set>
#include <unordered_map>
#include <utility>

#include "tickhouse/lake/scan/delete_index.h"
#include "tickhouse/lake/scan/scan_filter.h"

namespace tickhouse::lake {
namespace {

/// The column that a partition field is made of, by any schema that still has it.
const Field* SourceOf(const TableMetadata& metadata, const PartitionField& field) {
  const Field* source = metadata.CurrentSchema().FindById(field.source_id);
  for (auto schema = metadata.schemas.rbegin();
       source == nullptr && schema != metadata.schemas.rend(); ++schema) {
    source = schema->FindById(field.source_id);
  }
  return source;
}

/// The type of a field's values; nothing where it cannot be told.
std::optional<Type> ResultOf(const Field* source, const PartitionField& field) {
  if (source == nullptr) return std::nullopt;
  auto type = field.transform.ResultType(source->type);
  if (!type) return std::nullopt;
  return std::move(*type);
}

std::string Hex(std::string_view bytes) {
  std::string text = "0x";
  for (const char c : bytes) text += fmt::format("{:02x}", static_cast<unsigned char>(c));
  return text;
}

Result<std::optional<std::string>> BoundText(const TableMetadata& metadata,
                                             const PartitionField& field,
                                             const std::optional<std::string>& bytes) {
  if (!bytes) return std::nullopt;
  const Field* const source = SourceOf(metadata, field);
  const auto type = ResultOf(source, field);
  if (!type || type->kind == TypeKind::kOpaque) return Hex(*bytes);
  TICKHOUSE_ASSIGN(Value value, ValueFromBytes(*type, *bytes));
  return field.transform.ResultToText(source->type, std::move(value));
}

Result<ManifestRow> RowOf(const TableMetadata& metadata, ManifestFile manifest) {
  const PartitionSpec* const spec = metadata.FindSpec(manifest.spec_id);
  if (spec == nullptr || manifest.partitions.size() > spec->fields.size()) {
    return Fail(ErrorKind::kCorrupt,
                fmt::format("{}: {} partition summaries of spec {}, which the table {}",
                            manifest.path, manifest.partitions.size(), manifest.spec_id,
                            spec == nullptr ? "lacks" : "has with fewer fields"));
  }
  ManifestRow row;
  for (std::size_t i = 0; i < manifest.partitions.size(); ++i) {
    const PartitionSummary& summary = manifest.partitions[i];
    ManifestRow::Summary& told = row.partitions.emplace_back();
    told.contains_null = summary.contains_null;
    told.contains_nan = summary.contains_nan;
    auto lower = BoundText(metadata, spec->fields[i], summary.lower_bound);
    auto upper = BoundText(metadata, spec->fields[i], summary.upper_bound);
    for (const auto* bound : {&lower, &upper}) {
      if (!*bound) return Fail(bound->error().WithContext(manifest.path + ": partition summary"));
    }
    told.lower_bound = std::move(*lower);
    told.upper_bound = std::move(*upper);
  }
  row.manifest = std::move(manifest);
  return row;
}

void Count(const ManifestEntry& entry, const TableMetadata& metadata, PartitionRow* row) {
  const DataFile& file = entry.file;
  switch (file.content) {
    case FileContent::kData:
      row->record_count += file.record_count;
      row->data_bytes += file.file_size;
      ++row->file_count;
      break;
    case FileContent::kPositionDeletes:
      row->position_delete_records += file.record_count;
      ++row->position_delete_files;
      break;
    case FileContent::kEqualityDeletes:
      row->equality_delete_records += file.record_count;
      ++row->equality_delete_files;
      break;
  }
  const Snapshot* const by =
      entry.snapshot_id ? metadata.FindSnapshot(*entry.snapshot_id) : nullptr;
  if (by == nullptr || (row->last_updated_ms && *row->last_updated_ms >= by->timestamp_ms)) return;
  row->last_updated_ms = by->timestamp_ms;
  row->last_updated_snapshot_id = by->id;
}

bool Before(const PartitionRow& a, const PartitionRow& b) {
  if (a.spec_id != b.spec_id) return a.spec_id < b.spec_id;
  return std::ranges::lexicographical_compare(
      a.partition, b.partition, [](const std::optional<Value>& x, const std::optional<Value>& y) {
        if (!x || !y) return !x && y;
        // Files may declare other types than the spec by now.
        if (x->data.index() != y->data.index()) return x->data.index() < y->data.index();
        return x->Compare(*y) < 0;
      });
}

}  // namespace

std::vector<HistoryRow> HistoryOf(const TableMetadata& metadata) {
  std::set<int64_t> ancestors;
  if (metadata.current_snapshot_id) {
    const auto ids = metadata.AncestorsOf(*metadata.current_snapshot_id);
    ancestors.insert(ids.begin(), ids.end());
  }
  std::vector<HistoryRow> rows;
  rows.reserve(metadata.snapshot_log.size());
  for (const SnapshotLogEntry& entry : metadata.snapshot_log) {
    const Snapshot* const snapshot = metadata.FindSnapshot(entry.snapshot_id);
    rows.push_back({.made_current_at_ms = entry.timestamp_ms,
                    .snapshot_id = entry.snapshot_id,
                    .parent_id = snapshot != nullptr ? snapshot->parent_id : std::nullopt,
                    .is_current_ancestor = ancestors.contains(entry.snapshot_id)});
  }
  return rows;
}

std::vector<SnapshotRow> SnapshotsOf(const TableMetadata& metadata) {
  std::vector<SnapshotRow> rows;
  rows.reserve(metadata.snapshots.size());
  for (const Snapshot& snapshot : metadata.snapshots) {
    SnapshotRow& row = rows.emplace_back();
    row.committed_at_ms = snapshot.timestamp_ms;
    row.snapshot_id = snapshot.id;
    row.parent_id = snapshot.parent_id;
    row.manifest_list = snapshot.manifest_list;
    row.summary = snapshot.summary;
    if (auto operation = row.summary.extract("operation"); !operation.empty()) {
      row.operation = std::move(operation.mapped());
    }
  }
  return rows;
}

std::vector<RefRow> RefsOf(const TableMetadata& metadata) {
  std::vector<RefRow> rows;
  for (const auto& [name, ref] : metadata.refs) {
    rows.push_back({.name = name,
                    .is_branch = ref.is_branch,
                    .snapshot_id = ref.snapshot_id,
                    .max_ref_age_ms = ref.max_ref_age_ms,
                    .min_snapshots_to_keep = ref.min_snapshots_to_keep,
                    .max_snapshot_age_ms = ref.max_snapshot_age_ms});
  }
  return rows;
}

std::vector<MetadataLogRow> MetadataLogOf(const TableMetadata& metadata,
                                          const std::string& metadata_location) {
  std::vector<MetadataLogRow> rows;
  const auto add = [&](int64_t timestamp_ms, const std::string& file) {
    MetadataLogRow& row = rows.emplace_back();
    row.timestamp_ms = timestamp_ms;
    row.file = file;
    const Snapshot* const latest = metadata.SnapshotAsOf(timestamp_ms);
    if (latest == nullptr) return;
    row.latest_snapshot_id = latest->id;
    row.latest_schema_id = latest->schema_id;
    row.latest_sequence_number = latest->sequence_number;
  };
  for (const MetadataLogEntry& entry : metadata.metadata_log) {
    add(entry.timestamp_ms, entry.metadata_file);
  }
  add(metadata.last_updated_ms, metadata_location);
  return rows;
}

Result<std::vector<ManifestRow>> ManifestsOf(io::FileSystem& files, const TableMetadata& metadata,
                                             const Snapshot* snapshot) {
  std::vector<ManifestRow> rows;
  if (snapshot == nullptr) return rows;
  TICKHOUSE_ASSIGN(auto list, ReadManifestList(files, *snapshot));
  for (ManifestFile& manifest : list) {
    TICKHOUSE_ASSIGN(rows.emplace_back(), RowOf(metadata, std::move(manifest)));
  }
  return rows;
}

Result<std::vector<ManifestEntry>> EntriesOf(io::FileSystem& files, const TableMetadata& metadata,
                                             const Snapshot* snapshot) {
  std::vector<ManifestEntry> entries;
  if (snapshot == nullptr) return entries;
  TICKHOUSE_ASSIGN(const auto list, ReadManifestList(files, *snapshot));
  for (const ManifestFile& manifest : list) {
    TICKHOUSE_ASSIGN(auto part, ReadManifest(files, manifest, metadata));
    std::ranges::move(part, std::back_inserter(entries));
  }
  return entries;
}

Result<std::vector<DataFile>> FilesOf(io::FileSystem& files, const TableMetadata& metadata,
                                      const Snapshot* snapshot,
                                      std::optional<ManifestContent> content) {
  std::vector<DataFile> live;
  if (snapshot == nullptr) return live;
  TICKHOUSE_ASSIGN(const auto list, ReadManifestList(files, *snapshot));
  for (const ManifestFile& manifest : list) {
    if ((content && *content != manifest.content) || !MayHoldLiveFiles(manifest)) continue;
    TICKHOUSE_ASSIGN(auto entries, ReadManifest(files, manifest, metadata));
    for (ManifestEntry& entry : entries) {
      if (entry.status != EntryStatus::kDeleted) live.push_back(std::move(entry.file));
    }
  }
  return live;
}

Result<std::vector<PartitionRow>> PartitionsOf(io::FileSystem& files, const TableMetadata& metadata,
                                               const Snapshot* snapshot) {
  std::vector<PartitionRow> rows;
  if (snapshot == nullptr) return rows;
  std::unordered_map<std::string, std::size_t> places;
  TICKHOUSE_ASSIGN(const auto list, ReadManifestList(files, *snapshot));
  for (const ManifestFile& manifest : list) {
    if (!MayHoldLiveFiles(manifest)) continue;
    TICKHOUSE_ASSIGN(const auto entries, ReadManifest(files, manifest, metadata));
    for (const ManifestEntry& entry : entries) {
      if (entry.status == EntryStatus::kDeleted) continue;
      const auto [place, is_new] = places.emplace(PartitionBytes(entry.file), rows.size());
      if (is_new) {
        rows.push_back({.spec_id = entry.file.spec_id, .partition = entry.file.partition});
      }
      Count(entry, metadata, &rows[place->second]);
    }
  }
  std::ranges::stable_sort(rows, Before);
  return rows;
}

std::string PartitionText(const TableMetadata& metadata, int spec_id,
                          const std::vector<std::optional<Value>>& partition) {
  const PartitionSpec* const spec = metadata.FindSpec(spec_id);
  std::string text;
  for (std::size_t i = 0; spec != nullptr && i < spec->fields.size() && i < partition.size(); ++i) {
    const PartitionField& field = spec->fields[i];
    const Field* const source = SourceOf(metadata, field);
    std::string value = "null";
    if (partition[i]) {
      value =
          ResultOf(source, field) ? field.transform.ResultToText(source->type, partition[i]) : "?";
    }
    text += fmt::format("{}{}={}", text.empty() ? "" : "/", field.name, value);
  }
  return text;
}

}  // namespace tickhouse::lake
