// The informational tables in a database: read and written inside a transaction of the caller's.
#pragma once

#include <set>
#include <string>

#include "tickhouse/core/error.h"
#include "tickhouse/lake/catalog/catalog.h"
#include "tickhouse/lake/catalog/information/information_tables.h"
#include "tickhouse/lake/catalog/sql_connection.h"

namespace tickhouse::lake {

struct InformationKey {
  std::string catalog_name;
  TableIdentifier table;
};

/// True when all of them are there with the columns that are written.
Result<bool> HasInformation(SqlConnection& sql);

/// Makes the change, or says that it is stale. Rows that are there already stay.
Status WriteInformation(SqlConnection& sql, const InformationKey& key, InformationChange& change);

Result<std::set<int64_t>> InformedSnapshots(SqlConnection& sql, const InformationKey& key);

/// The tables of a catalog of which anything is said.
Result<std::set<TableIdentifier>> InformedTables(SqlConnection& sql,
                                                 const std::string& catalog_name);

Status RemoveInformation(SqlConnection& sql, const InformationKey& key);
/// What was said of another table named `to` goes.
Status RenameInformation(SqlConnection& sql, const InformationKey& from, const TableIdentifier& to);

}  // namespace tickhouse::lake
