#include <CLI/CLI.hpp>

#include "tickhouse/app/lake/diff/diff.h"
#include "tickhouse/app/lake/read.h"
#include "tickhouse/cli/lake/verbs.h"
#include "tickhouse/cli/row_delivery_options.h"
#include "tickhouse/cli/terminal_width.h"

namespace tickhouse::cli {

namespace {

void RegisterRead(CLI::App* lake, Cli* cli, const WorkspacePtr& workspace) {
  const auto request = std::make_shared<app::ReadRequest>();
  CLI::App* const command = AddVerb(lake, cli, "read", "the rows of a table as it is, or was",
                                    [cli, workspace, request](app::Environment& environment) {
                                      SetDelivery(*cli, &request->delivery);
                                      return app::LakeRead(*workspace, *request, environment);
                                    });
  command->add_option("TABLE", request->table, kTable)->required();
  command->add_option("--at", request->at, kAt);
  command->add_option("--filter", request->filter, "'datetime >= 2024-03-01 and bid > 1.25'");
  command->add_option("--columns", request->columns, "datetime,bid (all)")
      ->delimiter(',')
      ->allow_extra_args(false);
  command->add_option("--limit", request->limit, "rows at most (all)")
      ->check(CLI::NonNegativeNumber);
  AddDeliveryOptions(command, &request->delivery);
}

void RegisterDiff(CLI::App* lake, Cli* cli, const WorkspacePtr& workspace) {
  const auto request = std::make_shared<app::DiffRequest>();
  CLI::App* const command = AddVerb(
      lake, cli, "diff", "what came and went between two states of a table",
      [cli, workspace, request](app::Environment& environment) -> Result<app::RunReport> {
        const app::RowDelivery& delivery = request->delivery;
        if (!request->rows && (!delivery.format.empty() || !delivery.output.empty())) {
          return Fail(ErrorKind::kInvalidArgument, "--format and --output are of rows: add --rows");
        }
        SetDelivery(*cli, &request->delivery);
        request->width = TerminalWidth();
        return app::LakeDiff(*workspace, *request, environment);
      });
  command->add_option("TABLE", request->table, kTable)->required();
  command->add_option("FROM", request->from, kAt)->required();
  command->add_option("TO", request->to, std::string(kAt) + " (the current snapshot)");
  command->add_flag("--rows", request->rows, "the rows themselves");
  AddDeliveryOptions(command, &request->delivery);
}

}  // namespace

void RegisterLakeRows(CLI::App* lake, Cli* cli, const WorkspacePtr& workspace) {
  RegisterRead(lake, cli, workspace);
  RegisterDiff(lake, cli, workspace);
}

}  // namespace tickhouse::cli
