#include "tickhouse/app/lake/workspace_catalog.h"

#include <cstdlib>
#include <utility>

#include "tickhouse/lake/catalog/postgres_lake.h"
#include "tickhouse/lake/catalog/stored_catalog.h"
#include "tickhouse/lake/rest/rest_catalog.h"

namespace tickhouse::app {

namespace {

// Secrets come from the environment only: a settings file or a command line would show them.
std::string Secret(const char* name) {
  const char* const value = std::getenv(name);
  return value == nullptr ? "" : value;
}

Result<std::unique_ptr<lake::Catalog>> OpenRest(const LakeSettings& settings,
                                                Environment& environment) {
  lake::RestCatalogSettings rest{
      .name = settings.catalog_name, .uri = settings.uri, .warehouse = settings.warehouse};
  rest.session.http = environment.http;
  rest.session.clock = environment.clock;
  rest.session.cancel = environment.cancel;
  rest.session.random = Random(environment.seed).Fork(3);
  rest.session.token = Secret("TICKHOUSE_REST_TOKEN");
  rest.session.credential = Secret("TICKHOUSE_REST_CREDENTIAL");
  return lake::OpenRestCatalog(std::move(rest));
}

}  // namespace

Result<std::unique_ptr<lake::Catalog>> MakeCatalog(const LakeSettings& settings,
                                                   const std::string& warehouse,
                                                   io::DeferredFileSystem* commit_files,
                                                   Environment& environment) {
  lake::CatalogSettings stored{.name = settings.catalog_name,
                               .warehouse = warehouse,
                               .files = environment.files,
                               .deferred = commit_files,
                               .clock = environment.clock,
                               .random = Random(environment.seed).Fork(1)};
  if (commit_files != nullptr) stored.files = commit_files;
  if (settings.catalog == "sqlite") {
    return lake::OpenSqliteCatalog(settings.uri, std::move(stored));
  }
  if (settings.catalog == "postgres") {
    return lake::OpenPostgresCatalog(settings.uri, std::move(stored));
  }
  if (settings.catalog == "rest") return OpenRest(settings, environment);
  return Fail(ErrorKind::kInvalidArgument,
              "catalog '" + settings.catalog + "': must be sqlite, postgres or rest");
}

Result<std::vector<std::string>> InitDatabase(const LakeSettings& settings,
                                              const std::string& warehouse) {
  if (settings.catalog != "postgres") return std::vector<std::string>();
  return lake::InitPostgresLake(settings.uri,
                                {.catalog_name = settings.catalog_name, .warehouse = warehouse});
}

}  // namespace tickhouse::app
