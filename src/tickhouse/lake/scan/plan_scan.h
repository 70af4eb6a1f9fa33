// Which files a query has to read, and what is left to ask of their rows.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "tickhouse/core/cancel.h"
#include "tickhouse/core/error.h"
#include "tickhouse/io/fs/file_system.h"
#include "tickhouse/lake/scan/scan_task.h"

namespace tickhouse::lake {

struct ScanRequest {
  const Snapshot* snapshot = nullptr;     ///< nullptr: an empty table.
  const Schema* schema = nullptr;         ///< See ReadPoint; nullptr: the current one.
  Predicate filter = {};                  ///< Bound to that schema.
  std::vector<std::string> columns = {};  ///< Top-level names; empty: all.
  bool case_sensitive = false;  ///< False: another case will do where only one column fits.
  int threads = 1;
  CancelToken cancel = {};
};

/// What a plan looked at. Files and bytes are of live data files in manifests that were read.
struct ScanCounters {
  int64_t manifests = 0;          ///< In the snapshot's list, both contents.
  int64_t manifests_skipped = 0;  ///< Not opened: other partitions, or no live file.
  int64_t manifest_bytes_read = 0;
  int64_t files = 0;
  int64_t files_skipped_by_partition = 0;
  int64_t files_skipped_by_values = 0;
  int64_t files_selected = 0;
  int64_t bytes_skipped = 0;
  int64_t bytes_selected = 0;
  int64_t rows_selected = 0;  ///< Of the selected files, before deletes and residuals.
  int64_t delete_files = 0;   ///< That any selected file may need; all live ones that were read.

  void Add(const ScanCounters& other);
  bool operator==(const ScanCounters&) const = default;
};

struct ScanPlan {
  Schema schema = {};                ///< The chosen columns, in the order asked for.
  std::vector<ScanTask> tasks = {};  ///< In the order of list and manifests.
  ScanCounters counters = {};
};

/// The same plan for any number of threads. Files are never left out on doubt. kInvalidArgument
/// names a column that does not exist; kCorrupt, kNotFound name the manifest at fault.
Result<ScanPlan> PlanScan(io::FileSystem& files, const TableMetadata& metadata,
                          const ScanRequest& request);

/// `columns` of `schema`, as ScanRequest says.
Result<Schema> SelectColumns(const Schema& schema, const std::vector<std::string>& columns,
                             bool case_sensitive);

}  // namespace tickhouse::lake
