// Faults that a generated stream is given on request, and the labels that say where they are.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "tickhouse/core/error.h"
#include "tickhouse/core/time.h"

namespace tickhouse::synth {

enum class AnomalyKind {
  kSpike,    ///< One to three quotes far off, then back. Size: the distance in spreads (40).
  kFlash,    ///< The price falls within half a minute and recovers. Size: depth in percent (1).
  kStale,    ///< Ticks go on, bid and ask stand still. Size: seconds (180).
  kBlowout,  ///< The spread widens for a minute. Size: the factor (15).
  kCrossed,  ///< Five quotes with the bid above the ask. Size: how far, in spreads (1).
  kGap,      ///< No tick at all while the market is open. Size: seconds (1800).
  kBurst,    ///< Far more ticks than usual for ten seconds. Size: the factor (30).
};

/// "spike", "flash", "stale", "blowout", "crossed", "gap", "burst".
std::string_view AnomalyKindName(AnomalyKind kind);

/// What is asked for of one kind.
struct AnomalyRequest {
  AnomalyKind kind = AnomalyKind::kSpike;
  double count = 1;
  bool per_day = false;  ///< `count` is a day's worth; the total is rounded.
  double size = 0;       ///< In the unit of the kind.
  bool operator==(const AnomalyRequest&) const = default;
};

/// "spike=3,flash=1,gap=2@3600,burst=0.5/day": a count or a rate, then the size where the default
/// does not suit. kInvalidArgument names the part at fault, the kinds and the range of a size.
Result<std::vector<AnomalyRequest>> ParseAnomalies(std::string_view text);

/// One of each kind, three spikes: what `--labels` alone means.
std::vector<AnomalyRequest> DefaultAnomalies();

/// Where a fault is. `rows` rows from `first_row` (0-based within the stream of the symbol) carry
/// it; a gap has none and lies before `first_row`. `begin` is the time of the first of them, `end`
/// just after the last; of a gap and a burst the planned stretch.
struct AnomalyLabel {
  std::string symbol;
  AnomalyKind kind = AnomalyKind::kSpike;
  int64_t begin_ns = 0;
  int64_t end_ns = 0;
  int64_t first_row = 0;
  int64_t rows = 0;
  /// Spike: signed distance in price. Flash: deepest distance in price, negative. Stale and gap:
  /// seconds. Blow-out and burst: the factor. Crossed: the largest bid - ask in price.
  double size = 0;
};

/// CSV with the header `symbol,kind,begin,end,first_row,rows,size`; times as FormatUtc writes them.
std::string FormatAnomalyLabels(std::span<const AnomalyLabel> labels);

}  // namespace tickhouse::synth
