// Use case `sql`: one statement, its rows to a file or to whoever asked.
#pragma once

#include <cstddef>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "tickhouse/app/environment.h"
#include "tickhouse/app/lake/workspace.h"
#include "tickhouse/app/run_report.h"

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
  /// table, csv, json, jsonl, parquet, arrow, arrows; empty: as the name of `output` ends (.arrow,
  /// .csv, .json, .jsonl, .parquet, ...), else a table.
  std::string format = {};
  std::string output =
      {};  ///< A file, local or s3://, replaced once all rows are there; empty: `print`.
  Nanos timeout = Nanos::zero();
  int64_t memory_bytes = 0;           ///< Of DuckDB; 0: 80 % of the machine.
  std::size_t most_cell_columns = 0;  ///< Of a table on a terminal; 0: cells are shown whole.
  bool rows_in_report = false;  ///< Instead of `print`: member "rows" of the JSON (at most 64 MiB).
  std::function<Status(std::string_view)> print = {};
};

/// Counts rows (and rows-changed). kInvalidArgument, before anything is run: an unknown format or
/// engine, Parquet without an output. Others as sql::Engine::Run says; no file is written then.
Result<RunReport> RunSql(const SqlRequest& request, Environment& environment);

}  // namespace tickhouse::app
