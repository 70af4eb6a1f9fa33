// One column of one row group, turned into the bytes of a Parquet column chunk. Pure functions: the
// bytes depend on the values alone, whatever form they came in.
#pragma once

#include <cstdint>
#include <limits>
#include <span>
#include <string>
#include <vector>

#include "tickhouse/io/parquet/format/byte_buffer.h"

namespace tickhouse::io {

/// In a time column: no value.
inline constexpr int64_t kNullTime = std::numeric_limits<int64_t>::min();

/// Rows of a data page; every column is cut at the same rows.
inline constexpr std::size_t kPageRows = 8192;

enum class ColumnKind { kTime, kDouble, kInt64 };

/// Bounds as Parquet stores them (8 bytes, little-endian); empty when every value is null.
struct EncodedStats {
  std::string min, max;
  int64_t nulls = 0;
};

struct EncodedPage {
  int64_t offset = 0;  ///< From the start of the chunk.
  int32_t bytes = 0;   ///< Header included.
  int64_t first_row = 0;
  EncodedStats stats;
};

struct EncodedColumn {
  ByteBuffer bytes;  ///< Dictionary page, if any, then the data pages.
  int64_t rows = 0;
  int64_t dictionary_bytes = 0;    ///< Of the dictionary page, header included; 0: none.
  int64_t uncompressed_bytes = 0;  ///< What `bytes` would be without compression.
  bool delta = false;              ///< Data pages are delta-packed; else dictionary or plain.
  EncodedStats stats;
  std::vector<EncodedPage> pages;
};

/// Delta-packed and not compressed. kNullTime is a null (for counts it does not occur).
EncodedColumn EncodeInt64(std::span<const int64_t> values);

/// Value = points / 10^decimals. Sorted dictionary, bit-packed indices, zstd.
EncodedColumn EncodePoints(std::span<const int32_t> points, int decimals);

/// The same for doubles; NaN is a null. `decimals_hint`: where the values are likely whole numbers
/// of points (speed only, -1 when nothing is known). Plain when there are more than kMaxDictionary
/// values.
EncodedColumn EncodeDoubles(std::span<const double> values, int decimals_hint);
inline constexpr std::size_t kMaxDictionary = 65'536;

/// points / 10^decimals, correctly rounded. decimals 0..22.
double PointsToDouble(int32_t points, int decimals);

/// True when every value is a whole number of points that fits int32 and gives back the same bits
/// (so no NaN and no -0.0); then `*points` has them.
bool DoublesToPoints(std::span<const double> values, int decimals, std::vector<int32_t>* points);

}  // namespace tickhouse::io
