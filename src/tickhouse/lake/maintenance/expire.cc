#include "tickhouse/lake/maintenance/expire.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <limits>
#include <set>
#include <utility>

namespace tickhouse::lake {
namespace {

constexpr int64_t kFiveDaysMs = int64_t{5} * 24 * 3600 * 1000;

struct Retention {
  int64_t max_ref_age_ms = std::numeric_limits<int64_t>::max();
  int64_t max_snapshot_age_ms = kFiveDaysMs;
  int64_t min_snapshots = 1;
};

Status ReadProperty(const TableMetadata& metadata, const std::string& key, int64_t* value) {
  const auto found = metadata.properties.find(key);
  if (found == metadata.properties.end()) return {};
  const std::string& text = found->second;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), *value);
  if (error == std::errc() && end == text.data() + text.size() && *value > 0) return {};
  return Fail(ErrorKind::kInvalidArgument,
              fmt::format("table property {} is '{}': expected a whole number above 0", key, text));
}

Result<Retention> TableRetention(const TableMetadata& metadata) {
  Retention retention;
  const std::string prefix = "history.expire.";
  TICKHOUSE_TRY(ReadProperty(metadata, prefix + "max-ref-age-ms", &retention.max_ref_age_ms));
  TICKHOUSE_TRY(
      ReadProperty(metadata, prefix + "max-snapshot-age-ms", &retention.max_snapshot_age_ms));
  TICKHOUSE_TRY(ReadProperty(metadata, prefix + "min-snapshots-to-keep", &retention.min_snapshots));
  return retention;
}

/// Decides for one state of the table.
class Retainer {
 public:
  Retainer(const TableMetadata& metadata, const ExpireRequest& request, const Retention& retention,
           int64_t now_ms)
      : metadata_(metadata), request_(request), retention_(retention), now_ms_(now_ms) {}

  Result<ExpirePlan> Plan() {
    ExpirePlan plan;
    std::set<int64_t> known;  // In the history of a ref: age alone does not make those staged.
    for (const auto& [name, ref] : metadata_.refs) {
      if (IsTooOld(name, ref)) {
        plan.refs.push_back(name);
        continue;
      }
      kept_.insert(ref.snapshot_id);
      const auto line = metadata_.AncestorsOf(ref.snapshot_id);
      known.insert(line.begin(), line.end());
      if (ref.is_branch) KeepOfBranch(ref, line);
    }
    for (const Snapshot& snapshot : metadata_.snapshots) {
      const bool staged = !known.contains(snapshot.id);
      if (staged && snapshot.timestamp_ms >= Threshold(retention_.max_snapshot_age_ms)) {
        kept_.insert(snapshot.id);
      }
    }
    TICKHOUSE_TRY(ForgetNamed());
    for (const Snapshot& snapshot : metadata_.snapshots) {
      if (!kept_.contains(snapshot.id)) plan.snapshots.push_back(snapshot.id);
    }
    return plan;
  }

 private:
  bool IsTooOld(const std::string& name, const SnapshotRef& ref) const {
    if (name == "main") return false;
    const Snapshot* snapshot = metadata_.FindSnapshot(ref.snapshot_id);
    if (snapshot == nullptr) return true;
    const int64_t age = ref.max_ref_age_ms.value_or(retention_.max_ref_age_ms);
    return now_ms_ - snapshot->timestamp_ms > age;
  }

  /// Snapshots made at this instant or later are young.
  int64_t Threshold(int64_t max_age_ms) const {
    return request_.older_than_ms.value_or(now_ms_ - max_age_ms);
  }

  void KeepOfBranch(const SnapshotRef& ref, const std::vector<int64_t>& line) {
    const int64_t last =
        request_.keep_last.value_or(ref.min_snapshots_to_keep.value_or(static_cast<int32_t>(
            std::min<int64_t>(retention_.min_snapshots, std::numeric_limits<int32_t>::max()))));
    const int64_t threshold = ref.max_snapshot_age_ms ? now_ms_ - *ref.max_snapshot_age_ms
                                                      : Threshold(retention_.max_snapshot_age_ms);
    int64_t position = 0;
    for (const int64_t id : line) {
      const Snapshot* snapshot = metadata_.FindSnapshot(id);
      if (snapshot == nullptr) return;
      if (position++ >= last && snapshot->timestamp_ms < threshold) return;
      kept_.insert(id);
    }
  }

  Status ForgetNamed() {
    for (const int64_t id : request_.snapshot_ids) {
      if (metadata_.FindSnapshot(id) == nullptr) {
        return Fail(ErrorKind::kNotFound, fmt::format("no snapshot {} to expire", id));
      }
      for (const auto& [name, ref] : metadata_.refs) {
        if (ref.snapshot_id != id) continue;
        return Fail(ErrorKind::kInvalidArgument,
                    fmt::format("snapshot {} is where {} '{}' points; move or remove that first",
                                id, ref.is_branch ? "branch" : "tag", name));
      }
      kept_.erase(id);
    }
    return {};
  }

  const TableMetadata& metadata_;
  const ExpireRequest& request_;
  const Retention& retention_;
  int64_t now_ms_;
  std::set<int64_t> kept_;
};

TableChange ChangeFor(const TableMetadata& metadata, const ExpirePlan& plan) {
  TableChange change;
  if (plan.empty()) return change;
  change.requirements = {AssertTableUuid{metadata.table_uuid}};
  // A ref that moved since, forwards or back, may need what was to go.
  for (const auto& [name, ref] : metadata.refs) {
    change.requirements.push_back(AssertRefSnapshotId{name, ref.snapshot_id});
  }
  for (const std::string& name : plan.refs) change.updates.push_back(RemoveSnapshotRef{name});
  if (!plan.snapshots.empty()) change.updates.push_back(RemoveSnapshots{plan.snapshots});
  return change;
}

/// Files that the expired snapshots of `before` refer to, as far as they can be read.
FileRoles FilesOfExpired(io::FileSystem& files, const TableMetadata& before,
                         const std::set<int64_t>& expired, const ListedManifests& kept,
                         Receipt* receipt) {
  FileRoles found;
  const SnapshotTest gone = [&](const Snapshot& s) { return expired.contains(s.id); };
  std::map<std::string, ManifestFile> manifests;
  for (const Snapshot& snapshot : before.snapshots) {
    if (!gone(snapshot)) continue;
    auto listed =
        ListManifests(files, before, [&](const Snapshot& s) { return s.id == snapshot.id; });
    if (!listed) {
      receipt->notes.push_back(listed.error().ToString() +
                               "; its files are left to orphan removal");
      continue;
    }
    found.insert(listed->lists.begin(), listed->lists.end());
    manifests.merge(listed->manifests);
  }
  for (const auto& [path, manifest] : manifests) {
    if (kept.manifests.contains(path)) continue;  // So all of its files stay.
    found.emplace(path, FileRole::kManifest);
    const Status read = AddLiveFiles(files, before, manifest, &found);
    if (!read) {
      receipt->notes.push_back(read.error().ToString() + "; its files are left to orphan removal");
    }
  }
  const Status statistics = AddStatistics(before, gone, &found);
  if (!statistics) receipt->notes.push_back(statistics.error().ToString());
  return found;
}

/// Plans the removal of what only the expired snapshots needed.
Status PlanRemovals(io::FileSystem& files, const TableMetadata& before, const ExpirePlan& plan,
                    const TableMetadata& after, const CancelToken& cancel, Receipt* receipt) {
  const std::set<int64_t> expired(plan.snapshots.begin(), plan.snapshots.end());
  const SnapshotTest stays = [&](const Snapshot& s) { return !expired.contains(s.id); };
  TICKHOUSE_ASSIGN(const ListedManifests kept, ListManifests(files, after, stays, cancel));
  FileRoles candidates = FilesOfExpired(files, before, expired, kept, receipt);
  FileRoles needed = kept.lists;
  const bool data_goes = std::ranges::any_of(candidates, [](const auto& file) {
    return file.second == FileRole::kData || file.second == FileRole::kDeletes;
  });
  for (const auto& [path, manifest] : kept.manifests) {
    TICKHOUSE_TRY(cancel.Check());
    needed.emplace(path, FileRole::kManifest);
    if (data_goes) TICKHOUSE_TRY(AddLiveFiles(files, after, manifest, &needed));
  }
  TICKHOUSE_TRY(AddStatistics(after, stays, &needed));
  const std::string proof = fmt::format("only in expired snapshots; {} snapshots read to prove it",
                                        after.snapshots.size());
  for (const auto& [path, role] : candidates) {
    if (needed.contains(path)) continue;
    receipt->removals.push_back({.path = path, .role = role, .proof = proof});
  }
  return {};
}

/// Notes why nothing can be planned; kCancelled is the only error.
Status PlanRemovalsOrNote(UpdateSession& session, const TableMetadata& before,
                          const ExpirePlan& plan, const TableMetadata& after, Receipt* receipt) {
  const Status planned = PlanRemovals(*session.files, before, plan, after, session.cancel, receipt);
  if (planned || planned.error().kind == ErrorKind::kCancelled) return planned;
  receipt->removals.clear();
  receipt->notes.push_back("no file is removed, for it cannot be proven that none is needed: " +
                           planned.error().ToString());
  return {};
}

}  // namespace

Result<ExpirePlan> PlanExpire(const TableMetadata& metadata, const ExpireRequest& request,
                              int64_t now_ms) {
  if (request.keep_last && *request.keep_last < 1) {
    return Fail(ErrorKind::kInvalidArgument, "at least one snapshot must be kept");
  }
  TICKHOUSE_ASSIGN(const Retention retention, TableRetention(metadata));
  return Retainer(metadata, request, retention, now_ms).Plan();
}

Result<Receipt> ExpireSnapshots(UpdateSession& session, const TableIdentifier& identifier,
                                const ExpireRequest& request) {
  const int64_t now_ms = NowMillis(*session.clock);
  TICKHOUSE_ASSIGN(LoadedTable before, session.catalog->LoadTable(identifier));
  Receipt receipt = BeginReceipt("expire", session, before);
  receipt.dry_run = request.dry_run;
  TICKHOUSE_ASSIGN(ExpirePlan plan, PlanExpire(*before.metadata, request, now_ms));
  MetadataPtr after = before.metadata;
  if (!request.dry_run && !plan.empty()) {
    TICKHOUSE_ASSIGN(
        const CommitOutcome outcome,
        CommitChange(session, identifier,
                     [&](const LoadedTable& base, WrittenFiles&) -> Result<TableChange> {
                       before = base;
                       TICKHOUSE_ASSIGN(plan, PlanExpire(*base.metadata, request, now_ms));
                       return ChangeFor(*base.metadata, plan);
                     }));
    after = outcome.table.metadata;
    receipt.metadata_before = before.metadata_location;
    if (outcome.changed) receipt.metadata_after = outcome.table.metadata_location;
  }
  receipt.snapshots_removed = plan.snapshots;
  receipt.refs_removed = plan.refs;
  if (plan.empty()) return receipt;
  if (request.remove_files) {
    TICKHOUSE_TRY(PlanRemovalsOrNote(session, *before.metadata, plan, *after, &receipt));
  }
  if (!request.dry_run) TICKHOUSE_TRY(RemoveFiles(session, *after, &receipt));
  return receipt;
}

}  // namespace tickhouse::lake
