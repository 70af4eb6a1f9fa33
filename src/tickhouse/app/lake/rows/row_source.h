// Rows of data files, batch by batch.
#pragma once

#include <cstddef>
#include <memory>
#include <vector>

#include "tickhouse/core/cancel.h"
#include "tickhouse/core/error.h"
#include "tickhouse/io/fs/file_system.h"
#include "tickhouse/io/parquet/table/column_batch.h"
#include "tickhouse/lake/expression/predicate.h"
#include "tickhouse/lake/format/table_metadata.h"
#include "tickhouse/lake/manifest/manifest.h"

namespace tickhouse::app {

/// One thread.
class RowSource {
 public:
  virtual ~RowSource() = default;
  /// Replaces `*batch` by the next rows, at least one; false at the end.
  virtual Result<bool> Next(io::ColumnBatch* batch) = 0;
};

/// Some rows of one data file.
struct RowFile {
  lake::DataFile data;
  std::vector<lake::DataFile> deletes;  ///< Rows that these name are not there.
  lake::Predicate residual = {};        ///< Others than it is true of are left out.
  /// With any of these: only the rows that they name, and `deletes` do not.
  std::vector<lake::DataFile> only = {};
};

/// What rows are read through. Nothing is owned; all outlives what is opened.
struct RowReading {
  io::FileSystem* files = nullptr;
  const lake::TableMetadata* metadata = nullptr;
  CancelToken cancel = {};
  std::size_t batch_rows = 65'536;
};

/// Rows as `columns` (top-level primitive fields of any schema of the table) has them, in the
/// file's order. Errors as lake::DataFileReader::Open.
Result<std::unique_ptr<RowSource>> OpenRows(const RowReading& reading, const RowFile& file,
                                            const lake::Schema& columns);

/// How many they are: as the manifest says where nothing is left out, else by reading what deletes
/// and residual ask of them.
Result<int64_t> CountRows(const RowReading& reading, const RowFile& file);

// Batches by hand.

/// No rows, and a place for each column.
io::ColumnBatch EmptyBatch(const std::vector<io::ColumnSchema>& schema);
/// Appends rows [begin, begin + count) of `from`, which has the same columns.
void AppendSlice(const io::ColumnBatch& from, std::size_t begin, std::size_t count,
                 io::ColumnBatch* to);
/// Of the values in memory.
int64_t BytesOf(const io::ColumnBatch& batch);

}  // namespace tickhouse::app
