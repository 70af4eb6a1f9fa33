// Position deletes: which rows of which data files are gone, as a file of the table.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "tickhouse/core/error.h"
#include "tickhouse/io/fs/file_system.h"
#include "tickhouse/lake/data/partition/row_partitions.h"
#include "tickhouse/lake/format/table_metadata.h"
#include "tickhouse/lake/manifest/manifest.h"

namespace tickhouse::lake {

/// Positions by data file, in any order. Paths exactly as the manifests have them.
using PositionsByFile = std::map<std::string, std::vector<int64_t>>;

/// Writes `<data folder>/<partition>/<name>-deletes.parquet`, sorted by path and position, each
/// once. All data files are of the given spec and partition. Bounds of paths are whole, so that
/// readers can tell which files are meant; deletes of one file say so in `referenced_data_file`.
/// kInvalidArgument without positions or for a negative one; kAlreadyExists.
Result<DataFile> WritePositionDeletes(io::FileSystem& files, const TableMetadata& metadata,
                                      int spec_id, const PartitionTuple& partition,
                                      std::string_view name, PositionsByFile positions);

}  // namespace tickhouse::lake
