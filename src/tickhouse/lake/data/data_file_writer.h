// New rows of a table to data files.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "tickhouse/core/error.h"
#include "tickhouse/core/random.h"
#include "tickhouse/io/fs/file_system.h"
#include "tickhouse/io/parquet/table/column_batch.h"
#include "tickhouse/lake/data/partition/row_partitions.h"
#include "tickhouse/lake/format/table_metadata.h"
#include "tickhouse/lake/manifest/manifest.h"

namespace tickhouse::lake {

struct DataWriteOptions {
  std::optional<int> spec_id = {};        ///< Empty: the table's default.
  std::optional<int> sort_order_id = {};  ///< When the rows come in this order.
  /// Empty: the table's `write.target-file-size-bytes`, else 512 MiB. Files end with the row group
  /// that reaches it.
  std::optional<int64_t> target_file_bytes = {};
  /// Files being written at once, of different partitions; one more ends the one that has waited
  /// longest.
  std::size_t most_open = 64;
  /// Values in memory that wait for their row groups, over all files.
  int64_t most_buffered_bytes = int64_t{256} << 20;
  int64_t row_group_rows = int64_t{1} << 20;
  int64_t row_group_bytes = int64_t{64} << 20;
};

/// Rows keep their order within a partition. A file has its name only when it is complete: a killed
/// process leaves none behind. One thread.
class DataFileWriter {
 public:
  /// Rows are of the current schema. `random` names the files; nothing of the arguments but the
  /// file system must outlive the call. kUnsupported names a column or partition field that cannot
  /// be written; kInvalidArgument an unknown spec or a property that is no size.
  static Result<std::unique_ptr<DataFileWriter>> Open(io::FileSystem& files,
                                                      const TableMetadata& metadata, Random& random,
                                                      DataWriteOptions options = {});
  ~DataFileWriter();

  /// What batches must look like: the schema's fields in their order, as `StoredTypeOf`.
  const std::vector<io::ColumnSchema>& schema() const;

  /// Each row to its partition. kInvalidArgument as ParquetTableWriter::Write.
  Status Write(const io::ColumnBatch& batch);
  /// All rows to one partition, which is not checked against them.
  Status WritePartition(const PartitionTuple& partition, const io::ColumnBatch& batch);

  /// The files, in the order they were completed; none without rows. Call once.
  Result<std::vector<DataFile>> Close();
  /// Instead of Close: removes the files that were complete. The first failure is told, after all
  /// were tried.
  Status Abandon();

 private:
  struct State;
  explicit DataFileWriter(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace tickhouse::lake
