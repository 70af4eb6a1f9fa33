#include "tickhouse/app/lake/sync_info.h"

#include <nlohmann/json.hpp>
#include <utility>
#include <vector>

#include "tickhouse/report/text/display_text.h"
#include "tickhouse/report/text/text_table.h"

namespace tickhouse::app {

namespace {

using Json = nlohmann::ordered_json;
using lake::TableIdentifier;

Status CollectTables(lake::Catalog& catalog, const lake::Namespace& parent,
                     std::vector<TableIdentifier>* out) {
  TICKHOUSE_ASSIGN(const std::vector<lake::Namespace> below, catalog.ListNamespaces(parent));
  for (const lake::Namespace& ns : below) {
    TICKHOUSE_ASSIGN(const std::vector<TableIdentifier> tables, catalog.ListTables(ns));
    out->insert(out->end(), tables.begin(), tables.end());
    TICKHOUSE_TRY(CollectTables(catalog, ns, out));
  }
  return {};
}

Result<std::vector<TableIdentifier>> Chosen(lake::Catalog& catalog, const std::string& table) {
  std::vector<TableIdentifier> tables;
  if (table.empty()) {
    TICKHOUSE_TRY(CollectTables(catalog, {}, &tables));
  } else {
    TICKHOUSE_ASSIGN(tables.emplace_back(), TableNamed(table));
  }
  return tables;
}

// Nothing to go on with: the catalog has no such tables, or does not answer.
bool EndsAll(const Error& error) {
  return error.kind == ErrorKind::kUnsupported || error.kind == ErrorKind::kUnavailable ||
         error.kind == ErrorKind::kPermission;
}

}  // namespace

Result<RunReport> LakeSyncInfo(const WorkspaceRequest& request, const std::string& table,
                               std::size_t width, Environment& environment) {
  TICKHOUSE_ASSIGN(const Workspace workspace, OpenWorkspace(request, environment));
  lake::Catalog& catalog = *workspace.catalog;
  RunReport run;
  run.command = "lake sync-info";
  std::vector<TableIdentifier> gone;
  if (table.empty()) {
    TICKHOUSE_ASSIGN(gone, catalog.PruneInformation());
  }
  TICKHOUSE_ASSIGN(const std::vector<TableIdentifier> tables, Chosen(catalog, table));
  Json told = Json::array();
  report::TextTable text(
      {{"table"}, {"snapshots", true}, {"manifests", true}, {"data files", true}});
  for (const TableIdentifier& identifier : tables) {
    TICKHOUSE_TRY(environment.cancel.Check());
    const auto counts = catalog.SyncInformation(identifier);
    if (!counts) {
      if (!table.empty() || EndsAll(counts.error())) return std::unexpected(counts.error());
      run.AddProblem(identifier.ToString(), counts.error());
      continue;
    }
    text.AddRow({identifier.ToString(), report::GroupDigits(counts->snapshots),
                 report::GroupDigits(counts->manifest_files),
                 report::GroupDigits(counts->data_files)});
    told.push_back({{"table", identifier.ToString()},
                    {"snapshots", counts->snapshots},
                    {"manifest_files", counts->manifest_files},
                    {"data_files", counts->data_files}});
  }
  run.counts = {{"tables", static_cast<int64_t>(told.size())},
                {"tables_gone", static_cast<int64_t>(gone.size())}};
  run.text = told.empty() ? "no tables\n" : text.ToString(width);
  for (const TableIdentifier& identifier : gone) {
    run.text += report::OneLine(identifier.ToString()) + " is gone, and what was said of it\n";
  }
  run.details.emplace_back("tables", told.dump());
  return run;
}

}  // namespace tickhouse::app
