// The slow half of the model: for every ten seconds of open market how much traffic, movement and
// spread there is. An internal part of tick_generator.cc.
#pragma once

#include <cstdint>
#include <vector>

#include "tickhouse/core/market/calendar.h"
#include "tickhouse/core/random.h"
#include "tickhouse/synth/market_profile.h"

namespace tickhouse::synth {

inline constexpr int64_t kSlotMs = 10'000;
inline constexpr double kSlotsPerDay = 8'640;

struct Slot {
  int64_t begin_ms = 0;
  int64_t from_ms = 0;  ///< The part of the slot in which ticks may fall, from its begin.
  int64_t to_ms = kSlotMs;
  double weight = 0;      ///< Share of the traffic.
  double volatility = 0;  ///< Standard deviation of the slot's change, as part of the price.
  double spread = 0;      ///< As part of the price.
};

/// Walks over the open slots of a range. The same arguments give the same slots, so passes over the
/// plan can be repeated instead of kept. Three processes lie on top of the hours of the day, each
/// forgetting slowly: the logarithm of volatility (clusters of about an hour and a quarter), that
/// of traffic (minutes; busy when volatile), and one of three regimes of the spread.
class SlotPlan {
 public:
  SlotPlan(const MarketProfile& profile, Session session, UtcRange range, Random random);
  /// False at the end.
  bool Next(Slot* slot);
  UtcTime end() const { return FromNanos(end_ms_ * kNanosPerMilli); }

 private:
  bool IsOpen(int64_t begin_ms);
  void StartMinute(int64_t begin_ms);

  MarketProfile profile_;
  IntradayActivity activity_;
  TradingCalendar calendar_;
  Random random_;
  int64_t next_ms_;
  int64_t end_ms_;
  int64_t closures_until_ms_;
  std::vector<UtcRange> closures_;
  std::size_t next_closure_ = 0;
  int64_t minute_ = -1;
  double minute_activity_ = 0;
  double minute_root_ = 0;
  double minute_spread_ = 0;
  double log_volatility_ = 0;
  double log_traffic_ = 0;
  double regime_ = 1;
};

}  // namespace tickhouse::synth
