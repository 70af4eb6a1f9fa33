// Use case `lake read`: the rows of a table as it is, or was.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "tickhouse/app/environment.h"
#include "tickhouse/app/lake/workspace.h"
#include "tickhouse/app/run_report.h"
#include "tickhouse/app/sql/row_delivery.h"

namespace tickhouse::app {

struct ReadRequest {
  std::string table = {};
  std::string at = {};                    ///< Snapshot id, branch, tag or time; empty: now.
  std::string filter = {};                ///< As lake/expression/predicate_parser.h has it.
  std::vector<std::string> columns = {};  ///< Empty: all.
  std::optional<int64_t> limit = {};      ///< Empty: all rows.
  RowDelivery delivery = {};
};

/// Files come in the order of their first times, and rows as they lie in them; only files that may
/// hold matching rows are opened. Counts rows, files-read, files. kInvalidArgument names the column
/// or the place in the filter.
Result<RunReport> LakeRead(const WorkspaceRequest& workspace, const ReadRequest& request,
                           Environment& environment);

}  // namespace tickhouse::app
