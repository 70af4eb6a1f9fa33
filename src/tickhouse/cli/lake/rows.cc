#include <unistd.h>

#include <CLI/CLI.hpp>
#include <utility>

#include "tickhouse/app/lake/diff/diff.h"
#include "tickhouse/app/lake/read.h"
#include "tickhouse/cli/lake/verbs.h"
#include "tickhouse/cli/standard_output.h"
#include "tickhouse/cli/terminal_width.h"

namespace tickhouse::cli {

namespace {

using WorkspacePtr = std::shared_ptr<app::WorkspaceRequest>;

constexpr std::size_t kMostCellColumns = 80;
constexpr char kTable[] = "gold.eurusd, or eurusd";
constexpr char kAt[] = "a snapshot id, branch, tag or time";

void AddDelivery(CLI::App* command, app::RowDelivery* delivery) {
  command->add_option(
      "--format", delivery->format,
      "table, csv, json, jsonl, parquet, arrow, arrows (by the output's name; table)");
  command->add_option("--output", delivery->output,
                      "file for the rows, replaced when all are there");
}

void SetDelivery(const Cli& cli, app::RowDelivery* delivery) {
  if (isatty(STDOUT_FILENO) == 1) delivery->most_cell_columns = kMostCellColumns;
  delivery->rows_in_report = cli.options.json;
  delivery->print = WriteOutput;
}

void RegisterRead(CLI::App* lake, Cli* cli, const WorkspacePtr& workspace) {
  const auto request = std::make_shared<app::ReadRequest>();
  CLI::App* const command = lake->add_subcommand("read", "the rows of a table as it is, or was");
  command->fallthrough();
  command->add_option("TABLE", request->table, kTable)->required();
  command->add_option("--at", request->at, kAt);
  command->add_option("--filter", request->filter, "'datetime >= 2024-03-01 and bid > 1.25'");
  command->add_option("--columns", request->columns, "datetime,bid (all)")
      ->delimiter(',')
      ->allow_extra_args(false);
  command->add_option("--limit", request->limit, "rows at most (all)")
      ->check(CLI::NonNegativeNumber);
  AddDelivery(command, &request->delivery);
  command->callback([cli, workspace, request] {
    cli->command = "lake read";
    cli->run = [cli, workspace, request](app::Environment& environment) {
      SetDelivery(*cli, &request->delivery);
      return app::LakeRead(*workspace, *request, environment);
    };
  });
}

void RegisterDiff(CLI::App* lake, Cli* cli, const WorkspacePtr& workspace) {
  const auto request = std::make_shared<app::DiffRequest>();
  CLI::App* const command =
      lake->add_subcommand("diff", "what came and went between two states of a table");
  command->fallthrough();
  command->add_option("TABLE", request->table, kTable)->required();
  command->add_option("FROM", request->from, kAt)->required();
  command->add_option("TO", request->to, std::string(kAt) + " (the current snapshot)");
  command->add_flag("--rows", request->rows, "the rows themselves");
  AddDelivery(command, &request->delivery);
  command->callback([cli, workspace, request] {
    cli->command = "lake diff";
    cli->run = [cli, workspace, request](app::Environment& environment) -> Result<app::RunReport> {
      const app::RowDelivery& delivery = request->delivery;
      if (!request->rows && (!delivery.format.empty() || !delivery.output.empty())) {
        return Fail(ErrorKind::kInvalidArgument, "--format and --output are of rows: add --rows");
      }
      SetDelivery(*cli, &request->delivery);
      request->width = TerminalWidth();
      return app::LakeDiff(*workspace, *request, environment);
    };
  });
}

}  // namespace

void RegisterLakeRows(CLI::App* lake, Cli* cli, const WorkspacePtr& workspace) {
  RegisterRead(lake, cli, workspace);
  RegisterDiff(lake, cli, workspace);
}

}  // namespace tickhouse::cli
