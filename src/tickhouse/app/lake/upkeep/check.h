// Use case `lake check`: an fsck of tables, and what can be mended of what it finds.
#pragma once

#include <cstddef>
#include <string>

#include "tickhouse/app/environment.h"
#include "tickhouse/app/lake/workspace.h"
#include "tickhouse/app/run_report.h"

namespace tickhouse::app {

struct CheckCommand {
  std::string table = {};  ///< Empty: every table of the catalog.
  bool heads = false;      ///< Only what branches and tags point at.
  bool quick = false;      ///< Whether data files are there; their footers are not opened.
  bool repair = false;
  bool dry_run = false;  ///< Of the repair.
  std::size_t width = 120;
};

/// From the catalog's pointer to the footers of data files; each fault is a problem of the report
/// (kind "pointer", "missing", "unreadable", "count", "bounds", "reference"), so the exit code is
/// 1, after a repair too. A repair goes back to the last state that is whole, as
/// lake/maintenance/repair.h has it, and leaves a receipt.
Result<RunReport> LakeCheck(const WorkspaceRequest& workspace, const CheckCommand& command,
                            Environment& environment);

}  // namespace tickhouse::app
