// Judging hours by their neighbours: a price scale or a volume unit that cannot be right.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <vector>

#include "tickhouse/core/market/instrument.h"
#include "tickhouse/ingest/fetch/hour_record.h"

namespace tickhouse::ingest {

struct HourFinding {
  std::size_t index = 0;  ///< Into the hours given.
  std::string reason;
};

/// `hours`: of one symbol and feed, sorted by time, all in state kTicks. Findings in that order:
/// - price scale: the price differs from the median of up to 60 hours before, and of up to 60
/// after,
///   by the same power of ten (within 30 %); a step that stays is no finding. With fewer than three
///   neighbours the first hour is trusted. Majors, gold and silver are also held against the range
///   they have ever traded in, which needs no neighbour.
/// - volume unit: the median volume differs from both sides by about 10^6 or 10^-6; for FX also
/// when
///   it lies below 100 units or above 10^10 (millions taken for units, units for millions).
/// - repeated: the bytes of the hour before once more.
/// A pure function: the same hours give the same findings.
std::vector<HourFinding> ReviewHours(std::span<const HourRecord> hours,
                                     const Instrument& instrument);

}  // namespace tickhouse::ingest
