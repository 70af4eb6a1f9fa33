#include "tickhouse/app/lake/init.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <utility>

#include "tickhouse/app/lake/workspace_file.h"

namespace tickhouse::app {

namespace {

using Json = nlohmann::ordered_json;

bool HoldsPassword(const std::string& uri) {
  if (uri.find("password=") != std::string::npos) return true;
  const std::size_t scheme = uri.find("://");
  if (scheme == std::string::npos) return false;
  const std::size_t at = uri.find('@', scheme);
  const std::size_t colon = uri.find(':', scheme + 3);
  return at != std::string::npos && colon < at;
}

bool SaysMore(const WorkspaceRequest& request) {
  return !request.catalog.empty() || !request.uri.empty() || !request.catalog_name.empty() ||
         !request.warehouse.empty();
}

// Keeps what was said for the commands to come.
Status Remember(const WorkspaceRequest& request, const std::string& folder, io::FileSystem& files) {
  const LakeSettings said{request.catalog, request.uri, request.catalog_name, request.warehouse};
  const std::string path = io::JoinPath(folder, "tickhouse.toml");
  TICKHOUSE_ASSIGN(const std::optional<LakeSettings> there, ReadLakeSettings(files, path));
  if (!there) return AppendLakeSettings(files, path, said);
  const auto differs = [](const std::string& now, const std::string& before) {
    return !now.empty() && now != before;
  };
  if (differs(said.catalog, there->catalog) || differs(said.uri, there->uri) ||
      differs(said.catalog_name, there->catalog_name) ||
      differs(said.warehouse, there->warehouse)) {
    return Fail(ErrorKind::kConflict,
                path +
                    ": section [lake] says something else; change it there, or give another "
                    "--workspace");
  }
  return {};
}

}  // namespace

Result<RunReport> LakeInit(const WorkspaceRequest& request, Environment& environment) {
  if (HoldsPassword(request.uri)) {
    return Fail(ErrorKind::kInvalidArgument,
                "--uri: leave the password out, tickhouse.toml would keep it; libpq reads "
                "PGPASSWORD and ~/.pgpass");
  }
  WorkspaceRequest making = request;
  making.must_exist = false;
  making.init_database = true;
  TICKHOUSE_ASSIGN(const Workspace workspace, OpenWorkspace(making, environment));
  const Status named = workspace.catalog->CreateNamespace({"gold"}, {});
  if (!named && named.error().kind != ErrorKind::kAlreadyExists) return Fail(named.error());
  const bool is_new = named.has_value() ||
                      std::ranges::find(workspace.made, "namespace gold") != workspace.made.end();
  if (SaysMore(request)) {
    TICKHOUSE_TRY(environment.files->MakeFolders(workspace.folder));
    TICKHOUSE_TRY(Remember(request, workspace.folder, *environment.files));
  }
  RunReport run;
  run.command = "lake init";
  run.outputs.push_back(workspace.folder);
  run.text =
      fmt::format("lakehouse {}\n  catalog    {} ({})\n  warehouse  {}\n  namespace  gold{}\n",
                  workspace.folder, workspace.kind, workspace.catalog->name(), workspace.warehouse,
                  is_new ? "" : " (was there)");
  if (workspace.kind == "postgres") {
    run.text +=
        fmt::format("  made       {}\n", workspace.made.empty()
                                             ? "nothing, all was there"
                                             : fmt::format("{}", fmt::join(workspace.made, ", ")));
    run.counts.emplace_back("made", static_cast<int64_t>(workspace.made.size()));
    run.details.emplace_back("made", Json(workspace.made).dump());
  }
  return run;
}

}  // namespace tickhouse::app
