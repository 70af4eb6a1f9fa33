#include "tickhouse/lake/format/text/murmur3.h"

#include <bit>
#include <cstring>

namespace tickhouse::lake {

namespace {

uint32_t Mixed(uint32_t block) {
  return std::rotl(block * 0xcc9e2d51U, 15) * 0x1b873593U;
}

}  // namespace

int32_t Murmur3(std::string_view bytes) {
  uint32_t hash = 0;
  const auto length = static_cast<uint32_t>(bytes.size());
  while (bytes.size() >= sizeof(uint32_t)) {
    uint32_t block = 0;
    std::memcpy(&block, bytes.data(), sizeof(block));
    hash = std::rotl(hash ^ Mixed(block), 13) * 5 + 0xe6546b64U;
    bytes.remove_prefix(sizeof(block));
  }
  uint32_t tail = 0;
  std::memcpy(&tail, bytes.data(), bytes.size());
  hash ^= Mixed(tail);
  hash ^= length;
  hash = (hash ^ (hash >> 16)) * 0x85ebca6bU;
  hash = (hash ^ (hash >> 13)) * 0xc2b2ae35U;
  return static_cast<int32_t>(hash ^ (hash >> 16));
}

}  // namespace tickhouse::lake
