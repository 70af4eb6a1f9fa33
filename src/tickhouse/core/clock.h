// The only place that reads the system's clocks. Everything else is handed a `Clock`.
#pragma once

#include <atomic>
#include <cstdint>

#include "tickhouse/core/cancel.h"
#include "tickhouse/core/time.h"

namespace tickhouse {

/// Safe for use by several threads. `Now` may jump (the user sets the clock); `MonotonicNanos`
/// never goes back. `Sleep` returns early, with false, when `cancel` fires.
class Clock {
 public:
  virtual ~Clock() = default;
  virtual UtcTime Now() = 0;
  virtual int64_t MonotonicNanos() = 0;
  virtual bool Sleep(Nanos duration, const CancelToken& cancel) = 0;
};

class SystemClock : public Clock {
 public:
  UtcTime Now() override;
  int64_t MonotonicNanos() override;
  bool Sleep(Nanos duration, const CancelToken& cancel) override;
};

/// Stands still until told. `Sleep` advances it at once and never waits; for tests.
class ManualClock : public Clock {
 public:
  explicit ManualClock(UtcTime start) : now_ns_(ToNanos(start)) {}
  UtcTime Now() override { return FromNanos(now_ns_.load()); }
  int64_t MonotonicNanos() override { return monotonic_ns_.load(); }
  bool Sleep(Nanos duration, const CancelToken& cancel) override;

  void Advance(Nanos duration);
  /// Sets the wall clock, forwards or backwards; monotonic time stays.
  void JumpTo(UtcTime time) { now_ns_.store(ToNanos(time)); }

 private:
  std::atomic<int64_t> now_ns_;
  std::atomic<int64_t> monotonic_ns_ = 0;
};

}  // namespace tickhouse
