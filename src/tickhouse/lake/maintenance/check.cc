#include "tickhouse/lake/maintenance/check.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <utility>

#include "tickhouse/io/parquet/format/parquet_footer.h"
#include "tickhouse/lake/data/bound.h"
#include "tickhouse/lake/data/parquet_metrics.h"
#include "tickhouse/lake/format/location.h"
#include "tickhouse/lake/manifest/manifest.h"
#include "tickhouse/lake/update/manifest_change.h"

namespace tickhouse::lake {
namespace {

/// What keeps from looking is an error; what was seen is a fault.
bool IsFault(ErrorKind kind) {
  return kind == ErrorKind::kNotFound || kind == ErrorKind::kCorrupt ||
         kind == ErrorKind::kUnsupported || kind == ErrorKind::kInvalidArgument;
}

FaultKind KindOf(const Error& error) {
  return error.kind == ErrorKind::kNotFound ? FaultKind::kMissing : FaultKind::kUnreadable;
}

struct ManifestUse {
  ManifestFile manifest;
  std::vector<int64_t> snapshots;
};
struct FileUse {
  DataFile file;
  std::vector<int64_t> snapshots;
};

class Checker {
 public:
  Checker(io::FileSystem& files, const LoadedTable& table, const CheckOptions& options,
          const CancelToken& cancel)
      : files_(files), metadata_(*table.metadata), options_(options), cancel_(cancel) {
    report_.metadata_location = table.metadata_location;
  }

  Result<CheckReport> Run() {
    CheckReferences();
    TICKHOUSE_TRY(ReadLists());
    TICKHOUSE_TRY(ReadManifests());
    TICKHOUSE_TRY(CheckFiles());
    CheckTotals();
    return std::move(report_);
  }

 private:
  void Add(FaultKind kind, std::string location, std::string text,
           std::vector<int64_t> snapshots = {}) {
    report_.faults.push_back({kind, std::move(location), std::move(text), std::move(snapshots)});
  }
  /// True when `error` was noted as a fault.
  bool Note(const Error& error, const std::string& location, std::vector<int64_t> snapshots) {
    if (!IsFault(error.kind)) return false;
    Add(KindOf(error), location, error.message, std::move(snapshots));
    return true;
  }

  void CheckReferences();
  bool IsWanted(const Snapshot& snapshot) const;
  Status ReadLists();
  void CheckListed(const Snapshot& snapshot, const ManifestFile& manifest);
  Status ReadManifests();
  void CheckCounts(const ManifestUse& use, const std::vector<ManifestEntry>& entries);
  void UseFile(const ManifestEntry& entry, const std::vector<int64_t>& snapshots);
  Status CheckFiles();
  Status CheckFile(const FileUse& use);
  Status CheckFooter(const FileUse& use, const std::string& path, int64_t bytes);
  void CompareBounds(const FileUse& use, const DataFile& seen);
  void CheckTotals();

  io::FileSystem& files_;
  const TableMetadata& metadata_;
  const CheckOptions& options_;
  const CancelToken& cancel_;
  CheckReport report_;
  std::map<std::string, ManifestUse> manifests_;
  std::map<std::string, FileUse> uses_;
  std::map<int64_t, int64_t> rows_;  ///< Of data files, by snapshot.
  std::set<int64_t> incomplete_;     ///< Snapshots with an unreadable part.
};

void Checker::CheckReferences() {
  for (const auto& [name, ref] : metadata_.refs) {
    if (metadata_.FindSnapshot(ref.snapshot_id) != nullptr) continue;
    Add(FaultKind::kReference, report_.metadata_location,
        fmt::format("{} '{}' points to snapshot {}, which is not in the table",
                    ref.is_branch ? "branch" : "tag", name, ref.snapshot_id));
  }
  std::set<int64_t> ids;
  for (const Snapshot& snapshot : metadata_.snapshots) {
    if (!ids.insert(snapshot.id).second) {
      Add(FaultKind::kReference, report_.metadata_location,
          fmt::format("snapshot {} is there twice", snapshot.id), {snapshot.id});
    }
    if (snapshot.schema_id && metadata_.FindSchema(*snapshot.schema_id) == nullptr) {
      Add(FaultKind::kReference, report_.metadata_location,
          fmt::format("snapshot {} has schema {}, which is not in the table", snapshot.id,
                      *snapshot.schema_id));
    }
    if (snapshot.sequence_number > metadata_.last_sequence_number) {
      Add(FaultKind::kReference, report_.metadata_location,
          fmt::format("snapshot {} has sequence number {}, the table's last is {}", snapshot.id,
                      snapshot.sequence_number, metadata_.last_sequence_number));
    }
  }
}

bool Checker::IsWanted(const Snapshot& snapshot) const {
  if (options_.all_snapshots || snapshot.id == metadata_.current_snapshot_id) return true;
  return std::ranges::any_of(
      metadata_.refs, [&](const auto& ref) { return ref.second.snapshot_id == snapshot.id; });
}

Status Checker::ReadLists() {
  for (const Snapshot& snapshot : metadata_.snapshots) {
    if (!IsWanted(snapshot)) continue;
    TICKHOUSE_TRY(cancel_.Check());
    ++report_.snapshots;
    auto list = ReadManifestList(files_, snapshot);
    if (!list) {
      incomplete_.insert(snapshot.id);
      if (!Note(list.error(), snapshot.manifest_list, {snapshot.id})) {
        return Fail(std::move(list).error());
      }
      continue;
    }
    rows_[snapshot.id];
    for (const ManifestFile& manifest : *list) CheckListed(snapshot, manifest);
  }
  report_.manifests = static_cast<int64_t>(manifests_.size());
  return {};
}

void Checker::CheckListed(const Snapshot& snapshot, const ManifestFile& manifest) {
  if (metadata_.FindSpec(manifest.spec_id) == nullptr) {
    Add(FaultKind::kReference, manifest.path,
        fmt::format("it has partition spec {}, which is not in the table", manifest.spec_id),
        {snapshot.id});
  }
  ManifestUse& use = manifests_[manifest.path];
  if (use.snapshots.empty()) use.manifest = manifest;
  if (!use.snapshots.empty() && use.snapshots.back() == snapshot.id) {
    Add(FaultKind::kReference, manifest.path,
        fmt::format("snapshot {} lists it twice: its rows are read twice", snapshot.id),
        {snapshot.id});
    return;
  }
  use.snapshots.push_back(snapshot.id);
}

Status Checker::ReadManifests() {
  for (const auto& [location, use] : manifests_) {
    TICKHOUSE_TRY(cancel_.Check());
    auto entries = ReadManifest(files_, use.manifest, metadata_);
    if (!entries) {
      incomplete_.insert(use.snapshots.begin(), use.snapshots.end());
      if (!Note(entries.error(), location, use.snapshots)) return Fail(std::move(entries).error());
      continue;
    }
    CheckCounts(use, *entries);
    for (const ManifestEntry& entry : *entries) {
      if (entry.status != EntryStatus::kDeleted) UseFile(entry, use.snapshots);
    }
  }
  return {};
}

void Checker::CheckCounts(const ManifestUse& use, const std::vector<ManifestEntry>& entries) {
  const ManifestFile& listed = use.manifest;
  const std::pair<EntryStatus, std::pair<std::optional<int64_t>, std::optional<int64_t>>> said[] = {
      {EntryStatus::kAdded, {listed.added_files, listed.added_rows}},
      {EntryStatus::kExisting, {listed.existing_files, listed.existing_rows}},
      {EntryStatus::kDeleted, {listed.deleted_files, listed.deleted_rows}}};
  for (const auto& [status, counts] : said) {
    int64_t files = 0, rows = 0;
    for (const ManifestEntry& entry : entries) {
      if (entry.status != status) continue;
      ++files;
      rows += entry.file.record_count;
    }
    if (counts.first.value_or(files) == files && counts.second.value_or(rows) == rows) continue;
    Add(FaultKind::kCount, listed.path,
        fmt::format("the list says {} files and {} rows of status {}, the manifest has {} and {}",
                    counts.first.value_or(files), counts.second.value_or(rows),
                    static_cast<int>(status), files, rows),
        use.snapshots);
  }
}

void Checker::UseFile(const ManifestEntry& entry, const std::vector<int64_t>& snapshots) {
  FileUse& use = uses_[entry.file.path];
  if (use.snapshots.empty()) use.file = entry.file;
  for (const int64_t id : snapshots) {
    if (std::ranges::find(use.snapshots, id) != use.snapshots.end() &&
        !entry.file.IsDeletionVector()) {
      Add(FaultKind::kReference, entry.file.path,
          fmt::format("snapshot {} lists it twice: its rows are read twice", id), {id});
      continue;
    }
    use.snapshots.push_back(id);
    if (entry.file.content == FileContent::kData) rows_[id] += entry.file.record_count;
  }
}

Status Checker::CheckFiles() {
  for (const auto& [location, use] : uses_) {
    TICKHOUSE_TRY(cancel_.Check());
    ++report_.files;
    report_.bytes += use.file.file_size;
    TICKHOUSE_TRY(CheckFile(use));
  }
  return {};
}

Status Checker::CheckFile(const FileUse& use) {
  const auto path = StoragePath(use.file.path);
  if (!path) {
    Note(path.error(), use.file.path, use.snapshots);
    return {};
  }
  auto info = files_.Stat(*path);
  if (!info) {
    if (Note(info.error(), use.file.path, use.snapshots)) return {};
    return Fail(std::move(info).error());
  }
  // The size of a deletion vector's file is that of all its blobs: other writers give either.
  if (info->size != use.file.file_size && !use.file.IsDeletionVector()) {
    Add(FaultKind::kCount, use.file.path,
        fmt::format("it has {} bytes, the manifest says {}", info->size, use.file.file_size),
        use.snapshots);
  }
  if (!options_.footers || use.file.format != "PARQUET") return {};
  return CheckFooter(use, *path, info->size);
}

Status Checker::CheckFooter(const FileUse& use, const std::string& path, int64_t bytes) {
  auto file = files_.OpenRead(path);
  if (!file) {
    if (Note(file.error(), use.file.path, use.snapshots)) return {};
    return Fail(std::move(file).error());
  }
  const auto footer = io::ReadParquetFooter(**file);
  if (!footer) {
    if (Note(footer.error(), use.file.path, use.snapshots)) return {};
    return Fail(footer.error());
  }
  if (footer->rows != use.file.record_count) {
    Add(FaultKind::kCount, use.file.path,
        fmt::format("it has {} rows, the manifest says {}", footer->rows, use.file.record_count),
        use.snapshots);
  }
  if (use.file.content != FileContent::kData) return {};
  std::optional<NameMapping> names;
  const std::string_view mapping = metadata_.Property("schema.name-mapping.default", "");
  if (!mapping.empty()) {
    auto parsed = ParseNameMapping(mapping);
    if (parsed) names = std::move(*parsed);
  }
  // Columns that the file predates are no fault: only bounds of those it has are compared.
  Schema schema = metadata_.CurrentSchema();
  for (Field& field : schema.fields) field.required = false;
  const auto seen = MetricsFromFooter(*footer, bytes, schema, {.names = names ? &*names : nullptr});
  if (!seen) {
    Note(seen.error(), use.file.path, use.snapshots);
    return {};
  }
  CompareBounds(use, *seen);
  return {};
}

void Checker::CompareBounds(const FileUse& use, const DataFile& seen) {
  for (const Field& field : metadata_.CurrentSchema().fields) {
    const std::string* low = FindByFieldId(use.file.lower_bounds, field.id);
    const std::string* high = FindByFieldId(use.file.upper_bounds, field.id);
    const std::string* seen_low = FindByFieldId(seen.lower_bounds, field.id);
    const std::string* seen_high = FindByFieldId(seen.upper_bounds, field.id);
    // Bounds may have been written as a narrower type, before a promotion.
    const auto comparable = [&](const std::string* a, const std::string* b) {
      return a != nullptr && b != nullptr && ValueFromBytes(field.type, *a).has_value() &&
             ValueFromBytes(field.type, *b).has_value();
    };
    const bool too_high = comparable(low, seen_low) && BoundLess(field.type, *seen_low, *low);
    const bool cut = field.type.kind == TypeKind::kString || field.type.kind == TypeKind::kBinary;
    const bool too_low =
        !cut && comparable(high, seen_high) && BoundLess(field.type, *high, *seen_high);
    if (!too_high && !too_low) continue;
    Add(FaultKind::kBounds, use.file.path,
        fmt::format("column {} has values {} the bound in the manifest: filters miss rows",
                    field.name, too_high ? "below" : "above"),
        use.snapshots);
  }
}

void Checker::CheckTotals() {
  for (const auto& [id, rows] : rows_) {
    if (id == metadata_.current_snapshot_id) report_.rows = rows;
    const Snapshot* snapshot = metadata_.FindSnapshot(id);
    const auto total = snapshot->summary.find("total-records");
    if (total == snapshot->summary.end() || incomplete_.contains(id)) continue;
    if (total->second == fmt::to_string(rows)) continue;
    // Other engines carry totals on from wrong ones; reading is not harmed.
    Add(FaultKind::kCount, report_.metadata_location,
        fmt::format("the summary of snapshot {} says {} rows, its files have {}", id, total->second,
                    rows));
  }
}

}  // namespace

std::string_view FaultKindName(FaultKind kind) {
  switch (kind) {
    case FaultKind::kMissing: return "missing";
    case FaultKind::kUnreadable: return "unreadable";
    case FaultKind::kCount: return "count";
    case FaultKind::kBounds: return "bounds";
    case FaultKind::kReference: return "reference";
  }
  return "";
}

bool CheckReport::Harms(int64_t snapshot_id) const {
  return std::ranges::any_of(faults, [&](const Fault& fault) {
    return std::ranges::find(fault.snapshots, snapshot_id) != fault.snapshots.end();
  });
}

Result<CheckReport> CheckTable(io::FileSystem& files, const LoadedTable& table,
                               const CheckOptions& options, const CancelToken& cancel) {
  return Checker(files, table, options, cancel).Run();
}

}  // namespace tickhouse::lake
