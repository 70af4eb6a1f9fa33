// The rows of one row group, gathered from batches of any size, and their encoding column by
// column: what a pipeline with its own threads needs to keep them all busy.
#pragma once

#include <cstdint>
#include <vector>

#include "tickhouse/core/tick.h"
#include "tickhouse/io/parquet/encode/column_encoder.h"
#include "tickhouse/io/parquet/parquet_file_builder.h"
#include "tickhouse/io/parquet/parquet_tick_writer.h"

namespace tickhouse::io {

/// Takes rows until it is full. Prices stay integer points as long as everything that came was a
/// whole number of points of one scale. A value: move it to the thread that encodes it.
class TickRowGroup {
 public:
  /// `decimals_hint`: with how many digits doubles are likely to print, -1 unknown (speed only).
  explicit TickRowGroup(VolumeColumns volumes, int64_t capacity = kDefaultRowGroupRows,
                        int decimals_hint = -1);

  /// Take rows from `begin` on until full; return how many were taken.
  std::size_t Append(const PointTicks& ticks, std::size_t begin);
  std::size_t Append(const TickBatch& ticks, std::size_t begin);

  std::size_t size() const { return time_us_.size(); }
  bool empty() const { return time_us_.empty(); }
  bool full() const { return static_cast<int64_t>(size()) >= capacity_; }
  void Clear();

  /// DateTime, Bid, Ask, then the volumes.
  std::size_t columns() const;
  /// Pure; different columns may be encoded by different threads at once.
  EncodedColumn Encode(std::size_t column) const;

 private:
  std::size_t Room() const { return static_cast<std::size_t>(capacity_) - size(); }
  void AppendVolumes(const std::vector<double>& bid, const std::vector<double>& ask,
                     const std::vector<double>& single, std::size_t begin, std::size_t end);
  void LeavePoints();

  VolumeColumns volumes_;
  int64_t capacity_;
  int decimals_hint_;
  int decimals_ = -1;  ///< Scale of the points; -1 while there are none.
  bool in_points_ = true;
  std::vector<int64_t> time_us_;
  std::vector<int32_t> bid_points_, ask_points_;
  std::vector<double> bid_, ask_;
  std::vector<double> bid_volume_, ask_volume_, volume_;
};

/// Names and kinds of a tick file's columns, in order.
std::vector<ColumnSchema> TickColumns(VolumeColumns volumes);

/// Encodes every column, on up to `threads` threads.
std::vector<EncodedColumn> EncodeRowGroup(const TickRowGroup& rows, int threads);

}  // namespace tickhouse::io
