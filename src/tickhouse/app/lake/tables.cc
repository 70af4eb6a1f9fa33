#include "tickhouse/app/lake/tables.h"

#include <fmt/format.h>

#include <charconv>
#include <nlohmann/json.hpp>
#include <utility>
#include <vector>

#include "tickhouse/lake/scan/resolve_snapshot.h"
#include "tickhouse/report/text/display_text.h"
#include "tickhouse/report/text/text_table.h"

namespace tickhouse::app {

namespace {

using Json = nlohmann::ordered_json;
using lake::LoadedTable;
using lake::Snapshot;
using lake::TableMetadata;

// A figure of the summary, which is text; 0 when it is missing or no number.
int64_t Figure(const Snapshot* snapshot, const std::string& key) {
  if (snapshot == nullptr) return 0;
  const auto found = snapshot->summary.find(key);
  int64_t value = 0;
  if (found != snapshot->summary.end()) {
    std::from_chars(found->second.data(), found->second.data() + found->second.size(), value);
  }
  return value;
}

// The totals count the rows of the data files; those that positions delete are among them.
int64_t Rows(const Snapshot* snapshot) {
  return Figure(snapshot, "total-records") - Figure(snapshot, "total-position-deletes");
}

// Not every engine tells it (DuckDB does not), and then no later snapshot knows it either.
bool KnowsBytes(const Snapshot* snapshot) {
  return snapshot == nullptr || snapshot->summary.contains("total-files-size") ||
         Figure(snapshot, "total-data-files") == 0;
}

std::string TimeText(int64_t timestamp_ms) {
  return FormatUtc(FromNanos(timestamp_ms * kNanosPerMilli));
}

// Rows, files and bytes of `snapshot`.
Json TableJson(const LoadedTable& table, const Snapshot* snapshot) {
  const TableMetadata& metadata = *table.metadata;
  const Snapshot* const current = metadata.CurrentSnapshot();
  Json json = {{"table", table.identifier.ToString()},
               {"rows", Rows(snapshot)},
               {"files", Figure(snapshot, "total-data-files")},
               {"bytes", Figure(snapshot, "total-files-size")},
               {"snapshots", metadata.snapshots.size()},
               {"current_snapshot_id", nullptr},
               {"last_updated_ms", metadata.last_updated_ms},
               {"location", metadata.location},
               {"metadata_location", table.metadata_location}};
  if (!KnowsBytes(snapshot)) json["bytes"] = nullptr;
  if (current != nullptr) json["current_snapshot_id"] = current->id;
  return json;
}

// All namespaces at any depth.
Status CollectNamespaces(lake::Catalog& catalog, const lake::Namespace& parent,
                         std::vector<lake::Namespace>* out) {
  TICKHOUSE_ASSIGN(const std::vector<lake::Namespace> below, catalog.ListNamespaces(parent));
  for (const lake::Namespace& ns : below) {
    out->push_back(ns);
    TICKHOUSE_TRY(CollectNamespaces(catalog, ns, out));
  }
  return {};
}

std::string PartitioningText(const TableMetadata& metadata) {
  std::string text;
  for (const lake::PartitionField& field : metadata.DefaultSpec().fields) {
    const std::string source = metadata.CurrentSchema().PathOf(field.source_id);
    if (!text.empty()) text += ", ";
    text += field.transform.kind == lake::TransformKind::kIdentity
                ? source
                : fmt::format("{}({})", field.transform.ToString(), source);
  }
  return text.empty() ? "none" : text;
}

std::string OrderText(const TableMetadata& metadata) {
  std::string text;
  const lake::SortOrder* const order = metadata.FindSortOrder(metadata.default_sort_order_id);
  if (order == nullptr) return "none";
  for (const lake::SortField& field : order->fields) {
    if (!text.empty()) text += ", ";
    text += metadata.CurrentSchema().PathOf(field.source_id);
    if (!field.ascending) text += " descending";
  }
  return text.empty() ? "none" : text;
}

std::string RefsText(const TableMetadata& metadata, int64_t snapshot_id) {
  std::string text;
  for (const auto& [name, ref] : metadata.refs) {
    if (ref.snapshot_id != snapshot_id) continue;
    if (!text.empty()) text += ", ";
    text += name;
  }
  return text;
}

std::string ShowText(const LoadedTable& table, const lake::ReadPoint& point, std::size_t width) {
  const TableMetadata& metadata = *table.metadata;
  const Snapshot* const current = point.snapshot;
  std::string text = fmt::format("{}\n", table.identifier.ToString());
  const auto line = [&text](std::string_view name, const std::string& value) {
    text += fmt::format("  {:<12} {}\n", name, report::OneLine(value));
  };
  line("rows", report::GroupDigits(Rows(current)));
  line("files",
       fmt::format("{}, {}", report::GroupDigits(Figure(current, "total-data-files")),
                   KnowsBytes(current) ? report::ShortBytes(Figure(current, "total-files-size"))
                                       : "size unknown"));
  line("snapshot", current == nullptr
                       ? "none"
                       : fmt::format("{} of {}", current->id, TimeText(current->timestamp_ms)));
  line("partitioned", PartitioningText(metadata));
  line("sorted", OrderText(metadata));
  line("format", fmt::format("Iceberg v{}", metadata.format_version));
  for (const auto& [name, ref] : metadata.refs) {
    if (name == "main") continue;
    line(ref.is_branch ? "branch" : "tag", fmt::format("{} at {}", name, ref.snapshot_id));
  }
  line("uuid", metadata.table_uuid);
  line("location", metadata.location);
  line("metadata", table.metadata_location);
  text += '\n';
  report::TextTable columns(
      {{"id", true}, {"column"}, {"type"}, {"required"}, {"doc", false, true}});
  for (const lake::Field& field : point.schema->fields) {
    columns.AddRow({std::to_string(field.id), field.name, field.type.ToString(),
                    field.required ? "yes" : "", field.doc.value_or("")});
  }
  text += columns.ToString(width);
  if (metadata.properties.empty()) return text;
  text += '\n';
  report::TextTable properties({{"property"}, {"value", false, true}});
  for (const auto& [key, value] : metadata.properties) properties.AddRow({key, value});
  return text + properties.ToString(width);
}

Json SnapshotJson(const TableMetadata& metadata, const Snapshot& snapshot) {
  Json json = {{"snapshot_id", snapshot.id},
               {"parent_id", nullptr},
               {"sequence_number", snapshot.sequence_number},
               {"timestamp_ms", snapshot.timestamp_ms},
               {"operation", std::string(snapshot.operation())},
               {"current", metadata.current_snapshot_id == snapshot.id},
               {"refs", Json::array()},
               {"manifest_list", snapshot.manifest_list},
               {"summary", snapshot.summary}};
  if (snapshot.parent_id) json["parent_id"] = *snapshot.parent_id;
  for (const auto& [name, ref] : metadata.refs) {
    if (ref.snapshot_id == snapshot.id) json["refs"].push_back(name);
  }
  return json;
}

}  // namespace

Result<RunReport> LakeTables(const WorkspaceRequest& request, std::size_t width,
                             Environment& environment) {
  TICKHOUSE_ASSIGN(const Workspace workspace, OpenWorkspace(request, environment));
  RunReport run;
  run.command = "lake tables";
  std::vector<lake::Namespace> namespaces;
  TICKHOUSE_TRY(CollectNamespaces(*workspace.catalog, {}, &namespaces));
  Json tables = Json::array();
  report::TextTable text({{"table"},
                          {"rows", true},
                          {"files", true},
                          {"size", true},
                          {"snapshots", true},
                          {"changed"}});
  for (const lake::Namespace& ns : namespaces) {
    TICKHOUSE_ASSIGN(const auto identifiers, workspace.catalog->ListTables(ns));
    for (const lake::TableIdentifier& identifier : identifiers) {
      TICKHOUSE_TRY(environment.cancel.Check());
      const Result<LoadedTable> table = workspace.catalog->LoadTable(identifier);
      if (!table) {
        run.AddProblem(identifier.ToString(), table.error());
        continue;
      }
      Json json = TableJson(*table, table->metadata->CurrentSnapshot());
      text.AddRow(
          {identifier.ToString(), report::GroupDigits(json["rows"].get<int64_t>()),
           report::GroupDigits(json["files"].get<int64_t>()),
           json["bytes"].is_null() ? "unknown" : report::ShortBytes(json["bytes"].get<int64_t>()),
           std::to_string(table->metadata->snapshots.size()),
           TimeText(table->metadata->last_updated_ms)});
      tables.push_back(std::move(json));
    }
  }
  run.counts.emplace_back("tables", static_cast<int64_t>(tables.size()));
  run.text = tables.empty() ? "no tables; `tickhouse lake migrate SRC` loads Parquet into gold\n"
                            : text.ToString(width);
  run.details.emplace_back("tables", tables.dump());
  return run;
}

Result<RunReport> LakeShow(const WorkspaceRequest& request, const std::string& table,
                           const std::string& at, std::size_t width, Environment& environment) {
  TICKHOUSE_ASSIGN(const Workspace workspace, OpenWorkspace(request, environment));
  TICKHOUSE_ASSIGN(const lake::TableIdentifier identifier, TableNamed(table));
  TICKHOUSE_ASSIGN(const LoadedTable loaded, workspace.catalog->LoadTable(identifier));
  TICKHOUSE_ASSIGN(const lake::ReadPoint point, lake::ResolveReadPoint(*loaded.metadata, at));
  RunReport run;
  run.command = "lake show";
  run.text = ShowText(loaded, point, width);
  Json json = TableJson(loaded, point.snapshot);
  json["snapshot_id"] = nullptr;
  if (point.snapshot != nullptr) json["snapshot_id"] = point.snapshot->id;
  json["schema_id"] = point.schema->id;
  run.details.emplace_back("table", json.dump());
  run.details.emplace_back("metadata", lake::TableMetadataToJson(*loaded.metadata));
  return run;
}

Result<RunReport> LakeSnapshots(const WorkspaceRequest& request, const std::string& table,
                                std::size_t width, Environment& environment) {
  TICKHOUSE_ASSIGN(const Workspace workspace, OpenWorkspace(request, environment));
  TICKHOUSE_ASSIGN(const lake::TableIdentifier identifier, TableNamed(table));
  TICKHOUSE_ASSIGN(const LoadedTable loaded, workspace.catalog->LoadTable(identifier));
  const TableMetadata& metadata = *loaded.metadata;
  RunReport run;
  run.command = "lake snapshots";
  Json snapshots = Json::array();
  report::TextTable text({{""},
                          {"snapshot", true},
                          {"time"},
                          {"operation"},
                          {"added", true},
                          {"deleted", true},
                          {"rows", true},
                          {"refs", false, true}});
  for (const Snapshot& snapshot : metadata.snapshots) {
    snapshots.push_back(SnapshotJson(metadata, snapshot));
    text.AddRow(
        {metadata.current_snapshot_id == snapshot.id ? "*" : "", std::to_string(snapshot.id),
         TimeText(snapshot.timestamp_ms), std::string(snapshot.operation()),
         report::GroupDigits(Figure(&snapshot, "added-records")),
         report::GroupDigits(Figure(&snapshot, "deleted-records")),
         report::GroupDigits(Figure(&snapshot, "total-records")), RefsText(metadata, snapshot.id)});
  }
  run.counts.emplace_back("snapshots", static_cast<int64_t>(snapshots.size()));
  run.text =
      snapshots.empty() ? identifier.ToString() + " has no snapshot yet\n" : text.ToString(width);
  run.details.emplace_back("snapshots", snapshots.dump());
  return run;
}

}  // namespace tickhouse::app
