#include "tickhouse/io/parquet/format/bit_packing.h"

#include <array>
#include <bit>
#include <cstring>
#include <utility>

static_assert(std::endian::native == std::endian::little,
              "Parquet is little-endian, and so are we");

namespace tickhouse::io {

namespace {

// Every shift and word index below is a constant of the instantiation, so that the compiler unrolls
// one group of 32 values into straight-line code for each width.
template <int kWidth, std::size_t kIndex, typename T>
inline void PackOne(const T* in, uint64_t* words) {
  constexpr std::size_t kBit = kIndex * kWidth;
  constexpr std::size_t kWord = kBit / 64;
  constexpr int kShift = static_cast<int>(kBit % 64);
  const auto value = static_cast<uint64_t>(in[kIndex]);
  if constexpr (kShift == 0) {
    words[kWord] = value;
  } else {
    words[kWord] |= value << kShift;
  }
  if constexpr (kShift + kWidth > 64) words[kWord + 1] = value >> (64 - kShift);
}

template <int kWidth, typename T>
void PackWidth(const T* in, uint8_t* out) {
  if constexpr (kWidth > 0) {
    uint64_t words[(kWidth + 1) / 2];
    [&]<std::size_t... kIndex>(std::index_sequence<kIndex...>) {
      (PackOne<kWidth, kIndex>(in, words), ...);
    }(std::make_index_sequence<32>());
    std::memcpy(out, words, 4 * kWidth);
  }
}

template <int kWidth, std::size_t kIndex, typename T>
inline void UnpackOne(const uint64_t* words, T* out) {
  constexpr std::size_t kBit = kIndex * kWidth;
  constexpr std::size_t kWord = kBit / 64;
  constexpr int kShift = static_cast<int>(kBit % 64);
  constexpr uint64_t kMask = kWidth == 64 ? ~uint64_t{0} : (uint64_t{1} << (kWidth % 64)) - 1;
  uint64_t value = words[kWord] >> kShift;
  if constexpr (kShift + kWidth > 64) value |= words[kWord + 1] << (64 - kShift);
  out[kIndex] = static_cast<T>(value & kMask);
}

template <int kWidth, typename T>
void UnpackWidth(const uint8_t* in, T* out) {
  if constexpr (kWidth == 0) {
    std::memset(out, 0, 32 * sizeof(T));
  } else {
    uint64_t words[(kWidth + 1) / 2];
    words[(kWidth - 1) / 2] = 0;
    std::memcpy(words, in, 4 * kWidth);
    [&]<std::size_t... kIndex>(std::index_sequence<kIndex...>) {
      (UnpackOne<kWidth, kIndex>(words, out), ...);
    }(std::make_index_sequence<32>());
  }
}

template <typename T>
using PackFunction = void (*)(const T*, uint8_t*);
template <typename T>
using UnpackFunction = void (*)(const uint8_t*, T*);

template <typename T, std::size_t... kWidth>
constexpr std::array<PackFunction<T>, sizeof...(kWidth)> PackTable(std::index_sequence<kWidth...>) {
  return {&PackWidth<static_cast<int>(kWidth), T>...};
}
template <typename T, std::size_t... kWidth>
constexpr std::array<UnpackFunction<T>, sizeof...(kWidth)> UnpackTable(
    std::index_sequence<kWidth...>) {
  return {&UnpackWidth<static_cast<int>(kWidth), T>...};
}

constexpr auto kPack32 = PackTable<uint32_t>(std::make_index_sequence<33>());
constexpr auto kPack64 = PackTable<uint64_t>(std::make_index_sequence<65>());
constexpr auto kUnpack32 = UnpackTable<uint32_t>(std::make_index_sequence<33>());
constexpr auto kUnpack64 = UnpackTable<uint64_t>(std::make_index_sequence<65>());

}  // namespace

void Pack32(const uint32_t* in, int width, uint8_t* out) {
  kPack32[static_cast<std::size_t>(width)](in, out);
}
void Pack32(const uint64_t* in, int width, uint8_t* out) {
  kPack64[static_cast<std::size_t>(width)](in, out);
}
void Unpack32(const uint8_t* in, int width, uint32_t* out) {
  kUnpack32[static_cast<std::size_t>(width)](in, out);
}
void Unpack32(const uint8_t* in, int width, uint64_t* out) {
  kUnpack64[static_cast<std::size_t>(width)](in, out);
}

uint32_t PackedValueAt(const uint8_t* in, std::size_t size, int width, std::size_t index) {
  const std::size_t bit = index * static_cast<std::size_t>(width);
  uint64_t word = 0;
  const std::size_t byte = bit / 8;
  if (byte + 8 <= size) {
    std::memcpy(&word, in + byte, 8);
  } else if (byte < size) {
    std::memcpy(&word, in + byte, size - byte);
  }
  return static_cast<uint32_t>((word >> (bit % 8)) & ((uint64_t{1} << width) - 1));
}

}  // namespace tickhouse::io
