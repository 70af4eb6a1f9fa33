// A catalog over rows of our own: gives the pointers of a TableStore their meaning. Metadata files
// are written and read here, requirements checked, updates applied.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "tickhouse/core/clock.h"
#include "tickhouse/core/random.h"
#include "tickhouse/io/fs/file_system.h"
#include "tickhouse/lake/catalog/catalog.h"
#include "tickhouse/lake/catalog/sql_connection.h"
#include "tickhouse/lake/catalog/table_store.h"

namespace tickhouse::io {
class DeferredFileSystem;
}

namespace tickhouse::lake {

/// Data files, manifests, their lists and table metadata: what has to be on the disk only when the
/// pointer moves.
bool IsCommitFile(std::string_view path);

/// Files and clock are not owned and outlive the catalog.
struct CatalogSettings {
  std::string name;       ///< "catalog-dw"
  std::string warehouse;  ///< A location: "s3://datalakehouse", "file:///data/lake".
  io::FileSystem* files = nullptr;
  /// When `files` is one: flushed before a pointer moves.
  io::DeferredFileSystem* deferred = nullptr;
  Clock* clock = nullptr;
  /// For table uuids and the names of metadata files: seeded differently in each process.
  Random random{0};
  Nanos answer_timeout = kAnswerTimeout;  ///< Of a PostgreSQL server.
};

std::unique_ptr<Catalog> MakeStoredCatalog(std::unique_ptr<TableStore> store,
                                           CatalogSettings settings);
std::unique_ptr<Catalog> MakeMemoryCatalog(CatalogSettings settings);
/// Errors as OpenSqlite and OpenSqlStore.
Result<std::unique_ptr<Catalog>> OpenSqliteCatalog(const std::string& file,
                                                   CatalogSettings settings);
/// Errors as OpenPostgres and OpenSqlStore.
Result<std::unique_ptr<Catalog>> OpenPostgresCatalog(const std::string& address,
                                                     CatalogSettings settings);

}  // namespace tickhouse::lake
