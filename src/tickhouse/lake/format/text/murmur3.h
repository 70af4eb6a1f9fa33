// Murmur3 in its 32-bit x86 variant (Austin Appleby, public domain), seed 0.
#pragma once

#include <cstdint>
#include <string_view>

namespace tickhouse::lake {

int32_t Murmur3(std::string_view bytes);

}  // namespace tickhouse::lake
