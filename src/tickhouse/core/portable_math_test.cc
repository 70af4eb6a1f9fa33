#include "tickhouse/core/portable_math.h"

#include <cmath>
#include <limits>

#include "tickhouse/core/random.h"
#include "tickhouse/core/testing.h"

namespace tickhouse {
namespace {

TEST(PortableLog, AgreesWithTheLibrary) {
  EXPECT_EQ(PortableLog(1.0), 0.0);
  Random random(1);
  for (int i = 0; i < 100'000; ++i) {
    const double x =
        std::ldexp(random.Uniform() + 0.5, static_cast<int>(random.Below(1'200)) - 600);
    const double expected = std::log(x);
    ASSERT_NEAR(PortableLog(x), expected, 1e-15 * std::max(1.0, std::abs(expected))) << x;
  }
}

TEST(PortableLog, IsExactNearOne) {
  for (const double x : {1 - 0x1p-53, 1 + 0x1p-52, 1 + 1e-9, 1 - 1e-9}) {
    EXPECT_NEAR(PortableLog(x) / std::log(x), 1, 1e-15);
  }
}

TEST(PortableLog, ReachesTheEndsOfTheNormalNumbers) {
  EXPECT_NEAR(PortableLog(std::numeric_limits<double>::min()), -708.3964185322641, 1e-12);
  EXPECT_NEAR(PortableLog(std::numeric_limits<double>::max()), 709.782712893384, 1e-12);
  EXPECT_DEATH(PortableLog(0), "positive normal");
  EXPECT_DEATH(PortableLog(-1), "positive normal");
  EXPECT_DEATH(PortableLog(std::numeric_limits<double>::infinity()), "positive normal");
}

TEST(PortableExp, AgreesWithTheLibrary) {
  EXPECT_EQ(PortableExp(0), 1.0);
  Random random(2);
  for (int i = 0; i < 100'000; ++i) {
    const double x = (random.Uniform() * 2 - 1) * (i % 2 == 0 ? 1 : 700);
    ASSERT_NEAR(PortableExp(x) / std::exp(x), 1, 1e-15) << x;
  }
}

TEST(PortableExp, RefusesWhatWouldOverflow) {
  EXPECT_DEATH(PortableExp(701), "modest");
}

}  // namespace
}  // namespace tickhouse
