// Use cases `lake tables`, `lake show`, `lake snapshots`: what the catalog holds, read only.
#pragma once

#include <cstddef>
#include <string>

#include "tickhouse/app/environment.h"
#include "tickhouse/app/lake/workspace.h"
#include "tickhouse/app/run_report.h"

namespace tickhouse::app {

/// Every table of every namespace: rows, files and bytes of the current snapshot, snapshots, last
/// change. A table whose metadata cannot be read is a problem; the others go on.
Result<RunReport> LakeTables(const WorkspaceRequest& request, std::size_t width,
                             Environment& environment);

/// One table: columns, partitioning, order, properties, refs, where it lies. `at` (a snapshot id,
/// branch, tag or time; empty: now) is of rows, files and columns.
Result<RunReport> LakeShow(const WorkspaceRequest& request, const std::string& table,
                           const std::string& at, std::size_t width, Environment& environment);

/// Its snapshots, oldest first, the current one marked, with branches and tags.
Result<RunReport> LakeSnapshots(const WorkspaceRequest& request, const std::string& table,
                                std::size_t width, Environment& environment);

}  // namespace tickhouse::app
