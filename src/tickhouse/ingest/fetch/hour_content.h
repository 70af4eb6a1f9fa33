// What the bytes of an hour hold, whichever feed they come from.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "tickhouse/core/error.h"
#include "tickhouse/core/market/instrument.h"
#include "tickhouse/ingest/fetch/hour_record.h"

namespace tickhouse::ingest {

/// Enough to judge an hour by its neighbours.
struct HourFacts {
  int64_t ticks = 0;
  double first_price = 0;  ///< Mid of the first tick; 0 without ticks.
  double last_price = 0;
  double volume = 0;  ///< Median ask volume above zero, in units; 0 when there is none.
};

/// Decodes the hour wholly. kCorrupt says what is wrong; a JSON hour must be the one that was asked
/// for, with every tick inside it. Prices of bi5 are scaled by the instrument's decimals.
Result<HourFacts> ReadHourFacts(FeedKind feed, int64_t hour_ns, const Instrument& instrument,
                                std::string_view bytes);

/// The path of an hour below the output folder: the feed's own layout for bi5 (month zero-based),
/// ISO dates for JSON.
std::string HourFile(FeedKind feed, std::string_view symbol, int64_t hour_ns);
/// The address of an hour at the feed.
std::string HourUrl(FeedKind feed, std::string_view root, const Instrument& instrument,
                    int64_t hour_ns);

}  // namespace tickhouse::ingest
