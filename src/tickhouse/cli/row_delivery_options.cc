#include "tickhouse/cli/row_delivery_options.h"

#include <unistd.h>

#include <CLI/CLI.hpp>

#include "tickhouse/cli/standard_output.h"

namespace tickhouse::cli {

namespace {

constexpr std::size_t kMostCellColumns = 80;

}  // namespace

void AddDeliveryOptions(CLI::App* command, app::RowDelivery* delivery) {
  command->add_option(
      "--format", delivery->format,
      "table, csv, json, jsonl, parquet, arrow, arrows (by the output's name; table)");
  command->add_option("--output", delivery->output,
                      "file for the rows, replaced when all are there");
}

void SetDelivery(const Cli& cli, app::RowDelivery* delivery) {
  if (isatty(STDOUT_FILENO) == 1) delivery->most_cell_columns = kMostCellColumns;
  delivery->rows_in_report = cli.options.json;
  delivery->print = WriteOutput;
}

}  // namespace tickhouse::cli
