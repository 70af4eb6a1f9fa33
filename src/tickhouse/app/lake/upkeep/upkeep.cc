#include "tickhouse/app/lake/upkeep/upkeep.h"

#include <fmt/format.h>

#include <utility>

#include "tickhouse/app/lake/rows/rewrite_rows.h"
#include "tickhouse/app/lake/table_change.h"
#include "tickhouse/app/lake/upkeep/receipt_report.h"
#include "tickhouse/lake/maintenance/compact.h"
#include "tickhouse/lake/maintenance/expire.h"
#include "tickhouse/lake/maintenance/orphans.h"
#include "tickhouse/lake/maintenance/rewrite_manifests.h"
#include "tickhouse/report/text/display_text.h"

namespace tickhouse::app {

namespace {

using lake::Receipt;
using report::GroupDigits;

int64_t Figure(const Receipt& receipt, const std::string& name) {
  const auto found = receipt.figures.find(name);
  return found == receipt.figures.end() ? 0 : found->second;
}

RunReport Told(const std::string& command, const OpenedTable& opened, const Receipt& receipt,
               const std::string& summary) {
  return ReceiptReport(command, *opened.loaded.metadata, receipt, summary);
}

std::string Plural(int64_t count, std::string_view noun) {
  return fmt::format("{} {}{}", GroupDigits(count), noun, count == 1 ? "" : "s");
}

std::string ExpireSummary(const Receipt& receipt) {
  const auto snapshots = static_cast<int64_t>(receipt.snapshots_removed.size());
  if (snapshots == 0 && receipt.refs_removed.empty()) return "no snapshot is old enough to go";
  std::string text = fmt::format("{} {}", Plural(snapshots, "snapshot"),
                                 receipt.dry_run ? "to expire" : "expired");
  if (!receipt.refs_removed.empty()) {
    text += fmt::format(", and the names {}", fmt::join(receipt.refs_removed, ", "));
  }
  return text;
}

std::string CompactSummary(const Receipt& receipt) {
  const int64_t groups = Figure(receipt, "groups");
  if (groups == 0) return "nothing to compact: no partition has enough small files";
  std::string text =
      fmt::format("{} of {} in {}", Plural(Figure(receipt, "files-before"), "file"),
                  report::ShortBytes(Figure(receipt, "bytes-before")), Plural(groups, "group"));
  if (receipt.dry_run) return text + " to be rewritten";
  text += fmt::format(" became {} of {}", Plural(Figure(receipt, "files-after"), "file"),
                      report::ShortBytes(Figure(receipt, "bytes-after")));
  const int64_t gone = Figure(receipt, "rows-before") - Figure(receipt, "rows-after");
  text += fmt::format("; {} rows", GroupDigits(Figure(receipt, "rows-after")));
  if (gone > 0 && receipt.notes.empty()) {
    text += fmt::format(" ({} deleted ones are gone from the files)", GroupDigits(gone));
  }
  return text;
}

std::string ManifestsSummary(const Receipt& receipt) {
  const int64_t before = Figure(receipt, "manifests-before");
  const int64_t after = Figure(receipt, "manifests-after");
  if (!receipt.dry_run && receipt.metadata_after.empty()) {
    return fmt::format("{}, which cannot become fewer", Plural(before, "manifest"));
  }
  return fmt::format("{} {} {}", Plural(before, "manifest"),
                     receipt.dry_run ? "would become" : "became", GroupDigits(after));
}

}  // namespace

Result<RunReport> LakeExpire(const WorkspaceRequest& workspace, const ExpireCommand& command,
                             Environment& environment) {
  TICKHOUSE_ASSIGN(const auto opened, OpenTable(workspace, command.table, environment));
  lake::ExpireRequest request{.older_than_ms = command.older_than_ms,
                              .keep_last = command.keep_last,
                              .remove_files = !command.keep_files,
                              .dry_run = command.dry_run};
  for (const std::string& at : command.snapshots) {
    TICKHOUSE_ASSIGN(const lake::Snapshot* const snapshot,
                     lake::ResolveSnapshot(*opened->loaded.metadata, at));
    if (snapshot != nullptr) request.snapshot_ids.push_back(snapshot->id);
  }
  TICKHOUSE_ASSIGN(const Receipt receipt,
                   lake::ExpireSnapshots(opened->session, opened->id, request));
  return Told("lake expire", *opened, receipt, ExpireSummary(receipt));
}

Result<RunReport> LakeOrphans(const WorkspaceRequest& workspace, const OrphansCommand& command,
                              Environment& environment) {
  TICKHOUSE_ASSIGN(const auto opened, OpenTable(workspace, command.table, environment));
  const auto receipt = lake::RemoveOrphans(opened->session, opened->id,
                                           {.older_than_ms = command.older_than_ms,
                                            .any_age = command.any_age,
                                            .dry_run = command.dry_run});
  if (!receipt) {
    Error error = receipt.error();
    if (error.kind == ErrorKind::kInvalidArgument) error.message += " (--any-age)";
    return Fail(std::move(error));
  }
  const auto count = static_cast<int64_t>(receipt->removals.size());
  return Told("lake orphans", *opened, *receipt,
              count == 0 ? "no orphans" : Plural(count, "orphan"));
}

Result<RunReport> LakeCompact(const WorkspaceRequest& workspace, const CompactCommand& command,
                              Environment& environment) {
  TICKHOUSE_ASSIGN(const auto opened, OpenTable(workspace, command.table, environment));
  if (opened->loaded.metadata->format_version > 2) {
    return Fail(ErrorKind::kUnsupported,
                fmt::format("{}: tables of format version 3 are read, not yet written",
                            opened->id.ToString()));
  }
  if (command.min_files && *command.min_files < 2) {
    return Fail(ErrorKind::kInvalidArgument, "--min-files: must be 2 or more");
  }
  lake::CompactRequest request{.target_bytes = command.target_bytes, .dry_run = command.dry_run};
  if (command.min_files) request.min_files = *command.min_files;
  SpillSpace spill(*environment.files);
  Random random = opened->workspace.random.Fork(3);
  if (!command.dry_run) environment.progress->Start("compact", 0, "rows");
  auto receipt = lake::CompactFiles(opened->session, opened->id,
                                    MakeSortedRewrite(environment, random, spill), request);
  if (!command.dry_run) environment.progress->Finish();
  if (!receipt) return Fail(std::move(receipt).error());
  return Told("lake compact", *opened, *receipt, CompactSummary(*receipt));
}

Result<RunReport> LakeRewriteManifests(const WorkspaceRequest& workspace,
                                       const RewriteManifestsCommand& command,
                                       Environment& environment) {
  TICKHOUSE_ASSIGN(const auto opened, OpenTable(workspace, command.table, environment));
  TICKHOUSE_ASSIGN(
      const Receipt receipt,
      lake::RewriteManifests(opened->session, opened->id,
                             {.target_bytes = command.target_bytes, .dry_run = command.dry_run}));
  return Told("lake rewrite-manifests", *opened, receipt, ManifestsSummary(receipt));
}

}  // namespace tickhouse::app
