// One column of one row group, turned into the bytes of a Parquet column chunk. Pure functions: the
// bytes depend on the values alone, whatever form they came in.
#pragma once

#include <cstdint>
#include <limits>
#include <span>
#include <vector>

#include "tickhouse/io/parquet/encode/encoded_column.h"

namespace tickhouse::io {

/// In a time column: no value.
inline constexpr int64_t kNullTime = std::numeric_limits<int64_t>::min();

/// Delta-packed; kNullTime is a null (for counts it does not occur). `zstd` pays where few
/// different steps come again and again.
EncodedColumn EncodeInt64(std::span<const int64_t> values, bool zstd = false);

/// Value = points / 10^decimals. Sorted dictionary, bit-packed indices, zstd.
/// `required`: pages without levels.
EncodedColumn EncodePoints(std::span<const int32_t> points, int decimals, bool required = false);

/// The same for doubles; NaN is a null (of a `required` column there is none). `decimals_hint`:
/// where the values are likely whole numbers of points (speed only, -1 when nothing is known).
/// Plain when there are more than kMaxDictionary values.
EncodedColumn EncodeDoubles(std::span<const double> values, int decimals_hint,
                            bool required = false);
inline constexpr std::size_t kMaxDictionary = 65'536;

/// The same, done quickly: indices are bit-packed and not compressed, unless that would be larger
/// by more than a quarter. `grid` serves speed only.
struct PointGrid {
  int decimals = -1;   ///< Values are likely whole points; -1: nothing is known.
  bool means = false;  ///< Or half ones, an ulp or two beside: means of two prices.
};
EncodedColumn EncodeDoublesQuickly(std::span<const double> values, PointGrid grid);

/// points / 10^decimals, correctly rounded. decimals 0..22.
double PointsToDouble(int32_t points, int decimals);

/// True when every value is a whole number of points that fits int32 and gives back the same bits
/// (so no NaN and no -0.0); then `*points` has them.
bool DoublesToPoints(std::span<const double> values, int decimals, std::vector<int32_t>* points);

}  // namespace tickhouse::io
