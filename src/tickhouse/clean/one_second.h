// One tick a second, and one bar a second: the two forms of cleaned data.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "tickhouse/core/bar.h"
#include "tickhouse/core/error.h"
#include "tickhouse/core/tick.h"

namespace tickhouse::clean {

/// The start of the UTC second that holds an instant; floors before 1970.
int64_t SecondOf(int64_t time_ns);
/// The start of the next one.
int64_t SecondEnd(int64_t time_ns);

/// SecondEnd(time_ns) for a time at or after `second_end_ns`, the end of an earlier second. Mostly
/// that is the next second, which is found without a division.
inline int64_t NextSecondEnd(int64_t time_ns, int64_t second_end_ns) {
  constexpr int64_t kSecond = 1'000'000'000;
  constexpr int64_t kFar = 9'000'000'000 * kSecond;
  if (second_end_ns > -kFar && second_end_ns < kFar && time_ns < second_end_ns + kSecond) {
    return second_end_ns + kSecond;
  }
  return SecondEnd(time_ns);
}

/// Keeps the first tick of each second, with its own time and prices. Ticks come in time order; of
/// ticks with one time the one handed over first counts. One thread at a time.
class SecondSampler {
 public:
  /// Appends to `out` the rows of `in` that begin a second.
  void Add(const TickBatch& in, TickBatch* out);

 private:
  std::optional<int64_t> second_end_ns_;
};

/// A reader that hands out the first tick of each second of `source` (owned).
class OneSecondTickReader : public TickReader {
 public:
  explicit OneSecondTickReader(std::unique_ptr<TickReader> source) : source_(std::move(source)) {}
  Result<bool> Next(TickBatch* batch) override;

 private:
  std::unique_ptr<TickReader> source_;
  SecondSampler sampler_;
  TickBatch raw_;
};

/// A bar that may still grow. `mean_spread` is formed at the end from `spread_sum`, which adds
/// ask - bid tick by tick from the left, starting at 0.0: that order is part of the format, so
/// that the same ticks give the same bits however the work was cut.
struct OpenBar {
  Bar bar;
  double spread_sum = 0;

  Bar Close() const;
};

/// Turns ticks in time order into bars. One thread at a time.
class BarBuilder {
 public:
  /// Appends to `out` every bar that a later tick has closed.
  void Add(const TickBatch& in, std::vector<Bar>* out);
  /// Appends the bar still open, if any.
  void Finish(std::vector<Bar>* out);

  /// Takes the open bar out, or puts one in that an earlier stretch of ticks left open.
  std::optional<OpenBar> TakeOpen();
  void SetOpen(OpenBar open);

 private:
  std::optional<OpenBar> open_;
};

}  // namespace tickhouse::clean
