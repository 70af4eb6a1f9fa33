#include "tickhouse/clean/tick_filter.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <utility>

namespace tickhouse::clean {

namespace {

// Days of windows looked up at once. Small enough that times all over the calendar stay cheap.
constexpr int64_t kBlockNanos = 64 * kNanosPerDay;
// Times further out are nobody's ticks; they stay clear of overflow in the calendar.
constexpr int64_t kFarthest = std::numeric_limits<int64_t>::max() - 2 * kBlockNanos;

}  // namespace

FilterCounts& FilterCounts::operator+=(const FilterCounts& other) {
  rows += other.rows;
  missing_times += other.missing_times;
  outside += other.outside;
  unusable_prices += other.unusable_prices;
  return *this;
}

FilterCounts FilterCounts::operator-(const FilterCounts& other) const {
  return {rows - other.rows, missing_times - other.missing_times, outside - other.outside,
          unusable_prices - other.unusable_prices};
}

std::vector<UtcRange> WindowRanges(const WindowSchedule& schedule, UtcRange range) {
  std::vector<UtcRange> joined;
  for (const WindowOccurrence& occurrence : schedule.Occurrences(range)) {
    if (occurrence.range.begin >= occurrence.range.end) continue;
    if (!joined.empty() && joined.back().end >= occurrence.range.begin) {
      joined.back().end = std::max(joined.back().end, occurrence.range.end);
    } else {
      joined.push_back(occurrence.range);
    }
  }
  return joined;
}

bool AllFinite(const std::vector<double>& values) {
  constexpr int64_t kMagnitude = std::numeric_limits<int64_t>::max();
  const int64_t infinity = std::bit_cast<int64_t>(std::numeric_limits<double>::infinity());
  int64_t largest = 0;
  for (const double value : values) {
    largest = std::max(largest, std::bit_cast<int64_t>(value) & kMagnitude);
  }
  return largest < infinity;
}

TickFilter::TickFilter(std::optional<WindowSchedule> schedule) : schedule_(std::move(schedule)) {}

void TickFilter::Locate(int64_t time_ns) {
  const UtcTime time = FromNanos(time_ns);
  if (!block_.Contains(time)) {
    const int64_t begin = FloorDiv(time_ns, kBlockNanos) * kBlockNanos;
    block_ = {FromNanos(begin), FromNanos(begin + kBlockNanos)};
    ranges_ = WindowRanges(*schedule_, block_);
  }
  const auto next = std::upper_bound(ranges_.begin(), ranges_.end(), time,
                                     [](UtcTime t, const UtcRange& r) { return t < r.end; });
  stretch_inside_ = next != ranges_.end() && next->begin <= time;
  if (stretch_inside_) {
    stretch_begin_ = ToNanos(next->begin);
    stretch_end_ = ToNanos(next->end);
    return;
  }
  const UtcTime end = next == ranges_.end() ? block_.end : std::min(next->begin, block_.end);
  const UtcTime begin =
      next == ranges_.begin() ? block_.begin : std::max(std::prev(next)->end, block_.begin);
  stretch_begin_ = ToNanos(begin);
  stretch_end_ = ToNanos(end);
}

bool TickFilter::Inside(int64_t time_ns) {
  if (!schedule_) return true;
  if (time_ns < stretch_begin_ || time_ns >= stretch_end_) {
    if (time_ns > kFarthest || time_ns < -kFarthest) return false;
    Locate(time_ns);
  }
  return stretch_inside_;
}

void TickFilter::Apply(const TickBatch& in, TickBatch* out) {
  counts_.rows += static_cast<int64_t>(in.size());
  for (std::size_t row = 0; row < in.size(); ++row) {
    const int64_t time_ns = in.time_ns[row];
    if (time_ns == kMissingTime) {
      ++counts_.missing_times;
    } else if (!Inside(time_ns)) {
      ++counts_.outside;
    } else if (!std::isfinite(in.bid[row]) || !std::isfinite(in.ask[row])) {
      ++counts_.unusable_prices;
    } else {
      out->time_ns.push_back(time_ns);
      out->bid.push_back(in.bid[row]);
      out->ask.push_back(in.ask[row]);
    }
  }
}

bool TickFilter::AllCount(const TickBatch& in) {
  if (in.empty() || !in.volume.empty() || !in.bid_volume.empty()) return false;
  int64_t first = in.time_ns.front();
  int64_t last = first;
  for (const int64_t time_ns : in.time_ns) {
    first = std::min(first, time_ns);
    last = std::max(last, time_ns);
  }
  if (first == kMissingTime || !Inside(first)) return false;
  if (schedule_ && last >= stretch_end_) return false;
  if (!AllFinite(in.bid) || !AllFinite(in.ask)) return false;
  counts_.rows += static_cast<int64_t>(in.size());
  return true;
}

FilteredTickReader::FilteredTickReader(std::unique_ptr<TickReader> source,
                                       std::optional<WindowSchedule> schedule, FilterCounts* counts)
    : source_(std::move(source)), filter_(std::move(schedule)), counts_(counts) {}

Result<bool> FilteredTickReader::Next(TickBatch* batch) {
  batch->Clear();
  while (batch->empty()) {
    TICKHOUSE_ASSIGN(const bool more, source_->Next(&raw_));
    if (!more) return false;
    if (filter_.AllCount(raw_)) {
      std::swap(*batch, raw_);
    } else {
      filter_.Apply(raw_, batch);
    }
    if (counts_ != nullptr) *counts_ += filter_.counts() - reported_;
    reported_ = filter_.counts();
  }
  return true;
}

}  // namespace tickhouse::clean
