// Dropping a table together with its files.
#pragma once

#include <set>
#include <string>

#include "tickhouse/io/fs/file_system.h"
#include "tickhouse/lake/catalog/catalog.h"

namespace tickhouse::lake {

/// Every file that the table's metadata can reach: data and delete files of all snapshots,
/// manifests, lists, metadata files of the log; but only those under the table's own location:
/// files adopted in place belong to somebody else and stay. kUnsupported with gc.enabled=false.
Result<std::set<std::string>> FilesToPurge(io::FileSystem& files, const LoadedTable& table);

/// Drops the name, then removes the files. What cannot be removed is left to lie: the table is gone
/// by then. When the drop is in doubt nothing is removed.
Status PurgeTable(Catalog& catalog, io::FileSystem& files, const TableIdentifier& identifier);

}  // namespace tickhouse::lake
