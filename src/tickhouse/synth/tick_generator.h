// Made-up ticks that look like a market: the source behind `tickhouse generate`, demo, tests and
// benchmarks.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "tickhouse/core/error.h"
#include "tickhouse/core/market/instrument.h"
#include "tickhouse/core/tick.h"
#include "tickhouse/synth/anomaly.h"

namespace tickhouse::synth {

struct GeneratorOptions {
  Instrument instrument;
  UtcTime begin;  ///< On a whole hour.
  int days = 1;   ///< 1 to 36,600, of 24 hours.
  uint64_t seed = 1;
  /// Exactly so many rows, spread over the open hours as traffic is; otherwise what is usual for
  /// the instrument.
  std::optional<int64_t> rows;
  std::vector<AnomalyRequest> anomalies;
  std::size_t batch_rows = 65'536;
};

/// A stream of ticks with bid and ask volume, on whole milliseconds, in order of time, on the price
/// grid of the instrument. The same options give the same ticks on every machine; the symbol is
/// part of the seed, so several symbols differ. Memory does not grow with the range.
///
/// The model. Traffic: curves of London, New York and Tokyo by local clock, times a slowly varying
/// factor; within ten seconds arrivals are Poisson with one in four following close on the one
/// before. Price: a random walk with stochastic volatility (log-AR(1), after Taylor 1982) drawn
/// weakly back to where it began. Spread: three regimes, wider in quiet and in volatile hours,
/// widest at 17:00 New York. No tick falls into a closure of TradingCalendar.
class TickGenerator : public TickReader {
 public:
  /// kInvalidArgument: a range, row count or number of anomalies that cannot be.
  static Result<std::unique_ptr<TickGenerator>> Make(GeneratorOptions options);

  /// Rows the whole stream has.
  virtual int64_t total_rows() const = 0;
  /// Faults handed out so far; all of them once Next has answered false. In order of time.
  virtual const std::vector<AnomalyLabel>& labels() const = 0;
};

}  // namespace tickhouse::synth
