// The different values of a column, for its dictionary.
#pragma once

#include <bit>
#include <cstdint>
#include <functional>
#include <string_view>
#include <type_traits>
#include <vector>

namespace tickhouse::io {

/// T is a number (told apart by its bits) or a view into what outlives this.
template <typename T>
class DistinctValues {
 public:
  static constexpr uint32_t kNoId = ~uint32_t{0};

  explicit DistinctValues(std::size_t limit) : limit_(limit) { Resize(10); }

  /// The number of the value in the order met, or kNoId when there are more than the limit.
  uint32_t Add(const T& value) {
    std::size_t slot = SlotOf(value);
    while (slots_[slot] != kNoId) {
      if (Same(values_[slots_[slot]], value)) return slots_[slot];
      slot = (slot + 1) & (slots_.size() - 1);
    }
    if (values_.size() == limit_) return kNoId;
    const auto id = static_cast<uint32_t>(values_.size());
    slots_[slot] = id;
    values_.push_back(value);
    if (values_.size() * 2 > slots_.size()) Resize(log_slots_ + 2);
    return id;
  }
  const std::vector<T>& values() const { return values_; }

 private:
  static auto Bits(const T& value) {
    if constexpr (std::is_same_v<T, float>) {
      return std::bit_cast<uint32_t>(value);
    } else if constexpr (std::is_same_v<T, double>) {
      return std::bit_cast<uint64_t>(value);
    } else {
      return value;
    }
  }
  static bool Same(const T& a, const T& b) { return Bits(a) == Bits(b); }
  std::size_t SlotOf(const T& value) const {
    uint64_t key = 0;
    if constexpr (std::is_same_v<T, std::string_view>) {
      key = std::hash<std::string_view>()(value);
    } else {
      key = static_cast<uint64_t>(Bits(value));
    }
    return static_cast<std::size_t>((key * 0x9E3779B97F4A7C15ULL) >> (64 - log_slots_));
  }
  void Resize(int log_slots) {
    log_slots_ = log_slots;
    slots_.assign(std::size_t{1} << log_slots, kNoId);
    for (uint32_t id = 0; id < values_.size(); ++id) {
      std::size_t slot = SlotOf(values_[id]);
      while (slots_[slot] != kNoId) slot = (slot + 1) & (slots_.size() - 1);
      slots_[slot] = id;
    }
  }

  std::size_t limit_;
  int log_slots_ = 0;
  std::vector<uint32_t> slots_;
  std::vector<T> values_;
};

}  // namespace tickhouse::io
