// Times first, prices only where they matter: the hot path of taking the first tick of each second.
//
//   while (reader->NextTimes(&times)) { pick rows of `times`; reader->FetchPrices(picked, &bid,
//   &ask); }
//
// Only pages that may hold an instant inside the ranges are read, and of a page of dictionary
// indices only the picked rows are decoded.
#pragma once

#include <cstdint>
#include <limits>
#include <memory>
#include <span>
#include <vector>

#include "tickhouse/core/error.h"
#include "tickhouse/core/time.h"
#include "tickhouse/io/fs/file_system.h"

namespace tickhouse::io {

/// An opened tick file: its parsed footer and the file. Shared by the readers of several threads.
class ParquetTickFile {
 public:
  /// Errors as ReadParquetTickInfo.
  static Result<std::shared_ptr<const ParquetTickFile>> Open(std::unique_ptr<ReadableFile> file);
  ~ParquetTickFile();

  const ReadableFile& file() const;
  std::size_t row_groups() const;
  int64_t rows(std::size_t row_group) const;
  /// From statistics; false when they are missing.
  bool TimeBounds(std::size_t row_group, int64_t* min_ns, int64_t* max_ns) const;

  const struct TickFileLayout& layout() const;

 private:
  struct State;
  explicit ParquetTickFile(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

/// One thread at a time; several readers of one file may run at once, each over its own row groups.
class SelectiveTickReader {
 public:
  struct Options {
    /// Sorted and disjoint; empty: all rows.
    std::vector<UtcRange> ranges = {};
    /// Row groups [begin, end); the default is all.
    std::size_t row_group_begin = 0;
    std::size_t row_group_end = std::numeric_limits<std::size_t>::max();
    /// Rows looked at in one step, at most; a span never crosses a row group.
    int64_t span_rows = 131'072;
    bool verify_checksums = false;
    /// Rows without a time come, as INT64_MIN, when there are no ranges.
    bool keep_null_times = false;
  };

  SelectiveTickReader(std::shared_ptr<const ParquetTickFile> file, Options options);
  ~SelectiveTickReader();

  /// Replaces `*time_ns` with the times of the next rows inside the ranges, in the order of the
  /// file; at least one. False at the end. After an error the reader stays failed.
  Result<bool> NextTimes(std::vector<int64_t>* time_ns);

  /// Replaces `*bid`, `*ask` with the prices of `picked`: positions in the vector of the last
  /// NextTimes, ascending. A missing price is NaN. At most one call after each NextTimes.
  Status FetchPrices(std::span<const uint32_t> picked, std::vector<double>* bid,
                     std::vector<double>* ask);

  /// The prices of every row of the last NextTimes; in place of FetchPrices.
  Status FetchAllPrices(std::vector<double>* bid, std::vector<double>* ask);

  /// The volumes of the picked rows, or of every row; a column that the file lacks comes back
  /// empty.
  Status FetchVolumes(std::span<const uint32_t> picked, std::vector<double>* bid_volume,
                      std::vector<double>* ask_volume, std::vector<double>* volume);
  Status FetchAllVolumes(std::vector<double>* bid_volume, std::vector<double>* ask_volume,
                         std::vector<double>* volume);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace tickhouse::io
