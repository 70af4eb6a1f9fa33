// The options that say which lakehouse is meant; the same for every command that uses one.
#pragma once

#include "tickhouse/app/lake/workspace.h"

namespace CLI {
class App;
}

namespace tickhouse::cli {

/// `request` must outlive the parsing.
void AddWorkspaceOptions(CLI::App* command, app::WorkspaceRequest* request);

}  // namespace tickhouse::cli
