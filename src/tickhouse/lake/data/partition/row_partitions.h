// Which partition each row of a batch belongs to.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "tickhouse/core/error.h"
#include "tickhouse/io/parquet/table/column_batch.h"
#include "tickhouse/lake/format/table_metadata.h"
#include "tickhouse/lake/format/value.h"

namespace tickhouse::lake {

using PartitionTuple = std::vector<std::optional<Value>>;

/// The partitions of a batch in the order met, and the number of its partition for each row (empty:
/// all rows are of the first).
struct RowPartitions {
  std::vector<PartitionTuple> partitions;
  std::vector<uint32_t> of_row;
};

/// Applies the transforms of one spec to rows of one schema. Immutable.
class RowPartitioner {
 public:
  /// kUnsupported names a field of a dropped or nested column, or of an unknown transform.
  static Result<RowPartitioner> Make(const Schema& schema, const PartitionSpec& spec);

  /// Columns lie as the schema's fields do, in their stored types. Where a whole stretch of rows
  /// falls into one partition that is seen from its least and greatest instant.
  RowPartitions Assign(const io::ColumnBatch& batch) const;

 private:
  struct Part {
    std::size_t column = 0;
    Type source;
    Transform transform;
    bool constant = false;  ///< Void: always null.
  };
  PartitionTuple TupleOf(const io::ColumnBatch& batch, std::size_t row) const;
  std::optional<PartitionTuple> TupleOfAll(const io::ColumnBatch& batch, std::size_t begin,
                                           std::size_t end) const;
  void AssignRows(const io::ColumnBatch& batch, std::size_t begin, std::size_t end,
                  class PartitionNumbers* numbers, RowPartitions* out) const;

  std::vector<Part> parts_;
};

/// Equal tuples give equal keys.
std::string KeyOfPartition(const PartitionTuple& tuple);

}  // namespace tickhouse::lake
