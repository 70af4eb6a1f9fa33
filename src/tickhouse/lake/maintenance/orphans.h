// Files under a table that nothing refers to: leftovers of killed writers.
#pragma once

#include <cstdint>
#include <optional>

#include "tickhouse/lake/maintenance/receipt.h"

namespace tickhouse::lake {

struct OrphanRequest {
  /// Only files last written before this instant; empty: three days ago. A writer at work has files
  /// that no snapshot refers to yet: what is younger than a day is refused without `any_age`.
  std::optional<int64_t> older_than_ms = {};
  bool any_age = false;
  bool dry_run = false;
};

/// Lists the table's location and its write.data.path and write.metadata.path, and removes what is
/// old and unreachable. The table is read before and again after the listing, and a file must be
/// unreachable in both. kInvalidArgument for too young an age, and when another table of the
/// catalog lies below or around this one's folders (its files would look like orphans); any error
/// in reading the table, when nothing is removed. Receipts and version-hint.text are left alone.
Result<Receipt> RemoveOrphans(UpdateSession& session, const TableIdentifier& identifier,
                              const OrphanRequest& request = {});

}  // namespace tickhouse::lake
