#include "tickhouse/ingest/fetch/hour_review.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <optional>

#include "tickhouse/core/time.h"

namespace tickhouse::ingest {

namespace {

constexpr std::size_t kSide = 60;
constexpr std::size_t kFewNeighbours = 3;
constexpr double kPriceTolerance = 0.114;  // log10(1.3)

struct PriceRange {
  double low;
  double high;
};

bool IsMajor(std::string_view currency) {
  constexpr std::array<std::string_view, 7> kMajors = {"USD", "EUR", "GBP", "CHF",
                                                       "AUD", "NZD", "CAD"};
  return std::find(kMajors.begin(), kMajors.end(), currency) != kMajors.end();
}

// Wide enough for every price since 2003, narrower than a factor of ten to either side of today's.
std::optional<PriceRange> EverTraded(std::string_view symbol) {
  if (symbol == "XAUUSD") return PriceRange{250, 20'000};
  if (symbol == "XAGUSD") return PriceRange{3.5, 250};
  if (symbol.size() != 6 || !IsMajor(symbol.substr(0, 3))) return std::nullopt;
  if (symbol.ends_with("JPY")) return PriceRange{35, 450};
  if (IsMajor(symbol.substr(3))) return PriceRange{0.25, 3.5};
  return std::nullopt;
}

// The medians of log10 over the hours before and after one.
struct Sides {
  std::optional<double> before;
  std::optional<double> after;
};

std::optional<double> MedianLog(std::span<const HourRecord> hours, double HourRecord::* value) {
  std::vector<double> logs;
  for (const HourRecord& hour : hours) {
    if (hour.*value > 0) logs.push_back(std::log10(hour.*value));
  }
  if (logs.empty()) return std::nullopt;
  const auto middle = logs.begin() + static_cast<std::ptrdiff_t>(logs.size() / 2);
  std::nth_element(logs.begin(), middle, logs.end());
  return *middle;
}

Sides SidesOf(std::span<const HourRecord> hours, std::size_t index, double HourRecord::* value) {
  const std::size_t begin = index > kSide ? index - kSide : 0;
  Sides sides;
  sides.before = MedianLog(hours.subspan(begin, index - begin), value);
  if (hours.size() > kFewNeighbours) {
    const std::size_t count = std::min(kSide, hours.size() - index - 1);
    sides.after = MedianLog(hours.subspan(index + 1, count), value);
  }
  return sides;
}

// The power of ten nearest to the jump, when the jump is one; 0 otherwise.
int PowerOfTen(double jump) {
  const double power = std::nearbyint(jump);
  return std::fabs(jump - power) <= kPriceTolerance ? static_cast<int>(power) : 0;
}

// 1 or -1 where a factor of a million (give or take 30) lies between, else 0.
int MillionsApart(double jump) {
  if (std::fabs(std::fabs(jump) - 6) > 1.5) return 0;
  return jump > 0 ? 1 : -1;
}

// The jump that both sides agree on (or the only side there is); 0 when there is none.
int JumpAgainst(const Sides& sides, double value) {
  if (!(value > 0) || (!sides.before && !sides.after)) return 0;
  const double log = std::log10(value);
  const int before = sides.before ? PowerOfTen(log - *sides.before) : 0;
  const int after = sides.after ? PowerOfTen(log - *sides.after) : 0;
  if (!sides.before) return after;
  if (!sides.after) return before;
  return before == after ? before : 0;
}

std::string PriceFinding(std::span<const HourRecord> hours, std::size_t index,
                         const std::optional<PriceRange>& range, const Instrument& instrument) {
  const double price = hours[index].first_price;
  if (range && (price < range->low || price > range->high)) {
    return fmt::format("price scale: {} opens at {}, outside {} to {} where it has ever traded",
                       instrument.symbol, price, range->low, range->high);
  }
  const Sides sides = SidesOf(hours, index, &HourRecord::first_price);
  const int power = JumpAgainst(sides, price);
  if (power == 0) return {};
  return fmt::format(
      "price scale: opens at {}, 10^{} times its neighbours (the instrument has {} "
      "decimals)",
      price, power, instrument.decimals);
}

std::string VolumeFinding(std::span<const HourRecord> hours, std::size_t index,
                          const Instrument& instrument) {
  const double volume = hours[index].volume;
  if (!(volume > 0)) return {};
  if (instrument.session == Session::kFx && (volume < 100 || volume > 1e10)) {
    return fmt::format("volume unit: a median of {} units is none of {}; {}", volume,
                       instrument.symbol,
                       volume < 100 ? "these look like millions" : "units stand for millions");
  }
  const Sides sides = SidesOf(hours, index, &HourRecord::volume);
  const int before = sides.before ? MillionsApart(std::log10(volume) - *sides.before) : 0;
  const int after = sides.after ? MillionsApart(std::log10(volume) - *sides.after) : 0;
  const int sign = !sides.before ? after : !sides.after ? before : before == after ? before : 0;
  if (sign == 0) return {};
  return fmt::format("volume unit: a median of {} units, about 10^{} times its neighbours", volume,
                     6 * sign);
}

bool RepeatsTheHourBefore(std::span<const HourRecord> hours, std::size_t index) {
  if (index == 0 || hours[index].sha256.empty()) return false;
  const HourRecord& before = hours[index - 1];
  return before.sha256 == hours[index].sha256 &&
         before.hour_ns + kNanosPerHour == hours[index].hour_ns;
}

}  // namespace

std::vector<HourFinding> ReviewHours(std::span<const HourRecord> hours,
                                     const Instrument& instrument) {
  const std::optional<PriceRange> range = EverTraded(instrument.symbol);
  std::vector<HourFinding> findings;
  for (std::size_t i = 0; i < hours.size(); ++i) {
    std::string reason = PriceFinding(hours, i, range, instrument);
    if (reason.empty()) reason = VolumeFinding(hours, i, instrument);
    if (reason.empty() && RepeatsTheHourBefore(hours, i)) {
      reason = "repeated: the bytes of the hour before once more";
    }
    if (!reason.empty()) findings.push_back({i, std::move(reason)});
  }
  return findings;
}

}  // namespace tickhouse::ingest
