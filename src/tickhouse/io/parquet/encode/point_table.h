// The dictionary of doubles that lie near whole points, found without hashing: a table by point.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

namespace tickhouse::io {

class PointTable {
 public:
  /// Every value is to lie so near a whole multiple of 1 / `per_unit` that no other lies there or,
  /// with `blurred`, none but its next neighbours. Nothing when they do not, are not finite or span
  /// too many points.
  static std::optional<PointTable> Make(std::span<const double> values, double per_unit,
                                        bool blurred = false);

  /// The distinct values, ascending.
  const std::vector<double>& dictionary() const { return dictionary_; }
  /// Where the values of rows row .. row + rows stand in it.
  void Indices(std::size_t row, std::size_t rows, uint32_t* indices) const;

 private:
  bool FindSlots(std::span<const double> values, double per_unit);
  bool Collect(std::span<const double> values);
  void Rank();

  std::size_t variants_ = 1;     ///< Slots of one point.
  std::vector<int32_t> slots_;   ///< Of each row, counted from the least.
  std::vector<uint64_t> held_;   ///< By slot: the bits of the value that takes it.
  std::vector<uint32_t> ranks_;  ///< By slot.
  std::vector<double> dictionary_;
};

}  // namespace tickhouse::io
