// What is known of one hour of one feed: the state it ended in, and the file that holds it.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "tickhouse/core/error.h"

namespace tickhouse::ingest {

/// The two forms in which Dukascopy's hours come (formats.md 1.3 and 1.4).
enum class FeedKind { kJson, kBi5 };

/// "json", "bi5": the values of `--feed`.
std::string_view FeedKindName(FeedKind feed);
Result<FeedKind> ParseFeedKind(std::string_view name);

/// Where an hour ended. Closed: every hour that was looked at is in exactly one.
enum class HourState {
  kTicks,            ///< Stored, decoded, at least one tick.
  kProvenEmpty,      ///< The source answered: no tick in this hour.
  kClosedMarket,     ///< The calendar says closed; the source was not asked.
  kMissingAtSource,  ///< 404: the source does not have the hour, which proves nothing about ticks.
  kRefused,          ///< 401, 403, 429, 5xx or no answer, in the end.
  kCorrupt,  ///< An answer that does not mean what its format promises, or of a wrong scale.
};

/// "ticks", "proven-empty", "closed-market", "missing-at-source", "refused", "corrupt".
std::string_view HourStateName(HourState state);
Result<HourState> ParseHourState(std::string_view name);

/// One line of a manifest.
struct HourRecord {
  FeedKind feed = FeedKind::kJson;
  int64_t hour_ns = 0;  ///< Start of the hour, UTC.
  HourState state = HourState::kTicks;
  int64_t ticks = 0;
  int64_t bytes = 0;
  std::string sha256;      ///< Lower-case hex; empty when no bytes were kept.
  std::string file;        ///< Below the output folder; empty when nothing is stored.
  std::string source;      ///< The address asked, or "found in the folder".
  int64_t fetched_ns = 0;  ///< When the state was reached, UTC.
  double first_price = 0;  ///< Mid of the first tick, of the last, and the median ask volume in
  double last_price = 0;   ///< units: what neighbours are compared by. 0 without ticks.
  double volume = 0;
  std::string detail;  ///< Why, for a person.
  bool operator==(const HourRecord&) const = default;
};

/// One tab-separated line without its end; tabs and line ends inside a field become spaces.
std::string FormatHourRecord(const HourRecord& record);
/// kCorrupt quotes the line.
Result<HourRecord> ParseHourRecord(std::string_view line);

}  // namespace tickhouse::ingest
