// Encoded row groups in, a Parquet file out: places chunks, writes page index and footer, commits.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "tickhouse/core/error.h"
#include "tickhouse/io/fs/file_system.h"
#include "tickhouse/io/parquet/encode/column_encoder.h"
#include "tickhouse/io/parquet/encode/footer_writer.h"
#include "tickhouse/io/parquet/format/column_type.h"
#include "tickhouse/io/parquet/format/parquet_footer.h"

namespace tickhouse::io {

/// A file that is complete: what a table's metadata says of it is told from this.
struct WrittenParquet {
  ParquetFooter footer;
  int64_t bytes = 0;
};

/// All columns are flat. One thread at a time.
class ParquetFileBuilder {
 public:
  static Result<std::unique_ptr<ParquetFileBuilder>> Open(std::unique_ptr<WritableFile> file,
                                                          std::vector<ColumnSchema> columns);
  ~ParquetFileBuilder();

  /// Appends one row group; `columns` in the order given to Open, all of one length > 0.
  Status AppendRowGroup(std::vector<EncodedColumn> columns);

  int64_t rows_written() const;
  /// Of row groups so far.
  int64_t bytes_written() const;

  /// Page index, footer with `metadata` as key-value pairs, commit. Call once.
  Status Close(const std::map<std::string, std::string>& metadata);

  /// After Close.
  const WrittenParquet& written() const;

 private:
  struct State;
  explicit ParquetFileBuilder(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

/// What our files name as their writer.
std::string ParquetCreatedBy();

}  // namespace tickhouse::io
