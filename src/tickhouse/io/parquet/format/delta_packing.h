// DELTA_BINARY_PACKED for int64, as the Parquet format defines it: blocks of 128 deltas in four
// groups of 32, each group with its own bit width; differences wrap around modulo 2^64.
#pragma once

#include <cstdint>
#include <span>

#include "tickhouse/io/parquet/format/byte_buffer.h"

namespace tickhouse::io {

/// Appends header and blocks of `values` (may be empty).
void AppendDeltaPacked(std::span<const int64_t> values, ByteBuffer* out);

/// Decodes exactly `out.size()` values, for any block and group size the format allows. False when
/// the stream is cut, malformed or holds another number of values; `out` is unspecified then.
bool DecodeDeltaPacked(std::span<const uint8_t> in, std::span<int64_t> out);
/// The same; `*used` is the length of the stream, for what comes after it.
bool DecodeDeltaPacked(std::span<const uint8_t> in, std::span<int64_t> out, std::size_t* used);

}  // namespace tickhouse::io
