#include "tickhouse/core/random.h"

#include <array>
#include <cmath>

#include "tickhouse/core/testing.h"

namespace tickhouse {
namespace {

// From an independent implementation, itself checked against the published vectors of both
// generators.
TEST(Random, IsXoshiroSeededBySplitMix) {
  Random zero(0);
  for (const uint64_t expected :
       {11091344671253066420u, 13793997310169335082u, 1900383378846508768u, 7684712102626143532u}) {
    EXPECT_EQ(zero.Next(), expected);
  }
  Random seeded(42);
  for (const uint64_t expected :
       {1546998764402558742u, 6990951692964543102u, 12544586762248559009u, 17057574109182124193u}) {
    EXPECT_EQ(seeded.Next(), expected);
  }
}

TEST(Random, GivesUniformNumbersBelowOne) {
  Random random(1);
  double sum = 0;
  for (int i = 0; i < 100'000; ++i) {
    const double u = random.Uniform();
    ASSERT_GE(u, 0);
    ASSERT_LT(u, 1);
    sum += u;
  }
  EXPECT_NEAR(sum / 100'000, 0.5, 0.01);
}

TEST(Random, StaysBelowTheBoundAndReachesAll) {
  Random random(1);
  std::array<int, 7> counts{};
  for (int i = 0; i < 70'000; ++i) ++counts.at(random.Below(7));
  for (const int count : counts) EXPECT_NEAR(count, 10'000, 500);
  EXPECT_EQ(random.Below(1), 0u);
  for (int i = 0; i < 100; ++i) EXPECT_LT(random.Below(uint64_t{3} << 62), uint64_t{3} << 62);
  EXPECT_DEATH(random.Below(0), "empty range");
}

TEST(Random, GivesNormalNumbers) {
  Random random(1);
  double sum = 0;
  double squares = 0;
  double fourths = 0;
  constexpr int kCount = 200'000;
  for (int i = 0; i < kCount; ++i) {
    const double z = random.Normal();
    sum += z;
    squares += z * z;
    fourths += z * z * z * z;
  }
  EXPECT_NEAR(sum / kCount, 0, 0.02);
  EXPECT_NEAR(squares / kCount, 1, 0.02);
  EXPECT_NEAR(fourths / kCount, 3, 0.15);
}

TEST(Random, GivesExponentialNumbersOfTheMean) {
  Random random(1);
  double sum = 0;
  for (int i = 0; i < 100'000; ++i) {
    const double x = random.Exponential(2.5);
    ASSERT_GE(x, 0);
    sum += x;
  }
  EXPECT_NEAR(sum / 100'000, 2.5, 0.05);
}

TEST(Random, ForksIndependentStreams) {
  const Random parent(42);
  Random a = parent.Fork(1);
  Random again = parent.Fork(1);
  Random b = parent.Fork(2);
  EXPECT_EQ(a.Next(), again.Next());
  EXPECT_NE(a.Next(), b.Next());
  Random moved(42);
  moved.Next();
  EXPECT_NE(moved.Fork(1).Next(), parent.Fork(1).Next());
  Random untouched(42);
  (void)untouched.Fork(1);
  Random fresh(42);
  EXPECT_EQ(untouched.Next(), fresh.Next());
}

// The doubles themselves are pinned: generated files are known by their hash.
TEST(Random, GivesTheSameDoublesEverywhere) {
  Random random(7);
  EXPECT_EQ(random.Uniform(), 0x1.66b1f5ee9df2ep-1);
  EXPECT_EQ(random.Normal(), -0x1.00123db8e278dp-1);
  EXPECT_EQ(random.Exponential(1), 0x1.fbf6ec4f63ffcp+1);
}

}  // namespace
}  // namespace tickhouse
