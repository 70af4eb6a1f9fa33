#include "tickhouse/io/csv/csv_row_sink.h"

#include <algorithm>
#include <array>
#include <cstdlib>
#include <utility>

#include "tickhouse/core/time.h"
#include "tickhouse/io/csv/csv_number.h"

namespace tickhouse::io {

namespace {

constexpr std::array<int64_t, kMaxCsvDecimals + 1> kScales = {
    1, 10, 100, 1'000, 10'000, 100'000, 1'000'000, 10'000'000, 100'000'000, 1'000'000'000};

/// The mantissa at `decimals`; false when it needs more than 9 digits.
bool PointsAt(const CsvPrice& price, int decimals, int64_t* points) {
  *points = price.mantissa * kScales[static_cast<std::size_t>(decimals - price.decimals)];
  return std::abs(*points) <= kMaxCsvPoints;
}

void AppendPrices(const std::vector<int32_t>& points, int decimals, std::vector<double>* prices) {
  const double scale = PowerOfTen(decimals);
  prices->reserve(prices->size() + points.size());
  for (const int32_t point : points) prices->push_back(point / scale);
}

void AppendAll(std::span<const double> values, std::vector<double>* column) {
  column->insert(column->end(), values.begin(), values.end());
}

}  // namespace

void ParsedCsv::Clear() {
  points.time_us.clear();
  points.bid.points.clear();
  points.ask.points.clear();
  points.bid_volume.clear();
  points.ask_volume.clear();
  points.volume.clear();
  points.decimals = PointTicks{}.decimals;
  batch.Clear();
  in_points = true;
  rejected.clear();
  lines = 0;
  symbol.reset();
}

void ParsedCsv::MoveRowsTo(TickBatch* out) {
  if (!in_points) {
    std::swap(*out, batch);
    batch.Clear();
    return;
  }
  out->Clear();
  out->time_ns.reserve(points.size());
  for (const int64_t us : points.time_us) out->time_ns.push_back(us * kNanosPerMicro);
  AppendPrices(points.bid.points, points.decimals, &out->bid);
  AppendPrices(points.ask.points, points.decimals, &out->ask);
  out->bid_volume.swap(points.bid_volume);
  out->ask_volume.swap(points.ask_volume);
  out->volume.swap(points.volume);
  points.time_us.clear();
  points.bid.points.clear();
  points.ask.points.clear();
}

void CsvRowSink::Add(const CsvRow& row) {
  if (out_->in_points && !AddAsPoints(row)) MoveToBatch();
  if (!out_->in_points) {
    out_->batch.time_ns.push_back(row.time_ns);
    out_->batch.bid.push_back(row.bid.value);
    out_->batch.ask.push_back(row.ask.value);
  }
  if (volumes_.both_sides) {
    const bool points = out_->in_points;
    (points ? out_->points.bid_volume : out_->batch.bid_volume).push_back(row.bid_volume);
    (points ? out_->points.ask_volume : out_->batch.ask_volume).push_back(row.ask_volume);
  }
  if (volumes_.single) {
    (out_->in_points ? out_->points.volume : out_->batch.volume).push_back(row.volume);
  }
}

void CsvRowSink::AddPoints(std::span<const int64_t> time_us, std::span<const int32_t> bid,
                           std::span<const int32_t> ask, std::span<const double> bid_volume,
                           std::span<const double> ask_volume, std::span<const double> volume) {
  PointTicks& points = out_->points;
  points.time_us.insert(points.time_us.end(), time_us.begin(), time_us.end());
  points.bid.points.insert(points.bid.points.end(), bid.begin(), bid.end());
  points.ask.points.insert(points.ask.points.end(), ask.begin(), ask.end());
  AppendAll(bid_volume, &points.bid_volume);
  AppendAll(ask_volume, &points.ask_volume);
  AppendAll(volume, &points.volume);
}

std::optional<int64_t> CsvRowSink::last_time_ns() const {
  if (out_->rows() == 0) return std::nullopt;
  return out_->in_points ? out_->points.time_us.back() * kNanosPerMicro
                         : out_->batch.time_ns.back();
}

bool CsvRowSink::AddAsPoints(const CsvRow& row) {
  if (row.bid.decimals < 0 || row.ask.decimals < 0) return false;
  if (row.time_ns % kNanosPerMicro != 0) return false;
  const int needed = std::max({decimals_, row.bid.decimals, row.ask.decimals});
  int64_t bid = 0;
  int64_t ask = 0;
  if (!PointsAt(row.bid, needed, &bid) || !PointsAt(row.ask, needed, &ask)) return false;
  if (needed != decimals_ && !Rescale(needed)) return false;
  out_->points.time_us.push_back(row.time_ns / kNanosPerMicro);
  out_->points.bid.points.push_back(static_cast<int32_t>(bid));
  out_->points.ask.points.push_back(static_cast<int32_t>(ask));
  return true;
}

bool CsvRowSink::Rescale(int decimals) {
  const int64_t factor = kScales[static_cast<std::size_t>(decimals - std::max(decimals_, 0))];
  const auto fits = [factor](int32_t points) { return std::abs(points * factor) <= kMaxCsvPoints; };
  PointTicks& rows = out_->points;
  if (decimals_ >= 0) {
    if (!std::ranges::all_of(rows.bid.points, fits)) return false;
    if (!std::ranges::all_of(rows.ask.points, fits)) return false;
    for (int32_t& points : rows.bid.points) points = static_cast<int32_t>(points * factor);
    for (int32_t& points : rows.ask.points) points = static_cast<int32_t>(points * factor);
  }
  decimals_ = decimals;
  rows.decimals = decimals;
  return true;
}

void CsvRowSink::MoveToBatch() {
  ParsedCsv& parsed = *out_;
  TickBatch rows;
  parsed.MoveRowsTo(&rows);
  parsed.batch = std::move(rows);
  parsed.in_points = false;
  decimals_ = -1;
}

}  // namespace tickhouse::io
