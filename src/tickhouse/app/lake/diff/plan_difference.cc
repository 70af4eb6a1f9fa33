#include "tickhouse/app/lake/diff/plan_difference.h"

#include <algorithm>
#include <map>
#include <set>
#include <string>
#include <utility>

#include "tickhouse/lake/scan/incremental.h"
#include "tickhouse/lake/scan/plan_scan.h"

namespace tickhouse::app {

namespace {

using lake::DataFile;
using lake::FileChange;
using lake::FileChangeKind;
using lake::ScanTask;
using lake::Snapshot;
using lake::TableMetadata;

RowChangeKind KindOf(FileChangeKind kind, bool taken_back) {
  switch (kind) {
    case FileChangeKind::kAdded:
      return taken_back ? RowChangeKind::kFileRemoved : RowChangeKind::kFileAdded;
    case FileChangeKind::kRemoved:
      return taken_back ? RowChangeKind::kFileAdded : RowChangeKind::kFileRemoved;
    case FileChangeKind::kRowsDeleted: break;
  }
  return taken_back ? RowChangeKind::kRowsAdded : RowChangeKind::kRowsRemoved;
}

std::optional<int64_t> CommonAncestor(const TableMetadata& metadata, int64_t from, int64_t to) {
  const std::vector<int64_t> line = metadata.AncestorsOf(from);
  const std::set<int64_t> known(line.begin(), line.end());
  for (const int64_t id : metadata.AncestorsOf(to)) {
    if (known.contains(id)) return id;
  }
  return std::nullopt;
}

Status AddChanges(io::FileSystem& files, const TableMetadata& metadata, std::optional<int64_t> base,
                  const Snapshot& to, bool taken_back, DifferencePlan* plan) {
  TICKHOUSE_ASSIGN(auto snapshots,
                   lake::PlanChanges(files, metadata, {.from_exclusive = base, .to = &to}));
  for (lake::SnapshotChange& snapshot : snapshots) {
    if (snapshot.rewritten) ++plan->rewrites;
    for (FileChange& change : snapshot.files) {
      plan->changes.push_back({.kind = KindOf(change.kind, taken_back),
                               .rows = {.data = std::move(change.task.data),
                                        .deletes = std::move(change.task.deletes),
                                        .only = std::move(change.added_deletes)},
                               .snapshot_id = snapshot.snapshot->id});
    }
  }
  return {};
}

// A file that came and went leaves nothing. Where deletes hit it on the way its rows are read, and
// cancel out by themselves.
void LeaveOutPassing(DifferencePlan* plan) {
  struct Seen {
    int came = 0, went = 0;
    bool plain = true;
    bool IsPassing() const { return plain && came > 0 && came == went; }
  };
  std::map<std::string, Seen> seen;
  for (const RowChange& change : plan->changes) {
    Seen& file = seen[change.rows.data.path];
    file.came += change.kind == RowChangeKind::kFileAdded ? 1 : 0;
    file.went += change.kind == RowChangeKind::kFileRemoved ? 1 : 0;
    file.plain = file.plain && change.rows.deletes.empty() && change.rows.only.empty();
  }
  plan->files_unchanged =
      std::ranges::count_if(seen, [](const auto& file) { return file.second.IsPassing(); });
  std::erase_if(plan->changes, [&](const RowChange& change) {
    return seen.at(change.rows.data.path).IsPassing();
  });
}

// Delete files of `a` that `b` does not have.
std::vector<DataFile> Without(const std::vector<DataFile>& a, const std::vector<DataFile>& b) {
  std::vector<DataFile> left;
  for (const DataFile& file : a) {
    const bool there = std::ranges::any_of(b, [&](const DataFile& other) {
      return other.path == file.path && other.content_offset == file.content_offset;
    });
    if (!there) left.push_back(file);
  }
  return left;
}

Result<std::map<std::string, ScanTask>> FilesOf(io::FileSystem& files,
                                                const TableMetadata& metadata,
                                                const Snapshot* snapshot, int threads,
                                                const CancelToken& cancel) {
  TICKHOUSE_ASSIGN(lake::ScanPlan plan,
                   lake::PlanScan(files, metadata,
                                  {.snapshot = snapshot, .threads = threads, .cancel = cancel}));
  std::map<std::string, ScanTask> by_path;
  for (ScanTask& task : plan.tasks) {
    std::string path = task.data.path;
    by_path.emplace(std::move(path), std::move(task));
  }
  return by_path;
}

// Both states whole, where no history connects them.
Status CompareStates(io::FileSystem& files, const TableMetadata& metadata, const Snapshot* from,
                     const Snapshot* to, int threads, const CancelToken& cancel,
                     DifferencePlan* plan) {
  TICKHOUSE_ASSIGN(const auto before, FilesOf(files, metadata, from, threads, cancel));
  TICKHOUSE_ASSIGN(const auto after, FilesOf(files, metadata, to, threads, cancel));
  const auto add = [&](RowChangeKind kind, const ScanTask& task, std::vector<DataFile> only) {
    plan->changes.push_back(
        {.kind = kind,
         .rows = {.data = task.data, .deletes = task.deletes, .only = std::move(only)}});
  };
  for (const auto& [path, task] : before) {
    const auto now = after.find(path);
    if (now == after.end()) {
      add(RowChangeKind::kFileRemoved, task, {});
      continue;
    }
    auto more = Without(now->second.deletes, task.deletes);
    if (!more.empty()) add(RowChangeKind::kRowsRemoved, task, std::move(more));
    auto fewer = Without(task.deletes, now->second.deletes);
    if (!fewer.empty()) add(RowChangeKind::kRowsAdded, now->second, std::move(fewer));
  }
  for (const auto& [path, task] : after) {
    if (!before.contains(path)) add(RowChangeKind::kFileAdded, task, {});
  }
  return {};
}

}  // namespace

std::string_view RowChangeName(RowChangeKind kind) {
  switch (kind) {
    case RowChangeKind::kFileAdded: return "file added";
    case RowChangeKind::kFileRemoved: return "file removed";
    case RowChangeKind::kRowsRemoved: return "rows removed";
    case RowChangeKind::kRowsAdded: return "rows added";
  }
  return "";
}

Result<DifferencePlan> PlanDifference(io::FileSystem& files, const TableMetadata& metadata,
                                      const Snapshot* from, const Snapshot* to, int threads,
                                      const CancelToken& cancel) {
  DifferencePlan plan;
  if (from == to) return plan;
  if (from != nullptr && to != nullptr) {
    plan.base_snapshot_id = CommonAncestor(metadata, from->id, to->id);
  }
  if (!plan.base_snapshot_id) {
    TICKHOUSE_TRY(CompareStates(files, metadata, from, to, threads, cancel, &plan));
    return plan;
  }
  TICKHOUSE_TRY(AddChanges(files, metadata, plan.base_snapshot_id, *from, true, &plan));
  TICKHOUSE_TRY(cancel.Check());
  TICKHOUSE_TRY(AddChanges(files, metadata, plan.base_snapshot_id, *to, false, &plan));
  LeaveOutPassing(&plan);
  return plan;
}

}  // namespace tickhouse::app
