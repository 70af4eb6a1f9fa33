// A user's lakehouse: which catalog holds the names, and where the files lie.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "tickhouse/app/environment.h"
#include "tickhouse/core/error.h"
#include "tickhouse/core/random.h"
#include "tickhouse/io/fs/deferred/deferred_file_system.h"
#include "tickhouse/lake/catalog/catalog.h"
#include "tickhouse/lake/update/commit.h"

namespace tickhouse::app {

/// What the command line says; empty: as the workspace's tickhouse.toml, section [lake], says, and
/// without one a SQLite catalog and a warehouse inside the folder.
struct WorkspaceRequest {
  std::string folder = {};   ///< --workspace. Empty: `.` with a [lake] section, else ./lakehouse.
  std::string catalog = {};  ///< "sqlite", "postgres" or "rest".
  std::string uri = {};      ///< SQLite: a file; Postgres: a libpq URI; REST: http(s)://...
  std::string catalog_name = {};  ///< Column catalog_name of the JDBC tables (catalog-dw).
  std::string warehouse = {};     ///< Folder or s3://bucket[/prefix]; of new tables.
  bool must_exist = true;         ///< False: made when missing (init, migrate).
  bool init_database = false;     ///< All that a PostgreSQL lakehouse has, not only its tables.
};

/// `catalog` uses what `environment` points to. One thread opens, several may use.
struct Workspace {
  std::string folder;     ///< Absolute.
  std::string kind;       ///< As `WorkspaceRequest::catalog`.
  std::string warehouse;  ///< A location: file:///... or s3://...
  /// What changes of tables write through, so that a commit waits for the disk once; null where the
  /// catalog is a server's.
  std::unique_ptr<io::DeferredFileSystem> commit_files = {};
  std::unique_ptr<lake::Catalog> catalog;
  std::vector<std::string> made = {};  ///< By `init_database`, in words.
  Random random{0};                    ///< Of snapshot ids, manifest names and waits.
};

/// kNotFound with the way out (`tickhouse lake init`) when there is none; kInvalidArgument names
/// the key at fault; kUnavailable when the catalog does not answer.
Result<Workspace> OpenWorkspace(const WorkspaceRequest& request, Environment& environment);

/// What changes of tables are made through; valid while both are.
lake::UpdateSession SessionOf(Workspace& workspace, Environment& environment);

/// `path` from the root, without "." and doubled slashes; relative ones begin in the current
/// folder.
Result<std::string> PathFromRoot(const std::string& path);

/// "gold.eurusd" or "eurusd": the first as it is, the second in namespace gold; letters become
/// small as the gold tables are named.
Result<lake::TableIdentifier> TableNamed(const std::string& text);

}  // namespace tickhouse::app
