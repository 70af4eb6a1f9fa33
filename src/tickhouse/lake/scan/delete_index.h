// Which delete files apply to which data file.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "tickhouse/core/error.h"
#include "tickhouse/lake/expression/predicate.h"
#include "tickhouse/lake/manifest/manifest.h"

namespace tickhouse::lake {

/// A partition of one spec as bytes: equal exactly where spec and values are.
std::string PartitionBytes(const DataFile& file);

/// The delete files of a snapshot, by what they apply to. Immutable: safe for several threads.
///
/// Rows of a data file with sequence number d are deleted by
/// - position deletes of number >= d, of the same spec and partition, or of the one file they name;
/// - a deletion vector of number >= d that names the file: then position deletes do not count;
/// - equality deletes of number > d, of the same spec and partition, or of any where the spec of
///   the deletes has no fields, or only void ones.
/// Files that bounds prove to touch no row of the data file are left out.
class DeleteIndex {
 public:
  DeleteIndex() = default;
  /// Of live delete files. kCorrupt: two deletion vectors of one data file, or one without a data
  /// file.
  static Result<DeleteIndex> Build(const TableMetadata& metadata,
                                   std::vector<ManifestEntry> entries);

  bool empty() const { return deletes_.empty(); }
  std::size_t size() const { return deletes_.size(); }
  /// True when there are equality deletes that do.
  bool AppliesToAllPartitions() const { return !equality_of_all_.empty(); }
  /// All of them; valid while the index is.
  std::vector<const DataFile*> Files() const;

  /// In the order of ScanTask::deletes; by sequence number and path within each sort.
  std::vector<DataFile> For(const DataFile& data, int64_t sequence_number) const;

 private:
  struct Delete {
    ManifestEntry entry;
    std::vector<BoundColumn> equality_columns;
    int64_t number() const { return entry.sequence_number.value_or(0); }
  };
  using Numbers = std::vector<std::size_t>;  // Of deletes_, ascending.
  using Groups = std::unordered_map<std::string, Numbers>;

  Status Place(const TableMetadata& metadata, std::size_t number);
  void AddPositions(const DataFile& data, int64_t sequence_number,
                    std::vector<DataFile>* found) const;
  void AddEquality(const Numbers& numbers, const DataFile& data, int64_t sequence_number,
                   std::vector<DataFile>* found) const;

  std::vector<Delete> deletes_;  // By sequence number and path.
  Groups positions_of_file_;
  Groups positions_of_partition_;
  std::unordered_map<std::string, std::size_t> vectors_;
  Groups equality_of_partition_;
  Numbers equality_of_all_;
};

}  // namespace tickhouse::lake
