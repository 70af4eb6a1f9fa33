// Use case `lake menu`: time travel by conversation.
#pragma once

#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "tickhouse/app/environment.h"
#include "tickhouse/app/lake/workspace.h"
#include "tickhouse/app/run_report.h"

namespace tickhouse::app {

/// Who is talked to. `ask` shows the prompt and answers a line without its end; nothing: there will
/// be no more. kCancelled ends the menu.
struct Conversation {
  std::function<Status(std::string_view)> print;
  std::function<Result<std::optional<std::string>>(std::string_view prompt)> ask;
  std::size_t width = 120;
};

struct MenuRequest {
  std::string table = {};  ///< Empty: the only one there is, or asked for.
  Conversation talk = {};
};

/// Lists snapshots, shows partitions and rows at any of them, compares two, tags, goes back to one
/// (after the states before and after were shown and "yes" was said), switches the table. A wish
/// that fails is told, and the next one asked for. Counts rollbacks and tags.
Result<RunReport> LakeMenu(const WorkspaceRequest& workspace, const MenuRequest& request,
                           Environment& environment);

}  // namespace tickhouse::app
