// Rows out of order, put in order with bounded memory: an external merge sort.
#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <vector>

#include "tickhouse/core/error.h"
#include "tickhouse/core/tick.h"

namespace tickhouse::clean {

/// A sorted run on its way to where it waits. One thread.
class SpillRun {
 public:
  virtual ~SpillRun() = default;
  /// Time, bid and ask are kept; volumes are not.
  virtual Status Write(const TickBatch& batch) = 0;
  /// Ends writing and answers the rows again; the reader owns what the run takes up and frees it.
  virtual Result<std::unique_ptr<TickReader>> Read() = 0;
};

/// Where runs wait that memory does not hold: files in `app`, vectors in tests.
class SpillStore {
 public:
  virtual ~SpillStore() = default;
  virtual Result<std::unique_ptr<SpillRun>> NewRun() = 0;
};

/// Everything that is left in `rows`, put into a run and handed back as its reader.
Result<std::unique_ptr<TickReader>> Spill(TickReader& rows, SpillStore* spill);

/// The rows of `source` (owned) by time; rows of one time keep the order of the source. Holds about
/// `memory_rows` rows (and as many indices); what is more waits in `spill` (not owned, may be used
/// by one thread at a time). Works on the first `Next`.
class SortedTickReader : public TickReader {
 public:
  struct Options {
    std::size_t memory_rows = 1'000'000;
    std::size_t fan_in = 64;  ///< Runs merged at once; more take further passes. At least 2.
  };
  SortedTickReader(std::unique_ptr<TickReader> source, SpillStore* spill, Options options);
  ~SortedTickReader() override;

  Result<bool> Next(TickBatch* batch) override;

 private:
  Status Load();
  Status SpillRows(TickBatch* rows);
  Status MergeDown();

  std::unique_ptr<TickReader> source_;
  SpillStore* spill_;
  Options options_;
  bool loaded_ = false;
  std::optional<Error> failed_;
  std::vector<std::unique_ptr<TickReader>> runs_;  // In source order.
  std::unique_ptr<TickReader> sorted_;
};

/// Sorts the rows of a batch (columns time, bid, ask) by time, stably. True when they were in
/// order.
bool SortByTime(TickBatch* batch);

}  // namespace tickhouse::clean
