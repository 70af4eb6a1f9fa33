// The verbs of `tickhouse lake` that have options of their own.
#pragma once

#include <functional>
#include <memory>

#include "tickhouse/app/lake/workspace.h"
#include "tickhouse/cli/command.h"

namespace tickhouse::cli {

using WorkspacePtr = std::shared_ptr<app::WorkspaceRequest>;
using VerbRun = std::function<Result<app::RunReport>(app::Environment&)>;

inline constexpr char kTable[] = "gold.eurusd, or eurusd";
inline constexpr char kAt[] = "a snapshot id, branch, tag or time";

/// `tickhouse lake NAME`, which runs `run`. Owned by `lake`.
CLI::App* AddVerb(CLI::App* lake, Cli* cli, const char* name, const char* help, VerbRun run);

/// rollback, tag, branch, publish, evolve and partitions, below `lake`.
void RegisterLakeChanges(CLI::App* lake, Cli* cli, const WorkspacePtr& workspace);
/// read and diff.
void RegisterLakeRows(CLI::App* lake, Cli* cli, const WorkspacePtr& workspace);
/// expire, orphans, compact, rewrite-manifests and check.
void RegisterLakeUpkeep(CLI::App* lake, Cli* cli, const WorkspacePtr& workspace);
void RegisterLakeMenu(CLI::App* lake, Cli* cli, const WorkspacePtr& workspace);

/// serve and sync-info.
void RegisterLakeService(CLI::App* lake, Cli* cli, const WorkspacePtr& workspace);

}  // namespace tickhouse::cli
