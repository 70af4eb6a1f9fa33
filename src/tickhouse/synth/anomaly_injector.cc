#include "tickhouse/synth/anomaly_injector.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <utility>

namespace tickhouse::synth {

namespace {

constexpr int64_t kFlashMs = 120'000;
constexpr int64_t kBlowoutMs = 60'000;
constexpr int64_t kRestMs = 60'000;  // Ordinary market after a fault, before a closure.
constexpr int64_t kFewestRows = 3;   // A fault that lasts shows in at least so many rows.
constexpr double kFlashTraffic = 3;
constexpr double kFlashTrough = 0.25;  // Of the duration: quick down, slow back.

PlannedAnomaly MakePlanned(const AnomalyRequest& request, Random* random) {
  PlannedAnomaly planned{.kind = request.kind, .size = request.size};
  switch (request.kind) {
    case AnomalyKind::kSpike:
      planned.quotes = 1 + static_cast<int>(random->Below(3));
      planned.sign = random->Below(2) == 0 ? 1 : -1;
      break;
    case AnomalyKind::kCrossed: planned.quotes = 5; break;
    case AnomalyKind::kFlash: planned.duration_ms = kFlashMs; break;
    case AnomalyKind::kBlowout: planned.duration_ms = kBlowoutMs; break;
    case AnomalyKind::kBurst: planned.duration_ms = kSlotMs; break;
    case AnomalyKind::kStale:
    case AnomalyKind::kGap: planned.duration_ms = static_cast<int64_t>(request.size * 1'000); break;
  }
  return planned;
}

double TotalWeight(SlotPlan plan) {
  double total = 0;
  Slot slot;
  while (plan.Next(&slot)) total += slot.weight;
  return total;
}

// The stretch a fault and its rest need, open without interruption.
bool Fits(const PlannedAnomaly& planned, int64_t begin_ms, UtcTime end,
          const TradingCalendar& calendar) {
  const UtcTime begin = FromNanos(begin_ms * kNanosPerMilli);
  const Nanos needed((planned.duration_ms + kRestMs) * kNanosPerMilli);
  return begin + needed <= end && calendar.OpenTime({begin, begin + needed}) == needed;
}

double Rounded(double value) {
  return std::floor(value + 0.5);
}

}  // namespace

Result<std::vector<PlannedAnomaly>> PlanAnomalies(const std::vector<AnomalyRequest>& requests,
                                                  double days, SlotPlan plan,
                                                  const TradingCalendar& calendar, Random random) {
  std::vector<PlannedAnomaly> planned;
  for (const AnomalyRequest& request : requests) {
    const double count = request.per_day ? Rounded(request.count * days) : request.count;
    for (double i = 0; i < count; ++i) planned.push_back(MakePlanned(request, &random));
  }
  if (planned.empty()) return planned;
  for (std::size_t i = planned.size() - 1; i > 0; --i) {
    std::swap(planned[i], planned[random.Below(i + 1)]);
  }
  const double part = TotalWeight(plan) / static_cast<double>(planned.size());
  std::vector<double> targets;
  for (std::size_t i = 0; i < planned.size(); ++i) {
    targets.push_back(part * (static_cast<double>(i) + 0.2 + 0.4 * random.Uniform()));
  }
  double seen = 0;
  std::size_t next = 0;
  int64_t free_from_ms = 0;
  Slot slot;
  const UtcTime end = plan.end();
  while (next < planned.size() && plan.Next(&slot)) {
    seen += slot.weight;
    PlannedAnomaly& anomaly = planned[next];
    const int64_t offset =
        anomaly.kind == AnomalyKind::kBurst ? 0 : static_cast<int64_t>(random.Below(kSlotMs));
    const int64_t begin_ms = slot.begin_ms + offset;
    if (seen < targets[next] || begin_ms < free_from_ms) continue;
    if (!Fits(anomaly, begin_ms, end, calendar)) continue;
    anomaly.begin_ms = begin_ms;
    free_from_ms = begin_ms + anomaly.duration_ms + kRestMs;
    ++next;
  }
  if (next < planned.size()) {
    return Fail(ErrorKind::kInvalidArgument,
                fmt::format("{} anomalies do not fit into {} days of open market; ask for fewer or "
                            "more days",
                            planned.size(), days));
  }
  return planned;
}

void TrafficShaper::Shape(Slot* slot) {
  const int64_t slot_end = slot->begin_ms + kSlotMs;
  while (next_ < plan_->size() &&
         (*plan_)[next_].begin_ms + (*plan_)[next_].duration_ms <= slot->begin_ms) {
    ++next_;
  }
  if (next_ == plan_->size() || (*plan_)[next_].begin_ms >= slot_end) return;
  const PlannedAnomaly& anomaly = (*plan_)[next_];
  const int64_t from = std::max<int64_t>(anomaly.begin_ms - slot->begin_ms, 0);
  const int64_t to = std::min(anomaly.begin_ms + anomaly.duration_ms - slot->begin_ms, kSlotMs);
  const double covered = static_cast<double>(to - from) / static_cast<double>(kSlotMs);
  switch (anomaly.kind) {
    case AnomalyKind::kGap:
      slot->weight *= 1 - covered;
      if (from > 0) {
        slot->to_ms = from;
      } else {
        slot->from_ms = to;
      }
      break;
    case AnomalyKind::kBurst: slot->weight *= anomaly.size; break;
    case AnomalyKind::kFlash: slot->weight *= 1 + (kFlashTraffic - 1) * covered; break;
    default: break;
  }
}

AnomalyInjector::AnomalyInjector(std::string symbol, double scale, std::vector<PlannedAnomaly> plan)
    : symbol_(std::move(symbol)), scale_(scale), plan_(std::move(plan)) {}

bool AnomalyInjector::IsOver(const PlannedAnomaly& anomaly, int64_t time_ms) const {
  switch (anomaly.kind) {
    case AnomalyKind::kSpike:
    case AnomalyKind::kCrossed: return open_.rows >= anomaly.quotes;
    case AnomalyKind::kGap:
    case AnomalyKind::kBurst: return time_ms >= anomaly.begin_ms + anomaly.duration_ms;
    default: return time_ms >= anomaly.begin_ms + anomaly.duration_ms && open_.rows >= kFewestRows;
  }
}

void AnomalyInjector::Change(const PlannedAnomaly& anomaly, double spread_points, Quote* quote) {
  int64_t shift = 0;
  switch (anomaly.kind) {
    case AnomalyKind::kSpike:
      shift = static_cast<int64_t>(Rounded(anomaly.sign * anomaly.size * spread_points));
      if (quote->bid + shift < 1) shift = -shift;
      open_.size = static_cast<double>(shift) / scale_;
      break;
    case AnomalyKind::kFlash: {
      double part = static_cast<double>(quote->time_ms - anomaly.begin_ms) /
                    static_cast<double>(anomaly.duration_ms);
      if (part >= 1) part = kFlashTrough;  // A sparse stream: the row that must show it.
      const double depth =
          part < kFlashTrough ? part / kFlashTrough : (1 - part) / (1 - kFlashTrough);
      shift = -static_cast<int64_t>(
          Rounded(depth * anomaly.size / 100 * static_cast<double>(quote->bid)));
      open_.size = std::min(open_.size, static_cast<double>(shift) / scale_);
      break;
    }
    case AnomalyKind::kStale:
      if (open_.rows == 0) held_ = *quote;
      quote->bid = held_.bid;
      quote->ask = held_.ask;
      open_.size = anomaly.size;
      return;
    case AnomalyKind::kBlowout: {
      const auto wider = static_cast<int64_t>(
          Rounded(static_cast<double>(quote->ask - quote->bid) * (anomaly.size - 1) / 2));
      quote->bid = std::max<int64_t>(quote->bid - wider, 1);
      quote->ask += wider;
      open_.size = anomaly.size;
      return;
    }
    case AnomalyKind::kCrossed: {
      const auto distance =
          std::max<int64_t>(1, static_cast<int64_t>(Rounded(anomaly.size * spread_points)));
      quote->ask = std::max<int64_t>(quote->bid - distance, 1);
      quote->bid = quote->ask + distance;
      open_.size = std::max(open_.size, static_cast<double>(distance) / scale_);
      return;
    }
    case AnomalyKind::kGap:
    case AnomalyKind::kBurst: open_.size = anomaly.size; return;
  }
  quote->bid += shift;
  quote->ask += shift;
}

void AnomalyInjector::Apply(int64_t row, double spread_points, const Quote& previous,
                            Quote* quote) {
  if (IsOver(plan_[next_], quote->time_ms)) {
    Close(row);
    if (!Concerns(quote->time_ms)) return;
  }
  const PlannedAnomaly& anomaly = plan_[next_];
  // A stale market shows what it showed last; the first row may be the first of the stream.
  if (anomaly.kind == AnomalyKind::kStale && open_.rows == 0 && row > 0) {
    quote->bid = previous.bid;
    quote->ask = previous.ask;
  }
  Change(anomaly, spread_points, quote);
  if (open_.rows == 0) {
    open_.first_row = row;
    open_.begin_ns = quote->time_ms * kNanosPerMilli;
  }
  open_.end_ns = (quote->time_ms + 1) * kNanosPerMilli;
  ++open_.rows;
}

void AnomalyInjector::Close(int64_t row) {
  const PlannedAnomaly& anomaly = plan_[next_++];
  if (anomaly.kind == AnomalyKind::kGap || anomaly.kind == AnomalyKind::kBurst) {
    if (open_.rows == 0) open_.first_row = row;
    open_.begin_ns = anomaly.begin_ms * kNanosPerMilli;
    open_.end_ns = (anomaly.begin_ms + anomaly.duration_ms) * kNanosPerMilli;
    open_.size = anomaly.size;
  }
  open_.symbol = symbol_;
  open_.kind = anomaly.kind;
  const bool shows = open_.rows > 0 || anomaly.kind == AnomalyKind::kGap;
  if (shows) labels_.push_back(std::exchange(open_, {}));
}

void AnomalyInjector::Finish(int64_t rows) {
  while (next_ < plan_.size()) Close(rows);
}

}  // namespace tickhouse::synth
