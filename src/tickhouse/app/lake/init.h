// Use case `lake init`: a lakehouse where there was none.
#pragma once

#include "tickhouse/app/environment.h"
#include "tickhouse/app/lake/workspace.h"
#include "tickhouse/app/run_report.h"

namespace tickhouse::app {

/// Makes the catalog's tables and namespace gold, in PostgreSQL the informational tables and schema
/// gold as well (lake/catalog/postgres_lake.h), and writes what differs from the defaults into
/// section [lake] of the workspace's tickhouse.toml. Safe to repeat: what is there stays. A section
/// that says something else is kConflict; passwords in `request.uri` are kInvalidArgument, for the
/// file would keep them.
Result<RunReport> LakeInit(const WorkspaceRequest& request, Environment& environment);

}  // namespace tickhouse::app
