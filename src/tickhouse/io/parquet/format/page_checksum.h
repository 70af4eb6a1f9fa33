// CRC-32 of a page as Parquet defines it (the polynomial of gzip), by carry-less multiplication
// where the processor has it.
#pragma once

#include <cstdint>
#include <span>

namespace tickhouse::io {

uint32_t PageChecksum(std::span<const uint8_t> bytes);

/// The same without special instructions (for tests and other processors).
uint32_t PageChecksumPortable(std::span<const uint8_t> bytes);

}  // namespace tickhouse::io
