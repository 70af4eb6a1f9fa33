#include "tickhouse/app/clean.h"

#include <CLI/CLI.hpp>
#include <cstdlib>
#include <memory>

#include "tickhouse/cli/commands.h"

#ifndef TICKHOUSE_VERSION
#define TICKHOUSE_VERSION "0.0.0"
#endif

namespace tickhouse::cli {

void RegisterClean(CLI::App& app, Cli* cli) {
  auto request = std::make_shared<app::CleanRequest>();
  request->program = "tickhouse " TICKHOUSE_VERSION;
  if (const char* const scratch = std::getenv("TMPDIR")) request->scratch = scratch;
  CLI::App* const command = app.add_subcommand(
      "clean", "Parquet ticks to the first tick, or a bar, of each second in trading windows");
  command->add_option("IN", request->in, "a Parquet file, or a folder of any depth")->required();
  command->add_option("OUT", request->out, "gets SYMBOL/SYMBOL.parquet for each symbol")
      ->required();
  command->add_option("--windows", request->windows,
                      "trading windows, or all (07:50-08:00,13:50-14:00)");
  command->add_option("--zone", request->zone,
                      "zone of the windows: UTC+2, Europe/Athens, America/New_York (UTC)");
  command->add_option("--symbol", request->symbol,
                      "symbol of every input (metadata, folder or file name)");
  command->add_flag("--bars", request->bars,
                    "one-second bars of bid, ask and mid instead of ticks (SYMBOL_bars.parquet)");
  command->add_flag("--strict", request->strict,
                    "do not write a symbol one of whose files cannot be used");
  command->add_option("--engine", request->engine, "local or spark (local)");
  command->add_option("--spark-submit", request->spark_submit, "the spark-submit program to use");
  command->add_option("--master", request->spark_master, "Spark master, such as local[2]");
  command->callback([cli, request] {
    cli->command = "clean";
    cli->run = [request](app::Environment& environment) {
      return app::Clean(environment, *request);
    };
  });
}

}  // namespace tickhouse::cli
