// A table's first schema: field ids from 1, whatever the request had.
#pragma once

#include "tickhouse/core/error.h"
#include "tickhouse/lake/catalog/catalog.h"

namespace tickhouse::lake {

/// Ids in the order of the reference implementation: all fields of a struct, then what lies inside
/// each. Identifier fields, partition spec and sort order follow. kInvalidArgument names an id that
/// is no field, or is used twice.
Status AssignFreshIds(CreateTableRequest* request);

}  // namespace tickhouse::lake
