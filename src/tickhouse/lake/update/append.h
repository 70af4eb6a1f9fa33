// Appending data files: the commit that every load ends with.
#pragma once

#include <optional>
#include <vector>

#include "tickhouse/lake/update/snapshot_producer.h"

namespace tickhouse::lake {

/// Adds `files` (none: nothing happens). Never conflicts with what others do; manifests are merged
/// as the table's properties say. Files belong to any spec of the table. `known` as CommitChange.
Result<CommitOutcome> AppendFiles(UpdateSession& session, const TableIdentifier& identifier,
                                  std::vector<DataFile> files, const SnapshotTarget& target = {},
                                  const std::optional<LoadedTable>& known = {});

}  // namespace tickhouse::lake
