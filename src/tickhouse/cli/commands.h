// Every command of the program. A new one: write its file, declare it here, list it in main.cc.
#pragma once

#include "tickhouse/cli/command.h"

namespace tickhouse::cli {

void RegisterFetch(CLI::App& app, Cli* cli);
void RegisterGenerate(CLI::App& app, Cli* cli);
void RegisterConvert(CLI::App& app, Cli* cli);
void RegisterScan(CLI::App& app, Cli* cli);
void RegisterClean(CLI::App& app, Cli* cli);
void RegisterStats(CLI::App& app, Cli* cli);
void RegisterLake(CLI::App& app, Cli* cli);
void RegisterSql(CLI::App& app, Cli* cli);
void RegisterDemo(CLI::App& app, Cli* cli);

}  // namespace tickhouse::cli
