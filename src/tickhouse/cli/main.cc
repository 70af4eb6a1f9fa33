// tickhouse: parse the command line, build the environment, run one use case, print its report.
#include <malloc.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <exception>

#include "tickhouse/app/files.h"
#include "tickhouse/app/run_report.h"
#include "tickhouse/cli/commands.h"
#include "tickhouse/cli/standard_output.h"
#include "tickhouse/cli/terminal_progress.h"
#include "tickhouse/core/log.h"
#include "tickhouse/core/parallel.h"
#include "tickhouse/io/net/http_client.h"

#ifndef TICKHOUSE_VERSION
#define TICKHOUSE_VERSION "0.0.0"
#endif

namespace tickhouse::cli {

namespace {

// In the order a tick travels; see commands.h.
constexpr RegisterCommand kCommands[] = {RegisterFetch, RegisterGenerate, RegisterConvert,
                                         RegisterScan,  RegisterClean,    RegisterStats,
                                         RegisterLake,  RegisterSql,      RegisterDemo};

const CancelToken& StopRequest() {
  static const CancelToken token;
  return token;
}

// The first signal asks the work to stop at a safe point; the second ends the process as usual.
void OnSignal(int signal_number) {
  StopRequest().Cancel();
  std::signal(signal_number, SIG_DFL);
}

void AddGlobalOptions(CLI::App& app, Cli* cli) {
  // Keys are the long option names; a section [convert] holds those of one command.
  app.set_config("--config", "tickhouse.toml", "configuration file");
  app.allow_config_extras(CLI::config_extras_mode::error);
  app.add_flag("--json", cli->options.json, "print one JSON document instead of text");
  app.add_option("--threads", cli->options.threads, "threads to use (all processors)")
      ->check(CLI::Range(1, 1024));
  app.add_flag("-v,--verbose", cli->options.verbosity, "say more");
  app.add_flag("-q,--quiet", cli->options.quiet, "warnings only, no progress");
  app.set_version_flag("--version", std::string("tickhouse ") + TICKHOUSE_VERSION);
}

int PrintFailure(const Cli& cli, const Error& error) {
  if (ReaderIsGone()) return kReaderIsGone;
  if (cli.options.json) {
    std::printf("%s\n", app::ErrorJson(cli.command, error).c_str());
  }
  std::fprintf(stderr, "tickhouse %s: %s\n", cli.command.c_str(), error.message.c_str());
  return app::ExitCodeOf(error);
}

int PrintReport(const Cli& cli, const app::RunReport& report) {
  if (cli.options.json) {
    std::printf("%s\n", report.ToJson().c_str());
  } else {
    std::fputs(report.text.c_str(), stdout);
    for (const app::Problem& problem : report.problems) {
      std::fprintf(stderr, "tickhouse %s: %s: %s\n", cli.command.c_str(), problem.item.c_str(),
                   problem.message.c_str());
    }
  }
  if (std::fflush(stdout) != 0 || std::ferror(stdout) != 0) {
    if (ReaderIsGone(errno)) return kReaderIsGone;
    std::fprintf(stderr, "tickhouse %s: cannot write to standard output\n", cli.command.c_str());
    return 1;
  }
  return report.ExitCode();
}

// A run frees and takes the same buffers for each file. Handing them back to the kernel in between
// costs more than decoding (measured on `scan --deep`: 0.5 of 1.05 CPU seconds), so they are kept.
void KeepFreedMemory() {
  mallopt(M_TRIM_THRESHOLD, 256 << 20);
  mallopt(M_MMAP_THRESHOLD, 16 << 20);
  mallopt(M_TOP_PAD, 4 << 20);
}

int Run(const Cli& cli) {
  KeepFreedMemory();
  if (cli.options.quiet) SetLogLevel(LogLevel::kWarn);
  if (cli.options.verbosity > 0) SetLogLevel(LogLevel::kDebug);
  app::Environment environment;
  environment.cancel = StopRequest();  // Made before a handler can ask for it.
  std::signal(SIGINT, OnSignal);
  std::signal(SIGTERM, OnSignal);
  std::signal(SIGPIPE, SIG_IGN);

  SystemClock clock;
  SilentProgress silent;
  TerminalProgress drawn(&clock, isatty(STDERR_FILENO) == 1);
  const auto http = io::MakeCurlHttpClient();
  const auto files = app::MakeFiles(http.get(), &clock, StopRequest());
  environment.files = files.get();
  environment.http = http.get();
  environment.clock = &clock;
  environment.progress = cli.options.quiet ? static_cast<Progress*>(&silent) : &drawn;
  // Clock and process stand in where the kernel has no randomness to give.
  if (::getentropy(&environment.seed, sizeof environment.seed) != 0) {
    environment.seed =
        static_cast<uint64_t>(ToNanos(clock.Now())) ^ (static_cast<uint64_t>(::getpid()) << 40);
  }
  environment.threads = cli.options.threads > 0 ? cli.options.threads : AvailableProcessors();

  const Result<app::RunReport> report = cli.run(environment);
  drawn.Finish();
  if (!report) return PrintFailure(cli, report.error());
  return PrintReport(cli, *report);
}

}  // namespace

int Main(int argc, char** argv) {
  CLI::App app("tick data from raw files to clean, measured, reported data", "tickhouse");
  Cli cli;
  app.require_subcommand(1);
  app.fallthrough();
  AddGlobalOptions(app, &cli);
  for (const RegisterCommand command : kCommands) command(app, &cli);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    // --help and --version arrive here too, with exit code 0.
    return app.exit(error) == 0 ? 0 : 2;
  }
  return Run(cli);
}

}  // namespace tickhouse::cli

int main(int argc, char** argv) {
  try {
    return tickhouse::cli::Main(argc, argv);
  } catch (const std::exception& error) {
    // Only a library's surprise ends here; every designed failure is a Result.
    std::fprintf(stderr, "tickhouse: unexpected failure: %s\n", error.what());
    return 1;
  }
}
