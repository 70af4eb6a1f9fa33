// One filter against the partitions of one spec.
#pragma once

#include <optional>
#include <vector>

#include "tickhouse/lake/expression/predicate.h"
#include "tickhouse/lake/manifest/manifest.h"

namespace tickhouse::lake {

using PartitionValues = std::vector<std::optional<Value>>;

/// Immutable: safe for several threads. Keeps what it needs of its arguments.
class PartitionFilter {
 public:
  PartitionFilter(const Predicate& filter, const PartitionSpec& spec);

  /// False only when no file of the manifest can hold a row that matches, by its summaries.
  bool MayMatch(const ManifestFile& manifest) const;
  /// False only when no row of the partition can match.
  bool MayMatch(const PartitionValues& partition) const;
  /// True only when every row of the partition matches.
  bool AllMatch(const PartitionValues& partition) const;
  /// What is left to test row by row, by the file's partition and its metrics.
  Predicate Residual(const DataFile& file) const;

 private:
  struct Leaf {
    Predicate inclusive;
    Predicate strict;
  };
  void AddLeaves(const Predicate& filter, const PartitionSpec& spec);
  Predicate Reduce(const Predicate& node, const DataFile& file, std::size_t* leaf) const;

  Predicate filter_;
  std::size_t fields_ = 0;
  Predicate inclusive_;
  Predicate strict_;
  std::vector<Leaf> leaves_;  ///< Of `filter_`, in order.
};

}  // namespace tickhouse::lake
