// Which rows, of which files, stand between two states of a table.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "tickhouse/app/lake/rows/row_source.h"
#include "tickhouse/core/cancel.h"
#include "tickhouse/lake/format/table_metadata.h"

namespace tickhouse::app {

enum class RowChangeKind { kFileAdded, kFileRemoved, kRowsRemoved, kRowsAdded };
/// "file added", "file removed", "rows removed" (by deletes), "rows added" (deletes taken back).
std::string_view RowChangeName(RowChangeKind kind);

struct RowChange {
  RowChangeKind kind = RowChangeKind::kFileAdded;
  RowFile rows;
  std::optional<int64_t> snapshot_id = {};  ///< That did it; none when whole states were compared.
  bool adds() const {
    return kind == RowChangeKind::kFileAdded || kind == RowChangeKind::kRowsAdded;
  }
};

struct DifferencePlan {
  std::vector<RowChange> changes = {};
  /// The last snapshot that both have in their history; none: both states were compared whole.
  std::optional<int64_t> base_snapshot_id = {};
  int64_t rewrites = 0;         ///< Snapshots on the way that moved rows and changed none.
  int64_t files_unchanged = 0;  ///< Added and removed again on the way.
};

/// What makes `to` of `from` (nullptr: the empty table), in whatever relation they stand: from
/// their last common ancestor the changes up to `to`, and those up to `from` taken back. The costs
/// are of the changes, not of the table. Where there is no common ancestor left the files of both
/// are compared. A file that came and went is in no change.
Result<DifferencePlan> PlanDifference(io::FileSystem& files, const lake::TableMetadata& metadata,
                                      const lake::Snapshot* from, const lake::Snapshot* to,
                                      int threads, const CancelToken& cancel);

}  // namespace tickhouse::app
