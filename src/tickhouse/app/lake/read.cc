#include "tickhouse/app/lake/read.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <utility>

#include "tickhouse/app/lake/rows/cell_rows.h"
#include "tickhouse/app/lake/rows/row_order.h"
#include "tickhouse/app/lake/table_change.h"
#include "tickhouse/core/log.h"
#include "tickhouse/lake/expression/bind.h"
#include "tickhouse/lake/scan/plan_scan.h"

namespace tickhouse::app {

namespace {

using lake::ScanTask;

// Files as their first times follow; those that do not tell keep their place before the others.
void SortByTime(const lake::Schema& schema, std::vector<ScanTask>* tasks) {
  const RowOrder order = TimeOrderOf(schema);
  if (order.empty()) return;
  const int field_id = schema.fields[order[0].column].id;
  const auto first = [&](const ScanTask& task) -> std::optional<lake::Value> {
    const std::string* const bound = lake::FindByFieldId(task.data.lower_bounds, field_id);
    if (bound == nullptr) return std::nullopt;
    auto value = lake::ValueFromBytes(order[0].type, *bound);
    return value ? std::optional(std::move(*value)) : std::nullopt;
  };
  std::ranges::stable_sort(*tasks, [&](const ScanTask& a, const ScanTask& b) {
    const auto left = first(a), right = first(b);
    if (!left || !right) return !left && right.has_value();
    return left->Compare(*right) < 0;
  });
}

}  // namespace

Result<RunReport> LakeRead(const WorkspaceRequest& workspace, const ReadRequest& request,
                           Environment& environment) {
  TICKHOUSE_TRY(CheckDelivery(request.delivery));
  if (request.limit && *request.limit < 0) {
    return Fail(ErrorKind::kInvalidArgument, "--limit: must be 0 or above");
  }
  TICKHOUSE_ASSIGN(const auto opened, OpenTable(workspace, request.table, environment));
  const lake::TableMetadata& metadata = *opened->loaded.metadata;
  TICKHOUSE_ASSIGN(const lake::ReadPoint point, lake::ResolveReadPoint(metadata, request.at));
  lake::ScanRequest scan{.snapshot = point.snapshot,
                         .schema = point.schema,
                         .columns = request.columns,
                         .threads = environment.threads,
                         .cancel = environment.cancel};
  TICKHOUSE_ASSIGN(scan.filter, lake::BindText(request.filter, *point.schema));
  TICKHOUSE_ASSIGN(lake::ScanPlan plan, lake::PlanScan(*environment.files, metadata, scan));
  SortByTime(*point.schema, &plan.tasks);
  std::vector<RowFile> files;
  for (ScanTask& task : plan.tasks) {
    files.push_back({.data = std::move(task.data),
                     .deletes = std::move(task.deletes),
                     .residual = std::move(task.residual)});
  }
  const RowReading reading{
      .files = environment.files, .metadata = &metadata, .cancel = environment.cancel};
  TICKHOUSE_ASSIGN(const auto rows,
                   CellRows::Make(reading, plan.schema, std::move(files), request.limit));
  RunReport run;
  run.command = "lake read";
  TICKHOUSE_ASSIGN(const int64_t count, DeliverRows(*rows, request.delivery, environment, &run));
  run.counts = {{"rows", count},
                {"files-read", static_cast<int64_t>(rows->files_opened())},
                {"files", plan.counters.files_selected}};
  nlohmann::json id = nullptr;
  if (point.snapshot != nullptr) id = point.snapshot->id;
  run.details.emplace_back("snapshot_id", id.dump());
  LogDebug("{}: {}, {} of {} files", opened->id.ToString(), DescribeSnapshot(point.snapshot),
           rows->files_opened(), plan.counters.files);
  return run;
}

}  // namespace tickhouse::app
