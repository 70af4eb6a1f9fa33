#include "tickhouse/io/dukascopy/dukascopy_hour.h"

#include <fmt/format.h>
#include <simdjson.h>

#include <cmath>
#include <limits>
#include <optional>

#include "tickhouse/core/time.h"
#include "tickhouse/io/dukascopy/java_number.h"

namespace tickhouse::io {

namespace {

namespace dom = simdjson::dom;

constexpr double kPowers[] = {1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9};
constexpr int64_t kLastMillisecond = 253'402'300'799'999;  // The end of the year 9999.
constexpr int64_t kMaxPoints = std::numeric_limits<int32_t>::max();
constexpr int64_t kMillisPerHour = 3'600'000;

std::unexpected<Error> Corrupt(const std::string& message) {
  return Fail(ErrorKind::kCorrupt, "feed answer: " + message);
}

Result<double> Number(dom::object object, std::string_view name) {
  double value = 0;
  if (const auto error = object[name].get_double().get(value)) {
    return Corrupt(fmt::format("\"{}\": {}", name, simdjson::error_message(error)));
  }
  return value;
}

Result<dom::array> Array(dom::object object, std::string_view name) {
  dom::array value;
  if (const auto error = object[name].get_array().get(value)) {
    return Corrupt(fmt::format("\"{}\": {}", name, simdjson::error_message(error)));
  }
  return value;
}

Result<int> DecimalsOfMultiplier(double multiplier) {
  for (int decimals = 0; decimals <= 9; ++decimals) {
    if (multiplier == 1 / kPowers[decimals]) return decimals;
  }
  return Corrupt(fmt::format("multiplier {} is not 1, 0.1, ... 1.0E-9", multiplier));
}

// The base is a decimal text of the feed; noise in its last binary digits is not a fraction of a
// point.
Result<int64_t> PointsOfBase(double price, int decimals, std::string_view name) {
  const double points = price * kPowers[decimals];
  const double whole = std::nearbyint(points);
  if (!(std::fabs(points - whole) <= 1e-3) || !(std::fabs(whole) <= double{kMaxPoints})) {
    return Corrupt(fmt::format("\"{}\": {} is no whole number of points at {} decimals", name,
                               price, decimals));
  }
  return static_cast<int64_t>(whole);
}

// Whole numbers only, though the feed may write one as 2.0.
std::optional<int64_t> WholeNumber(dom::element element) {
  int64_t value = 0;
  if (element.get_int64().get(value) == simdjson::SUCCESS) return value;
  double real = 0;
  if (element.get_double().get(real) != simdjson::SUCCESS) return std::nullopt;
  if (real != std::nearbyint(real) || std::fabs(real) > 1e15) return std::nullopt;
  return static_cast<int64_t>(real);
}

// Running sums of deltas, each inside [low, high].
template <typename T>
Status Accumulate(dom::object object, std::string_view name, int64_t base, int64_t low,
                  int64_t high, std::vector<T>* out) {
  TICKHOUSE_ASSIGN(const dom::array deltas, Array(object, name));
  out->reserve(deltas.size());
  int64_t value = base;
  for (const dom::element element : deltas) {
    const auto delta = WholeNumber(element);
    if (!delta) {
      return Corrupt(fmt::format("\"{}\"[{}] is no whole number", name, out->size()));
    }
    if (__builtin_add_overflow(value, *delta, &value) || value < low || value > high) {
      return Corrupt(fmt::format("\"{}\"[{}]: the sum of deltas leaves [{}, {}]", name, out->size(),
                                 low, high));
    }
    out->push_back(static_cast<T>(value));
  }
  return {};
}

Status ReadVolumes(dom::object object, std::string_view name, std::vector<double>* out) {
  TICKHOUSE_ASSIGN(const dom::array volumes, Array(object, name));
  out->reserve(volumes.size());
  for (const dom::element element : volumes) {
    double value = 0;
    if (element.get_double().get(value) != simdjson::SUCCESS || !(value >= 0)) {
      return Corrupt(fmt::format("\"{}\"[{}] is no volume", name, out->size()));
    }
    out->push_back(value);
  }
  return {};
}

Status CheckLengths(const DukascopyHour& hour) {
  const std::size_t rows = hour.size();
  if (hour.ask_points.size() == rows && hour.bid_points.size() == rows &&
      hour.ask_volume.size() == rows && hour.bid_volume.size() == rows) {
    return {};
  }
  return Corrupt(
      fmt::format("arrays of different length: {} times, {} asks, {} bids, {} "
                  "askVolumes, {} bidVolumes",
                  rows, hour.ask_points.size(), hour.bid_points.size(), hour.ask_volume.size(),
                  hour.bid_volume.size()));
}

Status ReadPrices(dom::object object, std::string_view base_name, std::string_view deltas_name,
                  int decimals, std::vector<int32_t>* out) {
  TICKHOUSE_ASSIGN(const dom::array deltas, Array(object, deltas_name));
  if (deltas.size() == 0) return {};
  TICKHOUSE_ASSIGN(const double price, Number(object, base_name));
  TICKHOUSE_ASSIGN(const int64_t base, PointsOfBase(price, decimals, base_name));
  return Accumulate(object, deltas_name, base, -kMaxPoints, kMaxPoints, out);
}

}  // namespace

Result<DukascopyHour> ParseDukascopyHour(std::string_view json) {
  dom::parser parser;
  dom::object object;
  if (const auto error = parser.parse(json.data(), json.size()).get_object().get(object)) {
    return Corrupt(fmt::format("no JSON object: {} (begins \"{}\")", simdjson::error_message(error),
                               json.substr(0, 40)));
  }
  DukascopyHour hour;
  const auto timestamp = object["timestamp"];
  dom::element element;
  if (timestamp.get(element) != simdjson::SUCCESS || !WholeNumber(element)) {
    return Corrupt("\"timestamp\" is missing or no whole number of milliseconds");
  }
  hour.timestamp_ms = *WholeNumber(element);
  if (hour.timestamp_ms < 0 || hour.timestamp_ms > kLastMillisecond) {
    return Corrupt(fmt::format("timestamp {} is no time in milliseconds", hour.timestamp_ms));
  }
  TICKHOUSE_TRY(Accumulate(object, "times", hour.timestamp_ms, hour.timestamp_ms, kLastMillisecond,
                           &hour.time_ms));
  if (!hour.empty() || object["multiplier"].error() == simdjson::SUCCESS) {
    TICKHOUSE_ASSIGN(const double multiplier, Number(object, "multiplier"));
    TICKHOUSE_ASSIGN(hour.decimals, DecimalsOfMultiplier(multiplier));
  }
  TICKHOUSE_TRY(ReadPrices(object, "ask", "asks", hour.decimals, &hour.ask_points));
  TICKHOUSE_TRY(ReadPrices(object, "bid", "bids", hour.decimals, &hour.bid_points));
  TICKHOUSE_TRY(ReadVolumes(object, "askVolumes", &hour.ask_volume));
  TICKHOUSE_TRY(ReadVolumes(object, "bidVolumes", &hour.bid_volume));
  TICKHOUSE_TRY(CheckLengths(hour));
  return hour;
}

namespace {

template <typename T>
void PutDeltas(std::string_view name, const std::vector<T>& values, int64_t base,
               std::string* out) {
  fmt::format_to(std::back_inserter(*out), ",\"{}\":[", name);
  int64_t last = base;
  for (std::size_t i = 0; i < values.size(); ++i) {
    if (i > 0) *out += ',';
    fmt::format_to(std::back_inserter(*out), "{}", int64_t{values[i]} - last);
    last = values[i];
  }
  *out += ']';
}

void PutVolumes(std::string_view name, const std::vector<double>& values, std::string* out) {
  fmt::format_to(std::back_inserter(*out), ",\"{}\":[", name);
  for (std::size_t i = 0; i < values.size(); ++i) {
    if (i > 0) *out += ',';
    *out += FormatJavaDouble(values[i]);
  }
  *out += ']';
}

}  // namespace

std::string FormatDukascopyHour(const DukascopyHour& hour) {
  const double scale = kPowers[hour.decimals];
  std::string out = fmt::format("{{\"timestamp\":{},\"multiplier\":{}", hour.timestamp_ms,
                                FormatJavaDouble(1 / scale));
  const int64_t ask = hour.empty() ? 0 : hour.ask_points[0];
  const int64_t bid = hour.empty() ? 0 : hour.bid_points[0];
  if (!hour.empty()) {
    out += ",\"ask\":" + FormatJavaDouble(static_cast<double>(ask) / scale);
    out += ",\"bid\":" + FormatJavaDouble(static_cast<double>(bid) / scale);
  }
  PutDeltas("times", hour.time_ms, hour.timestamp_ms, &out);
  PutDeltas("asks", hour.ask_points, ask, &out);
  PutDeltas("bids", hour.bid_points, bid, &out);
  PutVolumes("askVolumes", hour.ask_volume, &out);
  PutVolumes("bidVolumes", hour.bid_volume, &out);
  out += '}';
  return out;
}

void AppendDukascopyTicks(const DukascopyHour& hour, bool with_volumes, TickBatch* batch) {
  const double scale = kPowers[hour.decimals];
  for (std::size_t i = 0; i < hour.size(); ++i) {
    batch->time_ns.push_back(hour.time_ms[i] * kNanosPerMilli);
    batch->bid.push_back(hour.bid_points[i] / scale);
    batch->ask.push_back(hour.ask_points[i] / scale);
  }
  if (!with_volumes) return;
  batch->bid_volume.insert(batch->bid_volume.end(), hour.bid_volume.begin(), hour.bid_volume.end());
  batch->ask_volume.insert(batch->ask_volume.end(), hour.ask_volume.begin(), hour.ask_volume.end());
}

Result<std::vector<Bi5Record>> ToBi5Records(const DukascopyHour& hour) {
  std::vector<Bi5Record> records;
  records.reserve(hour.size());
  for (std::size_t i = 0; i < hour.size(); ++i) {
    const int64_t ms = hour.time_ms[i] - hour.timestamp_ms;
    if (ms < 0 || ms >= kMillisPerHour || hour.ask_points[i] < 0 || hour.bid_points[i] < 0) {
      return Fail(ErrorKind::kUnsupported,
                  fmt::format("tick {} has no bi5 form: {} ms into the hour, ask {}, bid {} points",
                              i, ms, hour.ask_points[i], hour.bid_points[i]));
    }
    records.push_back({static_cast<uint32_t>(ms), static_cast<uint32_t>(hour.ask_points[i]),
                       static_cast<uint32_t>(hour.bid_points[i]),
                       UnitsToBi5Volume(hour.ask_volume[i]), UnitsToBi5Volume(hour.bid_volume[i])});
  }
  return records;
}

DukascopyHour FromBi5Records(std::span<const Bi5Record> records, int64_t hour_ns, int decimals) {
  DukascopyHour hour;
  hour.timestamp_ms = FloorDiv(hour_ns, kNanosPerMilli);
  hour.decimals = decimals;
  for (const Bi5Record& record : records) {
    hour.time_ms.push_back(hour.timestamp_ms + record.ms);
    hour.ask_points.push_back(static_cast<int32_t>(record.ask_points));
    hour.bid_points.push_back(static_cast<int32_t>(record.bid_points));
    hour.ask_volume.push_back(Bi5VolumeToUnits(record.ask_volume));
    hour.bid_volume.push_back(Bi5VolumeToUnits(record.bid_volume));
  }
  return hour;
}

}  // namespace tickhouse::io
