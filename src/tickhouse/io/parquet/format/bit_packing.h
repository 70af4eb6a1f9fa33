// Little-endian bit packing as Parquet's RLE/bit-packed hybrid and DELTA_BINARY_PACKED use it:
// value i occupies bits [i*width, (i+1)*width) of the stream, least significant bit first.
#pragma once

#include <cstddef>
#include <cstdint>

namespace tickhouse::io {

/// Packs 32 values into exactly `4 * width` bytes. Values must fit `width` bits (0..32, 0..64).
void Pack32(const uint32_t* in, int width, uint8_t* out);
void Pack32(const uint64_t* in, int width, uint8_t* out);

/// Reads 32 values from exactly `4 * width` bytes.
void Unpack32(const uint8_t* in, int width, uint32_t* out);
void Unpack32(const uint8_t* in, int width, uint64_t* out);

/// Bytes that `count` values of `width` bits take.
inline constexpr std::size_t PackedBytes(std::size_t count, int width) {
  return (count * static_cast<std::size_t>(width) + 7) / 8;
}

/// The bits of one value at `index` in a stream of `size` bytes that holds it wholly. width <= 32.
uint32_t PackedValueAt(const uint8_t* in, std::size_t size, int width, std::size_t index);

}  // namespace tickhouse::io
