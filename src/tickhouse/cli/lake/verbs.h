// The verbs of `tickhouse lake` that have options of their own.
#pragma once

#include <memory>

#include "tickhouse/app/lake/workspace.h"
#include "tickhouse/cli/command.h"

namespace tickhouse::cli {

/// rollback, tag, branch, publish, evolve and partitions, below `lake`.
void RegisterLakeChanges(CLI::App* lake, Cli* cli,
                         const std::shared_ptr<app::WorkspaceRequest>& workspace);
/// read and diff.
void RegisterLakeRows(CLI::App* lake, Cli* cli,
                      const std::shared_ptr<app::WorkspaceRequest>& workspace);
/// expire, orphans, compact, rewrite-manifests and check.
void RegisterLakeUpkeep(CLI::App* lake, Cli* cli,
                        const std::shared_ptr<app::WorkspaceRequest>& workspace);
void RegisterLakeMenu(CLI::App* lake, Cli* cli,
                      const std::shared_ptr<app::WorkspaceRequest>& workspace);

/// serve and sync-info.
void RegisterLakeService(CLI::App* lake, Cli* cli,
                         const std::shared_ptr<app::WorkspaceRequest>& workspace);

}  // namespace tickhouse::cli
