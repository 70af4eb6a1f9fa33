// Any flat columns of a Parquet file, batch by batch.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "tickhouse/core/error.h"
#include "tickhouse/io/fs/file_system.h"
#include "tickhouse/io/parquet/format/parquet_footer.h"
#include "tickhouse/io/parquet/table/column_batch.h"

namespace tickhouse::io {

struct TableReadOptions {
  /// Positions in the footer's columns, in the order wanted; empty optional: all, and then a nested
  /// column is kUnsupported.
  std::optional<std::vector<std::size_t>> columns = {};
  /// Ascending; empty optional: all.
  std::optional<std::vector<std::size_t>> row_groups = {};
  std::size_t batch_rows = 65'536;
  bool verify_checksums = false;
};

/// Name, type and field id of a leaf column as batches tell it.
ColumnSchema ToColumnSchema(const FooterColumn& column);

/// One thread. Memory: a batch, and for each column a page, a dictionary and a megabyte of file.
class ParquetTableReader {
 public:
  /// kCorrupt for what is no Parquet; kUnsupported for nested columns among those wanted;
  /// kInvalidArgument for a column or row group that the file does not have.
  static Result<std::unique_ptr<ParquetTableReader>> Open(std::unique_ptr<ReadableFile> file,
                                                          TableReadOptions options = {});
  ~ParquetTableReader();

  const ParquetFooter& footer() const;
  const std::vector<ColumnSchema>& schema() const;

  /// Replaces `*batch`; false at the end. A batch never crosses row groups. kCorrupt and
  /// kUnsupported name file, row group, column and row.
  Result<bool> Next(ColumnBatch* batch);
  /// Position in the file (not among the chosen row groups) of the last batch's first row.
  int64_t first_row() const;

 private:
  struct State;
  explicit ParquetTableReader(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace tickhouse::io
