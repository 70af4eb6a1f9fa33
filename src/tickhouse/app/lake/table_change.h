// What the verbs that change one table have in common: opening it, and telling what came of it.
#pragma once

#include <memory>
#include <string>

#include "tickhouse/app/environment.h"
#include "tickhouse/app/lake/workspace.h"
#include "tickhouse/app/run_report.h"
#include "tickhouse/lake/scan/resolve_snapshot.h"
#include "tickhouse/lake/update/commit.h"

namespace tickhouse::app {

/// A table of a workspace, ready for updates. Does not move: the session points into the workspace.
struct OpenedTable {
  Workspace workspace;
  lake::TableIdentifier id;
  lake::LoadedTable loaded;  ///< As it was when opened.
  lake::UpdateSession session;
};

/// kNotFound names what is there when the table is not.
Result<std::unique_ptr<OpenedTable>> OpenTable(const WorkspaceRequest& request,
                                               const std::string& table, Environment& environment);

/// "7051... of 2024-03-01T07:50:00Z, append, 1,000 rows"; "nothing" for nullptr.
std::string DescribeSnapshot(const lake::Snapshot* snapshot);

/// "gold.eurusd: <text>", or that it was so already. In the JSON: "changed", "attempts", and the
/// table's current snapshot and refs before and after.
RunReport ChangeReport(const std::string& command, const OpenedTable& opened,
                       const lake::CommitOutcome& outcome, const std::string& text);

}  // namespace tickhouse::app
