// Random numbers that are the same on every machine for one seed (the standard library's
// distributions are not). Generator: xoshiro256** seeded by SplitMix64 (Blackman, Vigna).
#pragma once

#include <cstdint>

namespace tickhouse {

/// A plain value; one thread at a time.
class Random {
 public:
  explicit Random(uint64_t seed);
  uint64_t Next();
  /// Uniform in [0, 1) with 53 bits.
  double Uniform();
  /// Uniform in [0, bound); bound > 0; without modulo bias.
  uint64_t Below(uint64_t bound);
  /// Standard normal (polar method).
  double Normal();
  /// Exponential with the given mean.
  double Exponential(double mean);
  /// An independent generator for a named part, so that parts do not disturb each other. Depends on
  /// where this one stands and on `stream`; leaves this one as it was.
  Random Fork(uint64_t stream) const;

 private:
  uint64_t state_[4];
  double spare_normal_ = 0;
  bool has_spare_normal_ = false;
};

}  // namespace tickhouse
