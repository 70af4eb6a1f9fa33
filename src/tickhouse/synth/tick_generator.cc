#include "tickhouse/synth/tick_generator.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

#include "tickhouse/core/check.h"
#include "tickhouse/core/portable_math.h"
#include "tickhouse/synth/anomaly_injector.h"
#include "tickhouse/synth/slot_plan.h"

namespace tickhouse::synth {

namespace {

// Streams of random numbers that must not disturb each other.
enum Stream : uint64_t { kPlanStream = 1, kTickStream = 2, kAnomalyStream = 3 };

constexpr double kPullPerSlot = 1 / (30 * kSlotsPerDay);  // Half way home in three weeks.
constexpr double kVolumeStep = 10'000;                    // Units, as the feed quotes.

double PowerOfTen(int exponent) {
  double power = 1;
  for (int i = 0; i < exponent; ++i) power *= 10;
  return power;
}

// FNV-1a.
uint64_t HashOf(std::string_view text) {
  uint64_t hash = 0xCBF29CE484222325;
  for (const char c : text) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001B3;
  return hash;
}

// Sizes that dealers like, in steps, and how they are drawn: by the low bits of a random number.
double VolumeFrom(uint64_t bits) {
  constexpr double kUsual[] = {12,  25,  50,  75,  75,  100, 112, 150,
                               150, 187, 225, 262, 300, 375, 450, 750};
  const double steps =
      (bits & 1) == 0 ? kUsual[bits >> 1 & 15] : 1 + static_cast<double>(bits >> 1 & 255);
  return steps * kVolumeStep;
}

// A tick's spread around that of its slot.
double JitterFrom(uint64_t bits) {
  constexpr double kJitter[] = {0.6, 0.8, 0.9, 1, 1, 1.1, 1.3, 1.6};
  return kJitter[bits & 7];
}

class Generator : public TickGenerator {
 public:
  Generator(GeneratorOptions options, SlotPlan plan, std::vector<PlannedAnomaly> anomalies,
            double total_weight, int64_t total_rows, Random ticks)
      : options_(std::move(options)),
        profile_(ProfileOf(options_.instrument)),
        scale_(PowerOfTen(options_.instrument.decimals)),
        start_points_(profile_.start_price * scale_),
        plan_(std::move(plan)),
        injector_(options_.instrument.symbol, scale_, std::move(anomalies)),
        shaper_(&injector_.plan()),
        total_weight_(total_weight),
        total_rows_(total_rows),
        random_(ticks),
        mid_(start_points_) {}

  int64_t total_rows() const override { return total_rows_; }
  const std::vector<AnomalyLabel>& labels() const override { return injector_.labels(); }

  Result<bool> Next(TickBatch* batch) override {
    batch->Clear();
    Resize(options_.batch_rows, batch);
    std::size_t rows = 0;
    while (rows < options_.batch_rows) {
      if (next_gap_ == slot_rows_ && !StartSlot()) break;
      while (next_gap_ < slot_rows_ && rows < options_.batch_rows) MakeTick(rows++, batch);
    }
    Resize(rows, batch);
    if (rows > 0) return true;
    injector_.Finish(row_);
    return false;
  }

 private:
  static void Resize(std::size_t rows, TickBatch* batch) {
    batch->time_ns.resize(rows);
    for (auto* column : {&batch->bid, &batch->ask, &batch->bid_volume, &batch->ask_volume}) {
      column->resize(rows);
    }
  }

  // Goes to the next slot that has rows. How many it has follows from the traffic so far, rounded
  // so that nothing is lost on the way.
  bool StartSlot() {
    while (plan_.Next(&slot_)) {
      shaper_.Shape(&slot_);
      seen_weight_ += slot_.weight;
      const auto due = static_cast<int64_t>(static_cast<double>(total_rows_) *
                                            std::min(1.0, seen_weight_ / total_weight_));
      mid_ += (start_points_ - mid_) * kPullPerSlot;
      mid_ = std::max(mid_, start_points_ * 0.05);
      const double volatility = slot_.volatility * mid_;
      if (due == planned_rows_) {
        mid_ += volatility * random_.Normal();
        continue;
      }
      slot_rows_ = static_cast<std::size_t>(due - planned_rows_);
      planned_rows_ = due;
      step_ = volatility / std::sqrt(static_cast<double>(slot_rows_));
      spread_points_ = std::max(slot_.spread * mid_, 1.0);
      DrawGaps();
      return true;
    }
    return false;
  }

  // Arrival times of a Poisson process, given their number: running sums of exponentials, scaled.
  void DrawGaps() {
    gaps_.resize(slot_rows_ + 1);
    double total = 0;
    for (double& gap : gaps_) {
      const uint64_t bits = random_.Next();
      // 53 bits for the exponential, two others for "follows close".
      const double uniform = (static_cast<double>(bits >> 11) + 0.5) * 0x1.0p-53;
      gap = -PortableLog(uniform) * ((bits & 3) == 0 ? 0.08 : 1);
      total += gap;
    }
    to_ms_ = static_cast<double>(slot_.to_ms - slot_.from_ms) / total;
    passed_ = 0;
    next_gap_ = 0;
  }

  void MakeTick(std::size_t at, TickBatch* batch) {
    passed_ += gaps_[next_gap_++];
    const int64_t length_ms = slot_.to_ms - slot_.from_ms;
    const int64_t into_ms = std::min(static_cast<int64_t>(passed_ * to_ms_), length_ms - 1);
    const uint64_t bits = random_.Next();
    mid_ += step_ * random_.Normal();
    const double spread = std::max(1.0, std::floor(spread_points_ * JitterFrom(bits) + 0.5));
    Quote quote{.time_ms = slot_.begin_ms + slot_.from_ms + into_ms};
    quote.bid = std::max<int64_t>(1, static_cast<int64_t>(std::floor(mid_ - spread / 2 + 0.5)));
    quote.ask = quote.bid + static_cast<int64_t>(spread);
    if (injector_.Concerns(quote.time_ms)) {
      injector_.Apply(row_, spread_points_, previous_, &quote);
    }
    batch->time_ns[at] = quote.time_ms * kNanosPerMilli;
    batch->bid[at] = static_cast<double>(quote.bid) / scale_;
    batch->ask[at] = static_cast<double>(quote.ask) / scale_;
    batch->bid_volume[at] = VolumeFrom(bits >> 3);
    batch->ask_volume[at] = VolumeFrom(bits >> 13);
    previous_ = quote;
    ++row_;
  }

  const GeneratorOptions options_;
  const MarketProfile profile_;
  const double scale_;
  const double start_points_;
  SlotPlan plan_;
  AnomalyInjector injector_;
  TrafficShaper shaper_;
  const double total_weight_;
  const int64_t total_rows_;
  Random random_;
  double mid_;  ///< The price, in points.
  double seen_weight_ = 0;
  int64_t planned_rows_ = 0;
  int64_t row_ = 0;
  Slot slot_;
  std::size_t slot_rows_ = 0;
  std::size_t next_gap_ = 0;
  std::vector<double> gaps_;
  double passed_ = 0;
  double to_ms_ = 0;
  double step_ = 0;
  double spread_points_ = 1;
  Quote previous_;
};

double ShapedWeight(SlotPlan plan, const std::vector<PlannedAnomaly>& anomalies) {
  TrafficShaper shaper(&anomalies);
  double total = 0;
  Slot slot;
  while (plan.Next(&slot)) {
    shaper.Shape(&slot);
    total += slot.weight;
  }
  return total;
}

Status CheckOptions(const GeneratorOptions& options) {
  const auto refuse = [](std::string why) {
    return Fail(ErrorKind::kInvalidArgument, std::move(why));
  };
  if (options.days < 1 || options.days > 36'600) {
    return refuse(fmt::format("{} days; 1 to 36600 can be generated", options.days));
  }
  const int64_t begin_ns = ToNanos(options.begin);
  constexpr int64_t kRoom = 36'601 * kNanosPerDay;
  if (begin_ns % kNanosPerHour != 0 || begin_ns < 0 ||
      begin_ns > std::numeric_limits<int64_t>::max() - kRoom) {
    return refuse(fmt::format("{} is no begin: a whole hour between 1970 and 2160",
                              FormatUtc(options.begin)));
  }
  if (options.rows && (*options.rows < 0 || *options.rows > int64_t{1} << 40)) {
    return refuse(fmt::format("{} rows cannot be generated", *options.rows));
  }
  if (options.instrument.decimals < 0 || options.instrument.decimals > 9) {
    return refuse(
        fmt::format("{}: {} decimals", options.instrument.symbol, options.instrument.decimals));
  }
  return {};
}

}  // namespace

Result<std::unique_ptr<TickGenerator>> TickGenerator::Make(GeneratorOptions options) {
  TICKHOUSE_CHECK(options.batch_rows > 0, "a batch holds at least one row");
  TICKHOUSE_TRY(CheckOptions(options));
  const MarketProfile profile = ProfileOf(options.instrument);
  const UtcRange range{options.begin, options.begin + std::chrono::days(options.days)};
  const TradingCalendar calendar(options.instrument.session);
  const Random seeded = Random(options.seed).Fork(HashOf(options.instrument.symbol));
  const SlotPlan plan(profile, options.instrument.session, range, seeded.Fork(kPlanStream));
  TICKHOUSE_ASSIGN(auto anomalies, PlanAnomalies(options.anomalies, options.days, plan, calendar,
                                                 seeded.Fork(kAnomalyStream)));
  const double total_weight = ShapedWeight(plan, anomalies);
  const double open_days =
      static_cast<double>(calendar.OpenTime(range) / std::chrono::seconds(1)) / 86'400;
  int64_t rows = options.rows.value_or(static_cast<int64_t>(profile.ticks_per_day * open_days));
  if (total_weight <= 0) {
    if (options.rows.value_or(0) > 0) {
      return Fail(ErrorKind::kInvalidArgument,
                  fmt::format("{}: the market is closed all the time from {} on for {} days",
                              options.instrument.symbol, FormatUtc(options.begin), options.days));
    }
    rows = 0;
  }
  return std::make_unique<Generator>(std::move(options), plan, std::move(anomalies), total_weight,
                                     rows, seeded.Fork(kTickStream));
}

}  // namespace tickhouse::synth
