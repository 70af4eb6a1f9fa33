// Source files taken into a table where they lie, by their footers alone.
#pragma once

#include "tickhouse/app/lake/migrate/gold_table.h"
#include "tickhouse/app/lake/migrate/sources.h"
#include "tickhouse/core/error.h"
#include "tickhouse/lake/data/name_mapping.h"
#include "tickhouse/lake/manifest/manifest.h"

namespace tickhouse::app {

/// The names of the source's tick columns.
TickColumnNames ColumnNamesOf(const MigrateSource& source);

/// The manifest entry of the file. kUnsupported for what only copying can mend: rows without a
/// time, rows of several partitions, columns of another type, other field ids, no statistics.
Result<lake::DataFile> AdoptFile(const GoldTable& table, const MigrateSource& source,
                                 const lake::NameMapping& names);

}  // namespace tickhouse::app
