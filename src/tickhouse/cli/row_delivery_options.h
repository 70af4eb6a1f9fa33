// Options of every command that hands out rows.
#pragma once

#include "tickhouse/app/sql/row_delivery.h"
#include "tickhouse/cli/command.h"

namespace tickhouse::cli {

/// --format and --output.
void AddDeliveryOptions(CLI::App* command, app::RowDelivery* delivery);
/// What the options leave open: standard output, its width where it is a terminal, or the report.
void SetDelivery(const Cli& cli, app::RowDelivery* delivery);

}  // namespace tickhouse::cli
