// What the days of one symbol look like: ticks per window and hour, spread, realised volatility.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "tickhouse/core/market/window.h"
#include "tickhouse/core/tick.h"

namespace tickhouse::quality {

/// Counts of spreads, as whole steps of 10^-decimals (negative for crossed quotes). Exact for
/// prices of at most that many decimals. Sums of integers: the order in which ticks come does not
/// matter.
class SpreadHistogram {
 public:
  void Add(int64_t steps, int64_t count);
  void Merge(const SpreadHistogram& other);
  int64_t count() const { return count_; }
  /// In steps. Linear interpolation between order statistics, as numpy and pandas do; 0 <= q <= 1.
  /// Empty histograms answer nothing.
  std::optional<double> Quantile(double q) const;
  std::optional<double> Mean() const;

 private:
  int64_t At(int64_t rank) const;
  std::map<int64_t, int64_t> counts_;
  int64_t count_ = 0;
};

/// Spread in price units.
struct SpreadSummary {
  int64_t ticks = 0;  ///< With a finite bid and ask.
  double mean = 0;
  double median = 0;
  double p95 = 0;
};

/// One local day with at least one tick.
struct DayStatistics {
  CivilDay day;
  std::vector<int64_t>
      window_ticks;   ///< As many as windows. A window belongs to the day it begins on.
  int64_t ticks = 0;  ///< Of the whole local day.
  std::array<int64_t, 24> hour_ticks{};
  std::optional<SpreadSummary> spread;
  /// sqrt of the sum of squared log returns of the mid price, sampled at the last tick of each
  /// five minutes of the day that has one (Andersen, Bollerslev 1998); a fraction, not in percent.
  /// Empty with fewer than two samples.
  std::optional<double> realised_volatility;
};

struct TickStatistics {
  std::vector<TradingWindow> windows;
  std::string zone;
  int decimals = 0;                 ///< Of the prices; a point is 10^-decimals.
  std::vector<DayStatistics> days;  ///< In order; days without a tick are not in it.
  int64_t ticks = 0;                ///< With a time.
  int64_t null_times = 0;           ///< Rows left out: no time, or one centuries away.
  std::optional<SpreadSummary> spread;
};

/// Takes ticks in any order and answers statistics by local day. One thread at a time; parts
/// counted apart can be merged, and the answer does not depend on how they were cut as long as no
/// two ticks of one time differ in price across parts (then the part merged later names the sampled
/// mid). Memory: some 6 KiB a day.
class DailyCounter {
 public:
  /// Prices have at most `decimals` digits after the point (0 to 9).
  DailyCounter(std::vector<TradingWindow> windows, Zone zone, int decimals);
  DailyCounter(DailyCounter&&) = default;
  DailyCounter& operator=(DailyCounter&&) = default;

  void Add(const TickBatch& batch);
  /// `other` was made with the same windows, zone and decimals.
  void Merge(const DailyCounter& other);
  TickStatistics Finish() const;

 private:
  struct Sample {
    int64_t time_ns = INT64_MIN;
    double mid = 0;
  };
  struct Day {
    std::vector<int64_t> window_ticks;
    std::array<int64_t, 24> hour_ticks{};
    SpreadHistogram spreads;
    std::map<int32_t, Sample> samples;  // By five minutes since the day began.
  };
  // A stretch of time in which day, hour, offset, five minutes and window stay the same.
  struct Stretch {
    int64_t begin_ns = 0;
    int64_t end_ns = 0;  // begin == end: none yet.
    Day* day = nullptr;
    int64_t* hour_ticks = nullptr;
    int64_t* window_ticks = nullptr;
    Sample* sample = nullptr;
  };
  void MoveTo(int64_t time_ns);
  void FindWindows(int64_t time_ns);
  void FlushSpreads();
  Day& DayAt(CivilDay day);

  WindowSchedule schedule_;
  int decimals_;
  double scale_;
  std::map<CivilDay, Day> days_;
  int64_t null_times_ = 0;
  Stretch here_;
  std::vector<WindowOccurrence> occurrences_;  // That meet [known_begin_, known_end_).
  int64_t known_begin_ = 0;
  int64_t known_end_ = 0;
  std::vector<int64_t> quick_spreads_;  // Counts of small spreads of here_.day, not yet in it.
  std::size_t quick_end_ = 0;           // All counts from here on are zero.
};

/// Mean ticks an hour: [weekday][hour], Monday first, over the days of that weekday from the first
/// to the last day that have at least one tick; empty where no such weekday has one.
using HourMatrix = std::array<std::array<std::optional<double>, 24>, 7>;
HourMatrix MeanTicksPerHour(const TickStatistics& statistics);

/// Middle value of counts; the mean of the two in the middle for an even number. Empty: 0.
double MedianOf(std::vector<int64_t> counts);

}  // namespace tickhouse::quality
