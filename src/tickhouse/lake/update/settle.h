// What a table says about a commit whose answer was lost.
#pragma once

#include <cstdint>
#include <optional>

#include "tickhouse/lake/format/table_metadata.h"
#include "tickhouse/lake/update/commit.h"

namespace tickhouse::lake {

/// The id of the snapshot a change adds.
std::optional<int64_t> AddedSnapshotId(const TableChange& change);

/// True when `now` shows the change: its snapshot is there, or, for changes without one, every
/// update holds already.
bool ShowsChange(const TableMetadata& now, const TableChange& change);

/// True when `now`, a later state than `base`, proves that the change never happened and can no
/// longer happen. A change with a snapshot is disproved when the branch leads back to where it
/// stood without passing the snapshot; one without is when it does not show. A history with gaps
/// (expired in between) proves nothing.
bool DisprovesChange(const TableMetadata& base, const TableMetadata& now,
                     const TableChange& change);

}  // namespace tickhouse::lake
