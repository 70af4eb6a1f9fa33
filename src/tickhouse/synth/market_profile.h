// How a market behaves on an ordinary day: the scale of its prices, spreads and traffic.
#pragma once

#include <cstdint>

#include "tickhouse/core/market/instrument.h"
#include "tickhouse/core/time.h"
#include "tickhouse/core/zone.h"

namespace tickhouse::synth {

/// Rounded from what such markets showed in the years to 2024; good enough to look right.
struct MarketProfile {
  double start_price = 1;
  double daily_volatility = 0.006;  ///< Standard deviation of a day's change, as part of the price.
  double spread = 0.00005;          ///< Typical ask - bid, as part of the price.
  double ticks_per_day = 60'000;    ///< In 24 open hours.
  double london = 1;                ///< Weights of the three centres in its traffic.
  double new_york = 1;
  double tokyo = 1;
  double floor = 0.04;  ///< Traffic that is there at any hour.
};

/// Zone::CheckDatabase must have held.
MarketProfile ProfileOf(const Instrument& instrument);

/// Traffic over the day: the centres open and close by their own clocks, so the curve moves with
/// the daylight saving of each. A value; one thread at a time.
class IntradayActivity {
 public:
  explicit IntradayActivity(const MarketProfile& profile);
  /// About 0.04 in a quiet hour and 1 to 2 in a busy one.
  double At(UtcTime time) const;
  /// 17:00 to 18:00 in New York, when liquidity is thin.
  bool IsRollover(UtcTime time) const;

 private:
  MarketProfile profile_;
  Zone london_;
  Zone new_york_;
  Zone tokyo_;
};

}  // namespace tickhouse::synth
