#include "tickhouse/lake/maintenance/compact.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <map>
#include <utility>

#include "tickhouse/lake/format/location.h"
#include "tickhouse/lake/scan/delete_index.h"
#include "tickhouse/lake/scan/metadata_tables.h"
#include "tickhouse/lake/update/file_changes.h"

namespace tickhouse::lake {
namespace {

constexpr int64_t kDefaultTarget = int64_t{512} << 20;

Result<int64_t> TargetBytes(const TableMetadata& metadata, const CompactRequest& request) {
  int64_t target = request.target_bytes.value_or(0);
  if (!request.target_bytes) {
    const std::string_view text = metadata.Property("write.target-file-size-bytes", "");
    target = kDefaultTarget;
    if (!text.empty()) {
      const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), target);
      if (error != std::errc() || end != text.data() + text.size()) target = 0;
    }
  }
  if (target > 0) return target;
  return Fail(ErrorKind::kInvalidArgument, "the target size of a file must be a number above 0");
}

struct Live {
  std::map<PartitionKey, std::vector<ManifestEntry>> data;
  DeleteIndex deletes;
};

Result<Live> ReadLive(io::FileSystem& files, const TableMetadata& metadata,
                      const Snapshot& snapshot) {
  TICKHOUSE_ASSIGN(auto entries, LiveEntries(files, metadata, snapshot));
  Live live;
  std::vector<ManifestEntry> deletes;
  for (ManifestEntry& entry : entries) {
    auto& place =
        entry.file.content == FileContent::kData ? live.data[PartitionOf(entry.file)] : deletes;
    place.push_back(std::move(entry));
  }
  TICKHOUSE_ASSIGN(live.deletes, DeleteIndex::Build(metadata, std::move(deletes)));
  return live;
}

bool WantsRewrite(const CompactInput& input, const CompactRequest& request, int64_t target) {
  const auto size = static_cast<double>(input.data.file.file_size);
  const auto wanted = static_cast<double>(target);
  if (static_cast<int>(input.deletes.size()) >= request.min_deletes) return true;
  return size < wanted * request.small || size > wanted * request.large;
}

bool IsWorthwhile(const CompactGroup& group, const CompactRequest& request) {
  const bool has_deletes = std::ranges::any_of(group.inputs, [&](const CompactInput& input) {
    return static_cast<int>(input.deletes.size()) >= request.min_deletes;
  });
  if (has_deletes) return true;
  if (group.inputs.size() == 1) {
    return static_cast<double>(group.bytes) >
           static_cast<double>(group.target_bytes) * request.large;
  }
  return static_cast<int>(group.inputs.size()) >= request.min_files ||
         group.bytes >= group.target_bytes;
}

/// Cuts the inputs of one partition, in order, into groups of at most `group_bytes`.
void AddGroups(const PartitionKey& partition, std::vector<CompactInput> inputs,
               const CompactRequest& request, int64_t target, std::vector<CompactGroup>* groups) {
  CompactGroup group{.partition = partition, .inputs = {}, .target_bytes = target};
  const auto close = [&] {
    if (!group.inputs.empty() && IsWorthwhile(group, request)) groups->push_back(group);
    group.inputs.clear();
    group.bytes = 0;
  };
  for (CompactInput& input : inputs) {
    const int64_t size = input.data.file.file_size;
    if (!group.inputs.empty() && group.bytes + size > request.group_bytes) close();
    group.bytes += size;
    group.inputs.push_back(std::move(input));
  }
  close();
}

void RemoveNewFiles(UpdateSession& session, const std::vector<DataFile>& added, Receipt* receipt) {
  for (const DataFile& file : added) {
    const auto path = StoragePath(file.path);
    const Status removed = path ? session.files->Remove(*path) : Status();
    if (!removed && removed.error().kind != ErrorKind::kNotFound) {
      receipt->notes.push_back("left behind: " + removed.error().ToString());
    }
  }
}

int64_t RowsOf(const std::vector<DataFile>& files) {
  int64_t rows = 0;
  for (const DataFile& file : files) rows += file.record_count;
  return rows;
}

void CountBefore(const TableMetadata& metadata, const std::vector<CompactGroup>& groups,
                 Receipt* receipt) {
  receipt->figures["groups"] = static_cast<int64_t>(groups.size());
  for (const CompactGroup& group : groups) {
    const PartitionKey& key = group.partition;
    ReceiptGroup told{.partition = PartitionText(metadata, key.spec_id, key.values),
                      .files = static_cast<int64_t>(group.inputs.size()),
                      .bytes = group.bytes};
    for (const CompactInput& input : group.inputs) {
      told.rows += input.data.file.record_count;
      told.deletes += static_cast<int64_t>(input.deletes.size());
    }
    receipt->figures["files-before"] += told.files;
    receipt->figures["bytes-before"] += told.bytes;
    receipt->figures["rows-before"] += told.rows;
    receipt->groups.push_back(std::move(told));
  }
}

/// Groups from rows to commits. An error: the run cannot go on.
class CompactRun {
 public:
  CompactRun(UpdateSession& session, const LoadedTable& table, int64_t planned_on,
             const SnapshotTarget& target, Receipt* receipt)
      : session_(session), table_(table), target_(target), receipt_(receipt) {
    planned_ = {.snapshot_id = planned_on, .isolation = Isolation::kSnapshot};
  }

  Status Run(const std::vector<CompactGroup>& groups, const RewriteGroup& rewrite,
             int64_t commit_bytes) {
    for (const CompactGroup& group : groups) {
      if (const Status done = Rewrite(group, rewrite); !done) return AfterFailure(done.error());
      if (pending_bytes_ < commit_bytes) continue;
      TICKHOUSE_TRY(CommitPending());
    }
    return CommitPending();
  }

 private:
  Status Rewrite(const CompactGroup& group, const RewriteGroup& rewrite) {
    TICKHOUSE_TRY(session_.cancel.Check());
    TICKHOUSE_ASSIGN(std::vector<DataFile> added, rewrite(table_, group));
    FileRewrite change{.added = std::move(added)};
    for (const CompactInput& input : group.inputs) change.removed_data.push_back(input.data);
    pending_.push_back(std::move(change));
    pending_bytes_ += group.bytes;
    return {};
  }

  /// Work that is done is kept, unless the user wants an end now.
  Status AfterFailure(Error error) {
    if (error.kind == ErrorKind::kCancelled) {
      for (const FileRewrite& change : pending_) RemoveNewFiles(session_, change.added, receipt_);
    } else if (const Status done = CommitPending(); !done) {
      receipt_->notes.push_back(done.error().ToString());
    }
    return Fail(std::move(error));
  }

  Status CommitPending() {
    const std::vector<FileRewrite> changes = std::exchange(pending_, {});
    pending_bytes_ = 0;
    if (changes.size() > 1) {
      FileRewrite together;
      for (const FileRewrite& change : changes) {
        together.added.insert(together.added.end(), change.added.begin(), change.added.end());
        together.removed_data.insert(together.removed_data.end(), change.removed_data.begin(),
                                     change.removed_data.end());
      }
      const Status done = Commit(together, static_cast<int64_t>(changes.size()));
      if (done || done.error().kind != ErrorKind::kConflict) return done;
    }
    // One by one: only those that conflict are given up.
    Status ended;
    for (const FileRewrite& change : changes) {
      const Status done = ended ? Commit(change, 1) : Status();
      if (ended && done) continue;
      if (ended && done.error().kind != ErrorKind::kConflict) {
        ended = done;  // What waits behind it is not committed any more.
        continue;
      }
      RemoveNewFiles(session_, change.added, receipt_);
      if (ended) receipt_->notes.push_back("a group was given up: " + done.error().message);
    }
    return ended;
  }

  /// After a conflict the new files are still there.
  Status Commit(const FileRewrite& change, int64_t groups) {
    const auto done = RewriteFiles(session_, table_.identifier, change, planned_, target_);
    if (!done) {
      const ErrorKind kind = done.error().kind;
      const bool may_stand = kind == ErrorKind::kUnknownOutcome || kind == ErrorKind::kConflict;
      if (!may_stand) RemoveNewFiles(session_, change.added, receipt_);
      return Fail(done.error());
    }
    receipt_->metadata_after = done->table.metadata_location;
    receipt_->figures["groups-done"] += groups;
    receipt_->figures["files-after"] += static_cast<int64_t>(change.added.size());
    receipt_->figures["rows-after"] += RowsOf(change.added);
    for (const DataFile& file : change.added) receipt_->figures["bytes-after"] += file.file_size;
    return {};
  }

  UpdateSession& session_;
  const LoadedTable& table_;
  const SnapshotTarget& target_;
  Receipt* receipt_;
  PlannedOn planned_;
  std::vector<FileRewrite> pending_;  // Written, not committed.
  int64_t pending_bytes_ = 0;
};

}  // namespace

Result<std::vector<CompactGroup>> PlanCompaction(io::FileSystem& files,
                                                 const TableMetadata& metadata,
                                                 const Snapshot& snapshot,
                                                 const CompactRequest& request) {
  TICKHOUSE_ASSIGN(const int64_t target, TargetBytes(metadata, request));
  TICKHOUSE_ASSIGN(Live live, ReadLive(files, metadata, snapshot));
  std::vector<CompactGroup> groups;
  for (auto& [key, entries] : live.data) {
    // Lists have the newest first; what was written one after another is read so.
    std::ranges::stable_sort(entries, {}, &ManifestEntry::sequence_number);
    std::vector<CompactInput> inputs;
    for (ManifestEntry& entry : entries) {
      auto deletes = live.deletes.For(entry.file, entry.sequence_number.value_or(0));
      CompactInput input{.data = std::move(entry), .deletes = std::move(deletes)};
      if (WantsRewrite(input, request, target)) inputs.push_back(std::move(input));
    }
    AddGroups(key, std::move(inputs), request, target, &groups);
  }
  return groups;
}

Result<Receipt> CompactFiles(UpdateSession& session, const TableIdentifier& identifier,
                             const RewriteGroup& rewrite, const CompactRequest& request,
                             const SnapshotTarget& target) {
  TICKHOUSE_ASSIGN(const LoadedTable table, session.catalog->LoadTable(identifier));
  Receipt receipt = BeginReceipt("compact", session, table);
  receipt.dry_run = request.dry_run;
  const auto ref = table.metadata->refs.find(target.branch);
  const Snapshot* head = ref == table.metadata->refs.end()
                             ? table.metadata->CurrentSnapshot()
                             : table.metadata->FindSnapshot(ref->second.snapshot_id);
  if (head == nullptr) return receipt;
  TICKHOUSE_ASSIGN(const auto groups,
                   PlanCompaction(*session.files, *table.metadata, *head, request));
  CountBefore(*table.metadata, groups, &receipt);
  if (request.dry_run || groups.empty()) return receipt;
  CompactRun run(session, table, head->id, target, &receipt);
  const Status ended = run.Run(groups, rewrite, request.group_bytes);
  if (!ended) receipt.notes.push_back(ended.error().ToString());
  TICKHOUSE_TRY(KeepReceipt(session, *table.metadata, receipt));
  TICKHOUSE_TRY(ended);
  return receipt;
}

}  // namespace tickhouse::lake
