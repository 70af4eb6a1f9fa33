// tickhouse fetch SYMBOL... --from --to
#include "tickhouse/app/fetch.h"

#include <CLI/CLI.hpp>
#include <memory>

#include "tickhouse/cli/commands.h"

namespace tickhouse::cli {

void RegisterFetch(CLI::App& app, Cli* cli) {
  auto options = std::make_shared<app::FetchOptions>();
  CLI::App* verb = app.add_subcommand(
      "fetch", "raw ticks of a feed into a folder: read-only, hashed, verified, resumable");
  verb->add_option("SYMBOL", options->symbols, "EURUSD, eur/usd, EUR-USD, ... (--verify: all)");
  verb->add_option("--from", options->from, "first hour, UTC: 2012-12-21 or 2012-12-21T07:00");
  verb->add_option("--to", options->to, "end, not included");
  verb->add_option("--feed", options->feed, "json (the public API) or bi5 (an archive)")
      ->check(CLI::IsMember({"json", "bi5"}));
  verb->add_option("--root", options->root, "another address of the feed");
  verb->add_option("--out", options->out, "folder of the raw files (./raw)");
  verb->add_flag("--verify", options->verify, "re-hash and decode what is there, ask nobody");
  verb->add_flag("--repair", options->repair,
                 "ask again for what is missing, corrupt, refused or damaged on disk");
  verb->add_flag("--ask-closed", options->ask_closed, "ask for hours of a closed market, too");
  verb->add_option("--instruments", options->instruments,
                   "instrument description: a file, or an address with {CODE} in it");
  verb->callback([cli, options] {
    cli->command = "fetch";
    cli->run = [cli, options](app::Environment& environment) {
      options->threads = cli->options.threads;
      return app::Fetch(*options, environment);
    };
  });
}

}  // namespace tickhouse::cli
