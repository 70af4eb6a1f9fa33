// A table's metadata tables and scan plans as a program, for tests that compare with other engines:
// a JSON line a row. Errors go to stderr, exit 1.
//   describe_table history|snapshots|refs|metadata_log|manifests|entries|partitions METADATA [AT]
//   describe_table files|data_files|delete_files METADATA [AT]
//   describe_table plan METADATA AT FILTER
//   describe_table appends|changes METADATA FROM TO
#include <fmt/format.h>

#include <cstdio>
#include <cstdlib>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "tickhouse/app/files.h"
#include "tickhouse/core/clock.h"
#include "tickhouse/io/net/http_client.h"
#include "tickhouse/lake/expression/bind.h"
#include "tickhouse/lake/format/location.h"
#include "tickhouse/lake/scan/incremental.h"
#include "tickhouse/lake/scan/metadata_tables.h"
#include "tickhouse/lake/scan/plan_scan.h"
#include "tickhouse/lake/scan/resolve_snapshot.h"

namespace tickhouse::lake {
namespace {

using Json = nlohmann::ordered_json;

template <typename T>
Json OrNull(const std::optional<T>& value) {
  return value ? Json(*value) : Json();
}

struct Table {
  SystemClock clock;
  std::unique_ptr<io::HttpClient> http = io::MakeCurlHttpClient();
  std::unique_ptr<io::FileSystem> files = app::MakeFiles(http.get(), &clock, CancelToken());
  std::string location;
  TableMetadata metadata;
  ReadPoint at;
};
using Rows = std::vector<Json>;

Result<Rows> History(const Table& table) {
  Rows rows;
  for (const HistoryRow& row : HistoryOf(table.metadata)) {
    rows.push_back({{"made_current_at", row.made_current_at_ms},
                    {"snapshot_id", row.snapshot_id},
                    {"parent_id", OrNull(row.parent_id)},
                    {"is_current_ancestor", row.is_current_ancestor}});
  }
  return rows;
}

Result<Rows> Snapshots(const Table& table) {
  Rows rows;
  for (const SnapshotRow& row : SnapshotsOf(table.metadata)) {
    rows.push_back({{"committed_at", row.committed_at_ms},
                    {"snapshot_id", row.snapshot_id},
                    {"parent_id", OrNull(row.parent_id)},
                    {"operation", OrNull(row.operation)},
                    {"manifest_list", row.manifest_list},
                    {"summary", row.summary}});
  }
  return rows;
}

Result<Rows> Refs(const Table& table) {
  Rows rows;
  for (const RefRow& row : RefsOf(table.metadata)) {
    rows.push_back({{"name", row.name},
                    {"type", row.is_branch ? "BRANCH" : "TAG"},
                    {"snapshot_id", row.snapshot_id},
                    {"max_reference_age_in_ms", OrNull(row.max_ref_age_ms)},
                    {"min_snapshots_to_keep", OrNull(row.min_snapshots_to_keep)},
                    {"max_snapshot_age_in_ms", OrNull(row.max_snapshot_age_ms)}});
  }
  return rows;
}

Result<Rows> MetadataLog(const Table& table) {
  Rows rows;
  for (const MetadataLogRow& row : MetadataLogOf(table.metadata, table.location)) {
    rows.push_back({{"timestamp", row.timestamp_ms},
                    {"file", row.file},
                    {"latest_snapshot_id", OrNull(row.latest_snapshot_id)},
                    {"latest_schema_id", OrNull(row.latest_schema_id)},
                    {"latest_sequence_number", OrNull(row.latest_sequence_number)}});
  }
  return rows;
}

Result<Rows> Manifests(const Table& table) {
  TICKHOUSE_ASSIGN(const auto manifests,
                   ManifestsOf(*table.files, table.metadata, table.at.snapshot));
  Rows rows;
  for (const ManifestRow& row : manifests) {
    Json summaries = Json::array();
    for (const auto& summary : row.partitions) {
      summaries.push_back({{"contains_null", summary.contains_null},
                           {"contains_nan", OrNull(summary.contains_nan)},
                           {"lower_bound", OrNull(summary.lower_bound)},
                           {"upper_bound", OrNull(summary.upper_bound)}});
    }
    const ManifestFile& manifest = row.manifest;
    const bool data = manifest.content == ManifestContent::kData;
    const auto of = [&](bool wanted, const std::optional<int64_t>& count) {
      return wanted ? count.value_or(0) : 0;
    };
    rows.push_back({{"content", static_cast<int>(manifest.content)},
                    {"path", manifest.path},
                    {"length", manifest.length},
                    {"partition_spec_id", manifest.spec_id},
                    {"added_snapshot_id", OrNull(manifest.added_snapshot_id)},
                    {"added_data_files_count", of(data, manifest.added_files)},
                    {"existing_data_files_count", of(data, manifest.existing_files)},
                    {"deleted_data_files_count", of(data, manifest.deleted_files)},
                    {"added_delete_files_count", of(!data, manifest.added_files)},
                    {"existing_delete_files_count", of(!data, manifest.existing_files)},
                    {"deleted_delete_files_count", of(!data, manifest.deleted_files)},
                    {"partition_summaries", std::move(summaries)}});
  }
  return rows;
}

Json FileToJson(const Table& table, const DataFile& file) {
  return {{"content", static_cast<int>(file.content)},
          {"file_path", file.path},
          {"file_format", file.format},
          {"spec_id", file.spec_id},
          {"partition", PartitionText(table.metadata, file.spec_id, file.partition)},
          {"record_count", file.record_count},
          {"file_size_in_bytes", file.file_size},
          {"null_value_counts", Json(file.null_counts)},
          {"split_offsets", file.split_offsets},
          {"sort_order_id", OrNull(file.sort_order_id)}};
}

Result<Rows> Entries(const Table& table) {
  TICKHOUSE_ASSIGN(const auto entries, EntriesOf(*table.files, table.metadata, table.at.snapshot));
  Rows rows;
  for (const ManifestEntry& entry : entries) {
    rows.push_back({{"status", static_cast<int>(entry.status)},
                    {"snapshot_id", OrNull(entry.snapshot_id)},
                    {"sequence_number", OrNull(entry.sequence_number)},
                    {"file_sequence_number", OrNull(entry.file_sequence_number)},
                    {"data_file", FileToJson(table, entry.file)}});
  }
  return rows;
}

Result<Rows> FilesAs(const Table& table, std::optional<ManifestContent> content) {
  TICKHOUSE_ASSIGN(const auto files,
                   FilesOf(*table.files, table.metadata, table.at.snapshot, content));
  Rows rows;
  for (const DataFile& file : files) rows.push_back(FileToJson(table, file));
  return rows;
}
Result<Rows> Files(const Table& table) {
  return FilesAs(table, {});
}
Result<Rows> DataFiles(const Table& table) {
  return FilesAs(table, ManifestContent::kData);
}
Result<Rows> DeleteFiles(const Table& table) {
  return FilesAs(table, ManifestContent::kDeletes);
}

Result<Rows> Partitions(const Table& table) {
  TICKHOUSE_ASSIGN(const auto partitions,
                   PartitionsOf(*table.files, table.metadata, table.at.snapshot));
  Rows rows;
  for (const PartitionRow& row : partitions) {
    rows.push_back({{"partition", PartitionText(table.metadata, row.spec_id, row.partition)},
                    {"spec_id", row.spec_id},
                    {"record_count", row.record_count},
                    {"file_count", row.file_count},
                    {"total_data_file_size_in_bytes", row.data_bytes},
                    {"position_delete_record_count", row.position_delete_records},
                    {"position_delete_file_count", row.position_delete_files},
                    {"equality_delete_record_count", row.equality_delete_records},
                    {"equality_delete_file_count", row.equality_delete_files},
                    {"last_updated_at", OrNull(row.last_updated_ms)},
                    {"last_updated_snapshot_id", OrNull(row.last_updated_snapshot_id)}});
  }
  return rows;
}

Json TaskToJson(const ScanTask& task) {
  Json deletes = Json::array();
  for (const DataFile& file : task.deletes) deletes.push_back(file.path);
  return {{"path", task.data.path},
          {"sequence_number", task.data_sequence_number},
          {"deletes", std::move(deletes)},
          {"residual", ToText(task.residual)}};
}

Result<Rows> Plan(const Table& table, const std::string& filter) {
  ScanRequest request{.snapshot = table.at.snapshot, .schema = table.at.schema};
  TICKHOUSE_ASSIGN(request.filter, BindText(filter, *table.at.schema));
  TICKHOUSE_ASSIGN(const ScanPlan plan, PlanScan(*table.files, table.metadata, request));
  Rows rows;
  for (const ScanTask& task : plan.tasks) rows.push_back(TaskToJson(task));
  return rows;
}

Result<Rows> Incremental(const Table& table, const std::string& from, bool changes) {
  RangeRequest request{.to = table.at.snapshot};
  if (!from.empty()) {
    TICKHOUSE_ASSIGN(const Snapshot* const first, ResolveSnapshot(table.metadata, from));
    request.from_exclusive = first->id;
  }
  Rows rows;
  if (!changes) {
    TICKHOUSE_ASSIGN(const AppendPlan plan, PlanAppends(*table.files, table.metadata, request));
    for (const ScanTask& task : plan.tasks) rows.push_back(TaskToJson(task));
    return rows;
  }
  TICKHOUSE_ASSIGN(const auto found, PlanChanges(*table.files, table.metadata, request));
  constexpr const char* kKinds[] = {"added", "removed", "rows deleted"};
  for (const SnapshotChange& change : found) {
    Json files = Json::array();
    for (const FileChange& file : change.files) {
      Json json = TaskToJson(file.task);
      json["kind"] = kKinds[static_cast<int>(file.kind)];
      files.push_back(std::move(json));
    }
    rows.push_back({{"snapshot_id", change.snapshot->id},
                    {"rewritten", change.rewritten},
                    {"files", std::move(files)}});
  }
  return rows;
}

struct Description {
  std::string_view name;
  Result<Rows> (*rows)(const Table& table);
};
constexpr Description kDescriptions[] = {
    {"history", History},          {"snapshots", Snapshots}, {"refs", Refs},
    {"metadata_log", MetadataLog}, {"manifests", Manifests}, {"entries", Entries},
    {"partitions", Partitions},    {"files", Files},         {"data_files", DataFiles},
    {"delete_files", DeleteFiles},
};

Result<Rows> Describe(const std::vector<std::string>& words, const Table& table) {
  if (words[0] == "plan" && words.size() == 4) return Plan(table, words[3]);
  const bool changes = words[0] == "changes";
  if ((changes || words[0] == "appends") && words.size() == 4) {
    return Incremental(table, words[2], changes);
  }
  for (const Description& description : kDescriptions) {
    if (words[0] == description.name) return description.rows(table);
  }
  return Fail(ErrorKind::kInvalidArgument, "see the head of describe_table.cc");
}

Status Run(const std::vector<std::string>& words) {
  if (words.size() < 2) return Fail(ErrorKind::kInvalidArgument, "what of which metadata file?");
  Table table;
  table.location = words[1];
  TICKHOUSE_ASSIGN(const std::string path, StoragePath(table.location));
  TICKHOUSE_ASSIGN(const std::string text, table.files->ReadWhole(path));
  TICKHOUSE_ASSIGN(table.metadata, ParseTableMetadata(text));
  const bool range = words[0] == "changes" || words[0] == "appends";
  const std::size_t at = range ? 3 : 2;
  TICKHOUSE_ASSIGN(table.at, ResolveReadPoint(table.metadata, words.size() > at ? words[at] : ""));
  TICKHOUSE_ASSIGN(const Rows rows, Describe(words, table));
  for (const Json& row : rows) fmt::print("{}\n", row.dump());
  return {};
}

}  // namespace
}  // namespace tickhouse::lake

int main(int argc, char** argv) {
  const tickhouse::Status done = tickhouse::lake::Run({argv + 1, argv + argc});
  if (done) return 0;
  fmt::print(stderr, "describe_table: {}\n", done.error().ToString());
  return 1;
}
