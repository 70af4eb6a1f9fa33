// Rows of any flat table to a Parquet file.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "tickhouse/core/error.h"
#include "tickhouse/io/fs/file_system.h"
#include "tickhouse/io/parquet/format/parquet_footer.h"
#include "tickhouse/io/parquet/table/column_batch.h"

namespace tickhouse::io {

struct TableWriteOptions {
  // A row group ends with what is reached first; bytes are those of the values in memory.
  int64_t row_group_rows = int64_t{1} << 20;
  int64_t row_group_bytes = int64_t{64} << 20;
  std::map<std::string, std::string> metadata = {};  ///< Key-value pairs of the footer.
  /// Texts and bytes longer than this are cut in statistics; fixed ones and decimals never.
  std::size_t bound_bytes = 64;
};

/// A file that is complete.
struct WrittenTable {
  int64_t rows = 0;
  int64_t bytes = 0;
  ParquetFooter footer;
  std::vector<int64_t> nan_counts;  ///< Of each column; 0 where there can be none.
};

/// Dictionaries where values come again, differences for integers and times, plain values
/// otherwise; checksums, statistics and page index. NaN counts in no bound; -0.0 stays what it is.
/// The same rows in batches of any size give the same bytes. Memory: twice a row group. One thread.
class ParquetTableWriter {
 public:
  /// kInvalidArgument: no columns, a name twice, a type that Parquet does not know;
  /// kUnsupported: an annotation of kOther.
  static Result<std::unique_ptr<ParquetTableWriter>> Open(std::unique_ptr<WritableFile> file,
                                                          std::vector<ColumnSchema> schema,
                                                          TableWriteOptions options = {});
  ~ParquetTableWriter();

  /// All rows, or [begin, begin + count). kInvalidArgument names a column that is not as the schema
  /// says, or a null in a required one; nothing of the batch is taken then.
  Status Write(const ColumnBatch& batch);
  Status Write(const ColumnBatch& batch, std::size_t begin, std::size_t count);
  /// What is buffered becomes a row group now.
  Status EndRowGroup();

  int64_t rows_written() const;    ///< Buffered ones too.
  int64_t bytes_written() const;   ///< In the file so far.
  int64_t buffered_bytes() const;  ///< Of values that wait for their row group.

  /// Writes the footer and commits the file, without rows too. Call once; not calling it leaves
  /// nothing behind.
  Result<WrittenTable> Close();

 private:
  struct State;
  explicit ParquetTableWriter(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace tickhouse::io
