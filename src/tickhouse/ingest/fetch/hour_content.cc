#include "tickhouse/ingest/fetch/hour_content.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <span>
#include <vector>

#include "tickhouse/core/tick.h"
#include "tickhouse/core/time.h"
#include "tickhouse/io/bi5/bi5.h"
#include "tickhouse/io/dukascopy/dukascopy_address.h"
#include "tickhouse/io/dukascopy/dukascopy_hour.h"

namespace tickhouse::ingest {

namespace {

double MedianAboveZero(std::vector<double> values) {
  std::erase_if(values, [](double value) { return !(value > 0); });
  if (values.empty()) return 0;
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  std::nth_element(values.begin(), middle, values.end());
  return *middle;
}

HourFacts FactsOf(TickBatch ticks) {
  HourFacts facts;
  facts.ticks = static_cast<int64_t>(ticks.size());
  if (ticks.empty()) return facts;
  facts.first_price = (ticks.bid.front() + ticks.ask.front()) / 2;
  facts.last_price = (ticks.bid.back() + ticks.ask.back()) / 2;
  facts.volume = MedianAboveZero(std::move(ticks.ask_volume));
  return facts;
}

Status CheckTimes(const io::DukascopyHour& hour, int64_t hour_ns) {
  const int64_t begin_ms = hour_ns / kNanosPerMilli;
  if (hour.timestamp_ms != begin_ms) {
    return Fail(ErrorKind::kCorrupt,
                fmt::format("the feed answered another hour: timestamp {} instead of {}",
                            hour.timestamp_ms, begin_ms));
  }
  const int64_t end_ms = begin_ms + kNanosPerHour / kNanosPerMilli;
  for (std::size_t i = 0; i < hour.size(); ++i) {
    if (hour.time_ms[i] < end_ms) continue;
    return Fail(ErrorKind::kCorrupt, fmt::format("tick {} of {} lies {} ms beyond the hour", i,
                                                 hour.size(), hour.time_ms[i] - end_ms));
  }
  return {};
}

}  // namespace

Result<HourFacts> ReadHourFacts(FeedKind feed, int64_t hour_ns, const Instrument& instrument,
                                std::string_view bytes) {
  TickBatch ticks;
  if (feed == FeedKind::kBi5) {
    TICKHOUSE_ASSIGN(const std::vector<io::Bi5Record> records,
                     io::DecodeBi5(std::as_bytes(std::span(bytes.data(), bytes.size()))));
    io::AppendBi5Ticks(records, hour_ns, instrument.decimals, true, &ticks);
  } else {
    TICKHOUSE_ASSIGN(const io::DukascopyHour hour, io::ParseDukascopyHour(bytes));
    TICKHOUSE_TRY(CheckTimes(hour, hour_ns));
    io::AppendDukascopyTicks(hour, true, &ticks);
  }
  return FactsOf(std::move(ticks));
}

std::string HourFile(FeedKind feed, std::string_view symbol, int64_t hour_ns) {
  return feed == FeedKind::kBi5 ? io::MakeBi5Path(symbol, hour_ns)
                                : io::MakeDukascopyJsonPath(symbol, hour_ns);
}

std::string HourUrl(FeedKind feed, std::string_view root, const Instrument& instrument,
                    int64_t hour_ns) {
  if (feed == FeedKind::kJson) return io::DukascopyTicksUrl(root, instrument.code, hour_ns);
  while (root.ends_with('/')) root.remove_suffix(1);
  return fmt::format("{}/{}", root, io::MakeBi5Path(instrument.symbol, hour_ns));
}

}  // namespace tickhouse::ingest
