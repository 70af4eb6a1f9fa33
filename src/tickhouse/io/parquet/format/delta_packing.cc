#include "tickhouse/io/parquet/format/delta_packing.h"

#include <algorithm>
#include <bit>
#include <limits>
#include <vector>

#include "tickhouse/io/parquet/format/bit_packing.h"
#include "tickhouse/io/parquet/format/byte_reader.h"

namespace tickhouse::io {

namespace {

constexpr std::size_t kBlock = 128;
constexpr std::size_t kGroup = 32;
constexpr std::size_t kGroups = kBlock / kGroup;

// Differences and sums are taken as unsigned: the format wraps around.
int64_t Difference(int64_t a, int64_t b) {
  return static_cast<int64_t>(static_cast<uint64_t>(a) - static_cast<uint64_t>(b));
}

// One block of up to 128 deltas: `values[-1]` is the value before the block.
void AppendBlock(const int64_t* values, std::size_t count, ByteBuffer* out) {
  uint64_t relative[kBlock];
  int64_t least = std::numeric_limits<int64_t>::max();
  for (std::size_t i = 0; i < count; ++i) {
    const int64_t delta = Difference(values[i], values[static_cast<std::ptrdiff_t>(i) - 1]);
    relative[i] = static_cast<uint64_t>(delta);
    least = std::min(least, delta);
  }
  std::fill(relative + count, relative + kBlock, static_cast<uint64_t>(least));
  uint64_t bits[kGroups] = {};
  for (std::size_t i = 0; i < kBlock; ++i) {
    relative[i] -= static_cast<uint64_t>(least);
    bits[i / kGroup] |= relative[i];
  }
  out->AppendZigzag(least);
  int width[kGroups];
  for (std::size_t g = 0; g < kGroups; ++g) width[g] = static_cast<int>(std::bit_width(bits[g]));
  for (const int w : width) out->PushByte(static_cast<uint8_t>(w));
  const std::size_t groups = (count + kGroup - 1) / kGroup;
  for (std::size_t g = 0; g < groups; ++g) {
    Pack32(relative + g * kGroup, width[g], out->Extend(4 * static_cast<std::size_t>(width[g])));
  }
}

struct Header {
  uint64_t block = 0;
  uint64_t groups = 0;
  uint64_t count = 0;
  uint64_t group = 0;
  int64_t first = 0;
};

bool ReadHeader(ByteReader* in, Header* header) {
  if (!in->ReadVarint(&header->block) || !in->ReadVarint(&header->groups) ||
      !in->ReadVarint(&header->count) || !in->ReadZigzag(&header->first)) {
    return false;
  }
  if (header->block == 0 || header->block % 128 != 0 || header->block > (1U << 20)) return false;
  if (header->groups == 0 || header->block % header->groups != 0) return false;
  header->group = header->block / header->groups;
  return header->group % kGroup == 0;
}

// Adds `count` (at most 32) unpacked deltas to the running value.
int64_t AddUp(const uint64_t* deltas, std::size_t count, int64_t least, int64_t value,
              int64_t* out) {
  auto sum = static_cast<uint64_t>(value);
  for (std::size_t i = 0; i < count; ++i) {
    sum += deltas[i] + static_cast<uint64_t>(least);
    out[i] = static_cast<int64_t>(sum);
  }
  return static_cast<int64_t>(sum);
}

}  // namespace

void AppendDeltaPacked(std::span<const int64_t> values, ByteBuffer* out) {
  out->AppendVarint(kBlock);
  out->AppendVarint(kGroups);
  out->AppendVarint(values.size());
  out->AppendZigzag(values.empty() ? 0 : values[0]);
  for (std::size_t i = 1; i < values.size(); i += kBlock) {
    AppendBlock(values.data() + i, std::min(kBlock, values.size() - i), out);
  }
}

bool DecodeDeltaPacked(std::span<const uint8_t> bytes, std::span<int64_t> out) {
  std::size_t used = 0;
  return DecodeDeltaPacked(bytes, out, &used);
}

bool DecodeDeltaPacked(std::span<const uint8_t> bytes, std::span<int64_t> out, std::size_t* used) {
  ByteReader in(bytes);
  Header header;
  if (!ReadHeader(&in, &header) || header.count != out.size()) return false;
  *used = bytes.size() - in.left();
  if (out.empty()) return true;
  out[0] = header.first;
  int64_t value = header.first;
  std::size_t next = 1;
  std::vector<uint8_t> widths(header.groups);
  uint64_t deltas[kGroup];
  while (next < out.size()) {
    int64_t least = 0;
    if (!in.ReadZigzag(&least) || !in.ReadBytes(widths.data(), widths.size())) return false;
    for (std::size_t g = 0; g < header.groups && next < out.size(); ++g) {
      const int width = widths[g];
      if (width > 64) return false;
      uint64_t part = 0;
      for (; part < header.group && next < out.size(); part += kGroup) {
        const uint8_t* packed = in.Take(4 * static_cast<std::size_t>(width));
        if (packed == nullptr) return false;
        Unpack32(packed, width, deltas);
        const std::size_t count = std::min(kGroup, out.size() - next);
        value = AddUp(deltas, count, least, value, out.data() + next);
        next += count;
      }
      // The last group is padded to its whole length; some writers leave the padding out.
      const std::size_t padding = (header.group - part) / 8 * static_cast<std::size_t>(width);
      in.Take(std::min(padding, in.left()));
    }
  }
  *used = bytes.size() - in.left();
  return true;
}

}  // namespace tickhouse::io
