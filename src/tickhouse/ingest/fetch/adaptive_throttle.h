// How fast to ask: a pause between requests and a limit of requests in flight, learnt from the
// answers.
#pragma once

#include <cstdint>
#include <mutex>

#include "tickhouse/core/clock.h"
#include "tickhouse/core/error.h"

namespace tickhouse::ingest {

/// A refusal (429, 503, a time-out) halves the requests in flight and doubles the pause between
/// them, up to a cap; each success takes a small step back. Safe for several threads.
class AdaptiveThrottle {
 public:
  struct Options {
    int max_in_flight = 8;
    Nanos first_pause = std::chrono::milliseconds(250);  ///< After the first refusal.
    Nanos longest_pause = std::chrono::seconds(5);
    Nanos step_down = std::chrono::milliseconds(50);  ///< Off the pause for each success.
    int successes_per_slot = 8;                       ///< In a row, for one more request in flight.
  };

  /// Nothing is owned.
  AdaptiveThrottle(Clock* clock, Options options);

  /// Waits for a turn. kCancelled. Each success is followed by exactly one of the three below.
  Status Acquire(const CancelToken& cancel);
  void Succeeded();
  /// `retry_after`: what the server asked for, zero when it did not. Holds back everybody.
  void Refused(Nanos retry_after);
  /// An answer that says nothing about load.
  void Ended();

  Nanos pause() const;
  int in_flight_limit() const;

 private:
  mutable std::mutex mutex_;
  Clock* clock_;
  const Options options_;
  Nanos pause_ = Nanos::zero();
  int64_t next_start_ns_;  ///< Monotonic.
  int limit_;
  int in_flight_ = 0;
  int successes_ = 0;
};

}  // namespace tickhouse::ingest
