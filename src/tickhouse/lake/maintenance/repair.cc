#include "tickhouse/lake/maintenance/repair.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <functional>
#include <utility>

#include "tickhouse/lake/format/location.h"
#include "tickhouse/lake/update/evolution/snapshot_refs.h"

namespace tickhouse::lake {
namespace {

/// "00012-uuid.metadata.json" and "v12.metadata.json": 12.
std::optional<int64_t> VersionOf(std::string_view path) {
  std::string_view name = io::BaseName(path);
  if (!name.ends_with(".metadata.json")) return std::nullopt;
  if (name.starts_with('v')) name.remove_prefix(1);
  int64_t version = 0;
  const auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), version);
  if (error != std::errc() || end == name.data() + name.size()) return std::nullopt;
  if (*end != '-' && *end != '.') return std::nullopt;
  return version;
}

/// The table as `location` has it, when it can be read.
Result<LoadedTable> ReadTable(io::FileSystem& files, const TableIdentifier& identifier,
                              const std::string& location) {
  TICKHOUSE_ASSIGN(const std::string path, StoragePath(location));
  TICKHOUSE_ASSIGN(const std::string text, files.ReadWhole(path));
  TICKHOUSE_ASSIGN(TableMetadata metadata, ParseTableMetadata(text));
  return LoadedTable{.identifier = identifier,
                     .metadata_location = location,
                     .metadata = std::make_shared<const TableMetadata>(std::move(metadata))};
}

Result<bool> HeadsAreSound(UpdateSession& session, const LoadedTable& table) {
  TICKHOUSE_ASSIGN(const CheckReport report,
                   CheckTable(*session.files, table, {.all_snapshots = false, .footers = false},
                              session.cancel));
  const auto& current = table.metadata->current_snapshot_id;
  return !current || !report.Harms(*current);
}

/// Metadata files beside `location`, the newest first, as locations of the same scheme.
Result<std::vector<std::string>> Siblings(io::FileSystem& files, const std::string& location) {
  const std::string folder(io::ParentPath(location));
  TICKHOUSE_ASSIGN(const std::string path, StoragePath(folder));
  TICKHOUSE_ASSIGN(const auto listed, files.ListFiles(path));
  std::vector<std::pair<int64_t, std::string>> versions;
  for (const io::FileInfo& info : listed) {
    const auto relative = io::RelativePath(info.path, path);
    const auto version = VersionOf(info.path);
    if (!version || !relative || relative->find('/') != std::string::npos) continue;
    versions.emplace_back(*version, io::JoinPath(folder, *relative));
  }
  std::ranges::sort(versions, std::greater());
  std::vector<std::string> siblings;
  for (auto& [version, sibling] : versions) {
    if (sibling != location) siblings.push_back(std::move(sibling));
  }
  return siblings;
}

Status PlanPointer(UpdateSession& session, const TableIdentifier& identifier, RepairPlan* plan) {
  TICKHOUSE_ASSIGN(const auto siblings, Siblings(*session.files, plan->pointer_before));
  for (const std::string& sibling : siblings) {
    TICKHOUSE_TRY(session.cancel.Check());
    const auto table = ReadTable(*session.files, identifier, sibling);
    if (!table) {
      plan->notes.push_back(table.error().ToString());
      continue;
    }
    TICKHOUSE_ASSIGN(const bool sound, HeadsAreSound(session, *table));
    if (sound) {
      plan->pointer_after = sibling;
      return {};
    }
    plan->notes.push_back(sibling + ": its current snapshot has faults too");
  }
  plan->notes.push_back("no metadata file beside " + plan->pointer_before + " is sound");
  return {};
}

void PlanMain(const TableMetadata& metadata, const CheckReport& report, RepairPlan* plan) {
  const auto& head = metadata.current_snapshot_id;
  if (!head || !report.Harms(*head)) return;
  for (const int64_t id : metadata.AncestorsOf(*head)) {
    if (report.Harms(id)) continue;
    plan->main_after = id;
    return;
  }
  plan->notes.push_back("every snapshot in the history of main has faults");
  std::string sound;
  for (const auto& [name, ref] : metadata.refs) {
    if (!report.Harms(ref.snapshot_id)) sound += (sound.empty() ? "" : ", ") + name;
  }
  if (sound.empty()) return;
  plan->notes.back() += "; whole are " + sound + ": `tickhouse lake rollback --any` goes to one";
}

/// A copy of what the pointer leads to, among the receipts, which orphan removal leaves alone.
/// Where it lies; empty when nothing is there to be copied.
Result<std::string> KeepBackup(UpdateSession& session, const std::string& location) {
  TICKHOUSE_ASSIGN(const std::string path, StoragePath(location));
  const auto text = session.files->ReadWhole(path);
  if (!text && text.error().kind == ErrorKind::kNotFound) return std::string();
  if (!text) return Fail(text.error().WithContext("backup"));
  std::string backup = fmt::format("{}/receipts/{}-backup-{}.copy", io::ParentPath(location),
                                   NowMillis(*session.clock), io::BaseName(location));
  TICKHOUSE_ASSIGN(const std::string target, StoragePath(backup));
  TICKHOUSE_TRY(session.files->WriteWhole(target, *text));
  return backup;
}

bool IsBrokenPointer(const Error& error) {
  return error.kind == ErrorKind::kCorrupt || error.kind == ErrorKind::kNotFound;
}

}  // namespace

Result<RepairPlan> PlanRepair(UpdateSession& session, const TableIdentifier& identifier,
                              bool footers) {
  RepairPlan plan;
  const auto table = session.catalog->LoadTable(identifier);
  if (!table) {
    if (!IsBrokenPointer(table.error())) return Fail(table.error());
    TICKHOUSE_ASSIGN(plan.pointer_before, session.catalog->FindPointer(identifier));
    plan.notes.push_back(table.error().ToString());
    TICKHOUSE_TRY(PlanPointer(session, identifier, &plan));
    return plan;
  }
  plan.pointer_before = table->metadata_location;
  TICKHOUSE_ASSIGN(const CheckReport report,
                   CheckTable(*session.files, *table, {.footers = footers}, session.cancel));
  PlanMain(*table->metadata, report, &plan);
  return plan;
}

Result<Receipt> RepairTable(UpdateSession& session, const TableIdentifier& identifier,
                            const RepairPlan& plan) {
  if (plan.empty()) {
    return Fail(ErrorKind::kInvalidArgument, "the plan changes nothing: there is nothing to mend");
  }
  TICKHOUSE_ASSIGN(std::string backup, KeepBackup(session, plan.pointer_before));
  if (plan.pointer_after) {
    TICKHOUSE_TRY(
        session.catalog->MovePointer(identifier, plan.pointer_before, *plan.pointer_after));
  }
  TICKHOUSE_ASSIGN(LoadedTable table, session.catalog->LoadTable(identifier));
  Receipt receipt = BeginReceipt("repair", session, table);
  receipt.metadata_before = plan.pointer_before;
  receipt.backup = std::move(backup);
  receipt.notes = plan.notes;
  if (plan.main_after) {
    if (table.metadata_location != plan.pointer_before) {
      return Fail(ErrorKind::kConflict, "the table was changed since it was checked; check again");
    }
    TICKHOUSE_ASSIGN(const CommitOutcome outcome,
                     RollbackTo(session, identifier, *plan.main_after));
    table = outcome.table;
  }
  receipt.metadata_after = table.metadata_location;
  TICKHOUSE_TRY(KeepReceipt(session, *table.metadata, receipt));
  return receipt;
}

}  // namespace tickhouse::lake
