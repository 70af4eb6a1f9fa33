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

/// Delta-packed and not compressed. kNullTime is a null (for counts it does not occur).
EncodedColumn EncodeInt64(std::span<const int64_t> values);

/// Value = points / 10^decimals. Sorted dictionary, bit-packed indices, zstd.
/// `required`: pages without levels.
EncodedColumn EncodePoints(std::span<const int32_t> points, int decimals, bool required = false);

/// The same for doubles; NaN is a null (of a `required` column there is none). `decimals_hint`:
/// where the values are likely whole numbers of points (speed only, -1 when nothing is known).
/// Plain when there are more than kMaxDictionary values.
EncodedColumn EncodeDoubles(std::span<const double> values, int decimals_hint,
                            bool required = false);
inline constexpr std::size_t kMaxDictionary = 65'536;

/// points / 10^decimals, correctly rounded. decimals 0..22.
double PointsToDouble(int32_t points, int decimals);

/// True when every value is a whole number of points that fits int32 and gives back the same bits
/// (so no NaN and no -0.0); then `*points` has them.
bool DoublesToPoints(std::span<const double> values, int decimals, std::vector<int32_t>* points);

}  // namespace tickhouse::io
