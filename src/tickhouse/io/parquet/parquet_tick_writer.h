// Ticks to canonical Parquet.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "tickhouse/core/error.h"
#include "tickhouse/core/tick.h"
#include "tickhouse/io/fs/file_system.h"

namespace tickhouse::io {

/// What a file says about itself (Parquet key-value metadata, keys `tickhouse.*`; see
/// docs/reference/formats-on-disk.md).
struct TickFileMetadata {
  std::string symbol = {};
  int decimals = -1;  ///< Digits after the point with which prices print; -1 unknown.
  std::string source_file = {};
  std::string source_sha256 = {};  ///< Lower-case hex; empty when there is no single source.
  std::string source_zone = {};
  std::map<std::string, std::string> more = {};  ///< Further keys, without the prefix.
};

/// Which volume columns a file has.
struct VolumeColumns {
  bool both_sides = false;  ///< BidVolume, AskVolume.
  bool single = false;      ///< Volume.
};

/// Prices as integer points of one scale: value = points / 10^decimals. The form in which text and
/// bi5 arrive; encodes several times faster than doubles and gives the same file.
struct PointColumn {
  std::vector<int32_t> points;
};

/// Columns of one row group. Times in microseconds UTC.
struct PointTicks {
  std::vector<int64_t> time_us;
  PointColumn bid;
  PointColumn ask;
  int decimals = 5;
  std::vector<double> bid_volume;
  std::vector<double> ask_volume;
  std::vector<double> volume;
  std::size_t size() const { return time_us.size(); }
};

struct EncodedColumn;
struct WrittenParquet;

inline constexpr int64_t kDefaultRowGroupRows = 1'048'576;

/// Columns `DateTime` timestamp[us] not adjusted to UTC, `Bid`, `Ask` double, then volumes. zstd
/// level 1; times delta-packed, prices and volumes as dictionaries (plain when they have too many
/// values), statistics and page index on. The same rows give the same bytes for any cut into
/// batches. NaN prices and times outside timestamp[us] are written as nulls. One thread at a time.
class ParquetTickWriter {
 public:
  struct Options {
    TickFileMetadata metadata = {};
    VolumeColumns volumes = {};
    int64_t row_group_rows = kDefaultRowGroupRows;
    int threads = 1;  ///< Columns are encoded side by side.
    /// Parquet field ids of DateTime, Bid, Ask, then the volumes; empty: none are written.
    std::vector<int32_t> field_ids = {};
  };
  static Result<std::unique_ptr<ParquetTickWriter>> Open(std::unique_ptr<WritableFile> file,
                                                         Options options);
  virtual ~ParquetTickWriter() = default;
  virtual Status Write(const TickBatch& batch) = 0;
  virtual Status WritePoints(const PointTicks& ticks) = 0;
  /// For a pipeline that gathers and encodes with its own threads: appends the encoded columns of
  /// one `TickRowGroup` (tick_row_group.h) with the same volumes and rows as this file's options.
  /// Same bytes as writing the rows. Not to be mixed with rows still pending from Write.
  virtual Status AppendEncoded(std::vector<EncodedColumn> columns) = 0;
  /// No more rows will come: puts the last row group on disk and frees its memory, for files that
  /// stay open until their metadata is known. Afterwards only SetMetadata and Close.
  virtual Status EndRows() = 0;
  /// Set before Close, for what is only known at the end (the hash of the source).
  virtual void SetMetadata(TickFileMetadata metadata) = 0;
  virtual int64_t rows_written() const = 0;
  /// Writes the footer and commits the file. Not calling it leaves nothing behind.
  virtual Status Close() = 0;
  /// After Close: footer and size (parquet_file_builder.h). No value is NaN, as those are nulls.
  virtual const WrittenParquet& written() const = 0;
};

/// The key-value pairs that `metadata` becomes: `tickhouse.symbol`, `tickhouse.decimals`, ...
std::map<std::string, std::string> TickMetadataPairs(const TickFileMetadata& metadata);

}  // namespace tickhouse::io
