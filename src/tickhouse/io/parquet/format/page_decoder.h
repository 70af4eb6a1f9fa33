// The inside of a page: decompression, definition levels, run-length and bit-packed indices, and
// fixed width values of every encoding that numbers can have. Bytes come from outside and are not
// trusted.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "tickhouse/io/parquet/format/byte_buffer.h"
#include "tickhouse/io/parquet/format/parquet_footer.h"

namespace tickhouse::io {

/// Why bytes could not be decoded; empty: they could.
struct DecodeFault {
  std::string why;
  bool unsupported = false;
  bool ok() const { return why.empty(); }
  static DecodeFault Corrupt(std::string why) { return {std::move(why), false}; }
  static DecodeFault Unsupported(std::string why) { return {std::move(why), true}; }
};

/// Replaces `*out` with the `body_bytes` bytes that `stored` holds under Parquet codec number
/// `codec`.
DecodeFault DecompressPage(int32_t codec, std::span<const uint8_t> stored, std::size_t body_bytes,
                           ByteBuffer* out);

/// Levels of a flat optional column (0 or 1 each) in RLE form. Fills `present` with one byte a row,
/// or leaves it empty when no row is null; `*values` is the number of rows that are not.
DecodeFault DecodeLevels(std::span<const uint8_t> levels, std::size_t rows,
                         std::vector<uint8_t>* present, std::size_t* values);

/// Indices of a dictionary page (the width byte first), exactly `out.size()` of them, all <
/// `limit`.
DecodeFault DecodeIndices(std::span<const uint8_t> body, uint32_t limit, std::span<uint32_t> out);

/// When `body` is one bit-packed run that covers `count` indices: its width and packed bytes.
bool IsOnePackedRun(std::span<const uint8_t> body, std::size_t count, int* width,
                    std::span<const uint8_t>* packed);

/// How stored values become times or prices.
struct ValueFormat {
  PhysicalType type = PhysicalType::kDouble;
  std::size_t width = 8;  ///< Bytes of a stored value.
  int64_t unit_ns = 1;    ///< Of times.
  bool is_decimal = false;
  int scale = 0;
};

/// `out.size()` values of `format` in `raw` (which holds at least that many). Times that do not fit
/// nanoseconds are a fault, for an instant must not be dropped or bent.
DecodeFault ConvertValues(const ValueFormat& format, const uint8_t* raw, std::span<int64_t> out);
DecodeFault ConvertValues(const ValueFormat& format, const uint8_t* raw, std::span<double> out);

/// Values stored PLAIN, DELTA_BINARY_PACKED or BYTE_STREAM_SPLIT; `scratch` is working space.
template <typename T>
DecodeFault DecodeValues(const ValueFormat& format, PageEncoding encoding,
                         std::span<const uint8_t> bytes, ByteBuffer* scratch, std::span<T> out);

}  // namespace tickhouse::io
