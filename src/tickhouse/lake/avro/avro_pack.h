// The codecs of blocks.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "tickhouse/core/error.h"

namespace tickhouse::lake {

// Deflate without a frame around it, as Avro has it; level 6 of zlib, level 3 of zstd.
std::string AvroDeflate(std::string_view bytes);
std::string AvroZstdPack(std::string_view bytes);

// Into `out`, whose memory is used again. The error says only what is wrong (kCorrupt): not packed
// so, cut, or more than `max_bytes` unpacked.
Status AvroInflate(std::string_view packed, std::size_t max_bytes, std::string* out);
Status AvroZstdUnpack(std::string_view packed, std::size_t max_bytes, std::string* out);

}  // namespace tickhouse::lake
