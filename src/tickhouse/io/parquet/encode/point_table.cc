#include "tickhouse/io/parquet/encode/point_table.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>

namespace tickhouse::io {

namespace {

constexpr uint64_t kFree = 0x7FF8000000000001ULL;  // A NaN: not finite, so no value.
// A larger table would cost more than hashing does.
constexpr int64_t kMostSlots = int64_t{1} << 20;
// Values of one point that differ in their last two bits have a slot each.
constexpr std::size_t kBlurredVariants = 4;
constexpr double kMostPoints = 1 << 28;

}  // namespace

std::optional<PointTable> PointTable::Make(std::span<const double> values, double per_unit,
                                           bool blurred) {
  if (values.empty()) return std::nullopt;
  PointTable table;
  table.variants_ = blurred ? kBlurredVariants : 1;
  if (!table.FindSlots(values, per_unit) || !table.Collect(values)) return std::nullopt;
  table.Rank();
  return table;
}

bool PointTable::FindSlots(std::span<const double> values, double per_unit) {
  // Adding 1.5 * 2^52 rounds to a whole number and leaves it in the low bits; it vectorises.
  constexpr double kRounder = 6755399441055744.0;
  constexpr std::size_t kStep = 1024;
  const uint64_t variants = variants_;
  slots_.resize(values.size());
  int32_t least = std::numeric_limits<int32_t>::max();
  int32_t greatest = std::numeric_limits<int32_t>::min();
  for (std::size_t begin = 0; begin < values.size(); begin += kStep) {
    const std::size_t count = std::min(kStep, values.size() - begin);
    const double* from = values.data() + begin;
    int32_t* slots = slots_.data() + begin;
    uint64_t wrong = 0;
    for (std::size_t i = 0; i < count; ++i) {
      const double scaled = from[i] * per_unit;
      wrong += std::fabs(scaled) < kMostPoints ? 0 : 1;
      const auto point = std::bit_cast<uint64_t>(scaled + kRounder);
      const uint64_t variant = std::bit_cast<uint64_t>(from[i]) & (variants - 1);
      slots[i] = static_cast<int32_t>(static_cast<uint32_t>(point * variants + variant));
    }
    if (wrong != 0) return false;
    for (std::size_t i = 0; i < count; ++i) least = std::min(least, slots[i]);
    for (std::size_t i = 0; i < count; ++i) greatest = std::max(greatest, slots[i]);
  }
  // All slots of the least point belong to the table.
  least -= least & static_cast<int32_t>(variants_ - 1);
  const int64_t span = int64_t{greatest} - least + static_cast<int64_t>(variants_);
  if (span > kMostSlots) return false;
  for (int32_t& slot : slots_) slot -= least;
  held_.assign(static_cast<std::size_t>(span), kFree);
  return true;
}

// False when two values want one slot.
bool PointTable::Collect(std::span<const double> values) {
  for (std::size_t i = 0; i < values.size(); ++i) {
    const auto bits = std::bit_cast<uint64_t>(values[i]);
    uint64_t& held = held_[static_cast<std::size_t>(slots_[i])];
    if (held == bits) continue;
    if (held != kFree) return false;
    held = bits;
  }
  return true;
}

void PointTable::Rank() {
  ranks_.resize(held_.size());
  const auto value = [&](std::size_t slot) { return std::bit_cast<double>(held_[slot]); };
  std::vector<std::size_t> taken;
  for (std::size_t point = 0; point + variants_ <= held_.size(); point += variants_) {
    taken.clear();
    for (std::size_t slot = point; slot < point + variants_; ++slot) {
      if (held_[slot] == kFree) continue;
      const auto after = std::find_if(taken.begin(), taken.end(), [&](std::size_t other) {
        return value(slot) < value(other);
      });
      taken.insert(after, slot);
    }
    for (const std::size_t slot : taken) {
      ranks_[slot] = static_cast<uint32_t>(dictionary_.size());
      dictionary_.push_back(value(slot));
    }
  }
  held_ = {};
}

void PointTable::Indices(std::size_t row, std::size_t rows, uint32_t* indices) const {
  const int32_t* slots = slots_.data() + row;
  for (std::size_t i = 0; i < rows; ++i) indices[i] = ranks_[static_cast<std::size_t>(slots[i])];
}

}  // namespace tickhouse::io
