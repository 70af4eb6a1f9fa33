// The catalog that settings name.
#pragma once

#include <memory>
#include <string>

#include "tickhouse/app/environment.h"
#include "tickhouse/app/lake/workspace_file.h"
#include "tickhouse/lake/catalog/catalog.h"

namespace tickhouse::app {

/// `settings` complete; `warehouse` is a location. kInvalidArgument for an unknown kind.
Result<std::unique_ptr<lake::Catalog>> MakeCatalog(const LakeSettings& settings,
                                                   const std::string& warehouse,
                                                   Environment& environment);

}  // namespace tickhouse::app
