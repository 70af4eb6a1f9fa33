// Use case `lake sync-info`: the informational tables of a PostgreSQL catalog filled anew.
#pragma once

#include <cstddef>
#include <string>

#include "tickhouse/app/environment.h"
#include "tickhouse/app/lake/workspace.h"
#include "tickhouse/app/run_report.h"

namespace tickhouse::app {

/// One table, or with an empty name all of them; then what is said of tables that are gone is taken
/// away as well. A table that cannot be read is a problem; the others go on. kUnsupported where the
/// catalog keeps no such tables.
Result<RunReport> LakeSyncInfo(const WorkspaceRequest& request, const std::string& table,
                               std::size_t width, Environment& environment);

}  // namespace tickhouse::app
