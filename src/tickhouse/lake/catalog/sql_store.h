// A catalog's rows in a database, in the tables of Java's JdbcCatalog and PyIceberg's SqlCatalog:
// iceberg_tables (with iceberg_type, "V1", or without, "V0") and iceberg_namespace_properties.
#pragma once

#include <memory>
#include <string>

#include "tickhouse/lake/catalog/sql_connection.h"
#include "tickhouse/lake/catalog/table_store.h"

namespace tickhouse::lake {

/// Rows of other catalogs (`catalog_name`) in the same tables are left alone. Makes missing tables
/// in layout V1; an existing layout is kept as found. kUnsupported: tables of that name that are
/// not a catalog's. A transaction the database gave up is begun again a few times. A swap whose
/// answer was lost is looked up again: kUnknownOutcome only when that does not settle it.
/// Informs where the informational tables are all there.
Result<std::unique_ptr<TableStore>> OpenSqlStore(std::unique_ptr<SqlConnection> connection,
                                                 const std::string& catalog_name);

}  // namespace tickhouse::lake
