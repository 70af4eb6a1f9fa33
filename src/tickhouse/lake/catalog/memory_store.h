// A catalog's rows in memory: for tests and for work that nobody else sees.
#pragma once

#include <memory>

#include "tickhouse/lake/catalog/table_store.h"

namespace tickhouse::lake {

std::unique_ptr<TableStore> MakeMemoryStore();

}  // namespace tickhouse::lake
