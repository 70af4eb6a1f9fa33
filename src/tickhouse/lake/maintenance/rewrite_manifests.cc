#include "tickhouse/lake/maintenance/rewrite_manifests.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>
#include <utility>
#include <vector>

namespace tickhouse::lake {
namespace {

/// Which manifests become which, once decided and written.
struct Replacement {
  std::set<std::string> replaced;  ///< Paths.
  std::vector<ManifestFile> written;
  int64_t files = 0;
};

/// The manifests of one spec that are to be written anew, and into how many.
struct SpecPlan {
  std::vector<const ManifestFile*> members;
  int64_t bytes = 0;
  int64_t wanted = 0;
};

std::map<int, SpecPlan> PlanSpecs(const std::vector<ManifestFile>& list, int64_t target_bytes) {
  std::map<int, SpecPlan> plans;
  for (const ManifestFile& manifest : list) {
    if (manifest.content != ManifestContent::kData || !MayHaveLiveFiles(manifest)) continue;
    SpecPlan& plan = plans[manifest.spec_id];
    plan.members.push_back(&manifest);
    plan.bytes += manifest.length;
  }
  for (auto& [spec_id, plan] : plans) {
    plan.wanted = std::max<int64_t>(1, (plan.bytes + target_bytes - 1) / target_bytes);
  }
  std::erase_if(plans, [](const auto& item) {
    return static_cast<int64_t>(item.second.members.size()) <= item.second.wanted;
  });
  return plans;
}

/// Those that only tell of files removed long ago: the snapshot that removed them lists them
/// itself.
std::set<std::string> DeadOf(const std::vector<ManifestFile>& list) {
  std::set<std::string> dead;
  for (const ManifestFile& manifest : list) {
    if (!MayHaveLiveFiles(manifest)) dead.insert(manifest.path);
  }
  return dead;
}

Result<std::vector<ManifestEntry>> LiveOf(io::FileSystem& files, const TableMetadata& metadata,
                                          const SpecPlan& plan) {
  std::vector<ManifestEntry> live;
  for (const ManifestFile* manifest : plan.members) {
    TICKHOUSE_ASSIGN(auto entries, ReadManifest(files, *manifest, metadata));
    for (ManifestEntry& entry : entries) {
      if (entry.status == EntryStatus::kDeleted) continue;
      entry.status = EntryStatus::kExisting;
      live.push_back(std::move(entry));
    }
  }
  return live;
}

void SortByPartition(std::vector<ManifestEntry>* entries) {
  std::ranges::stable_sort(*entries, [](const ManifestEntry& a, const ManifestEntry& b) {
    return PartitionOf(a.file) < PartitionOf(b.file);
  });
}

Status WriteSpec(SnapshotProducer& producer, const TableMetadata& metadata, int spec_id,
                 const SpecPlan& plan, WrittenFiles& written, Replacement* made) {
  TICKHOUSE_ASSIGN(auto entries, LiveOf(producer.writer().files(), metadata, plan));
  SortByPartition(&entries);
  const auto count = static_cast<int64_t>(entries.size());
  made->files += count;
  for (const ManifestFile* manifest : plan.members) made->replaced.insert(manifest->path);
  const int64_t per_manifest = std::max<int64_t>(1, (count + plan.wanted - 1) / plan.wanted);
  for (int64_t begin = 0; begin < count; begin += per_manifest) {
    const auto first = entries.begin() + begin;
    const std::vector<ManifestEntry> part(
        std::make_move_iterator(first),
        std::make_move_iterator(first + std::min(per_manifest, count - begin)));
    TICKHOUSE_ASSIGN(
        made->written.emplace_back(),
        producer.writer().Write(metadata, spec_id, ManifestContent::kData, part, written));
  }
  return {};
}

bool StillThere(const std::set<std::string>& paths, const std::vector<ManifestFile>& list) {
  const auto found = std::ranges::count_if(
      list, [&](const ManifestFile& manifest) { return paths.contains(manifest.path); });
  return static_cast<std::size_t>(found) == paths.size();
}

/// One commit, over all attempts.
class Rewriter {
 public:
  Rewriter(UpdateSession& session, const SnapshotTarget& target,
           std::optional<int64_t> target_bytes)
      : producer_(session, target), target_bytes_(target_bytes) {}

  Result<TableChange> Produce(const LoadedTable& base, WrittenFiles& written, Receipt* receipt) {
    const TableMetadata& metadata = *base.metadata;
    TICKHOUSE_ASSIGN(const Snapshot* head, producer_.Head(metadata));
    TICKHOUSE_ASSIGN(const auto list, producer_.ReadList(head));
    TICKHOUSE_ASSIGN(const auto plans, Plan(metadata, list));
    const std::set<std::string> dead = DeadOf(list);
    if (plans.empty() && dead.empty()) return TableChange();
    // Manifests never change: what was written in an earlier attempt stands while its sources do.
    if (made_.replaced.empty() || !StillThere(made_.replaced, list)) {
      made_ = {};
      for (const auto& [spec_id, plan] : plans) {
        TICKHOUSE_TRY(WriteSpec(producer_, metadata, spec_id, plan, written, &made_));
      }
    }
    std::vector<ManifestFile> manifests = made_.written;
    for (const ManifestFile& manifest : list) {
      if (made_.replaced.contains(manifest.path) || dead.contains(manifest.path)) continue;
      manifests.push_back(manifest);
    }
    Report(list.size(), manifests.size(), receipt);
    const std::size_t kept = manifests.size() - made_.written.size();
    const std::size_t replaced = made_.replaced.size() + dead.size();
    return producer_.ProduceList(base, std::move(manifests),
                                 {{"manifests-created", fmt::to_string(made_.written.size())},
                                  {"manifests-replaced", fmt::to_string(replaced)},
                                  {"manifests-kept", fmt::to_string(kept)},
                                  {"entries-processed", fmt::to_string(made_.files)}},
                                 written);
  }

  /// As Produce would do, without writing.
  Status Preview(const LoadedTable& base, Receipt* receipt) {
    TICKHOUSE_ASSIGN(const Snapshot* head, producer_.Head(*base.metadata));
    TICKHOUSE_ASSIGN(const auto list, producer_.ReadList(head));
    TICKHOUSE_ASSIGN(const auto plans, Plan(*base.metadata, list));
    std::size_t after = list.size() - DeadOf(list).size();
    for (const auto& [spec_id, plan] : plans) {
      after = after - plan.members.size() + static_cast<std::size_t>(plan.wanted);
    }
    Report(list.size(), after, receipt);
    return {};
  }

 private:
  Result<std::map<int, SpecPlan>> Plan(const TableMetadata& metadata,
                                       const std::vector<ManifestFile>& list) const {
    TICKHOUSE_ASSIGN(const MergePolicy policy, ParseMergePolicy(metadata));
    return PlanSpecs(list, target_bytes_.value_or(policy.target_bytes));
  }
  void Report(std::size_t before, std::size_t after, Receipt* receipt) const {
    receipt->figures = {{"manifests-before", static_cast<int64_t>(before)},
                        {"manifests-after", static_cast<int64_t>(after)},
                        {"files", made_.files}};
  }

  SnapshotProducer producer_;
  std::optional<int64_t> target_bytes_;
  Replacement made_;
};

}  // namespace

Result<Receipt> RewriteManifests(UpdateSession& session, const TableIdentifier& identifier,
                                 const RewriteManifestsRequest& request,
                                 const SnapshotTarget& target) {
  if (request.target_bytes && *request.target_bytes <= 0) {
    return Fail(ErrorKind::kInvalidArgument, "the size of a manifest must be above 0");
  }
  TICKHOUSE_ASSIGN(const LoadedTable before, session.catalog->LoadTable(identifier));
  Receipt receipt = BeginReceipt("rewrite-manifests", session, before);
  receipt.dry_run = request.dry_run;
  Rewriter rewriter(session, target, request.target_bytes);
  TICKHOUSE_TRY(rewriter.Preview(before, &receipt));
  if (request.dry_run) return receipt;
  TICKHOUSE_ASSIGN(const CommitOutcome outcome,
                   CommitChange(
                       session, identifier,
                       [&](const LoadedTable& base, WrittenFiles& written) -> Result<TableChange> {
                         receipt.metadata_before = base.metadata_location;
                         return rewriter.Produce(base, written, &receipt);
                       },
                       before));
  if (!outcome.changed) return receipt;
  receipt.metadata_after = outcome.table.metadata_location;
  TICKHOUSE_TRY(KeepReceipt(session, *outcome.table.metadata, receipt));
  return receipt;
}

}  // namespace tickhouse::lake
