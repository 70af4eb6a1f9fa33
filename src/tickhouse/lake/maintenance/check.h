// An fsck for tables: from the pointer down to the footers of data files, every fault by name.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "tickhouse/core/cancel.h"
#include "tickhouse/core/error.h"
#include "tickhouse/io/fs/file_system.h"
#include "tickhouse/lake/catalog/catalog.h"

namespace tickhouse::lake {

enum class FaultKind {
  kMissing,     ///< A file that is referred to is not there.
  kUnreadable,  ///< It is there, but not what it should be.
  kCount,       ///< Rows, files or sizes differ from what is said of them.
  kBounds,      ///< A column has values outside of the bounds that scans trust.
  kReference,   ///< An id that stands for nothing, a file listed twice.
};
/// "missing", "unreadable", "count", "bounds", "reference".
std::string_view FaultKindName(FaultKind kind);

struct Fault {
  FaultKind kind = FaultKind::kMissing;
  std::string location;  ///< Of the file at fault.
  std::string text;      ///< What is wrong, with both figures where two differ.
  /// The snapshots whose reading it harms; empty: none (the history, say).
  std::vector<int64_t> snapshots = {};
};

struct CheckOptions {
  bool all_snapshots = true;  ///< Else the heads of branches and tags.
  bool footers = true;        ///< Opens every data file; else only looks whether it is there.
};

struct CheckReport {
  std::string metadata_location;
  int64_t snapshots = 0;
  int64_t manifests = 0;
  int64_t files = 0;  ///< Data and delete files, each once.
  int64_t rows = 0;   ///< Of the data files of the current snapshot.
  int64_t bytes = 0;
  std::vector<Fault> faults = {};
  bool IsSound() const { return faults.empty(); }
  bool Harms(int64_t snapshot_id) const;
};

/// Reads, changes nothing. Faults are in the report; an error is what keeps from looking: no
/// answer, no permission, kCancelled.
Result<CheckReport> CheckTable(io::FileSystem& files, const LoadedTable& table,
                               const CheckOptions& options = {}, const CancelToken& cancel = {});

}  // namespace tickhouse::lake
