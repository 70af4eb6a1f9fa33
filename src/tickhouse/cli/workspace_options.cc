#include "tickhouse/cli/workspace_options.h"

#include <CLI/CLI.hpp>

namespace tickhouse::cli {

void AddWorkspaceOptions(CLI::App* command, app::WorkspaceRequest* request) {
  command->add_option("--workspace", request->folder,
                      "folder of the lakehouse (. with a [lake] section, else ./lakehouse)");
  command->add_option("--catalog", request->catalog, "where table names are kept (sqlite)")
      ->check(CLI::IsMember({"sqlite", "postgres", "rest"}));
  command->add_option(
      "--uri", request->uri,
      "SQLite file, postgresql://user@host/db, or http(s)://host:port of a REST catalog");
  command->add_option("--catalog-name", request->catalog_name,
                      "name of the catalog in its tables (catalog-dw)");
  command->add_option("--warehouse", request->warehouse,
                      "folder or s3://bucket/prefix of new tables");
}

}  // namespace tickhouse::cli
