// Where parsed rows gather: as points while they can, as doubles once one cannot.
#pragma once

#include <cstdint>
#include <limits>
#include <optional>
#include <span>

#include "tickhouse/io/csv/csv_tick_parser.h"

namespace tickhouse::io {

struct CsvRow {
  static constexpr double kNone = std::numeric_limits<double>::quiet_NaN();
  int64_t time_ns = 0;
  CsvPrice bid;
  CsvPrice ask;
  double bid_volume = kNone;
  double ask_volume = kNone;
  double volume = kNone;
};

/// Appends to one ParsedCsv (not owned). One thread.
class CsvRowSink {
 public:
  explicit CsvRowSink(ParsedCsv* out) : out_(out) {}

  /// The columns to fill, whatever the rows have. Before the first row; none without this call.
  void SetVolumes(VolumeColumns volumes) { volumes_ = volumes; }

  void Add(const CsvRow& row);

  /// Rows whose prices are points of `decimals()` already; volume spans are empty or of equal
  /// length.
  void AddPoints(std::span<const int64_t> time_us, std::span<const int32_t> bid,
                 std::span<const int32_t> ask, std::span<const double> bid_volume,
                 std::span<const double> ask_volume, std::span<const double> volume);

  /// The scale of the points so far; -1: no row yet, or rows are doubles.
  int decimals() const { return decimals_; }
  /// The instant of the last row added.
  std::optional<int64_t> last_time_ns() const;

 private:
  bool AddAsPoints(const CsvRow& row);
  bool Rescale(int decimals);
  void MoveToBatch();

  ParsedCsv* out_;
  VolumeColumns volumes_;
  int decimals_ = -1;
};

}  // namespace tickhouse::io
