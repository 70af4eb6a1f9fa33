// Puts planned faults into a stream and notes where they landed. An internal part of
// tick_generator.cc.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "tickhouse/core/random.h"
#include "tickhouse/synth/anomaly.h"
#include "tickhouse/synth/slot_plan.h"

namespace tickhouse::synth {

/// A fault at its place. Plans are sorted by time and keep well apart.
struct PlannedAnomaly {
  AnomalyKind kind = AnomalyKind::kSpike;
  double size = 0;
  int64_t begin_ms = 0;
  int64_t duration_ms = 0;
  int quotes = 0;  ///< Spike and crossed: how many quotes.
  double sign = 1;
};

/// Spreads the faults asked for over the traffic of `plan`, one in each of as many equal parts, so
/// that they never meet and lie in open hours. kInvalidArgument when there are too many for the
/// range.
Result<std::vector<PlannedAnomaly>> PlanAnomalies(const std::vector<AnomalyRequest>& requests,
                                                  double days, SlotPlan plan,
                                                  const TradingCalendar& calendar, Random random);

/// What faults do to the traffic of a slot: a gap silences, a burst and a crash multiply. Slots
/// come in order of time. A value, so that a pass can be repeated.
class TrafficShaper {
 public:
  explicit TrafficShaper(const std::vector<PlannedAnomaly>* plan) : plan_(plan) {}
  void Shape(Slot* slot);

 private:
  const std::vector<PlannedAnomaly>* plan_;
  std::size_t next_ = 0;
};

/// A quote in points, before it is handed out.
struct Quote {
  int64_t time_ms = 0;
  int64_t bid = 0;
  int64_t ask = 0;
};

class AnomalyInjector {
 public:
  AnomalyInjector(std::string symbol, double scale, std::vector<PlannedAnomaly> plan);

  /// True when `time_ms` is in or behind the next fault: then Apply must see the quote.
  bool Concerns(int64_t time_ms) const {
    return next_ < plan_.size() && time_ms >= plan_[next_].begin_ms;
  }
  /// Changes the quote of row `row` and keeps the labels. `previous` is the quote handed out
  /// before.
  void Apply(int64_t row, double spread_points, const Quote& previous, Quote* quote);
  /// The stream is over after `rows` rows.
  void Finish(int64_t rows);

  const std::vector<AnomalyLabel>& labels() const { return labels_; }
  const std::vector<PlannedAnomaly>& plan() const { return plan_; }

 private:
  bool IsOver(const PlannedAnomaly& anomaly, int64_t time_ms) const;
  void Change(const PlannedAnomaly& anomaly, double spread_points, Quote* quote);
  void Close(int64_t row);

  std::string symbol_;
  double scale_;  ///< Points in a price of one.
  std::vector<PlannedAnomaly> plan_;
  std::size_t next_ = 0;
  AnomalyLabel open_;  ///< Of plan_[next_], while it has rows.
  Quote held_;         ///< What a stale market goes on showing.
  std::vector<AnomalyLabel> labels_;
};

}  // namespace tickhouse::synth
