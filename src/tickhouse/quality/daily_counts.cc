#include "tickhouse/quality/daily_counts.h"

#include <algorithm>
#include <cmath>

#include "tickhouse/core/check.h"

namespace tickhouse::quality {

namespace {

constexpr int64_t kSampleNanos = 300 * kNanosPerSecond;
// Spreads below this many steps are counted in an array: nearly all of them.
constexpr std::size_t kQuickSpreads = 4'096;

// Room for the arithmetic of days and offsets around a time; a null time lies before.
constexpr int64_t kFirstTime = INT64_MIN + 10 * kNanosPerDay;
constexpr int64_t kLastTime = INT64_MAX - 10 * kNanosPerDay;

// Local wall clock back to an instant inside one span of a constant offset.
int64_t ToUtcNanos(int64_t local_ns, const Zone::Span& span) {
  return local_ns - Nanos(span.offset).count();
}

std::optional<SpreadSummary> SummaryOf(const SpreadHistogram& spreads, double scale) {
  if (spreads.count() == 0) return std::nullopt;
  SpreadSummary summary;
  summary.ticks = spreads.count();
  summary.mean = *spreads.Mean() / scale;
  summary.median = *spreads.Quantile(0.5) / scale;
  summary.p95 = *spreads.Quantile(0.95) / scale;
  return summary;
}

}  // namespace

void SpreadHistogram::Add(int64_t steps, int64_t count) {
  counts_[steps] += count;
  count_ += count;
}

void SpreadHistogram::Merge(const SpreadHistogram& other) {
  for (const auto& [steps, count] : other.counts_) Add(steps, count);
}

int64_t SpreadHistogram::At(int64_t rank) const {
  int64_t seen = 0;
  for (const auto& [steps, count] : counts_) {
    seen += count;
    if (rank < seen) return steps;
  }
  return counts_.rbegin()->first;
}

std::optional<double> SpreadHistogram::Quantile(double q) const {
  if (count_ == 0) return std::nullopt;
  const double position = q * static_cast<double>(count_ - 1);
  const int64_t low = static_cast<int64_t>(std::floor(position));
  const double below = static_cast<double>(At(low));
  const double fraction = position - static_cast<double>(low);
  if (fraction == 0) return below;
  return below + (static_cast<double>(At(low + 1)) - below) * fraction;
}

std::optional<double> SpreadHistogram::Mean() const {
  if (count_ == 0) return std::nullopt;
  long double sum = 0;
  for (const auto& [steps, count] : counts_) {
    sum += static_cast<long double>(steps) * static_cast<long double>(count);
  }
  return static_cast<double>(sum / static_cast<long double>(count_));
}

DailyCounter::DailyCounter(std::vector<TradingWindow> windows, Zone zone, int decimals)
    : schedule_(std::move(windows), std::move(zone)),
      decimals_(decimals),
      scale_(std::pow(10.0, decimals)),
      quick_spreads_(kQuickSpreads) {
  TICKHOUSE_CHECK(decimals >= 0 && decimals <= 9, "prices have 0 to 9 decimals");
}

DailyCounter::Day& DailyCounter::DayAt(CivilDay day) {
  Day& entry = days_[day];
  if (entry.window_ticks.empty()) entry.window_ticks.resize(schedule_.windows().size());
  return entry;
}

// The windows of four days around a time; asked for again when the ticks leave the middle two.
void DailyCounter::FindWindows(int64_t time_ns) {
  known_begin_ = time_ns - kNanosPerDay;
  known_end_ = time_ns + 2 * kNanosPerDay;
  occurrences_ = schedule_.Occurrences({FromNanos(known_begin_), FromNanos(known_end_)});
}

// Everything a tick is counted by is found once for the stretch in which none of it changes.
void DailyCounter::MoveTo(int64_t time_ns) {
  FlushSpreads();
  const Zone::Span span = schedule_.zone().SpanAt(FromNanos(time_ns));
  const int64_t local = time_ns + Nanos(span.offset).count();
  const CivilDay day{static_cast<int32_t>(FloorDiv(local, kNanosPerDay))};
  const int64_t hour = FloorDiv(local, kNanosPerHour);
  here_.begin_ns = std::max(ToUtcNanos(hour * kNanosPerHour, span), ToNanos(span.begin));
  here_.end_ns = std::min(ToUtcNanos((hour + 1) * kNanosPerHour, span), ToNanos(span.end));
  const int64_t midnight = day.days_since_epoch * kNanosPerDay;
  const int64_t day_begin = ToNanos(schedule_.zone().FromLocalNanos(midnight).time);
  const int64_t sample = FloorDiv(time_ns - day_begin, kSampleNanos);
  here_.begin_ns = std::max(here_.begin_ns, day_begin + sample * kSampleNanos);
  here_.end_ns = std::min(here_.end_ns, day_begin + (sample + 1) * kSampleNanos);

  here_.day = &DayAt(day);
  here_.hour_ticks =
      &here_.day->hour_ticks[static_cast<std::size_t>(hour - FloorDiv(hour, 24) * 24)];
  here_.sample = &here_.day->samples[static_cast<int32_t>(sample)];
  here_.window_ticks = nullptr;
  if (here_.begin_ns < known_begin_ || here_.end_ns > known_end_) FindWindows(time_ns);
  for (const WindowOccurrence& window : occurrences_) {
    const int64_t begin = ToNanos(window.range.begin);
    const int64_t end = ToNanos(window.range.end);
    if (begin <= time_ns && time_ns < end) {
      here_.begin_ns = std::max(here_.begin_ns, begin);
      here_.end_ns = std::min(here_.end_ns, end);
      here_.window_ticks =
          &DayAt(window.day).window_ticks[static_cast<std::size_t>(window.window_index)];
    } else if (end <= time_ns) {
      here_.begin_ns = std::max(here_.begin_ns, end);
    } else {
      here_.end_ns = std::min(here_.end_ns, begin);
    }
  }
}

void DailyCounter::FlushSpreads() {
  if (here_.day == nullptr) return;
  for (std::size_t steps = 0; steps < quick_end_; ++steps) {
    if (quick_spreads_[steps] == 0) continue;
    here_.day->spreads.Add(static_cast<int64_t>(steps), quick_spreads_[steps]);
    quick_spreads_[steps] = 0;
  }
  quick_end_ = 0;
}

void DailyCounter::Add(const TickBatch& batch) {
  for (std::size_t i = 0; i < batch.size(); ++i) {
    const int64_t time_ns = batch.time_ns[i];
    if (time_ns < here_.begin_ns || time_ns >= here_.end_ns) [[unlikely]] {
      if (time_ns < kFirstTime || time_ns > kLastTime) {
        ++null_times_;
        continue;
      }
      MoveTo(time_ns);
    }
    ++*here_.hour_ticks;
    if (here_.window_ticks != nullptr) ++*here_.window_ticks;
    const double bid = batch.bid[i];
    const double ask = batch.ask[i];
    const double steps = std::nearbyint((ask - bid) * scale_);
    if (steps >= 0 && steps < static_cast<double>(kQuickSpreads)) [[likely]] {
      const std::size_t index = static_cast<std::size_t>(steps);
      ++quick_spreads_[index];
      quick_end_ = std::max(quick_end_, index + 1);
    } else if (std::fabs(steps) < 9e15) {  // False for NaN and infinity as well.
      here_.day->spreads.Add(static_cast<int64_t>(steps), 1);
    } else {
      continue;
    }
    if (time_ns >= here_.sample->time_ns && bid + ask > 0)
      *here_.sample = {time_ns, (bid + ask) / 2};
  }
  FlushSpreads();
}

void DailyCounter::Merge(const DailyCounter& other) {
  TICKHOUSE_CHECK(decimals_ == other.decimals_, "both parts have the same decimals");
  null_times_ += other.null_times_;
  for (const auto& [date, from] : other.days_) {
    Day& to = DayAt(date);
    for (std::size_t i = 0; i < to.window_ticks.size(); ++i) {
      to.window_ticks[i] += from.window_ticks[i];
    }
    for (std::size_t i = 0; i < to.hour_ticks.size(); ++i) to.hour_ticks[i] += from.hour_ticks[i];
    to.spreads.Merge(from.spreads);
    for (const auto& [index, sample] : from.samples) {
      Sample& mine = to.samples[index];
      if (sample.time_ns >= mine.time_ns) mine = sample;
    }
  }
}

TickStatistics DailyCounter::Finish() const {
  TickStatistics statistics;
  statistics.windows = schedule_.windows();
  statistics.zone = schedule_.zone().name();
  statistics.decimals = decimals_;
  statistics.null_times = null_times_;
  SpreadHistogram all;
  for (const auto& [date, day] : days_) {
    DayStatistics out;
    out.day = date;
    out.window_ticks = day.window_ticks;
    out.hour_ticks = day.hour_ticks;
    for (const int64_t ticks : day.hour_ticks) out.ticks += ticks;
    out.spread = SummaryOf(day.spreads, scale_);
    all.Merge(day.spreads);
    double sum = 0;
    double previous = 0;
    int samples = 0;
    for (const auto& [index, sample] : day.samples) {
      if (sample.time_ns == INT64_MIN) continue;
      if (samples++ > 0) sum += std::pow(std::log(sample.mid / previous), 2);
      previous = sample.mid;
    }
    if (samples >= 2) out.realised_volatility = std::sqrt(sum);
    statistics.ticks += out.ticks;
    statistics.days.push_back(std::move(out));
  }
  statistics.spread = SummaryOf(all, scale_);
  return statistics;
}

HourMatrix MeanTicksPerHour(const TickStatistics& statistics) {
  std::array<std::array<int64_t, 24>, 7> sums{};
  std::array<int64_t, 7> days{};
  for (const DayStatistics& day : statistics.days) {
    // 1970-01-01 was a Thursday.
    const int32_t weekday = static_cast<int32_t>((((day.day.days_since_epoch + 3) % 7) + 7) % 7);
    ++days[static_cast<std::size_t>(weekday)];
    for (std::size_t hour = 0; hour < 24; ++hour) {
      sums[static_cast<std::size_t>(weekday)][hour] += day.hour_ticks[hour];
    }
  }
  HourMatrix matrix{};
  for (std::size_t weekday = 0; weekday < 7; ++weekday) {
    if (days[weekday] == 0) continue;
    for (std::size_t hour = 0; hour < 24; ++hour) {
      matrix[weekday][hour] =
          static_cast<double>(sums[weekday][hour]) / static_cast<double>(days[weekday]);
    }
  }
  return matrix;
}

double MedianOf(std::vector<int64_t> counts) {
  if (counts.empty()) return 0;
  std::sort(counts.begin(), counts.end());
  const std::size_t middle = counts.size() / 2;
  const double upper = static_cast<double>(counts[middle]);
  if (counts.size() % 2 == 1) return upper;
  return (static_cast<double>(counts[middle - 1]) + upper) / 2;
}

}  // namespace tickhouse::quality
