// Mending a table from its own history. Nothing is removed and no row is invented: the pointer or
// the main branch goes back to the last state that can be read whole.
#pragma once

#include <optional>
#include <string>

#include "tickhouse/lake/maintenance/check.h"
#include "tickhouse/lake/maintenance/receipt.h"

namespace tickhouse::lake {

/// What a repair would do; empty members: that is sound.
struct RepairPlan {
  std::string pointer_before;
  /// The newest metadata file beside the broken one that can be read and whose heads are sound.
  std::optional<std::string> pointer_after = {};
  /// The newest ancestor of main's head that no fault harms.
  std::optional<int64_t> main_after = {};
  std::vector<std::string> notes = {};  ///< What cannot be mended from the history.
  bool empty() const { return !pointer_after && !main_after; }
};

/// Looks at the pointer first: one that leads to nothing, or to what is no metadata, can only be
/// moved. Otherwise at the faults of main's head. kNotFound for a name the catalog does not know;
/// kUnsupported when the pointer is broken and the catalog keeps its pointers to itself (REST).
/// `footers`: data files are opened when faults are looked for.
Result<RepairPlan> PlanRepair(UpdateSession& session, const TableIdentifier& identifier,
                              bool footers = true);

/// Carries the plan out after a copy of the metadata was put beside the receipts, and keeps a
/// receipt that names the state before. The metadata file that was left is not touched: going back
/// to it is one registration away. kConflict when somebody else changed the table since the plan;
/// plan again.
Result<Receipt> RepairTable(UpdateSession& session, const TableIdentifier& identifier,
                            const RepairPlan& plan);

}  // namespace tickhouse::lake
