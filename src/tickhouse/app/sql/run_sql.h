// Use case `sql`: one statement, its rows to a file or to whoever asked.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "tickhouse/app/environment.h"
#include "tickhouse/app/lake/workspace.h"
#include "tickhouse/app/run_report.h"
#include "tickhouse/app/sql/row_delivery.h"

namespace tickhouse::app {

/// Where a Trino is, and who asks. Password and token come from TICKHOUSE_TRINO_PASSWORD and
/// TICKHOUSE_TRINO_TOKEN.
struct TrinoRequest {
  std::string url = {};   ///< Empty: TICKHOUSE_TRINO.
  std::string user = {};  ///< Empty: USER.
  std::string catalog = {};
  std::string schema = {};
  std::map<std::string, std::string> session = {};
};

/// Which Spark, and what it is started with. Keys of S3 come from the environment as for files.
struct SparkRequest {
  /// spark-submit; empty: TICKHOUSE_SPARK_SUBMIT, else that of SPARK_HOME, else that of PATH.
  std::string submit = {};
  std::string master = {};  ///< Empty: as Spark is configured.
  /// Files, or folders of them; empty: TICKHOUSE_SPARK_JARS, separated by commas.
  std::vector<std::string> jars = {};
  std::map<std::string, std::string> conf = {};
  std::string folder = {};  ///< That the executors on other machines have too; empty: TMPDIR.
};

struct SqlRequest {
  std::string statement;
  std::vector<std::string> parameters = {};  ///< For each `?` in order.
  std::string engine = "duckdb";             ///< Or "trino", "spark".
  /// Of every table of the lake: snapshot id, tag, branch or time; empty: as they are now.
  std::string at = {};
  WorkspaceRequest workspace = {};  ///< Opened when the statement names a table; may not exist.
  TrinoRequest trino = {};
  SparkRequest spark = {};
  RowDelivery delivery = {};
  Nanos timeout = Nanos::zero();
  int64_t memory_bytes = 0;  ///< Of DuckDB; 0: 80 % of the machine.
};

/// Counts rows (and rows-changed). kInvalidArgument, before anything is run: an unknown format or
/// engine, Parquet without an output. Others as sql::Engine::Run says; no file is written then.
Result<RunReport> RunSql(const SqlRequest& request, Environment& environment);

}  // namespace tickhouse::app
