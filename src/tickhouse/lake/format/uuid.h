// Random identifiers, as tables and files are named with.
#pragma once

#include <string>

#include "tickhouse/core/random.h"

namespace tickhouse::lake {

/// 8-4-4-4-12 hex digits, version 4.
std::string MakeUuid(Random& random);

}  // namespace tickhouse::lake
