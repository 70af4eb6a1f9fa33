// One hour of ticks as Dukascopy's public JSON feed tells it (formats.md 1.4).
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "tickhouse/core/error.h"
#include "tickhouse/core/tick.h"
#include "tickhouse/io/bi5/bi5.h"

namespace tickhouse::io {

/// Columns of one length, in the order of the feed. Prices are exact: points / 10^decimals.
struct DukascopyHour {
  int64_t timestamp_ms = 0;      ///< What the times count from: the start of the hour, UTC.
  int decimals = 5;              ///< The multiplier is 10^-decimals; in [0, 9].
  std::vector<int64_t> time_ms;  ///< Since 1970, UTC; never before `timestamp_ms`.
  std::vector<int32_t> bid_points;
  std::vector<int32_t> ask_points;
  std::vector<double> bid_volume;  ///< Units, not millions.
  std::vector<double> ask_volume;

  std::size_t size() const { return time_ms.size(); }
  bool empty() const { return time_ms.empty(); }
  bool operator==(const DukascopyHour&) const = default;
};

/// Reads one answer. kCorrupt says what is wrong and at which tick: no JSON, a member that is
/// missing or of another type, arrays of different length, a multiplier that is no power of ten, a
/// base price that is no whole number of points, a time before the hour's start, a price beyond
/// 32 bits, a negative volume. An hour without ticks has empty arrays and needs no base price.
/// Members this version does not know are passed over.
Result<DukascopyHour> ParseDukascopyHour(std::string_view json);

/// The feed's own form, byte for byte (its number format is Java's). Parse(Format(h)) == h for
/// hours that ParseDukascopyHour would accept.
std::string FormatDukascopyHour(const DukascopyHour& hour);

/// Appends as ticks; volumes in units when `with_volumes`.
void AppendDukascopyTicks(const DukascopyHour& hour, bool with_volumes, TickBatch* batch);

/// The same hour in the classic form: identical times and prices, volumes by the rule of
/// formats.md. kUnsupported: a tick outside the hour that begins at `timestamp_ms`, or a price
/// below zero.
Result<std::vector<Bi5Record>> ToBi5Records(const DukascopyHour& hour);
/// And back; volumes as Bi5VolumeToUnits gives them.
DukascopyHour FromBi5Records(std::span<const Bi5Record> records, int64_t hour_ns, int decimals);

}  // namespace tickhouse::io
