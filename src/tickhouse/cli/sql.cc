#include <CLI/CLI.hpp>
#include <map>
#include <memory>

#include "tickhouse/app/sql/run_sql.h"
#include "tickhouse/cli/commands.h"
#include "tickhouse/cli/duration.h"
#include "tickhouse/cli/row_delivery_options.h"
#include "tickhouse/cli/workspace_options.h"

namespace tickhouse::cli {

namespace {

constexpr int64_t kMostStatementBytes = int64_t{16} << 20;

struct Options {
  app::SqlRequest request;
  std::string file;
  std::string timeout;
  std::vector<std::string> trino_session;
  std::vector<std::string> spark_conf;
};

Status AddSettings(const char* option, const std::vector<std::string>& given,
                   std::map<std::string, std::string>* settings) {
  for (const std::string& setting : given) {
    const std::size_t equals = setting.find('=');
    if (equals == std::string::npos || equals == 0) {
      return Fail(ErrorKind::kInvalidArgument,
                  std::string(option) + " wants NAME=VALUE, not \"" + setting + "\"");
    }
    (*settings)[setting.substr(0, equals)] = setting.substr(equals + 1);
  }
  return {};
}

Result<app::RunReport> Run(const Options& options, const Cli& cli, app::Environment& environment) {
  app::SqlRequest request = options.request;
  if (request.statement.empty() == options.file.empty()) {
    return Fail(ErrorKind::kInvalidArgument, "give the statement, or --file with it, not both");
  }
  if (!options.file.empty()) {
    TICKHOUSE_ASSIGN(request.statement,
                     environment.files->ReadWhole(options.file, kMostStatementBytes));
  }
  TICKHOUSE_TRY(AddSettings("--trino-session", options.trino_session, &request.trino.session));
  TICKHOUSE_TRY(AddSettings("--spark-conf", options.spark_conf, &request.spark.conf));
  if (!options.timeout.empty()) {
    TICKHOUSE_ASSIGN(request.timeout, ParseDuration(options.timeout));
  }
  SetDelivery(cli, &request.delivery);
  return app::RunSql(request, environment);
}

void AddTrinoOptions(CLI::App* command, Options* options) {
  app::TrinoRequest& trino = options->request.trino;
  command->add_option("--trino", trino.url, "http(s)://host:port of Trino");
  command->add_option("--trino-user", trino.user, "who asks Trino (USER)");
  command->add_option("--trino-catalog", trino.catalog, "catalog of bare names");
  command->add_option("--trino-schema", trino.schema, "schema of bare names");
  command
      ->add_option("--trino-session", options->trino_session,
                   "NAME=VALUE of the session (repeat it)")
      ->allow_extra_args(false);
}

void AddSparkOptions(CLI::App* command, Options* options) {
  app::SparkRequest& spark = options->request.spark;
  command->add_option("--spark-submit", spark.submit, "the spark-submit program to use");
  command->add_option("--master", spark.master, "Spark master, such as local[2]");
  command
      ->add_option("--spark-jars", spark.jars,
                   "jar of Iceberg for Spark, or a folder of jars (repeat it)")
      ->allow_extra_args(false);
  command->add_option("--spark-conf", options->spark_conf, "NAME=VALUE for Spark (repeat it)")
      ->allow_extra_args(false);
  command->add_option("--spark-folder", spark.folder,
                      "for the rows: a folder that all of Spark's machines have");
}

}  // namespace

void RegisterSql(CLI::App& app, Cli* cli) {
  CLI::App* const command =
      app.add_subcommand("sql", "run a statement over tables and Parquet files");
  const auto options = std::make_shared<Options>();
  app::SqlRequest& request = options->request;
  command->add_option("STATEMENT", request.statement, "one statement");
  command->add_option("--file", options->file, "a file with the statement");
  command->add_option("--param", request.parameters, "value of the next ? (repeat it)")
      ->take_all()
      ->allow_extra_args(false);
  command->add_option("--engine", request.engine,
                      "duckdb (inside), trino (a server) or spark (a job)");
  command->add_option("--at", request.at, "snapshot id, tag, branch or time of the tables");
  AddDeliveryOptions(command, &request.delivery);
  command->add_option("--timeout", options->timeout, "give up after this long (5m)");
  command
      ->add_option("--memory", request.memory_bytes,
                   "memory of DuckDB, as 2GB (80 % of the machine)")
      ->transform(CLI::AsSizeValue(false));
  AddWorkspaceOptions(command, &request.workspace);
  AddTrinoOptions(command, options.get());
  AddSparkOptions(command, options.get());
  command->callback([cli, options] {
    cli->command = "sql";
    cli->run = [options, cli](app::Environment& environment) {
      return Run(*options, *cli, environment);
    };
  });
}

}  // namespace tickhouse::cli
