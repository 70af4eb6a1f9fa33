// One-second bars of a quote stream.
#pragma once

#include <cstdint>
#include <vector>

namespace tickhouse {

/// Open, high, low, close of one price over one second, in tick order.
struct Ohlc {
  double open = 0;
  double high = 0;
  double low = 0;
  double close = 0;
};

/// One second that had at least one tick. `mid` is (bid + ask) / 2 tick by tick;
/// `mean_spread` is the arithmetic mean of ask - bid over the ticks of the second.
struct Bar {
  int64_t time_ns = 0;  ///< Start of the second, UTC.
  Ohlc bid;
  Ohlc ask;
  Ohlc mid;
  double mean_spread = 0;
  int64_t ticks = 0;
};

}  // namespace tickhouse
