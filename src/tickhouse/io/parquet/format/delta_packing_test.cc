#include "tickhouse/io/parquet/format/delta_packing.h"

#include <gtest/gtest.h>

#include <limits>
#include <random>
#include <vector>

namespace tickhouse::io {
namespace {

using Values = std::vector<int64_t>;

Values RoundTrip(const Values& values) {
  ByteBuffer packed;
  AppendDeltaPacked(values, &packed);
  Values out(values.size());
  EXPECT_TRUE(DecodeDeltaPacked(packed.bytes(), out));
  return out;
}

TEST(DeltaPacking, TheExampleOfTheFormatIsLaidOutByteForByte) {
  // "7, 5, 3, 1, 2, 3, 4, 5": first value 7, least delta -2, deltas over it 0 0 0 3 3 3 3 at 2
  // bits.
  ByteBuffer packed;
  AppendDeltaPacked(Values{7, 5, 3, 1, 2, 3, 4, 5}, &packed);
  const std::vector<uint8_t> expected = {0x80, 0x01, 4,    8, 14, 3, 2, 0, 0,
                                         0,    0xC0, 0x3F, 0, 0,  0, 0, 0, 0};
  EXPECT_EQ(std::vector<uint8_t>(packed.bytes().begin(), packed.bytes().end()), expected);
}

TEST(DeltaPacking, AnyNumberOfValuesComesBack) {
  std::mt19937_64 random(2);
  for (std::size_t count = 0; count < 600; ++count) {
    Values values;
    for (std::size_t i = 0; i < count; ++i) {
      values.push_back(static_cast<int64_t>(random() >> (random() % 64)));
    }
    ASSERT_EQ(RoundTrip(values), values) << count;
  }
}

TEST(DeltaPacking, DifferencesWrapAround) {
  const Values values = {
      std::numeric_limits<int64_t>::max(), std::numeric_limits<int64_t>::min(), 0,
      std::numeric_limits<int64_t>::min(), std::numeric_limits<int64_t>::max(), -1};
  EXPECT_EQ(RoundTrip(values), values);
}

TEST(DeltaPacking, EqualStepsTakeNoBits) {
  Values values;
  for (int64_t i = 0; i < 10'000; ++i) values.push_back(i * 1000);
  ByteBuffer packed;
  AppendDeltaPacked(values, &packed);
  EXPECT_LT(packed.size(), 10'000U / 128 * 8);
  EXPECT_EQ(RoundTrip(values), values);
}

TEST(DeltaPacking, EveryCutAndAnotherCountAreRefused) {
  Values values;
  std::mt19937_64 random(3);
  for (int i = 0; i < 300; ++i) values.push_back(static_cast<int64_t>(random() % 100'000));
  ByteBuffer packed;
  AppendDeltaPacked(values, &packed);
  Values out(values.size());
  for (std::size_t size = 0; size < packed.size(); ++size) {
    // Exactly as many bytes as are left, so that a sanitizer sees a read beyond them.
    const std::vector<uint8_t> cut(packed.data(), packed.data() + size);
    const bool decoded = DecodeDeltaPacked(cut, out);
    ASSERT_FALSE(decoded) << size;
  }
  out.resize(299);
  EXPECT_FALSE(DecodeDeltaPacked(packed.bytes(), out));
  out.resize(301);
  EXPECT_FALSE(DecodeDeltaPacked(packed.bytes(), out));
}

TEST(DeltaPacking, NoBytesCrashIt) {
  std::mt19937_64 random(4);
  for (int round = 0; round < 20'000; ++round) {
    ByteBuffer packed;
    AppendDeltaPacked(Values(1 + random() % 200, static_cast<int64_t>(random())), &packed);
    std::vector<uint8_t> bytes(packed.data(), packed.data() + packed.size());
    for (int flips = 0; flips < 3; ++flips) {
      bytes[random() % bytes.size()] ^= static_cast<uint8_t>(1 << random() % 8);
    }
    Values out(1 + random() % 300);
    DecodeDeltaPacked(bytes, out);
  }
}

}  // namespace
}  // namespace tickhouse::io
