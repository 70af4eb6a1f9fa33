// The engines that a request of `sql` can be run by.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "tickhouse/app/environment.h"
#include "tickhouse/app/sql/run_sql.h"
#include "tickhouse/sql/duckdb/duckdb_engine.h"
#include "tickhouse/sql/engine/engine.h"
#include "tickhouse/sql/tables/lake_tables.h"

namespace tickhouse::app {

/// Request and environment outlive it, and it outlives the engines.
class SqlEngines {
 public:
  SqlEngines(const SqlRequest& request, Environment& environment)
      : request_(request), environment_(environment) {}
  SqlEngines(const SqlEngines&) = delete;
  SqlEngines& operator=(const SqlEngines&) = delete;

  /// DuckDB over the tables of the workspace, which is opened when one is first named.
  sql::DuckEngine Duck(const std::string& spill_folder);

  /// kInvalidArgument: no address.
  Result<std::unique_ptr<sql::Engine>> Trino();

  /// What was read of each table of the lake so far.
  const std::vector<sql::TableRead>& reads() const { return reads_; }

  /// A table that is not there may be so because there is no lakehouse: says that too.
  Error Explain(Error error) const;

 private:
  Result<lake::Catalog*> Catalog();

  const SqlRequest& request_;
  Environment& environment_;
  std::optional<Workspace> workspace_;
  std::string no_workspace_;  ///< Why there is none, once it was looked for.
  std::vector<sql::TableRead> reads_;
};

}  // namespace tickhouse::app
