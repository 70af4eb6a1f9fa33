// The summary of a snapshot: what it changed, and what the table holds then. Keys and rules are
// those of the reference implementation, so that every engine's totals go on from ours.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "tickhouse/lake/format/table_metadata.h"
#include "tickhouse/lake/manifest/manifest.h"

namespace tickhouse::lake {

/// A partition of one spec.
struct PartitionKey {
  int spec_id = 0;
  std::vector<std::optional<Value>> values;
};
PartitionKey PartitionOf(const DataFile& file);
/// Null before every value; values of one spec's field are of one type.
bool operator<(const PartitionKey& a, const PartitionKey& b);

/// Counts files as they are added and removed.
class SummaryCounts {
 public:
  void Add(const DataFile& file);
  void Remove(const DataFile& file);
  bool empty() const { return added_ == Side{} && removed_ == Side{}; }

  /// Without "operation". `parent` is nullptr for a first snapshot; a total that the parent does
  /// not know stays unknown.
  std::map<std::string, std::string> Build(const Snapshot* parent) const;

 private:
  struct Side {
    int64_t data_files = 0, delete_files = 0, position_files = 0, equality_files = 0, vectors = 0;
    int64_t records = 0, bytes = 0, position_deletes = 0, equality_deletes = 0;
    bool operator==(const Side&) const = default;
  };
  static void Count(const DataFile& file, Side* side);

  Side added_, removed_;
  std::set<PartitionKey> partitions_;
};

}  // namespace tickhouse::lake
