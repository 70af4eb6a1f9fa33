#include "tickhouse/app/convert.h"

#include <CLI/CLI.hpp>
#include <cstdlib>
#include <memory>

#include "tickhouse/cli/commands.h"

#ifndef TICKHOUSE_VERSION
#define TICKHOUSE_VERSION "0.0.0"
#endif

namespace tickhouse::cli {

void RegisterConvert(CLI::App& app, Cli* cli) {
  auto request = std::make_shared<app::ConvertRequest>();
  request->program = "tickhouse " TICKHOUSE_VERSION;
  if (const char* const scratch = std::getenv("TMPDIR")) request->scratch = scratch;
  CLI::App* const command =
      app.add_subcommand("convert", "CSV, bi5 and JSON ticks to Parquet; what is done is skipped");
  command->add_option("IN", request->in, "a file, or a folder of any depth")->required();
  command->add_option("OUT", request->out, "folder of the Parquet files")->required();
  command->add_option("--dialect", request->dialect,
                      "qdm, dukascopy-node, dukascopy-web, truefx, histdata, mt5 or iso "
                      "(told by the first lines)");
  command->add_option("--symbol", request->symbol, "symbol of every input (folder or file name)");
  command->add_option("--source-zone", request->source_zone,
                      "zone of times that carry none: UTC+2, Europe/Athens (UTC)");
  command->add_option("--chunk-size", request->chunk_size, "CSV bytes per Parquet file (500MB)");
  command->add_flag("--keep-volume", request->keep_volume, "keep the volume columns");
  command->add_flag("--strict", request->strict, "stop at the first row that is refused");
  command->add_option("--engine", request->engine, "local or spark (local)");
  command->add_option("--spark-submit", request->spark_submit, "the spark-submit program to use");
  command->add_option("--spark-sql", request->spark_sql, "the spark-sql program to use instead");
  command->add_option("--master", request->spark_master, "Spark master, such as local[2]");
  command->callback([cli, request] {
    cli->command = "convert";
    cli->run = [request](app::Environment& environment) {
      return app::Convert(environment, *request);
    };
  });
}

}  // namespace tickhouse::cli
