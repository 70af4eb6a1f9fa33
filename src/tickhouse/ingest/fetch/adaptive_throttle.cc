#include "tickhouse/ingest/fetch/adaptive_throttle.h"

#include <algorithm>

#include "tickhouse/core/check.h"

namespace tickhouse::ingest {

namespace {

// A turn is looked for this often while all are taken; only while the feed refuses anyway.
constexpr Nanos kLook = std::chrono::milliseconds(20);

}  // namespace

AdaptiveThrottle::AdaptiveThrottle(Clock* clock, Options options)
    : clock_(clock),
      options_(options),
      next_start_ns_(clock->MonotonicNanos()),
      limit_(options.max_in_flight) {
  TICKHOUSE_CHECK(options.max_in_flight > 0, "at least one request is in flight");
}

Status AdaptiveThrottle::Acquire(const CancelToken& cancel) {
  while (true) {
    TICKHOUSE_TRY(cancel.Check());
    Nanos wait = kLook;
    {
      std::scoped_lock lock(mutex_);
      const int64_t now = clock_->MonotonicNanos();
      if (in_flight_ < limit_) {
        if (next_start_ns_ <= now) {
          ++in_flight_;
          next_start_ns_ = now + pause_.count();
          return {};
        }
        wait = Nanos(next_start_ns_ - now);
      }
    }
    if (!clock_->Sleep(wait, cancel)) TICKHOUSE_TRY(cancel.Check());
  }
}

void AdaptiveThrottle::Succeeded() {
  std::scoped_lock lock(mutex_);
  --in_flight_;
  pause_ = std::max(Nanos::zero(), pause_ - options_.step_down);
  if (limit_ == options_.max_in_flight || ++successes_ < options_.successes_per_slot) return;
  successes_ = 0;
  ++limit_;
}

void AdaptiveThrottle::Refused(Nanos retry_after) {
  std::scoped_lock lock(mutex_);
  --in_flight_;
  successes_ = 0;
  limit_ = std::max(1, limit_ / 2);
  pause_ = std::clamp(pause_ * 2, options_.first_pause, options_.longest_pause);
  const Nanos hold = std::max(pause_, retry_after);
  next_start_ns_ = std::max(next_start_ns_, clock_->MonotonicNanos() + hold.count());
}

void AdaptiveThrottle::Ended() {
  std::scoped_lock lock(mutex_);
  --in_flight_;
}

Nanos AdaptiveThrottle::pause() const {
  std::scoped_lock lock(mutex_);
  return pause_;
}

int AdaptiveThrottle::in_flight_limit() const {
  std::scoped_lock lock(mutex_);
  return limit_;
}

}  // namespace tickhouse::ingest
