#include "tickhouse/core/clock.h"

#include <algorithm>
#include <thread>

namespace tickhouse {

UtcTime SystemClock::Now() {
  return std::chrono::time_point_cast<Nanos>(std::chrono::system_clock::now());
}

int64_t SystemClock::MonotonicNanos() {
  return std::chrono::duration_cast<Nanos>(std::chrono::steady_clock::now().time_since_epoch())
      .count();
}

bool SystemClock::Sleep(Nanos duration, const CancelToken& cancel) {
  // Short naps, because a signal handler may raise the flag but cannot wake a condition variable.
  constexpr Nanos kNap = std::chrono::milliseconds(20);
  const auto deadline = std::chrono::steady_clock::now() + duration;
  while (!cancel.cancelled()) {
    const auto left = deadline - std::chrono::steady_clock::now();
    if (left <= Nanos::zero()) return true;
    std::this_thread::sleep_for(std::min<Nanos>(left, kNap));
  }
  return false;
}

bool ManualClock::Sleep(Nanos duration, const CancelToken& cancel) {
  if (cancel.cancelled()) return false;
  Advance(duration);
  return true;
}

void ManualClock::Advance(Nanos duration) {
  now_ns_.fetch_add(duration.count());
  monotonic_ns_.fetch_add(duration.count());
}

}  // namespace tickhouse
