// Use case `lake diff`: what came and went between two states of a table.
#pragma once

#include <cstddef>
#include <string>

#include "tickhouse/app/environment.h"
#include "tickhouse/app/lake/workspace.h"
#include "tickhouse/app/run_report.h"
#include "tickhouse/app/sql/row_delivery.h"

namespace tickhouse::app {

struct DiffRequest {
  std::string table = {};
  std::string from = {};      ///< Snapshot id, branch, tag or time.
  std::string to = {};        ///< As `from`; empty: now.
  bool rows = false;          ///< The rows too: column "change" (added, removed), then theirs.
  std::size_t width = 120;    ///< Of the table of files.
  RowDelivery delivery = {};  ///< Of the rows.
};

/// Counts files-added, files-removed, rows-added, rows-removed, and rows-rewritten: rows that files
/// on both sides hold, which neither came nor went (copy on write). Rows are read by the schema of
/// `to`, and only where they must be: what was only added or only removed is told from the
/// manifests. Rows come in the order of their times. kUnsupported as RowDifference::Next.
Result<RunReport> LakeDiff(const WorkspaceRequest& workspace, const DiffRequest& request,
                           Environment& environment);

}  // namespace tickhouse::app
