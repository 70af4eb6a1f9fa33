// What an act of maintenance did, or would do: printed by a dry run, kept beside the table after a
// real one.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "tickhouse/core/error.h"
#include "tickhouse/lake/maintenance/reachable.h"
#include "tickhouse/lake/update/commit.h"

namespace tickhouse::lake {

enum class RemovalState { kPlanned, kRemoved, kWasGone, kFailed };
/// "planned", "removed", "was gone", "failed".
std::string_view RemovalStateName(RemovalState state);

struct FileRemoval {
  std::string path;  ///< Storage path.
  FileRole role = FileRole::kData;
  std::string proof;  ///< Why nothing needs it: "only in expired snapshots".
  RemovalState state = RemovalState::kPlanned;
};

/// Files of a partition that are written anew together.
struct ReceiptGroup {
  std::string partition;  ///< "datetime_year=2021"; "" in a table without partitions.
  int64_t files = 0;
  int64_t bytes = 0;
  int64_t rows = 0;
  int64_t deletes = 0;  ///< Delete files that are applied on the way, each as often as it applies.
};

struct Receipt {
  std::string action;  ///< "expire", "orphans", "compact", "rewrite-manifests", "repair".
  TableIdentifier table;
  std::string table_uuid;
  int64_t time_ms = 0;
  bool dry_run = false;
  std::string metadata_before;
  std::string metadata_after;  ///< Empty when nothing was committed.
  std::string backup = {};     ///< Of "repair": a copy of `metadata_before`, where there was one.
  std::vector<int64_t> snapshots_removed = {};
  std::vector<std::string> refs_removed = {};
  std::vector<FileRemoval> removals = {};
  std::vector<ReceiptGroup> groups = {};        ///< Of "compact": what was planned.
  std::map<std::string, int64_t> figures = {};  ///< "manifests-before": 120.
  std::vector<std::string> notes = {};          ///< What could not be done, and why.

  int64_t Count(RemovalState state) const;
};

/// One JSON object, two spaces of indentation.
std::string ReceiptToJson(const Receipt& receipt);

/// Where the receipts of a table lie; orphan removal leaves the folder alone.
std::string ReceiptFolder(const TableMetadata& metadata);

/// A receipt with the names and times filled in.
Receipt BeginReceipt(std::string action, UpdateSession& session, const LoadedTable& table);

/// Removes what is planned in `receipt`, and keeps the receipt: once before the first removal, so
/// that a killed run leaves its plan behind, once after the last. Answers where. A file that cannot
/// be removed is noted and the others go on; kCancelled between files.
Result<std::string> RemoveFiles(UpdateSession& session, const TableMetadata& metadata,
                                Receipt* receipt);

/// Keeps the receipt of an act that removes no file.
Result<std::string> KeepReceipt(UpdateSession& session, const TableMetadata& metadata,
                                const Receipt& receipt);

}  // namespace tickhouse::lake
