#include "tickhouse/core/portable_math.h"

#include <bit>
#include <cstdint>

#include "tickhouse/core/check.h"

namespace tickhouse {

namespace {

constexpr double kLn2High = 6.93147180369123816490e-01;  // ln 2 with its low 21 bits zero,
constexpr double kLn2Low = 1.90821492927058770002e-10;   // and the rest.
constexpr double kSqrt2 = 1.41421356237309514547;
constexpr uint64_t kMantissaMask = (uint64_t{1} << 52) - 1;
constexpr uint64_t kOneBits = uint64_t{1023} << 52;

// 2^exponent for a normal result.
double PowerOfTwo(int64_t exponent) {
  return std::bit_cast<double>(static_cast<uint64_t>(exponent + 1023) << 52);
}

}  // namespace

double PortableLog(double x) {
  const auto bits = std::bit_cast<uint64_t>(x);
  TICKHOUSE_CHECK(x > 0 && bits >= (uint64_t{1} << 52) && bits < (uint64_t{2047} << 52),
                  "the logarithm is asked of a positive normal number");
  int64_t exponent = static_cast<int64_t>(bits >> 52) - 1023;
  double mantissa = std::bit_cast<double>((bits & kMantissaMask) | kOneBits);
  if (mantissa > kSqrt2) {
    mantissa *= 0.5;
    ++exponent;
  }
  // ln m = 2 atanh(s), s = (m - 1) / (m + 1); |s| <= 0.172, so s^22 is below the last bit.
  const double s = (mantissa - 1) / (mantissa + 1);
  const double z = s * s;
  double series = 1.0 / 21;
  for (int k = 19; k >= 3; k -= 2) series = series * z + 1.0 / k;
  const double log_mantissa = 2 * s + 2 * s * (z * series);
  const auto e = static_cast<double>(exponent);
  return e * kLn2High + (log_mantissa + e * kLn2Low);
}

double PortableExp(double x) {
  TICKHOUSE_CHECK(x >= -700 && x <= 700, "the exponential is asked of a modest number");
  const double scaled = x * 1.44269504088896338700;  // 1 / ln 2
  const auto exponent = static_cast<int64_t>(scaled + (scaled < 0 ? -0.5 : 0.5));
  const auto e = static_cast<double>(exponent);
  const double r =
      (x - e * kLn2High) - e * kLn2Low;  // |r| <= 0.347: r^14 / 14! is below the last bit.
  double series = 1;
  for (int k = 13; k >= 1; --k) series = 1 + series * r / k;
  return series * PowerOfTwo(exponent);
}

}  // namespace tickhouse
