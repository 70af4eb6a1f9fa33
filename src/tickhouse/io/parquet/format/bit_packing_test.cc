#include "tickhouse/io/parquet/format/bit_packing.h"

#include <gtest/gtest.h>

#include <random>
#include <vector>

namespace tickhouse::io {
namespace {

// One bit after another, as the format describes it.
std::vector<uint8_t> PackSlowly(const std::vector<uint64_t>& values, int width) {
  std::vector<uint8_t> out(PackedBytes(values.size(), width));
  for (std::size_t i = 0; i < values.size(); ++i) {
    for (int bit = 0; bit < width; ++bit) {
      const std::size_t at = i * static_cast<std::size_t>(width) + static_cast<std::size_t>(bit);
      if ((values[i] >> bit & 1) != 0)
        out[at / 8] = static_cast<uint8_t>(out[at / 8] | 1 << at % 8);
    }
  }
  return out;
}

template <typename T>
void CheckWidth(int width, std::mt19937_64* random) {
  std::vector<uint64_t> values(32);
  std::vector<T> in(32);
  for (std::size_t i = 0; i < 32; ++i) {
    values[i] = width == 0 ? 0 : (*random)() >> (64 - width);
    in[i] = static_cast<T>(values[i]);
  }
  const std::vector<uint8_t> expected = PackSlowly(values, width);
  std::vector<uint8_t> packed(expected.size());
  Pack32(in.data(), width, packed.data());
  ASSERT_EQ(packed, expected) << "width " << width;
  std::vector<T> out(32, static_cast<T>(-1));
  Unpack32(packed.data(), width, out.data());
  ASSERT_EQ(out, in) << "width " << width;
  if (width > 32) return;
  for (std::size_t i = 0; i < 32; ++i) {
    ASSERT_EQ(PackedValueAt(packed.data(), packed.size(), width, i), values[i])
        << "width " << width;
  }
}

TEST(BitPacking, EveryWidthLaysBitsAsTheFormatSays) {
  std::mt19937_64 random(1);
  for (int round = 0; round < 20; ++round) {
    for (int width = 0; width <= 32; ++width) CheckWidth<uint32_t>(width, &random);
    for (int width = 0; width <= 64; ++width) CheckWidth<uint64_t>(width, &random);
  }
}

}  // namespace
}  // namespace tickhouse::io
