// Use case `lake migrate`: tick Parquet into gold tables, each file once.
#pragma once

#include <cstddef>
#include <string>

#include "tickhouse/app/environment.h"
#include "tickhouse/app/lake/workspace.h"
#include "tickhouse/app/run_report.h"

namespace tickhouse::app {

struct MigrateRequest {
  WorkspaceRequest workspace = {};
  std::string src = {};        ///< Folder, file or s3://bucket[/prefix].
  std::string symbol = {};     ///< Of every file; empty: as FindMigrateSources tells it.
  std::string partition = {};  ///< Of new tables: year (also when empty), month, day, hour, none.
  bool in_place = false;       ///< --register: adopt the files where they lie.
};

/// One snapshot a table. Files that a table has already are skipped (ledger.h); one whose content
/// changed since is a problem, as is each file that cannot be read: the others go on. A killed run
/// goes on where it was: complete data files are found again, nothing shows before the commit. Two
/// migrations of the same files at once load them once. What happens to `UnknownOutcome`: told, and
/// the next run finds out.
Result<RunReport> LakeMigrate(const MigrateRequest& request, std::size_t width,
                              Environment& environment);

}  // namespace tickhouse::app
