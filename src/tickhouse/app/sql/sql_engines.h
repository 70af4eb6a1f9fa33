// The engines that a request of `sql` can be run by.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "tickhouse/app/environment.h"
#include "tickhouse/app/sql/run_sql.h"
#include "tickhouse/app/sql/spark_lake.h"
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

  /// Spark over the tables of the workspace, where there is one, served to it until this goes.
  /// `scratch` is for what travels. kInvalidArgument: a jar that is not there, S3 without keys.
  Result<std::unique_ptr<sql::Engine>> Spark(const std::string& scratch);

  /// What was read of each table of the lake so far.
  const std::vector<sql::TableRead>& reads() const { return reads_; }

  /// A table that is not there may be so because there is no lakehouse: says that too. What Spark
  /// made of a failure of ours becomes that failure again.
  Error Explain(Error error) const;

 private:
  Result<lake::Catalog*> Catalog();
  Result<std::vector<std::string>> SparkJars() const;

  const SqlRequest& request_;
  Environment& environment_;
  std::optional<Workspace> workspace_;
  std::string no_workspace_;  ///< Why there is none, once it was looked for.
  std::vector<sql::TableRead> reads_;
  std::unique_ptr<SparkLake> spark_lake_;  ///< After what it reads.
};

}  // namespace tickhouse::app
