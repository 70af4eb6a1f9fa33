// Where new data and delete files of a table go.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "tickhouse/core/error.h"
#include "tickhouse/lake/format/table_metadata.h"
#include "tickhouse/lake/format/value.h"

namespace tickhouse::lake {

/// "side=B/ts_day=2021-01-04", names and values escaped as Java's URLEncoder does; "" for an
/// unpartitioned spec. kUnsupported for a field of a dropped or nested column.
Result<std::string> PartitionPath(const TableMetadata& metadata, const PartitionSpec& spec,
                                  const std::vector<std::optional<Value>>& partition);

/// `write.data.path` or `<location>/data`, the partition's path, `name`.
Result<std::string> DataLocation(const TableMetadata& metadata, const PartitionSpec& spec,
                                 const std::vector<std::optional<Value>>& partition,
                                 std::string_view name);

}  // namespace tickhouse::lake
