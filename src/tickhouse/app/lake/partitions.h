// Use case `lake partitions`: what each partition of a table holds.
#pragma once

#include <cstddef>
#include <string>

#include "tickhouse/app/environment.h"
#include "tickhouse/app/lake/workspace.h"
#include "tickhouse/app/run_report.h"

namespace tickhouse::app {

/// `at`: a snapshot id, branch, tag or time; empty: now. Rows are those of the data files; rows
/// that delete files take off are told beside.
Result<RunReport> LakePartitions(const WorkspaceRequest& workspace, const std::string& table,
                                 const std::string& at, std::size_t width,
                                 Environment& environment);

}  // namespace tickhouse::app
