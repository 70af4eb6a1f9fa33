// What a scan hands to a reader of rows.
#pragma once

#include <cstdint>
#include <vector>

#include "tickhouse/lake/expression/predicate.h"
#include "tickhouse/lake/manifest/manifest.h"

namespace tickhouse::lake {

/// One data file of a scan and what applies to it. Deletes are already matched: sequence numbers,
/// partition, bounds, referenced file.
struct ScanTask {
  DataFile data;
  int64_t data_sequence_number = 0;
  /// Position deletes (Parquet), deletion vectors (PUFFIN), equality deletes, in that order.
  std::vector<DataFile> deletes = {};
  /// What still must be asked row by row; kTrue when the metadata prove all rows.
  Predicate residual = {};
};

}  // namespace tickhouse::lake
