// The catalog that settings name.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "tickhouse/app/environment.h"
#include "tickhouse/app/lake/workspace_file.h"
#include "tickhouse/io/fs/deferred/deferred_file_system.h"
#include "tickhouse/lake/catalog/catalog.h"

namespace tickhouse::app {

/// `settings` complete; `warehouse` is a location; `commit_files` may be null. kInvalidArgument for
/// an unknown kind.
Result<std::unique_ptr<lake::Catalog>> MakeCatalog(const LakeSettings& settings,
                                                   const std::string& warehouse,
                                                   io::DeferredFileSystem* commit_files,
                                                   Environment& environment);

/// What its database needs beside, made where it is missing; what was made, in words. Nothing for a
/// SQLite catalog. Errors as InitPostgresLake.
Result<std::vector<std::string>> InitDatabase(const LakeSettings& settings,
                                              const std::string& warehouse);

}  // namespace tickhouse::app
