#include "tickhouse/app/lake/upkeep/receipt_report.h"

#include <fmt/format.h>

#include <map>

#include "tickhouse/report/text/display_text.h"

namespace tickhouse::app {

namespace {

using lake::FileRemoval;
using lake::Receipt;
using lake::RemovalState;

constexpr std::size_t kMostFilesTold = 20;

std::string FilesByRole(const Receipt& receipt) {
  std::map<std::string, int64_t> roles;
  for (const FileRemoval& removal : receipt.removals) {
    if (removal.state != RemovalState::kFailed) ++roles[std::string(FileRoleName(removal.role))];
  }
  std::string text;
  for (const auto& [role, count] : roles) {
    text += fmt::format("{}{} {}", text.empty() ? "" : ", ", report::GroupDigits(count), role);
  }
  return text.empty() ? "none" : text;
}

std::string RemovalText(const Receipt& receipt) {
  std::string text;
  std::size_t told = 0;
  for (const FileRemoval& removal : receipt.removals) {
    if (told++ == kMostFilesTold) {
      return text + fmt::format("  ... and {} more (--json names all)\n",
                                receipt.removals.size() - kMostFilesTold);
    }
    text += fmt::format("  {:<13} {}\n", FileRoleName(removal.role), report::OneLine(removal.path));
  }
  return text;
}

}  // namespace

RunReport ReceiptReport(const std::string& command, const Receipt& receipt,
                        const std::string& summary, const std::string& receipts) {
  RunReport run;
  run.command = command;
  const int64_t planned = receipt.Count(RemovalState::kPlanned);
  const int64_t removed = receipt.Count(RemovalState::kRemoved);
  run.counts = {
      {"changed", !receipt.dry_run && (!receipt.metadata_after.empty() || removed > 0) ? 1 : 0},
      {"snapshots-removed", static_cast<int64_t>(receipt.snapshots_removed.size())},
      {"refs-removed", static_cast<int64_t>(receipt.refs_removed.size())},
      {"files-removed", receipt.dry_run ? planned : removed}};
  for (const auto& [name, figure] : receipt.figures) run.counts.emplace_back(name, figure);
  run.text = fmt::format("{}: {}{}\n", receipt.table.ToString(), summary,
                         receipt.dry_run ? " (dry run: nothing was changed)" : "");
  if (!receipt.removals.empty()) {
    run.text += fmt::format("  files {}  {}\n", receipt.dry_run ? "to be removed" : "removed",
                            FilesByRole(receipt));
    if (receipt.dry_run) {
      run.text += RemovalText(receipt);
      run.text += fmt::format("  because: {}\n", receipt.removals.front().proof);
    }
  }
  if (!receipts.empty()) run.text += fmt::format("  receipt in {}\n", receipts);
  for (const FileRemoval& removal : receipt.removals) {
    if (removal.state != RemovalState::kFailed) continue;
    run.problems.push_back({removal.path, "not-removed", "it could not be removed"});
  }
  for (const std::string& note : receipt.notes) {
    run.problems.push_back({receipt.table.ToString(), "not-done", note});
  }
  run.details.emplace_back("receipt", ReceiptToJson(receipt));
  return run;
}

}  // namespace tickhouse::app
