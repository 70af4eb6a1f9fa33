#include "tickhouse/io/parquet/tick_row_group.h"

#include <algorithm>
#include <limits>

#include "tickhouse/core/cancel.h"
#include "tickhouse/core/check.h"
#include "tickhouse/core/parallel.h"
#include "tickhouse/core/time.h"

namespace tickhouse::io {

namespace {

constexpr int64_t kLeastTimeUs = std::numeric_limits<int64_t>::min() / kNanosPerMicro;
constexpr int64_t kGreatestTimeUs = std::numeric_limits<int64_t>::max() / kNanosPerMicro;
constexpr int64_t kNullTimeNs = std::numeric_limits<int64_t>::min();

template <typename T>
void AppendRange(std::vector<T>* to, const std::vector<T>& from, std::size_t begin,
                 std::size_t end) {
  to->insert(to->end(), from.begin() + static_cast<std::ptrdiff_t>(begin),
             from.begin() + static_cast<std::ptrdiff_t>(end));
}

// Missing volumes are nulls, so that every column has the rows of the others.
void AppendVolume(std::vector<double>* to, const std::vector<double>& from, std::size_t begin,
                  std::size_t end) {
  if (from.empty()) {
    to->insert(to->end(), end - begin, std::numeric_limits<double>::quiet_NaN());
  } else {
    AppendRange(to, from, begin, end);
  }
}

void AppendPointsAsDoubles(std::vector<double>* to, const std::vector<int32_t>& points,
                           std::size_t begin, std::size_t end, int decimals) {
  for (std::size_t i = begin; i < end; ++i) to->push_back(PointsToDouble(points[i], decimals));
}

}  // namespace

TickRowGroup::TickRowGroup(VolumeColumns volumes, int64_t capacity, int decimals_hint)
    : volumes_(volumes), capacity_(capacity), decimals_hint_(decimals_hint) {
  TICKHOUSE_CHECK(capacity > 0, "a row group holds at least one row");
}

void TickRowGroup::Clear() {
  decimals_ = -1;
  in_points_ = true;
  time_us_.clear();
  for (auto* points : {&bid_points_, &ask_points_}) points->clear();
  for (auto* values : {&bid_, &ask_, &bid_volume_, &ask_volume_, &volume_}) values->clear();
}

void TickRowGroup::LeavePoints() {
  AppendPointsAsDoubles(&bid_, bid_points_, 0, bid_points_.size(), decimals_);
  AppendPointsAsDoubles(&ask_, ask_points_, 0, ask_points_.size(), decimals_);
  bid_points_.clear();
  ask_points_.clear();
  in_points_ = false;
}

void TickRowGroup::AppendVolumes(const std::vector<double>& bid, const std::vector<double>& ask,
                                 const std::vector<double>& single, std::size_t begin,
                                 std::size_t end) {
  if (volumes_.both_sides) {
    AppendVolume(&bid_volume_, bid, begin, end);
    AppendVolume(&ask_volume_, ask, begin, end);
  }
  if (volumes_.single) AppendVolume(&volume_, single, begin, end);
}

std::size_t TickRowGroup::Append(const PointTicks& ticks, std::size_t begin) {
  const std::size_t end = std::min(ticks.size(), begin + Room());
  const std::size_t before = size();
  AppendRange(&time_us_, ticks.time_us, begin, end);
  for (std::size_t i = before; i < time_us_.size(); ++i) {
    const bool fits = time_us_[i] >= kLeastTimeUs && time_us_[i] <= kGreatestTimeUs;
    time_us_[i] = fits ? time_us_[i] : kNullTime;
  }
  if (in_points_ && (before == 0 || decimals_ == ticks.decimals)) {
    decimals_ = ticks.decimals;
    AppendRange(&bid_points_, ticks.bid.points, begin, end);
    AppendRange(&ask_points_, ticks.ask.points, begin, end);
  } else {
    if (in_points_) LeavePoints();
    AppendPointsAsDoubles(&bid_, ticks.bid.points, begin, end, ticks.decimals);
    AppendPointsAsDoubles(&ask_, ticks.ask.points, begin, end, ticks.decimals);
  }
  AppendVolumes(ticks.bid_volume, ticks.ask_volume, ticks.volume, begin, end);
  return end - begin;
}

std::size_t TickRowGroup::Append(const TickBatch& ticks, std::size_t begin) {
  const std::size_t end = std::min(ticks.size(), begin + Room());
  if (in_points_) LeavePoints();
  for (std::size_t i = begin; i < end; ++i) {
    const int64_t ns = ticks.time_ns[i];
    time_us_.push_back(ns == kNullTimeNs ? kNullTime : FloorDiv(ns, kNanosPerMicro));
  }
  AppendRange(&bid_, ticks.bid, begin, end);
  AppendRange(&ask_, ticks.ask, begin, end);
  AppendVolumes(ticks.bid_volume, ticks.ask_volume, ticks.volume, begin, end);
  return end - begin;
}

std::size_t TickRowGroup::columns() const {
  return TickColumns(volumes_).size();
}

EncodedColumn TickRowGroup::Encode(std::size_t column) const {
  const int hint = decimals_ >= 0 ? decimals_ : decimals_hint_;
  switch (column) {
    case 0: return EncodeInt64(time_us_);
    case 1: return in_points_ ? EncodePoints(bid_points_, decimals_) : EncodeDoubles(bid_, hint);
    case 2: return in_points_ ? EncodePoints(ask_points_, decimals_) : EncodeDoubles(ask_, hint);
    default: break;
  }
  if (volumes_.both_sides && column == 3) return EncodeDoubles(bid_volume_, -1);
  if (volumes_.both_sides && column == 4) return EncodeDoubles(ask_volume_, -1);
  TICKHOUSE_CHECK(volumes_.single && column + 1 == columns(), "the column exists");
  return EncodeDoubles(volume_, -1);
}

std::vector<ColumnSchema> TickColumns(VolumeColumns volumes) {
  std::vector<ColumnSchema> columns = {
      {"DateTime", kTimestampColumn}, {"Bid", kDoubleColumn}, {"Ask", kDoubleColumn}};
  if (volumes.both_sides) {
    columns.push_back({"BidVolume", kDoubleColumn});
    columns.push_back({"AskVolume", kDoubleColumn});
  }
  if (volumes.single) columns.push_back({"Volume", kDoubleColumn});
  return columns;
}

std::vector<EncodedColumn> EncodeRowGroup(const TickRowGroup& rows, int threads) {
  std::vector<EncodedColumn> encoded(rows.columns());
  const Status status = ParallelFor(encoded.size(), threads, CancelToken(), [&](std::size_t i) {
    encoded[i] = rows.Encode(i);
    return Status();
  });
  TICKHOUSE_CHECK(status.has_value(), "encoding does not fail");
  return encoded;
}

}  // namespace tickhouse::io
