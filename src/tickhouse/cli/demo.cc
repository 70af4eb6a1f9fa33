#include "tickhouse/app/demo/demo.h"

#include <CLI/CLI.hpp>
#include <memory>

#include "tickhouse/cli/commands.h"
#include "tickhouse/cli/terminal_width.h"
#include "tickhouse/io/fs/local_file_system.h"

#ifndef TICKHOUSE_VERSION
#define TICKHOUSE_VERSION "0.0.0"
#endif

namespace tickhouse::cli {

void RegisterDemo(CLI::App& app, Cli* cli) {
  const auto request = std::make_shared<app::DemoRequest>();
  request->program = "tickhouse " TICKHOUSE_VERSION;
  request->remove_empty_folders = io::RemoveEmptyFolders;
  CLI::App* const command = app.add_subcommand(
      "demo", "the whole job, from raw ticks to a lakehouse and one HTML report");
  command->add_option("DIR", request->in, "folder of raw ticks (generated when left out)");
  command->add_option("--out", request->out, "empty folder for the results (tickhouse-demo)");
  command->add_flag("--keep", request->keep, "keep the raw and the converted files too");
  command->add_option("--days", request->days, "days to generate (19)");
  command->add_option("--seed", request->seed, "seed to generate with (7)");
  command->add_option("--windows", request->windows, "trading windows (07:50-08:00,13:50-14:00)");
  command->add_option("--zone", request->zone, "zone of the windows (UTC+2 generated, else UTC)");
  command->callback([cli, request] {
    cli->command = "demo";
    cli->run = [request](app::Environment& environment) {
      request->width = TerminalWidth();
      return app::Demo(*request, environment);
    };
  });
}

}  // namespace tickhouse::cli
