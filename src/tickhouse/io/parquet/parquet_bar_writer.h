// One-second bars to Parquet.
#pragma once

#include <memory>
#include <span>

#include "tickhouse/core/bar.h"
#include "tickhouse/core/error.h"
#include "tickhouse/io/fs/file_system.h"
#include "tickhouse/io/parquet/parquet_tick_writer.h"

namespace tickhouse::io {

/// Columns `DateTime` timestamp[us] not adjusted to UTC (the start of the second), `BidOpen`,
/// `BidHigh`, `BidLow`, `BidClose`, the same for `Ask` and `Mid`, `MeanSpread` double, `Ticks`
/// int64; encoded and indexed as tick files are. The same bars give the same bytes. One thread at a
/// time.
class ParquetBarWriter {
 public:
  struct Options {
    TickFileMetadata metadata = {};
    int64_t row_group_rows = 262'144;
    int threads = 1;  ///< Columns are encoded side by side.
  };
  static Result<std::unique_ptr<ParquetBarWriter>> Open(std::unique_ptr<WritableFile> file,
                                                        Options options);
  virtual ~ParquetBarWriter() = default;
  virtual Status Write(std::span<const Bar> bars) = 0;
  /// Set before Close.
  virtual void SetMetadata(TickFileMetadata metadata) = 0;
  virtual int64_t rows_written() const = 0;
  /// Writes the footer and commits the file. Not calling it leaves nothing behind.
  virtual Status Close() = 0;
};

}  // namespace tickhouse::io
