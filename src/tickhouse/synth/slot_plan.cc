#include "tickhouse/synth/slot_plan.h"

#include <algorithm>
#include <cmath>

#include "tickhouse/core/portable_math.h"

namespace tickhouse::synth {

namespace {

constexpr int64_t kDayMs = 86'400'000;
constexpr double kVolatilityMemory = 0.9985;  // Per slot: half is forgotten in 77 minutes.
constexpr double kVolatilityNoise = 0.0274;   // Gives a standard deviation of 0.5.
constexpr double kTrafficMemory = 0.97;       // Half is forgotten in four minutes.
constexpr double kTrafficNoise = 0.1094;      // Gives a standard deviation of 0.45.
constexpr double kBusyWhenVolatile = 0.5;
constexpr double kRegimeChange = 1.0 / 180;  // Per slot: a regime lasts half an hour.
constexpr double kMeanActivity = 0.8;

UtcTime FromMillis(int64_t ms) {
  return FromNanos(ms * kNanosPerMilli);
}

}  // namespace

SlotPlan::SlotPlan(const MarketProfile& profile, Session session, UtcRange range, Random random)
    : profile_(profile),
      activity_(profile),
      calendar_(session),
      random_(random),
      next_ms_(ToNanos(range.begin) / kNanosPerMilli),
      end_ms_(ToNanos(range.end) / kNanosPerMilli),
      closures_until_ms_(next_ms_) {}

// Closures are asked for a week at a time; they begin and end on whole hours, so a slot is open or
// not.
bool SlotPlan::IsOpen(int64_t begin_ms) {
  if (begin_ms >= closures_until_ms_) {
    closures_until_ms_ = begin_ms + 7 * kDayMs;
    closures_ = calendar_.Closures({FromMillis(begin_ms), FromMillis(closures_until_ms_)});
    next_closure_ = 0;
  }
  const UtcTime time = FromMillis(begin_ms);
  while (next_closure_ < closures_.size() && closures_[next_closure_].end <= time) ++next_closure_;
  return next_closure_ == closures_.size() || time < closures_[next_closure_].begin;
}

void SlotPlan::StartMinute(int64_t begin_ms) {
  const UtcTime time = FromMillis(begin_ms);
  minute_ = begin_ms / 60'000;
  minute_activity_ = activity_.At(time);
  minute_root_ = std::sqrt(minute_activity_ / kMeanActivity);
  minute_spread_ = 1 + 0.6 * std::max(0.0, 1 - minute_activity_);
  if (activity_.IsRollover(time)) minute_spread_ *= 2.5;
}

bool SlotPlan::Next(Slot* slot) {
  while (next_ms_ < end_ms_ && !IsOpen(next_ms_)) next_ms_ += kSlotMs;
  if (next_ms_ >= end_ms_) return false;
  if (next_ms_ / 60'000 != minute_) StartMinute(next_ms_);
  log_volatility_ = kVolatilityMemory * log_volatility_ + kVolatilityNoise * random_.Normal();
  log_traffic_ = kTrafficMemory * log_traffic_ + kTrafficNoise * random_.Normal();
  const double chance = random_.Uniform();
  if (chance < kRegimeChange) {
    regime_ = chance < kRegimeChange * 0.3 ? 0.7 : chance < kRegimeChange * 0.85 ? 1.0 : 1.8;
  }
  const double volatility = PortableExp(log_volatility_);
  *slot = Slot{.begin_ms = next_ms_};
  slot->weight = minute_activity_ * PortableExp(log_traffic_ + kBusyWhenVolatile * log_volatility_);
  slot->volatility =
      profile_.daily_volatility * (1 / std::sqrt(kSlotsPerDay)) * minute_root_ * volatility;
  slot->spread = profile_.spread * minute_spread_ * regime_ * (0.8 + 0.2 * volatility);
  next_ms_ += kSlotMs;
  return true;
}

}  // namespace tickhouse::synth
