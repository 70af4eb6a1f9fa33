// Evolution of partitioning and order. Old files stay under the spec they were written with.
#pragma once

#include <string>
#include <variant>
#include <vector>

#include "tickhouse/lake/update/commit.h"

namespace tickhouse::lake {

struct AddPartitionField {
  std::string source;  ///< Path of the column.
  Transform transform;
  std::string name = {};  ///< Empty: "datetime_year", "id_bucket_16", the column's for identity.
};
struct RemovePartitionField {
  std::string name;
};
struct RenamePartitionField {
  std::string name;
  std::string new_name;
};
using SpecChange = std::variant<AddPartitionField, RemovePartitionField, RenamePartitionField>;

/// The default spec after `changes`, in order. A field that any spec had before gets its id back.
/// In version 1 a removed field stays as void, for ids there are by position. kInvalidArgument.
Result<PartitionSpec> EvolveSpec(const TableMetadata& metadata,
                                 const std::vector<SpecChange>& changes);
Result<CommitOutcome> UpdateSpec(UpdateSession& session, const TableIdentifier& identifier,
                                 const std::vector<SpecChange>& changes);

struct SortBy {
  std::string source;  ///< Path of the column.
  Transform transform = {};
  bool ascending = true;
  bool nulls_first = true;
};
/// Sets the default order; empty: unsorted.
Result<CommitOutcome> ReplaceSortOrder(UpdateSession& session, const TableIdentifier& identifier,
                                       const std::vector<SortBy>& fields);

/// kInvalidArgument for a property that the format keeps elsewhere ("uuid", "format-version").
Result<CommitOutcome> UpdateProperties(UpdateSession& session, const TableIdentifier& identifier,
                                       const Properties& updates,
                                       const std::vector<std::string>& removals);

/// To version 2. kInvalidArgument to go back; kUnsupported for 3, which this version only reads.
Result<CommitOutcome> UpgradeTable(UpdateSession& session, const TableIdentifier& identifier,
                                   int format_version);

}  // namespace tickhouse::lake
