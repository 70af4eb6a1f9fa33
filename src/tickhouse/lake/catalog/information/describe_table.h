// What the informational tables say of a table, told from its metadata and manifests.
#pragma once

#include <set>

#include "tickhouse/core/error.h"
#include "tickhouse/io/fs/file_system.h"
#include "tickhouse/lake/catalog/information/information_tables.h"
#include "tickhouse/lake/format/table_metadata.h"

namespace tickhouse::lake {

/// Everything: what is reachable from any snapshot. Reads every list and every manifest, each once.
/// Errors as ReadManifestList and ReadManifest.
Result<InformationChange> DescribeWhole(io::FileSystem& files, const TableMetadata& metadata);

/// As DescribeWhole, for tables that know of the snapshots `known`: reads only what the others
/// added. When a snapshot of `known` is no more, that is everything.
Result<InformationChange> DescribeMissing(io::FileSystem& files, const TableMetadata& metadata,
                                          const std::set<int64_t>& known);

/// What a commit from `before` (nullptr: a new table) to `after` changes. Reads the lists and
/// manifests of new snapshots. Stale where snapshots were taken away or a file cannot be read: a
/// commit is not kept waiting for the reading of everything, nor does it fail for it.
InformationChange DescribeCommit(io::FileSystem& files, const TableMetadata* before,
                                 const TableMetadata& after);

}  // namespace tickhouse::lake
