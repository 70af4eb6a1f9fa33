// The rows of one data file as a schema of the table wants them.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>

#include "tickhouse/core/error.h"
#include "tickhouse/io/fs/file_system.h"
#include "tickhouse/io/parquet/table/column_batch.h"
#include "tickhouse/lake/expression/predicate.h"
#include "tickhouse/lake/format/table_metadata.h"
#include "tickhouse/lake/manifest/manifest.h"

namespace tickhouse::lake {

// Columns that no file has, by the ids and names the specification reserves.
inline constexpr int kFileColumnId = 2147483646;
inline constexpr int kPositionColumnId = 2147483645;

struct DataReadRequest {
  /// Top-level primitive fields, in the order wanted; of any schema of the table.
  Schema columns = {};
  /// Rows of which this is not true are left out.
  Predicate residual = {};
  bool file_column = false;      ///< Adds "_file": where the file lies.
  bool position_column = false;  ///< Adds "_pos": the row's place in the file.
  std::size_t batch_rows = 65'536;
};

/// One thread. Memory: a batch, and what the deletes take (a bit a row; the values of equality
/// deletes).
class DataFileReader {
 public:
  /// Columns of the file are found by field id; in a file without ids by the table's name mapping,
  /// or by name when it has none. A column that the file lacks holds the value of its identity
  /// partition, else the field's initial default, else null. `deletes`: those that apply.
  ///
  /// kUnsupported: another format than Parquet, a nested or opaque column, a file's type that
  /// cannot be read as the field's, a required field that is missing; kCorrupt, kNotFound name the
  /// file.
  static Result<std::unique_ptr<DataFileReader>> Open(io::FileSystem& files,
                                                      const TableMetadata& metadata,
                                                      const DataFile& data,
                                                      std::span<const DataFile> deletes,
                                                      DataReadRequest request);
  ~DataFileReader();

  /// Of the batches: types as `StoredTypeOf`, then _file and _pos.
  const std::vector<io::ColumnSchema>& schema() const;

  /// Replaces `*batch` by the next rows that are left, at least one; false at the end. Order is
  /// that of the file.
  Result<bool> Next(io::ColumnBatch* batch);

  /// Row groups that were read or will be, of those the file has.
  std::size_t row_groups_read() const;

 private:
  struct State;
  explicit DataFileReader(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace tickhouse::lake
