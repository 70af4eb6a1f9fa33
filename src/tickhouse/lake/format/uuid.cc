#include "tickhouse/lake/format/uuid.h"

#include <fmt/format.h>

namespace tickhouse::lake {

std::string MakeUuid(Random& random) {
  const uint64_t high = (random.Next() & ~uint64_t{0xF000}) | 0x4000;
  const uint64_t low = (random.Next() & ~(uint64_t{3} << 62)) | (uint64_t{1} << 63);
  return fmt::format("{:08x}-{:04x}-{:04x}-{:04x}-{:012x}", high >> 32, (high >> 16) & 0xFFFF,
                     high & 0xFFFF, low >> 48, low & 0xFFFF'FFFF'FFFF);
}

}  // namespace tickhouse::lake
