// tickhouse generate --symbol EURUSD --days 5 --seed 1 --out DIR
#include "tickhouse/app/generate.h"

#include <CLI/CLI.hpp>
#include <memory>

#include "tickhouse/cli/commands.h"

namespace tickhouse::cli {

void RegisterGenerate(CLI::App& app, Cli* cli) {
  auto request = std::make_shared<app::GenerateRequest>();
  CLI::App* verb =
      app.add_subcommand("generate", "realistic ticks by seed, with labelled anomalies on request");
  verb->add_option("--symbol", request->symbols, "EURUSD,GBPJPY: what to make")
      ->delimiter(',')
      ->required();
  verb->add_option("--out", request->out, "folder of the files; one folder a symbol in it")
      ->required();
  verb->add_option("--from", request->from, "first hour, UTC (2024-01-08)");
  verb->add_option("--days", request->days, "days of 24 hours (5)");
  verb->add_option("--seed", request->seed, "the same seed gives the same bytes (1)");
  verb->add_option("--rows", request->rows, "ticks of each symbol, exactly (what is usual)");
  verb->add_option("--format", request->format,
                   "csv (Quant Data Manager), or bi5 or json: one file an hour (csv)")
      ->check(CLI::IsMember({"csv", "bi5", "json"}));
  verb->add_option("--zone", request->zone, "of the times in csv: UTC, UTC-5, ... (UTC+2)");
  verb->add_option("--split", request->split, "csv files by day, or by a size such as 500MB");
  verb->add_option("--anomalies", request->anomalies,
                   "spike=3,flash=1,gap=2@3600,burst=0.5/day; also stale, blowout, crossed");
  verb->add_option("--labels", request->labels,
                   "CSV that says where they are (OUT-labels.csv); alone: one of each kind");
  verb->callback([cli, request] {
    cli->command = "generate";
    cli->run = [request](app::Environment& environment) {
      return app::Generate(*request, environment);
    };
  });
}

}  // namespace tickhouse::cli
