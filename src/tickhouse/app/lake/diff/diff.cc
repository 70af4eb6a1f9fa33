#include "tickhouse/app/lake/diff/diff.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <utility>

#include "tickhouse/app/lake/diff/diff_rows.h"
#include "tickhouse/app/lake/diff/plan_difference.h"
#include "tickhouse/app/lake/table_change.h"
#include "tickhouse/core/log.h"
#include "tickhouse/report/text/display_text.h"
#include "tickhouse/report/text/text_table.h"

namespace tickhouse::app {

namespace {

using Json = nlohmann::ordered_json;
using lake::Snapshot;

constexpr std::size_t kMostFilesTold = 40;

Json SnapshotJson(const Snapshot* snapshot) {
  if (snapshot == nullptr) return nullptr;
  return {{"snapshot_id", snapshot->id},
          {"timestamp_ms", snapshot->timestamp_ms},
          {"operation", std::string(snapshot->operation())}};
}

class Diff {
 public:
  Diff(const DiffRequest& request, const OpenedTable& opened, Environment& environment)
      : request_(request),
        opened_(opened),
        metadata_(*opened.loaded.metadata),
        environment_(environment),
        reading_{.files = environment.files, .metadata = &metadata_, .cancel = environment.cancel} {
  }

  Result<RunReport> Run() {
    TICKHOUSE_ASSIGN(from_, lake::ResolveSnapshot(metadata_, request_.from));
    TICKHOUSE_ASSIGN(const lake::ReadPoint to, lake::ResolveReadPoint(metadata_, request_.to));
    to_ = to.snapshot;
    schema_ = to.schema;
    TICKHOUSE_ASSIGN(plan_, PlanDifference(*environment_.files, metadata_, from_, to_,
                                           environment_.threads, environment_.cancel));
    run_.command = "lake diff";
    TICKHOUSE_TRY(CountFiles());
    TICKHOUSE_TRY(CountOrDeliver());
    Tell();
    return std::move(run_);
  }

 private:
  // What each change holds, by itself.
  Status CountFiles() {
    for (const RowChange& change : plan_.changes) {
      TICKHOUSE_TRY(environment_.cancel.Check());
      TICKHOUSE_ASSIGN(const int64_t rows, CountRows(reading_, change.rows));
      (change.adds() ? rows_added_ : rows_removed_) += rows;
      files_added_ += change.kind == RowChangeKind::kFileAdded ? 1 : 0;
      files_removed_ += change.kind == RowChangeKind::kFileRemoved ? 1 : 0;
      if (files_json_.size() < kMostFilesTold) AddLine(change, rows);
      Json json = {{"change", RowChangeName(change.kind)},
                   {"path", change.rows.data.path},
                   {"rows", rows},
                   {"bytes", change.rows.data.file_size},
                   {"snapshot_id", nullptr}};
      if (change.snapshot_id) json["snapshot_id"] = *change.snapshot_id;
      files_json_.push_back(std::move(json));
    }
    return {};
  }

  void AddLine(const RowChange& change, int64_t rows) {
    const bool whole = change.rows.only.empty();
    table_.AddRow({std::string(RowChangeName(change.kind)), report::GroupDigits(rows),
                   whole ? report::ShortBytes(change.rows.data.file_size) : "",
                   PathOf(change.rows.data.path)});
  }

  // Below the table's folder, where it is.
  std::string PathOf(const std::string& location) const {
    const std::string& table = metadata_.location;
    return location.starts_with(table + "/") ? location.substr(table.size() + 1) : location;
  }

  // Rows of both sides may be the same: then they are read and set against each other.
  Status CountOrDeliver() {
    const bool both_sides = rows_added_ > 0 && rows_removed_ > 0;
    if (!request_.rows && !both_sides) return {};
    SpillSpace spill(*environment_.files);
    TICKHOUSE_ASSIGN(const auto rows, DiffRows::Open(reading_, spill, *schema_, plan_.changes));
    if (request_.rows) {
      TICKHOUSE_ASSIGN(const int64_t count,
                       DeliverRows(*rows, request_.delivery, environment_, &run_));
      run_.counts.emplace_back("rows", count);
    } else {
      TICKHOUSE_TRY(rows->CountRest());
    }
    rows_added_ = rows->rows_added();
    rows_removed_ = rows->rows_removed();
    rows_rewritten_ = rows->rows_in_both();
    return {};
  }

  void Tell() {
    run_.counts.insert(run_.counts.end(), {{"files-added", files_added_},
                                           {"files-removed", files_removed_},
                                           {"rows-added", rows_added_},
                                           {"rows-removed", rows_removed_},
                                           {"rows-rewritten", rows_rewritten_},
                                           {"rewrites", plan_.rewrites}});
    run_.details.emplace_back("from", SnapshotJson(from_).dump());
    run_.details.emplace_back("to", SnapshotJson(to_).dump());
    run_.details.emplace_back("files",
                              files_json_.dump(-1, ' ', false, Json::error_handler_t::replace));
    std::string sum =
        fmt::format("rows added {}, rows removed {}", report::GroupDigits(rows_added_),
                    report::GroupDigits(rows_removed_));
    if (rows_rewritten_ > 0) {
      sum += fmt::format("; {} rows are on both sides: rewritten, not changed",
                         report::GroupDigits(rows_rewritten_));
    }
    if (plan_.rewrites > 0) {
      sum += fmt::format("; {} snapshots in between moved rows and changed none", plan_.rewrites);
    }
    if (request_.rows) {
      LogInfo("{}: {}", opened_.id.ToString(), sum);
      return;
    }
    run_.text = fmt::format("{}\n  from  {}\n  to    {}\n", opened_.id.ToString(),
                            DescribeSnapshot(from_), DescribeSnapshot(to_));
    if (!plan_.changes.empty()) run_.text += "\n" + table_.ToString(request_.width);
    if (files_json_.size() > kMostFilesTold) {
      run_.text += fmt::format("... and {} more files (--json names all)\n",
                               files_json_.size() - kMostFilesTold);
    }
    run_.text += "\n" + sum + "\n";
  }

  const DiffRequest& request_;
  const OpenedTable& opened_;
  const lake::TableMetadata& metadata_;
  Environment& environment_;
  RowReading reading_;
  const Snapshot* from_ = nullptr;
  const Snapshot* to_ = nullptr;
  const lake::Schema* schema_ = nullptr;
  DifferencePlan plan_;
  RunReport run_;
  Json files_json_ = Json::array();
  report::TextTable table_{{{"change"}, {"rows", true}, {"size", true}, {"file", false, true}}};
  int64_t files_added_ = 0, files_removed_ = 0;
  int64_t rows_added_ = 0, rows_removed_ = 0, rows_rewritten_ = 0;
};

}  // namespace

Result<RunReport> LakeDiff(const WorkspaceRequest& workspace, const DiffRequest& request,
                           Environment& environment) {
  if (request.rows) TICKHOUSE_TRY(CheckDelivery(request.delivery));
  TICKHOUSE_ASSIGN(const auto opened, OpenTable(workspace, request.table, environment));
  return Diff(request, *opened, environment).Run();
}

}  // namespace tickhouse::app
