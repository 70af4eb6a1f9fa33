#include "tickhouse/io/parquet/format/page_checksum.h"

#include <array>

#if defined(__x86_64__)
#include <immintrin.h>
#endif

namespace tickhouse::io {

namespace {

constexpr uint32_t kPolynomial = 0xEDB88320;  // 0x04C11DB7 with its bits reversed.

constexpr std::array<std::array<uint32_t, 256>, 8> MakeTables() {
  std::array<std::array<uint32_t, 256>, 8> tables{};
  for (uint32_t i = 0; i < 256; ++i) {
    uint32_t crc = i;
    for (int bit = 0; bit < 8; ++bit) crc = (crc >> 1) ^ ((crc & 1) != 0 ? kPolynomial : 0);
    tables[0][i] = crc;
  }
  for (uint32_t i = 0; i < 256; ++i) {
    for (std::size_t t = 1; t < 8; ++t) {
      tables[t][i] = (tables[t - 1][i] >> 8) ^ tables[0][tables[t - 1][i] & 0xFF];
    }
  }
  return tables;
}
constexpr auto kTables = MakeTables();

uint32_t Update(uint32_t crc, const uint8_t* at, std::size_t count) {
  for (; count >= 8; count -= 8, at += 8) {
    uint32_t low = 0;
    uint32_t high = 0;
    __builtin_memcpy(&low, at, 4);
    __builtin_memcpy(&high, at + 4, 4);
    low ^= crc;
    crc = kTables[7][low & 0xFF] ^ kTables[6][(low >> 8) & 0xFF] ^ kTables[5][(low >> 16) & 0xFF] ^
          kTables[4][low >> 24] ^ kTables[3][high & 0xFF] ^ kTables[2][(high >> 8) & 0xFF] ^
          kTables[1][(high >> 16) & 0xFF] ^ kTables[0][high >> 24];
  }
  for (; count > 0; --count, ++at) crc = (crc >> 8) ^ kTables[0][(crc ^ *at) & 0xFF];
  return crc;
}

#if defined(__x86_64__)
// x^n mod P, bits reversed and shifted as the reflected multiplication wants it.
constexpr uint64_t FoldConstant(int n) {
  uint32_t value = 0x80000000;  // x^0, reflected.
  for (int i = 0; i < n; ++i) value = (value >> 1) ^ ((value & 1) != 0 ? kPolynomial : 0);
  return static_cast<uint64_t>(value) << 1;
}

// Folds 64 bytes at a time (Gopal et al., "Fast CRC Computation for Generic Polynomials Using
// PCLMULQDQ", Intel 2009); what is left of the folded 128 bits is finished by table.
__attribute__((target("pclmul,sse4.1"))) uint32_t UpdateFolded(uint32_t crc, const uint8_t* at,
                                                               std::size_t count) {
  const auto load = [](const uint8_t* p) {
    return _mm_loadu_si128(reinterpret_cast<const __m128i*>(p));
  };
  const auto fold = [](__m128i value, __m128i keys,
                       __m128i next) __attribute__((target("pclmul,sse4.1"))) {
    return _mm_xor_si128(_mm_xor_si128(_mm_clmulepi64_si128(value, keys, 0x00),
                                       _mm_clmulepi64_si128(value, keys, 0x11)),
                         next);
  };
  constexpr uint64_t kBy512Low = FoldConstant(512 + 32);
  constexpr uint64_t kBy512High = FoldConstant(512 - 32);
  constexpr uint64_t kBy128Low = FoldConstant(128 + 32);
  constexpr uint64_t kBy128High = FoldConstant(128 - 32);
  const __m128i by512 =
      _mm_set_epi64x(static_cast<int64_t>(kBy512High), static_cast<int64_t>(kBy512Low));
  const __m128i by128 =
      _mm_set_epi64x(static_cast<int64_t>(kBy128High), static_cast<int64_t>(kBy128Low));
  __m128i a = _mm_xor_si128(load(at), _mm_cvtsi32_si128(static_cast<int>(crc)));
  __m128i b = load(at + 16);
  __m128i c = load(at + 32);
  __m128i d = load(at + 48);
  at += 64;
  count -= 64;
  for (; count >= 64; count -= 64, at += 64) {
    a = fold(a, by512, load(at));
    b = fold(b, by512, load(at + 16));
    c = fold(c, by512, load(at + 32));
    d = fold(d, by512, load(at + 48));
  }
  b = fold(a, by128, b);
  c = fold(b, by128, c);
  d = fold(c, by128, d);
  for (; count >= 16; count -= 16, at += 16) d = fold(d, by128, load(at));
  uint8_t rest[16];
  _mm_storeu_si128(reinterpret_cast<__m128i*>(rest), d);
  return Update(Update(0, rest, 16), at, count);
}
#endif

}  // namespace

uint32_t PageChecksumPortable(std::span<const uint8_t> bytes) {
  return ~Update(~uint32_t{0}, bytes.data(), bytes.size());
}

uint32_t PageChecksum(std::span<const uint8_t> bytes) {
#if defined(__x86_64__)
  static const bool kFolds =
      __builtin_cpu_supports("pclmul") != 0 && __builtin_cpu_supports("sse4.1") != 0;
  if (kFolds && bytes.size() >= 64) {
    return ~UpdateFolded(~uint32_t{0}, bytes.data(), bytes.size());
  }
#endif
  return PageChecksumPortable(bytes);
}

}  // namespace tickhouse::io
