// Compaction's own work: the rows of many files in few, sorted ones.
#pragma once

#include "tickhouse/app/environment.h"
#include "tickhouse/app/lake/rows/sorted_rows.h"
#include "tickhouse/core/random.h"
#include "tickhouse/lake/maintenance/compact.h"

namespace tickhouse::app {

/// Reads a group's rows without those its deletes take away, and writes them in the order of the
/// table (OrderOfTable) into files of the same partition and spec: files that do not overlap are
/// joined one behind another, those that do are merged. After a failure the files it wrote are
/// gone. kCorrupt when the rows written are not as many as the manifests and deletes promise; then
/// nothing is kept either. What is given outlives it.
lake::RewriteGroup MakeSortedRewrite(Environment& environment, Random& random, SpillSpace& spill,
                                     const SortLimits& limits = {});

}  // namespace tickhouse::app
