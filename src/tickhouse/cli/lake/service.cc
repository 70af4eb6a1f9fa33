#include <CLI/CLI.hpp>

#include "tickhouse/app/lake/serve.h"
#include "tickhouse/app/lake/sync_info.h"
#include "tickhouse/cli/lake/verbs.h"
#include "tickhouse/cli/terminal_width.h"

namespace tickhouse::cli {

namespace {

void RegisterServe(CLI::App* lake, Cli* cli, const WorkspacePtr& workspace) {
  const auto request = std::make_shared<app::ServeRequest>();
  CLI::App* const command =
      AddVerb(lake, cli, "serve", "the catalog for other engines, by the Iceberg REST API",
              [workspace, request](app::Environment& environment) {
                request->workspace = *workspace;
                return app::LakeServe(*request, environment);
              });
  command->add_option("--host", request->host, "IP address to listen on (127.0.0.1)");
  command->add_option("--port", request->port, "port to listen on; 0: any free one (8181)");
  command->add_option("--token", request->token, "bearer token that every request must have");
  command->add_option("--token-file", request->token_file, "a file with the token");
  command->add_option("--port-file", request->port_file, "a file that gets the port");
  command->add_flag("--insecure", request->insecure,
                    "listen on an address that other machines reach, though without TLS");
}

void RegisterSyncInfo(CLI::App* lake, Cli* cli, const WorkspacePtr& workspace) {
  const auto table = std::make_shared<std::string>();
  CLI::App* const command =
      AddVerb(lake, cli, "sync-info", "fill the informational tables of a PostgreSQL catalog anew",
              [workspace, table](app::Environment& environment) {
                return app::LakeSyncInfo(*workspace, *table, TerminalWidth(), environment);
              });
  command->add_option("TABLE", *table, std::string(kTable) + " (all tables)");
}

}  // namespace

void RegisterLakeService(CLI::App* lake, Cli* cli, const WorkspacePtr& workspace) {
  RegisterServe(lake, cli, workspace);
  RegisterSyncInfo(lake, cli, workspace);
}

}  // namespace tickhouse::cli
