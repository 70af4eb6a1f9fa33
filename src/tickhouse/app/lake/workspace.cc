#include "tickhouse/app/lake/workspace.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cctype>
#include <cstdlib>
#include <memory>
#include <optional>
#include <utility>

#include "tickhouse/app/lake/workspace_catalog.h"
#include "tickhouse/app/lake/workspace_file.h"
#include "tickhouse/lake/catalog/stored_catalog.h"

namespace tickhouse::app {

namespace {

constexpr char kDefaultFolder[] = "lakehouse";
constexpr char kSettingsFile[] = "tickhouse.toml";
constexpr char kDefaultCatalogName[] = "catalog-dw";

bool HasScheme(const std::string& text) {
  return text.find("://") != std::string::npos;
}

// Where the workspace lies, and what its file says.
Result<std::pair<std::string, LakeSettings>> FindSettings(const WorkspaceRequest& request,
                                                          io::FileSystem& files) {
  std::string folder = request.folder;
  if (folder.empty()) {
    TICKHOUSE_ASSIGN(std::optional<LakeSettings> here, ReadLakeSettings(files, kSettingsFile));
    if (here) {
      TICKHOUSE_ASSIGN(folder, PathFromRoot("."));
      return std::pair{std::move(folder), *std::move(here)};
    }
    folder = kDefaultFolder;
  }
  TICKHOUSE_ASSIGN(folder, PathFromRoot(folder));
  TICKHOUSE_ASSIGN(std::optional<LakeSettings> there,
                   ReadLakeSettings(files, io::JoinPath(folder, kSettingsFile)));
  return std::pair{std::move(folder), std::move(there).value_or(LakeSettings{})};
}

// What the command line says goes before the file, the file before the defaults.
LakeSettings Merge(const WorkspaceRequest& request, LakeSettings file) {
  if (!request.catalog.empty()) file.catalog = request.catalog;
  if (!request.uri.empty()) file.uri = request.uri;
  if (!request.catalog_name.empty()) file.catalog_name = request.catalog_name;
  if (!request.warehouse.empty()) file.warehouse = request.warehouse;
  if (file.catalog.empty()) file.catalog = "sqlite";
  if (file.catalog_name.empty()) file.catalog_name = kDefaultCatalogName;
  return file;
}

Result<std::string> WarehouseLocation(const std::string& said, const std::string& folder) {
  std::string path = said.empty() ? "warehouse" : said;
  while (path.size() > 1 && path.ends_with('/')) path.pop_back();
  if (HasScheme(path)) return path;
  return "file://" + io::JoinPath(folder, path);
}

}  // namespace

Result<std::string> PathFromRoot(const std::string& path) {
  std::string absolute;
  if (!path.starts_with('/')) {
    const std::unique_ptr<char, decltype(&std::free)> here(::getcwd(nullptr, 0), &std::free);
    if (!here) return FailErrno(errno, "the current folder");
    absolute = std::string(here.get()) == "/" ? "" : here.get();
  }
  for (std::size_t at = 0; at < path.size();) {
    const std::size_t end = std::min(path.find('/', at), path.size());
    const std::string part = path.substr(at, end - at);
    if (!part.empty() && part != ".") absolute += "/" + part;
    at = end + 1;
  }
  return absolute.empty() ? "/" : absolute;
}

Result<Workspace> OpenWorkspace(const WorkspaceRequest& request, Environment& environment) {
  TICKHOUSE_ASSIGN(auto found, FindSettings(request, *environment.files));
  Workspace workspace;
  workspace.folder = std::move(found.first);
  LakeSettings settings = Merge(request, std::move(found.second));
  workspace.kind = settings.catalog;
  TICKHOUSE_ASSIGN(workspace.warehouse, WarehouseLocation(settings.warehouse, workspace.folder));
  if (settings.catalog == "sqlite") {
    if (settings.uri.empty()) settings.uri = "catalog.db";
    settings.uri = io::JoinPath(workspace.folder, settings.uri);
    TICKHOUSE_ASSIGN(const bool exists, environment.files->Exists(settings.uri));
    if (!exists && request.must_exist) {
      return Fail(ErrorKind::kNotFound,
                  fmt::format("{}: no lakehouse here; `tickhouse lake init` or `tickhouse lake "
                              "migrate SRC` makes one, --workspace DIR names another",
                              workspace.folder));
    }
    if (!exists) TICKHOUSE_TRY(environment.files->MakeFolders(workspace.folder));
  } else if (settings.uri.empty()) {
    return Fail(ErrorKind::kInvalidArgument,
                fmt::format("catalog {}: --uri (or uri in section [lake] of {}) is missing",
                            settings.catalog, kSettingsFile));
  }
  if (request.init_database) {
    TICKHOUSE_ASSIGN(workspace.made, InitDatabase(settings, workspace.warehouse));
  }
  if (settings.catalog != "rest") {
    workspace.commit_files =
        std::make_unique<io::DeferredFileSystem>(environment.files, lake::IsCommitFile);
  }
  TICKHOUSE_ASSIGN(workspace.catalog, MakeCatalog(settings, workspace.warehouse,
                                                  workspace.commit_files.get(), environment));
  workspace.random = Random(environment.seed).Fork(2);
  return workspace;
}

lake::UpdateSession SessionOf(Workspace& workspace, Environment& environment) {
  lake::UpdateSession session;
  session.catalog = workspace.catalog.get();
  session.files = environment.files;
  if (workspace.commit_files) session.files = workspace.commit_files.get();
  session.clock = environment.clock;
  session.random = &workspace.random;
  session.cancel = environment.cancel;
  session.engine_properties = {{"engine-name", "tickhouse"}};
  return session;
}

Result<lake::TableIdentifier> TableNamed(const std::string& text) {
  std::string small = text;
  for (char& c : small) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  if (small.find('.') == std::string::npos) small = "gold." + small;
  return lake::ParseTableIdentifier(small);
}

}  // namespace tickhouse::app
