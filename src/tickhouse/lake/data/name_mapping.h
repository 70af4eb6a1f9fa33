// Field ids for files that were written without: `schema.name-mapping.default`.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "tickhouse/core/error.h"

namespace tickhouse::lake {

/// Names of top-level columns and the field each stands for. Names are unique.
struct NameMapping {
  std::vector<std::pair<std::string, int>> names;
  std::optional<int> Find(std::string_view name) const;
};

/// kCorrupt for what is no mapping. Fields inside others are passed over: such columns are not
/// read.
Result<NameMapping> ParseNameMapping(std::string_view json_text);

}  // namespace tickhouse::lake
