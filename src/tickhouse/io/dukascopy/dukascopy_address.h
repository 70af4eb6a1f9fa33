// Where an hour lies: at the feed, and in a folder of raw files.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "tickhouse/core/error.h"

namespace tickhouse::io {

/// The public JSON feed.
inline constexpr std::string_view kDukascopyJsonRoot = "https://jetta.dukascopy.com/v1";

/// {root}/ticks/EUR-USD/2026/7/13/12: month counted from one, nothing padded.
std::string DukascopyTicksUrl(std::string_view root, std::string_view code, int64_t hour_ns);
/// {root}/instruments/EUR-USD
std::string DukascopyInstrumentUrl(std::string_view root, std::string_view code);

/// A raw file of the JSON feed: EURUSD/2026/2026-07-13/EURUSD_2026-07-13T12Z.json. The month stands
/// as in ISO 8601, so that nobody takes it for the zero-based one of bi5.
std::string MakeDukascopyJsonPath(std::string_view symbol, int64_t hour_ns);
struct DukascopyJsonPath {
  std::string symbol;
  int64_t hour_ns = 0;
};
/// Looks at the file name only, as it says all. kInvalidArgument for any other name.
Result<DukascopyJsonPath> ParseDukascopyJsonPath(std::string_view path);

}  // namespace tickhouse::io
