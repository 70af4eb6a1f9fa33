#include "tickhouse/app/lake/upkeep/receipt_report.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "tickhouse/app/lake/table_change.h"
#include "tickhouse/report/text/display_text.h"
#include "tickhouse/report/text/text_table.h"

namespace tickhouse::app {

namespace {

using lake::FileRemoval;
using lake::Receipt;
using lake::RemovalState;

constexpr std::size_t kMostTold = 20;
constexpr std::size_t kWide = 1'000;  // Paths and partitions are told whole.

std::string AndMore(std::size_t count) {
  if (count <= kMostTold) return "";
  return fmt::format("  ... and {} more (--json names all)\n", count - kMostTold);
}

std::string Indented(const std::string& table) {
  std::string text;
  for (std::size_t at = 0; at < table.size();) {
    const std::size_t end = table.find('\n', at) + 1;
    text += "  " + table.substr(at, end - at);
    at = end;
  }
  return text;
}

std::string GroupsText(const Receipt& receipt) {
  report::TextTable table(
      {{"partition"}, {"files", true}, {"size", true}, {"rows", true}, {"deletes", true}});
  for (std::size_t i = 0; i < std::min(receipt.groups.size(), kMostTold); ++i) {
    const lake::ReceiptGroup& group = receipt.groups[i];
    table.AddRow({group.partition.empty() ? "all" : group.partition,
                  report::GroupDigits(group.files), report::ShortBytes(group.bytes),
                  report::GroupDigits(group.rows),
                  group.deletes == 0 ? "" : report::GroupDigits(group.deletes)});
  }
  return Indented(table.ToString(kWide)) + AndMore(receipt.groups.size());
}

std::string SnapshotsText(const lake::TableMetadata& before, const Receipt& receipt) {
  std::string text;
  const auto& removed = receipt.snapshots_removed;
  for (std::size_t i = 0; i < std::min(removed.size(), kMostTold); ++i) {
    text += fmt::format("  {}\n", DescribeSnapshot(before.FindSnapshot(removed[i])));
  }
  return text + AndMore(removed.size());
}

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
    if (told++ == kMostTold) break;
    text += fmt::format("  {:<13} {}\n", FileRoleName(removal.role), report::OneLine(removal.path));
  }
  return text + AndMore(receipt.removals.size());
}

}  // namespace

RunReport ReceiptReport(const std::string& command, const lake::TableMetadata& before,
                        const Receipt& receipt, const std::string& summary) {
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
  if (receipt.dry_run) run.text += GroupsText(receipt) + SnapshotsText(before, receipt);
  if (!receipt.removals.empty()) {
    run.text += fmt::format("  files {}  {}\n", receipt.dry_run ? "to be removed" : "removed",
                            FilesByRole(receipt));
    if (receipt.dry_run) {
      run.text += RemovalText(receipt);
      run.text += fmt::format("  because: {}\n", receipt.removals.front().proof);
    }
  }
  if (!receipt.dry_run && (!receipt.metadata_after.empty() || !receipt.removals.empty())) {
    run.text += fmt::format("  receipt in {}\n", lake::ReceiptFolder(before));
  }
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
