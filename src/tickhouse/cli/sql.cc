#include <unistd.h>

#include <CLI/CLI.hpp>
#include <memory>

#include "tickhouse/app/sql/run_sql.h"
#include "tickhouse/cli/commands.h"
#include "tickhouse/cli/duration.h"
#include "tickhouse/cli/standard_output.h"
#include "tickhouse/cli/workspace_options.h"

namespace tickhouse::cli {

namespace {

constexpr std::size_t kMostCellColumns = 80;
constexpr int64_t kMostStatementBytes = int64_t{16} << 20;

struct Options {
  app::SqlRequest request;
  std::string file;
  std::string timeout;
  std::vector<std::string> trino_session;
};

Status AddSession(const std::vector<std::string>& given, app::SqlRequest* request) {
  for (const std::string& property : given) {
    const std::size_t equals = property.find('=');
    if (equals == std::string::npos || equals == 0) {
      return Fail(ErrorKind::kInvalidArgument,
                  "--trino-session wants NAME=VALUE, not \"" + property + "\"");
    }
    request->trino.session[property.substr(0, equals)] = property.substr(equals + 1);
  }
  return {};
}

Result<app::RunReport> Run(const Options& options, bool json, app::Environment& environment) {
  app::SqlRequest request = options.request;
  if (request.statement.empty() == options.file.empty()) {
    return Fail(ErrorKind::kInvalidArgument, "give the statement, or --file with it, not both");
  }
  if (!options.file.empty()) {
    TICKHOUSE_ASSIGN(request.statement,
                     environment.files->ReadWhole(options.file, kMostStatementBytes));
  }
  TICKHOUSE_TRY(AddSession(options.trino_session, &request));
  if (!options.timeout.empty()) {
    TICKHOUSE_ASSIGN(request.timeout, ParseDuration(options.timeout));
  }
  if (isatty(STDOUT_FILENO) == 1) request.most_cell_columns = kMostCellColumns;
  request.rows_in_report = json;
  request.print = WriteOutput;
  return app::RunSql(request, environment);
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
  command->add_option("--engine", request.engine, "duckdb (inside) or trino (a server)");
  command->add_option("--at", request.at, "snapshot id, tag, branch or time of the tables");
  command->add_option(
      "--format", request.format,
      "table, csv, json, jsonl, parquet, arrow, arrows (by the output's name; table)");
  command->add_option("--output", request.output, "file for the rows, replaced when all are there");
  command->add_option("--timeout", options->timeout, "give up after this long (5m)");
  command
      ->add_option("--memory", request.memory_bytes,
                   "memory of DuckDB, as 2GB (80 % of the machine)")
      ->transform(CLI::AsSizeValue(false));
  AddWorkspaceOptions(command, &request.workspace);
  command->add_option("--trino", request.trino.url, "http(s)://host:port of Trino");
  command->add_option("--trino-user", request.trino.user, "who asks Trino (USER)");
  command->add_option("--trino-catalog", request.trino.catalog, "catalog of bare names");
  command->add_option("--trino-schema", request.trino.schema, "schema of bare names");
  command
      ->add_option("--trino-session", options->trino_session,
                   "NAME=VALUE of the session (repeat it)")
      ->allow_extra_args(false);
  command->callback([cli, options] {
    cli->command = "sql";
    cli->run = [options, cli](app::Environment& environment) {
      return Run(*options, cli->options.json, environment);
    };
  });
}

}  // namespace tickhouse::cli
