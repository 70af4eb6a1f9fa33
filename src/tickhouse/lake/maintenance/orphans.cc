#include "tickhouse/lake/maintenance/orphans.h"

#include <fmt/format.h>

#include <set>
#include <string>
#include <utility>
#include <vector>

#include "tickhouse/lake/format/location.h"
#include "tickhouse/lake/update/manifest_change.h"

namespace tickhouse::lake {
namespace {

constexpr int64_t kDayMs = int64_t{24} * 3600 * 1000;

bool IsBelow(std::string_view path, std::string_view folder) {
  return path.starts_with(folder) &&
         (path.size() == folder.size() || folder.ends_with('/') || path[folder.size()] == '/');
}

/// Each folder once, none inside another.
Result<std::vector<std::string>> FoldersOf(const TableMetadata& metadata) {
  std::set<std::string> folders;
  const std::string data(metadata.Property("write.data.path", metadata.location));
  for (const std::string& location : {metadata.location, data, MetadataFolder(metadata)}) {
    TICKHOUSE_ASSIGN(std::string folder, StoragePath(location));
    while (folder.size() > 1 && folder.ends_with('/')) folder.pop_back();
    folders.insert(std::move(folder));
  }
  std::vector<std::string> outer;
  for (const std::string& folder : folders) {
    if (outer.empty() || !IsBelow(folder, outer.back())) outer.push_back(folder);
  }
  return outer;
}

Status CheckNoNeighbour(const std::vector<std::string>& folders, const LoadedTable& other) {
  TICKHOUSE_ASSIGN(const std::vector<std::string> theirs, FoldersOf(*other.metadata));
  for (const std::string& folder : folders) {
    for (const std::string& their : theirs) {
      if (!IsBelow(their, folder) && !IsBelow(folder, their)) continue;
      return Fail(ErrorKind::kInvalidArgument,
                  fmt::format("{} has files in {}, which this table shares: orphans cannot be told "
                              "apart; give each table a folder of its own",
                              other.identifier.ToString(), their));
    }
  }
  return {};
}

Status CheckNamespace(UpdateSession& session, const Namespace& ns, const LoadedTable& table,
                      const std::vector<std::string>& folders) {
  if (!ns.empty()) {
    TICKHOUSE_ASSIGN(const auto tables, session.catalog->ListTables(ns));
    for (const TableIdentifier& identifier : tables) {
      TICKHOUSE_TRY(session.cancel.Check());
      if (identifier == table.identifier) continue;
      auto other = session.catalog->LoadTable(identifier);
      if (!other) {
        return Fail(other.error().WithContext("where another table has its files is not known"));
      }
      // A second name of the same table refers to the same files only at this moment.
      TICKHOUSE_TRY(CheckNoNeighbour(folders, *other));
    }
  }
  TICKHOUSE_ASSIGN(const auto children, session.catalog->ListNamespaces(ns));
  for (const Namespace& child : children) {
    TICKHOUSE_TRY(CheckNamespace(session, child, table, folders));
  }
  return {};
}

FileRole GuessRole(std::string_view path) {
  if (path.ends_with(".metadata.json")) return FileRole::kMetadata;
  const std::string_view name = io::BaseName(path);
  if (name.ends_with(".avro")) {
    return name.starts_with("snap-") ? FileRole::kManifestList : FileRole::kManifest;
  }
  if (name.ends_with(".stats") || name.ends_with(".puffin")) return FileRole::kStatistics;
  return FileRole::kData;
}

Status AddOld(UpdateSession& session, const std::string& folder, int64_t older_than_ms,
              const std::string& receipts, std::vector<std::string>* old) {
  auto listed = session.files->ListFiles(folder);
  if (!listed && listed.error().kind == ErrorKind::kNotFound) return {};
  if (!listed) return Fail(std::move(listed).error());
  for (io::FileInfo& info : *listed) {
    if (FloorDiv(ToNanos(info.modified), kNanosPerMilli) >= older_than_ms) continue;
    if (IsBelow(info.path, receipts) || io::BaseName(info.path) == "version-hint.text") continue;
    old->push_back(std::move(info.path));
  }
  return {};
}

Result<int64_t> Threshold(const OrphanRequest& request, int64_t now_ms) {
  const int64_t older_than = request.older_than_ms.value_or(now_ms - 3 * kDayMs);
  if (older_than > now_ms - kDayMs && !request.any_age) {
    return Fail(ErrorKind::kInvalidArgument,
                "files younger than a day may belong to a writer at work: choose an older age, or "
                "say that nobody writes");
  }
  return older_than;
}

}  // namespace

Result<Receipt> RemoveOrphans(UpdateSession& session, const TableIdentifier& identifier,
                              const OrphanRequest& request) {
  TICKHOUSE_ASSIGN(const int64_t older_than_ms, Threshold(request, NowMillis(*session.clock)));
  TICKHOUSE_ASSIGN(const LoadedTable before, session.catalog->LoadTable(identifier));
  Receipt receipt = BeginReceipt("orphans", session, before);
  receipt.dry_run = request.dry_run;
  TICKHOUSE_ASSIGN(const std::vector<std::string> folders, FoldersOf(*before.metadata));
  TICKHOUSE_TRY(CheckNamespace(session, {}, before, folders));
  TICKHOUSE_ASSIGN(FileRoles needed, ReachableFiles(*session.files, before, session.cancel));
  TICKHOUSE_ASSIGN(const std::string receipts, StoragePath(ReceiptFolder(*before.metadata)));
  std::vector<std::string> old;
  for (const std::string& folder : folders) {
    TICKHOUSE_TRY(AddOld(session, folder, older_than_ms, receipts, &old));
  }
  TICKHOUSE_ASSIGN(const LoadedTable after, session.catalog->LoadTable(identifier));
  if (after.metadata_location != before.metadata_location) {
    TICKHOUSE_ASSIGN(FileRoles later, ReachableFiles(*session.files, after, session.cancel));
    needed.merge(later);
  }
  for (std::string& path : old) {
    if (needed.contains(path)) continue;
    const FileRole role = GuessRole(path);
    receipt.removals.push_back(
        {.path = std::move(path),
         .role = role,
         .proof = fmt::format("old, and none of {} reachable files", needed.size())});
  }
  if (!request.dry_run && !receipt.removals.empty()) {
    TICKHOUSE_TRY(RemoveFiles(session, *before.metadata, &receipt));
  }
  return receipt;
}

}  // namespace tickhouse::lake
