#include "tickhouse/app/lake/refs.h"

#include <fmt/format.h>

#include <charconv>
#include <cmath>
#include <nlohmann/json.hpp>
#include <utility>

#include "tickhouse/app/lake/table_change.h"
#include "tickhouse/lake/update/evolution/snapshot_refs.h"

namespace tickhouse::app {

namespace {

using lake::CommitOutcome;

constexpr double kMillisPerDay = 86'400'000.0;

Result<std::optional<int64_t>> Millis(std::string_view option, std::optional<double> days) {
  if (!days) return std::optional<int64_t>();
  if (!(*days > 0) || *days > 1e6) {
    return Fail(ErrorKind::kInvalidArgument,
                fmt::format("{} {}: days must be above 0 and at most 1000000", option, *days));
  }
  return std::optional(static_cast<int64_t>(std::llround(*days * kMillisPerDay)));
}

Result<lake::RefRetention> RetentionOf(const RefRequest& request) {
  lake::RefRetention retention;
  TICKHOUSE_ASSIGN(retention.max_ref_age_ms, Millis("--keep-days", request.keep_days));
  TICKHOUSE_ASSIGN(retention.max_snapshot_age_ms,
                   Millis("--keep-snapshots-days", request.keep_snapshots_days));
  retention.min_snapshots_to_keep = request.keep_snapshots;
  return retention;
}

bool SaysRetention(const RefRequest& request) {
  return request.keep_days || request.keep_snapshots_days || request.keep_snapshots;
}

// The snapshot that `at` names; empty for the current one.
Result<std::optional<int64_t>> IdAt(const lake::TableMetadata& metadata, const std::string& at) {
  if (at.empty()) return std::optional<int64_t>();
  TICKHOUSE_ASSIGN(const lake::Snapshot* snapshot, lake::ResolveSnapshot(metadata, at));
  return std::optional(snapshot->id);
}

Status CheckRefRequest(const RefRequest& request) {
  if (request.remove && (!request.at.empty() || SaysRetention(request))) {
    return Fail(ErrorKind::kInvalidArgument, "--remove stands alone");
  }
  return {};
}

// What branch and tag have in common: removing, and retention of what is there.
Result<CommitOutcome> ChangeRef(OpenedTable& opened, const RefRequest& request, bool is_branch) {
  const auto& refs = opened.loaded.metadata->refs;
  const auto found = refs.find(request.name);
  if (found != refs.end() && found->second.is_branch != is_branch) {
    return Fail(ErrorKind::kInvalidArgument,
                fmt::format("{} is a {}; use `tickhouse lake {}`", request.name,
                            is_branch ? "tag" : "branch", is_branch ? "tag" : "branch"));
  }
  if (request.remove) return lake::RemoveRef(opened.session, opened.id, request.name);
  TICKHOUSE_ASSIGN(const lake::RefRetention retention, RetentionOf(request));
  if (found != refs.end() && request.at.empty() && SaysRetention(request)) {
    return lake::SetRefRetention(opened.session, opened.id, request.name, retention);
  }
  TICKHOUSE_ASSIGN(const auto id, IdAt(*opened.loaded.metadata, request.at));
  return is_branch ? lake::CreateBranch(opened.session, opened.id, request.name, id, retention)
                   : lake::CreateTag(opened.session, opened.id, request.name, id, retention);
}

RunReport RefReport(const std::string& command, const OpenedTable& opened,
                    const CommitOutcome& outcome, const RefRequest& request) {
  const auto& refs = outcome.table.metadata->refs;
  const auto found = refs.find(request.name);
  const std::string now = found == refs.end()
                              ? std::string("is gone")
                              : fmt::format("is at snapshot {}", found->second.snapshot_id);
  return ChangeReport(command, opened, outcome, fmt::format("{} {}", request.name, now));
}

}  // namespace

Result<RunReport> LakeRollback(const WorkspaceRequest& workspace, const RollbackRequest& request,
                               Environment& environment) {
  TICKHOUSE_ASSIGN(const auto opened, OpenTable(workspace, request.table, environment));
  const lake::TableMetadata& metadata = *opened->loaded.metadata;
  TICKHOUSE_ASSIGN(const lake::Snapshot* const to, lake::ResolveSnapshot(metadata, request.to));
  if (to == nullptr) {
    return Fail(ErrorKind::kInvalidArgument, opened->id.ToString() + " has no snapshot yet");
  }
  const std::string plan =
      fmt::format("  from  {}\n  to    {}\n", DescribeSnapshot(metadata.CurrentSnapshot()),
                  DescribeSnapshot(to));
  if (!request.confirmed) {
    const bool moves = metadata.current_snapshot_id != to->id;
    RunReport run;
    run.command = "lake rollback";
    run.text =
        moves ? fmt::format("{}: nothing was changed; --yes rolls back\n{}", opened->id.ToString(),
                            plan)
              : fmt::format("{}: main is at {}\n", opened->id.ToString(), DescribeSnapshot(to));
    run.counts = {{"changed", 0}, {"to-change", moves ? 1 : 0}};
    run.details.emplace_back("to", nlohmann::json({{"snapshot_id", to->id}}).dump());
    return run;
  }
  Result<CommitOutcome> outcome =
      request.any ? lake::SetCurrentSnapshot(opened->session, opened->id, to->id)
                  : lake::RollbackTo(opened->session, opened->id, to->id);
  if (!outcome && outcome.error().kind == ErrorKind::kInvalidArgument && !request.any) {
    return Fail(outcome.error().kind,
                outcome.error().message + "; --any takes a snapshot of another history");
  }
  if (!outcome) return Fail(std::move(outcome.error()));
  return ChangeReport(
      "lake rollback", *opened, *outcome,
      outcome->changed ? "rolled back\n" + plan : "main is at " + DescribeSnapshot(to));
}

Result<RunReport> LakeTag(const WorkspaceRequest& workspace, const RefRequest& request,
                          Environment& environment) {
  TICKHOUSE_TRY(CheckRefRequest(request));
  TICKHOUSE_ASSIGN(const auto opened, OpenTable(workspace, request.table, environment));
  TICKHOUSE_ASSIGN(const CommitOutcome outcome, ChangeRef(*opened, request, false));
  return RefReport("lake tag", *opened, outcome, request);
}

Result<RunReport> LakeBranch(const WorkspaceRequest& workspace, const RefRequest& request,
                             Environment& environment) {
  TICKHOUSE_TRY(CheckRefRequest(request));
  TICKHOUSE_ASSIGN(const auto opened, OpenTable(workspace, request.table, environment));
  if (request.forward_to.empty()) {
    TICKHOUSE_ASSIGN(const CommitOutcome outcome, ChangeRef(*opened, request, true));
    return RefReport("lake branch", *opened, outcome, request);
  }
  if (request.remove || !request.at.empty() || SaysRetention(request)) {
    return Fail(ErrorKind::kInvalidArgument, "--forward-to stands alone");
  }
  TICKHOUSE_ASSIGN(
      const CommitOutcome outcome,
      lake::FastForward(opened->session, opened->id, request.name, request.forward_to));
  return RefReport("lake branch", *opened, outcome, request);
}

Result<RunReport> LakePublish(const WorkspaceRequest& workspace, const std::string& table,
                              const std::string& what, bool is_wap, Environment& environment) {
  TICKHOUSE_ASSIGN(const auto opened, OpenTable(workspace, table, environment));
  int64_t id = 0;
  if (!is_wap) {
    TICKHOUSE_ASSIGN(const lake::Snapshot* const snapshot,
                     lake::ResolveSnapshot(*opened->loaded.metadata, what));
    if (snapshot == nullptr) {
      return Fail(ErrorKind::kInvalidArgument, opened->id.ToString() + " has no snapshot yet");
    }
    id = snapshot->id;
  }
  TICKHOUSE_ASSIGN(const CommitOutcome outcome,
                   is_wap ? lake::PublishStaged(opened->session, opened->id, what)
                          : lake::CherryPick(opened->session, opened->id, id));
  return ChangeReport("lake publish", *opened, outcome,
                      "main is at " + DescribeSnapshot(outcome.table.metadata->CurrentSnapshot()));
}

}  // namespace tickhouse::app
