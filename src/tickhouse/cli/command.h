// How a command meets the command line: one Register function a file, one list in main.cc.
#pragma once

#include <functional>
#include <string>

#include "tickhouse/app/environment.h"
#include "tickhouse/app/run_report.h"
#include "tickhouse/core/error.h"

namespace CLI {
class App;
}

namespace tickhouse::cli {

/// Options every command takes.
struct GlobalOptions {
  bool json = false;
  int threads = 0;  ///< 0: all processors.
  int verbosity = 0;
  bool quiet = false;
};

/// Filled while parsing; `run` belongs to the command that was named.
struct Cli {
  GlobalOptions options;
  std::string command;
  std::function<Result<app::RunReport>(app::Environment&)> run;
};

/// Adds the verb's options to `app`; its callback sets `cli->command` and `cli->run`.
using RegisterCommand = void (*)(CLI::App& app, Cli* cli);

}  // namespace tickhouse::cli
