// Which data manifests may hold files that some deletes apply to.
#pragma once

#include <map>
#include <optional>
#include <vector>

#include "tickhouse/lake/manifest/manifest.h"
#include "tickhouse/lake/scan/delete_index.h"

namespace tickhouse::lake {

/// The least and greatest partition values of delete files, by spec. Immutable.
class PartitionRange {
 public:
  PartitionRange(const TableMetadata& metadata, const DeleteIndex& deletes);

  /// False only when no data file of the manifest lies in a partition of the deletes.
  bool MayHold(const ManifestFile& manifest) const;

 private:
  struct Side {
    Type type = {};
    bool null = false;
    bool open = false;  ///< Values that have no order here: anything may be among them.
    std::optional<Value> least = {};
    std::optional<Value> greatest = {};
  };
  void Extend(const DataFile& file, std::vector<Side>* sides) const;
  static bool MayMeet(const Side& side, const PartitionSummary& summary);

  bool everywhere_ = false;
  std::map<int, std::vector<Side>> by_spec_;
};

}  // namespace tickhouse::lake
