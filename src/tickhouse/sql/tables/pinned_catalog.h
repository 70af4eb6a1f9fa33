// A catalog as one statement sees it: every table at one point in its history, and nothing to
// change.
#pragma once

#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "tickhouse/lake/catalog/catalog.h"
#include "tickhouse/sql/tables/lake_tables.h"

namespace tickhouse::sql {

/// For an engine that is told about tables by a catalog of its own (app serves this one to Spark).
/// A table's `main`, current snapshot and current schema are those of lake::ResolveReadPoint;
/// its other branches, tags and snapshots stay to be asked for. Each table is loaded once, so that
/// a statement that names it twice sees it once. Letters of names become small. All that changes
/// something is kPermission. Safe for several threads.
class PinnedCatalog : public lake::Catalog {
 public:
  /// `at` as of ResolveReadPoint; `on_read` is called for each table once, maybe by several
  /// threads, and may be empty. `catalog` outlives this.
  PinnedCatalog(lake::Catalog& catalog, std::string at,
                std::function<void(const TableRead&)> on_read);

  /// The first failure other than that a table does not exist: what the engine makes of it is
  /// less than what we know. LoadTable answers kInvalidArgument then, whatever its kind here.
  std::optional<Error> problem() const;

  const std::string& name() const override { return catalog_.name(); }
  Result<std::vector<lake::Namespace>> ListNamespaces(const lake::Namespace& parent) override;
  Result<lake::Properties> LoadNamespace(const lake::Namespace& ns) override;
  Result<std::vector<lake::TableIdentifier>> ListTables(const lake::Namespace& ns) override;
  Result<lake::LoadedTable> LoadTable(const lake::TableIdentifier& identifier) override;

  Status CreateNamespace(const lake::Namespace& ns, const lake::Properties& properties) override;
  Status DropNamespace(const lake::Namespace& ns) override;
  Status UpdateNamespace(const lake::Namespace& ns, const lake::Properties& updates,
                         const std::vector<std::string>& removals) override;
  Result<lake::LoadedTable> CreateTable(const lake::CreateTableRequest& request) override;
  Result<lake::LoadedTable> RegisterTable(const lake::TableIdentifier& identifier,
                                          const std::string& metadata_location) override;
  Status DropTable(const lake::TableIdentifier& identifier) override;
  Status RenameTable(const lake::TableIdentifier& from, const lake::TableIdentifier& to) override;
  Result<lake::LoadedTable> CommitTable(const lake::TableIdentifier& identifier,
                                        const std::vector<lake::TableRequirement>& requirements,
                                        const std::vector<lake::TableUpdate>& updates) override;
  Result<lake::LoadedTable> StageTable(const lake::CreateTableRequest& request) override;
  Status CommitTables(const std::vector<lake::TableCommit>& commits) override;

 private:
  Result<lake::LoadedTable> LoadPinned(const lake::TableIdentifier& identifier);
  Error Noted(Error error);

  lake::Catalog& catalog_;
  const std::string at_;
  const std::function<void(const TableRead&)> on_read_;
  mutable std::mutex mutex_;  ///< Guards what follows; not held while the catalog is asked.
  std::map<lake::TableIdentifier, lake::LoadedTable> loaded_;
  std::optional<Error> problem_;
};

}  // namespace tickhouse::sql
