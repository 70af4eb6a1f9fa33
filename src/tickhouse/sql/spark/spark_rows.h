// Rows that Spark left in Parquet files, as cells.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "tickhouse/io/fs/file_system.h"
#include "tickhouse/io/parquet/table/table_reader.h"
#include "tickhouse/sql/engine/engine.h"

namespace tickhouse::sql {

/// The cells of one column of a batch. kCorrupt, naming the column, when what is stored is not of
/// the column's kind.
Result<std::vector<Cell>> SparkCells(const Column& column, const io::ColumnSchema& stored,
                                     const io::ColumnData& data);

/// All files of a folder that Spark wrote, in the order of its partitions, which is that of the
/// rows. One thread.
class SparkFiles {
 public:
  /// kCorrupt: there is no file, though Spark writes one even for no rows.
  static Result<SparkFiles> Open(io::FileSystem& files, const std::string& folder);

  /// Nothing at the end. `columns` says what the files' columns are, in order.
  Result<std::optional<RowBatch>> Next(const std::vector<Column>& columns);

 private:
  SparkFiles(io::FileSystem& files, std::vector<std::string> paths)
      : files_(&files), paths_(std::move(paths)) {}
  Status OpenNext(std::size_t columns);

  io::FileSystem* files_;
  std::vector<std::string> paths_;
  std::size_t next_ = 0;
  std::unique_ptr<io::ParquetTableReader> reader_;
};

}  // namespace tickhouse::sql
