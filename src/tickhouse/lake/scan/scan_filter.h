// One filter against manifests and files of every spec of a table.
#pragma once

#include <map>
#include <optional>

#include "tickhouse/lake/expression/partition_filter.h"
#include "tickhouse/lake/manifest/manifest.h"

namespace tickhouse::lake {

/// Immutable: safe for several threads. Keeps what it needs of its arguments.
class ScanFilter {
 public:
  ScanFilter(const TableMetadata& metadata, const Predicate& filter);

  const Predicate& filter() const { return filter_; }
  /// False only when no file of the manifest can hold a row that matches.
  bool MayMatch(const ManifestFile& manifest) const;

  enum class Verdict { kSelected, kOtherPartition, kOtherValues };
  /// Anything but kSelected only when no row of the file matches.
  Verdict Judge(const DataFile& file) const;
  /// What is left to ask of the rows of a selected file; kFalse: none matches after all.
  Predicate Residual(const DataFile& file) const;

 private:
  const PartitionFilter* Find(int spec_id) const;

  Predicate filter_;
  std::map<int, PartitionFilter> by_spec_;
};

/// True unless the counts say that no file of it is live.
bool MayHoldLiveFiles(const ManifestFile& manifest);

}  // namespace tickhouse::lake
