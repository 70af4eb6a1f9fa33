#include "tickhouse/app/lake/table_change.h"

#include <fmt/format.h>

#include <charconv>
#include <nlohmann/json.hpp>

#include "tickhouse/report/text/display_text.h"

namespace tickhouse::app {

namespace {

using Json = nlohmann::ordered_json;

Json StateJson(const lake::TableMetadata& metadata) {
  Json json = {{"current_snapshot_id", nullptr},
               {"refs", Json::object()},
               {"schema_id", metadata.current_schema_id},
               {"spec_id", metadata.default_spec_id},
               {"sort_order_id", metadata.default_sort_order_id}};
  if (metadata.CurrentSnapshot() != nullptr) {
    json["current_snapshot_id"] = metadata.CurrentSnapshot()->id;
  }
  for (const auto& [name, ref] : metadata.refs) json["refs"][name] = ref.snapshot_id;
  return json;
}

}  // namespace

Result<std::unique_ptr<OpenedTable>> OpenTable(const WorkspaceRequest& request,
                                               const std::string& table, Environment& environment) {
  auto opened = std::make_unique<OpenedTable>();
  TICKHOUSE_ASSIGN(opened->workspace, OpenWorkspace(request, environment));
  TICKHOUSE_ASSIGN(opened->id, TableNamed(table));
  TICKHOUSE_ASSIGN(opened->loaded, opened->workspace.catalog->LoadTable(opened->id));
  opened->session = SessionOf(opened->workspace, environment);
  return opened;
}

std::string DescribeSnapshot(const lake::Snapshot* snapshot) {
  if (snapshot == nullptr) return "nothing";
  std::string text = fmt::format("snapshot {} of {}, {}", snapshot->id,
                                 FormatUtc(FromNanos(snapshot->timestamp_ms * kNanosPerMilli)),
                                 snapshot->operation());
  const auto rows = snapshot->summary.find("total-records");
  if (rows == snapshot->summary.end()) return text;
  int64_t count = 0;
  std::from_chars(rows->second.data(), rows->second.data() + rows->second.size(), count);
  return fmt::format("{}, {} rows", text, report::GroupDigits(count));
}

RunReport ChangeReport(const std::string& command, const OpenedTable& opened,
                       const lake::CommitOutcome& outcome, const std::string& text) {
  RunReport run;
  run.command = command;
  run.counts = {{"changed", outcome.changed ? 1 : 0}, {"attempts", outcome.attempts}};
  run.text = fmt::format("{}: {}{}\n", opened.id.ToString(),
                         outcome.changed ? "" : "it is so already; ", text);
  if (run.text.ends_with("\n\n")) run.text.pop_back();
  run.details.emplace_back("before", StateJson(*opened.loaded.metadata).dump());
  run.details.emplace_back("after", StateJson(*outcome.table.metadata).dump());
  return run;
}

}  // namespace tickhouse::app
