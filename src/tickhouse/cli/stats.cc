#include "tickhouse/app/stats.h"

#include <CLI/CLI.hpp>
#include <memory>

#include "tickhouse/cli/commands.h"
#include "tickhouse/cli/terminal_width.h"

namespace tickhouse::cli {

namespace {

struct Options {
  std::string in;
  std::string out;
  std::string windows;
  std::string zone = "UTC";
  std::string symbol;
};

Result<app::RunReport> Run(const Options& options, app::Environment& environment) {
  app::StatsRequest request;
  request.in = options.in;
  request.out = options.out;
  if (!options.windows.empty()) {
    TICKHOUSE_ASSIGN(request.windows, ParseWindows(options.windows));
  }
  TICKHOUSE_ASSIGN(request.zone, Zone::Parse(options.zone));
  request.symbol = options.symbol;
  request.width = TerminalWidth();
  return app::Stats(request, environment);
}

}  // namespace

void RegisterStats(CLI::App& app, Cli* cli) {
  CLI::App* const command =
      app.add_subcommand("stats", "count ticks per day and window; spread, volatility, activity");
  const auto options = std::make_shared<Options>();
  command->add_option("IN", options->in, "folder of Parquet files, or one file")->required();
  command->add_option("OUT", options->out, "folder for CSV, SVG and PNG")->required();
  command->add_option("--windows", options->windows, "trading windows (07:50-08:00,13:50-14:00)");
  command->add_option("--zone", options->zone,
                      "zone of windows and days: UTC, UTC+2, an IANA name");
  command->add_option("--symbol", options->symbol, "symbol of every file");
  command->callback([cli, options] {
    cli->command = "stats";
    cli->run = [options](app::Environment& environment) { return Run(*options, environment); };
  });
}

}  // namespace tickhouse::cli
