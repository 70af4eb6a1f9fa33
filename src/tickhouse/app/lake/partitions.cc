#include "tickhouse/app/lake/partitions.h"

#include <nlohmann/json.hpp>

#include "tickhouse/app/lake/table_change.h"
#include "tickhouse/lake/scan/metadata_tables.h"
#include "tickhouse/report/text/display_text.h"
#include "tickhouse/report/text/text_table.h"

namespace tickhouse::app {

Result<RunReport> LakePartitions(const WorkspaceRequest& workspace, const std::string& table,
                                 const std::string& at, std::size_t width,
                                 Environment& environment) {
  using Json = nlohmann::ordered_json;
  TICKHOUSE_ASSIGN(const auto opened, OpenTable(workspace, table, environment));
  const lake::TableMetadata& metadata = *opened->loaded.metadata;
  TICKHOUSE_ASSIGN(const lake::Snapshot* const snapshot, lake::ResolveSnapshot(metadata, at));
  TICKHOUSE_ASSIGN(const auto partitions,
                   lake::PartitionsOf(*environment.files, metadata, snapshot));
  RunReport run;
  run.command = "lake partitions";
  report::TextTable text({{"partition"},
                          {"rows", true},
                          {"files", true},
                          {"size", true},
                          {"deleted", true},
                          {"changed"}});
  Json json = Json::array();
  int64_t rows = 0;
  for (const lake::PartitionRow& row : partitions) {
    const std::string name = lake::PartitionText(metadata, row.spec_id, row.partition);
    const int64_t deleted = row.position_delete_records + row.equality_delete_records;
    rows += row.record_count;
    text.AddRow(
        {name.empty() ? "all" : name, report::GroupDigits(row.record_count),
         report::GroupDigits(row.file_count), report::ShortBytes(row.data_bytes),
         deleted == 0 ? "" : report::GroupDigits(deleted),
         row.last_updated_ms ? FormatUtc(FromNanos(*row.last_updated_ms * kNanosPerMilli)) : ""});
    json.push_back({{"partition", name},
                    {"spec_id", row.spec_id},
                    {"rows", row.record_count},
                    {"files", row.file_count},
                    {"bytes", row.data_bytes},
                    {"position_deletes", row.position_delete_records},
                    {"equality_deletes", row.equality_delete_records}});
  }
  run.counts = {{"partitions", static_cast<int64_t>(partitions.size())}, {"rows", rows}};
  run.text = DescribeSnapshot(snapshot) + "\n" + text.ToString(width);
  run.details.emplace_back("partitions", json.dump());
  run.details.emplace_back("snapshot_id", snapshot == nullptr ? "null" : Json(snapshot->id).dump());
  return run;
}

}  // namespace tickhouse::app
