#include "tickhouse/app/lake/workspace_catalog.h"

#include <utility>

#include "tickhouse/lake/catalog/stored_catalog.h"

namespace tickhouse::app {

Result<std::unique_ptr<lake::Catalog>> MakeCatalog(const LakeSettings& settings,
                                                   const std::string& warehouse,
                                                   Environment& environment) {
  lake::CatalogSettings stored{.name = settings.catalog_name,
                               .warehouse = warehouse,
                               .files = environment.files,
                               .clock = environment.clock,
                               .random = Random(environment.seed).Fork(1)};
  if (settings.catalog == "sqlite") {
    return lake::OpenSqliteCatalog(settings.uri, std::move(stored));
  }
  if (settings.catalog == "postgres") {
    return lake::OpenPostgresCatalog(settings.uri, std::move(stored));
  }
  return Fail(ErrorKind::kInvalidArgument,
              "catalog '" + settings.catalog + "': must be sqlite or postgres");
}

}  // namespace tickhouse::app
