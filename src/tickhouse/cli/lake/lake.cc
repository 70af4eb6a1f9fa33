// `tickhouse lake VERB`: one verb, one use case of app/lake.
#include <CLI/CLI.hpp>
#include <memory>
#include <utility>

#include "tickhouse/app/lake/init.h"
#include "tickhouse/app/lake/migrate/migrate.h"
#include "tickhouse/app/lake/tables.h"
#include "tickhouse/cli/commands.h"
#include "tickhouse/cli/lake/verbs.h"
#include "tickhouse/cli/terminal_width.h"
#include "tickhouse/cli/workspace_options.h"

namespace tickhouse::cli {

namespace {

struct Options {
  app::WorkspaceRequest workspace;
  std::string table, at;
};

struct Verb {
  const char* name;
  const char* help;
  bool takes_table;
  bool takes_at;
  Result<app::RunReport> (*run)(const Options&, app::Environment&);
};

constexpr Verb kVerbs[] = {
    {"init", "make a lakehouse: catalog, warehouse, namespace gold", false, false,
     [](const Options& options, app::Environment& environment) {
       return app::LakeInit(options.workspace, environment);
     }},
    {"tables", "list the tables", false, false,
     [](const Options& options, app::Environment& environment) {
       return app::LakeTables(options.workspace, TerminalWidth(), environment);
     }},
    {"show", "columns, partitioning, properties and place of a table", true, true,
     [](const Options& options, app::Environment& environment) {
       return app::LakeShow(options.workspace, options.table, options.at, TerminalWidth(),
                            environment);
     }},
    {"snapshots", "list the snapshots of a table", true, false,
     [](const Options& options, app::Environment& environment) {
       return app::LakeSnapshots(options.workspace, options.table, TerminalWidth(), environment);
     }},
};

void RegisterVerb(CLI::App* lake, Cli* cli, const std::shared_ptr<Options>& options,
                  const Verb& verb) {
  CLI::App* const command = AddVerb(
      lake, cli, verb.name, verb.help,
      [options, &verb](app::Environment& environment) { return verb.run(*options, environment); });
  if (verb.takes_table) command->add_option("TABLE", options->table, kTable)->required();
  if (verb.takes_at) command->add_option("--at", options->at, kAt);
}

void RegisterMigrate(CLI::App* lake, Cli* cli, const std::shared_ptr<Options>& options) {
  const auto request = std::make_shared<app::MigrateRequest>();
  CLI::App* const command =
      AddVerb(lake, cli, "migrate", "tick Parquet into gold tables; each file once",
              [options, request](app::Environment& environment) {
                request->workspace = options->workspace;
                return app::LakeMigrate(*request, TerminalWidth(), environment);
              });
  command->add_option("SRC", request->src, "folder, file or s3://bucket/prefix")->required();
  command->add_flag("--register", request->in_place, "adopt the files where they lie, uncopied");
  command->add_option("--partition", request->partition,
                      "of new tables: year, month, day, hour or none (year)");
  command->add_option("--symbol", request->symbol, "symbol of every file (folder or metadata)");
}

}  // namespace

CLI::App* AddVerb(CLI::App* lake, Cli* cli, const char* name, const char* help, VerbRun run) {
  CLI::App* const command = lake->add_subcommand(name, help);
  command->fallthrough();
  command->callback([cli, command, run = std::move(run)] {
    cli->command = "lake " + command->get_name();
    cli->run = run;
  });
  return command;
}

void RegisterLake(CLI::App& app, Cli* cli) {
  CLI::App* const lake = app.add_subcommand("lake", "tables with history: Iceberg over a catalog");
  lake->require_subcommand(1);
  lake->fallthrough();
  const auto options = std::make_shared<Options>();
  AddWorkspaceOptions(lake, &options->workspace);
  for (const Verb& verb : kVerbs) RegisterVerb(lake, cli, options, verb);
  RegisterMigrate(lake, cli, options);
  const WorkspacePtr workspace(options, &options->workspace);
  RegisterLakeRows(lake, cli, workspace);
  RegisterLakeChanges(lake, cli, workspace);
  RegisterLakeUpkeep(lake, cli, workspace);
  RegisterLakeMenu(lake, cli, workspace);
  RegisterLakeService(lake, cli, workspace);
}

}  // namespace tickhouse::cli
