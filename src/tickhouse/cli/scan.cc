#include "tickhouse/app/scan.h"

#include <CLI/CLI.hpp>
#include <memory>

#include "tickhouse/cli/commands.h"
#include "tickhouse/cli/duration.h"
#include "tickhouse/cli/terminal_width.h"

namespace tickhouse::cli {

namespace {

struct Options {
  std::string folder;
  std::string report;
  bool deep = false;
  std::string gap = "60s";
};

Result<app::RunReport> Run(const Options& options, app::Environment& environment) {
  app::ScanRequest request;
  request.folder = options.folder;
  request.report_path = options.report;
  request.options.deep = options.deep;
  TICKHOUSE_ASSIGN(request.options.gap_allowed, ParseDuration(options.gap));
  request.width = TerminalWidth();
  return app::Scan(request, environment);
}

}  // namespace

void RegisterScan(CLI::App& app, Cli* cli) {
  CLI::App* const command = app.add_subcommand("scan", "report the quality of tick Parquet");
  const auto options = std::make_shared<Options>();
  command->add_option("DIR", options->folder, "folder of Parquet files, or one file")->required();
  command->add_option("--report", options->report, "write all findings to FILE.csv or FILE.json");
  command->add_flag("--deep", options->deep, "decode every page and check checksums");
  command->add_option("--gap", options->gap, "longest stretch of open market without a tick (60s)");
  command->callback([cli, options] {
    cli->command = "scan";
    cli->run = [options](app::Environment& environment) { return Run(*options, environment); };
  });
}

}  // namespace tickhouse::cli
