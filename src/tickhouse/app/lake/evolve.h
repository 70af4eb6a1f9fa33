// Use case `lake evolve`: columns, partitioning, order and properties of a table.
#pragma once

#include <string>
#include <vector>

#include "tickhouse/app/environment.h"
#include "tickhouse/app/lake/workspace.h"
#include "tickhouse/app/run_report.h"

namespace tickhouse::app {

/// Applied in the order of the members, each kind as one commit; a wrong word anywhere is
/// kInvalidArgument before the first.
struct EvolveRequest {
  std::string table = {};
  std::vector<std::string> add_columns = {};       ///< "volume double", "side string"
  std::vector<std::string> drop_columns = {};      ///< "volume"
  std::vector<std::string> rename_columns = {};    ///< "volume=size"
  std::vector<std::string> promote_columns = {};   ///< "lots long"
  std::vector<std::string> move_columns = {};      ///< "side first", "side last", "side after bid"
  std::vector<std::string> doc_columns = {};       ///< "bid=best bid"
  std::vector<std::string> add_partitions = {};    ///< "month(datetime)", "bucket[16](id)", "side"
  std::vector<std::string> drop_partitions = {};   ///< Field name: "datetime_year"
  std::vector<std::string> sort_by = {};           ///< "datetime", "bid desc"; "none" alone.
  std::vector<std::string> set_properties = {};    ///< "key=value"
  std::vector<std::string> unset_properties = {};  ///< "key"
  int format_version = 0;                          ///< 0: as it is.
};

Result<RunReport> LakeEvolve(const WorkspaceRequest& workspace, const EvolveRequest& request,
                             Environment& environment);

}  // namespace tickhouse::app
