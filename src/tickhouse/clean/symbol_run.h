// One symbol, cleaned on several threads: segments side by side, rows out in order.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "tickhouse/clean/segment_plan.h"
#include "tickhouse/clean/sorted_tick_reader.h"
#include "tickhouse/clean/tick_filter.h"
#include "tickhouse/core/bar.h"
#include "tickhouse/core/cancel.h"
#include "tickhouse/core/error.h"
#include "tickhouse/core/market/window.h"
#include "tickhouse/core/tick.h"

namespace tickhouse::clean {

/// What to read of one file.
struct ReadRequest {
  std::size_t file = 0;
  int group_begin = 0;
  int group_end = 0;  ///< -1: to the end of the file.
  /// Rows outside may be left out (sorted, disjoint); nothing: all rows.
  std::optional<std::vector<UtcRange>> ranges;
  /// As io::ParquetReadOptions::choose; may be empty, and a reader may ignore it only if it is.
  std::function<void(std::span<const int64_t> time_ns, std::vector<uint32_t>* rows)> choose;
};

/// Nothing is owned; everything outlives the run.
struct SymbolJob {
  std::vector<FileLayout> files;
  std::optional<WindowSchedule> schedule;  ///< Nothing: the whole day.
  /// Rows with missing times (kMissingTime) and prices (NaN) included. Called by several threads.
  std::function<Result<std::unique_ptr<TickReader>>(const ReadRequest& request)> open;
  SpillStore* spill = nullptr;  ///< NewRun may be called by several threads.
  int threads = 1;
  CancelToken cancel;
  std::function<void(int64_t rows)> progress;  ///< Rows dealt with; any thread; may be empty.
  std::size_t memory_rows = 500'000;           ///< Of one sort.
  std::size_t budget_bytes = 48 << 20;         ///< Results waiting for their turn.
  int64_t segment_rows = 1'000'000;            ///< Small groups are put together up to this.
};

/// A file that cannot be used as it was described.
struct FileFault {
  enum class Kind {
    kUnusable,    ///< `error` says why: damaged, gone, not readable.
    kOutOfOrder,  ///< Sound, but to be described with FileLayout::ordered = false.
    kIncomplete,  ///< Sound, but to be described with FileLayout::complete = false.
  };
  std::size_t file = 0;
  Kind kind = Kind::kUnusable;
  Error error{ErrorKind::kIo, ""};
};

struct SymbolStats {
  FilterCounts counts;  ///< Of what was read.
  int64_t doubles = 0;  ///< Ticks left out because another file has them too.
  int64_t rows_out = 0;
  int64_t sorted_files = 0;  ///< Out of order by their statistics, or said to be.
  /// Not empty: the output is incomplete and must be thrown away. All segments were still read, so
  /// that few runs find all faults; ordered by file, one a file.
  std::vector<FileFault> faults;
};

using TickSink = std::function<Status(const TickBatch& ticks)>;
using BarSink = std::function<Status(std::span<const Bar> bars)>;

/// One tick a second, in time order, to `sink` (called by the caller's thread only). The same
/// rows for any number of threads. Fails when the sink does, on kCancelled, and on a failure of
/// the spill store; faults of files are in the answer.
Result<SymbolStats> RunTicks(const SymbolJob& job, const TickSink& sink);

/// The same for bars.
Result<SymbolStats> RunBars(const SymbolJob& job, const BarSink& sink);

}  // namespace tickhouse::clean
