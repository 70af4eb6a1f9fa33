// The engines that a request of `sql` can be run by.
#pragma once

#include <memory>
#include <string>

#include "tickhouse/app/environment.h"
#include "tickhouse/app/sql/run_sql.h"
#include "tickhouse/sql/duckdb/duckdb_engine.h"
#include "tickhouse/sql/engine/engine.h"

namespace tickhouse::app {

/// Request and environment outlive it, and it outlives the engines.
class SqlEngines {
 public:
  SqlEngines(const SqlRequest& request, Environment& environment)
      : request_(request), environment_(environment) {}
  SqlEngines(const SqlEngines&) = delete;
  SqlEngines& operator=(const SqlEngines&) = delete;

  sql::DuckEngine Duck(const std::string& spill_folder);

  /// kInvalidArgument: no address.
  Result<std::unique_ptr<sql::Engine>> Trino();

 private:
  const SqlRequest& request_;
  Environment& environment_;
};

}  // namespace tickhouse::app
