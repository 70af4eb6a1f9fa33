// tickhouse: parse the command line, build the environment, run one use case, print its report.
#include <CLI/CLI.hpp>

#include "tickhouse/cli/commands.h"

namespace tickhouse::cli {

namespace {

constexpr RegisterCommand kCommands[] = {nullptr};

}  // namespace

int Main(int argc, char** argv) {
  CLI::App app("tick data from raw files to clean, measured, reported data", "tickhouse");
  Cli cli;
  app.require_subcommand(1);
  for (const RegisterCommand command : kCommands) {
    if (command != nullptr) command(app, &cli);
  }
  CLI11_PARSE(app, argc, argv);
  return 0;
}

}  // namespace tickhouse::cli

int main(int argc, char** argv) { return tickhouse::cli::Main(argc, argv); }
