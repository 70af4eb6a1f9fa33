// Ticks: one quote of bid and ask at an instant, and the columns and streams of them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "tickhouse/core/error.h"
#include "tickhouse/core/time.h"

namespace tickhouse {

/// One quote. Prices are the decimal text correctly rounded to double; volumes are in the unit the
/// source has (see TickBatch). NaN: the source had no value.
struct Tick {
  int64_t time_ns = 0;
  double bid = 0;
  double ask = 0;
};

/// Columns of ticks, all of one length, in the order of the source. Volume columns are empty when
/// the source has none or nobody asked for them. A plain value: copy, move, swap.
struct TickBatch {
  std::vector<int64_t> time_ns;
  std::vector<double> bid;
  std::vector<double> ask;
  std::vector<double> bid_volume;  ///< Units of the base currency (not millions).
  std::vector<double> ask_volume;  ///< Units of the base currency (not millions).
  std::vector<double> volume;      ///< Where the source has one column only; unit as the source.

  std::size_t size() const { return time_ns.size(); }
  bool empty() const { return time_ns.empty(); }
  void Clear();
  void Reserve(std::size_t rows);
  Tick At(std::size_t row) const { return {time_ns[row], bid[row], ask[row]}; }
  /// Appends rows [begin, end) of `other`, which must have the same columns (or either be empty).
  void AppendRows(const TickBatch& other, std::size_t begin, std::size_t end);
};

/// A stream of batches. Contract, kept by every implementation and checked by one suite
/// (core/tick_reader_contract.h):
/// - `Next` returns true and fills `*batch` (cleared first) with 1 or more rows, or returns false
///   at the end, and goes on returning false after it.
/// - Order of rows is the order of the source. Every batch has the same columns.
/// - After an error the reader stays failed: the same error comes again. Rows already handed out
///   stay valid; no row is handed out twice.
/// - One thread at a time.
class TickReader {
 public:
  virtual ~TickReader() = default;
  virtual Result<bool> Next(TickBatch* batch) = 0;
};

/// Ticks held in memory, in batches of at most `batch_rows`; for tests and small inputs.
class VectorTickReader : public TickReader {
 public:
  explicit VectorTickReader(TickBatch ticks, std::size_t batch_rows = 65'536);
  Result<bool> Next(TickBatch* batch) override;

 private:
  TickBatch ticks_;
  std::size_t batch_rows_;
  std::size_t next_row_ = 0;
};

/// Everything that is left in `reader`, in one batch.
Result<TickBatch> ReadAll(TickReader& reader);

}  // namespace tickhouse
