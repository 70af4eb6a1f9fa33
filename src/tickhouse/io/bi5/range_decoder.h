// The range decoder of LZMA: bits of adaptive odds out of a stream of bytes.
#pragma once

#include <cstdint>

namespace tickhouse::io {

/// Odds that the next bit is 0, in 1/2048.
using BitModel = uint16_t;
inline constexpr BitModel kEvenOdds = 1024;

/// Reads without looking where the input ends: whoever calls sees to it that there is enough. All
/// of it is inlined, so that the three fields live in registers.
struct RangeDecoder {
  uint32_t range = 0xFFFF'FFFF;
  uint32_t code = 0;
  const uint8_t* in = nullptr;

  [[gnu::always_inline]] void Normalize() {
    if (range >= (1u << 24)) return;
    range <<= 8;
    code = code << 8 | *in++;
  }

  /// For a bit that decides what is read next: a branch the processor may foresee.
  [[gnu::always_inline]] bool Bit(BitModel* model) {
    Normalize();
    const uint32_t odds = *model;
    const uint32_t bound = (range >> 11) * odds;
    if (code < bound) {
      range = bound;
      *model = static_cast<BitModel>(odds + ((2048 - odds) >> 5));
      return false;
    }
    range -= bound;
    code -= bound;
    *model = static_cast<BitModel>(odds - (odds >> 5));
    return true;
  }

  /// For a bit of a value, which nobody foresees: no branch. `*odds` are those of this bit, read
  /// before; they become one of the two that may follow, so that no bit waits for memory. Returns
  /// symbol * 2 + bit.
  [[gnu::always_inline]] uint32_t ValueBit(BitModel* model, uint32_t* odds, uint32_t odds_after_0,
                                           uint32_t odds_after_1, uint32_t symbol) {
    Normalize();
    const auto before = static_cast<int32_t>(*odds);
    const uint32_t bound = (range >> 11) * *odds;
    uint32_t next = symbol * 2;
    int32_t shift = 0;  // A bit of 0 rounds towards 2048: odds - ((odds + 31 - 2048) >> 5).
#if defined(__x86_64__)
    const uint32_t kept = code;
    range -= bound;
    asm("subl %[bound], %[code]\n\t"
        "cmovb %[after_0], %[after]\n\t"
        "cmovb %[bound], %[range]\n\t"
        "cmovb %[kept], %[code]\n\t"
        "cmovb %[zero_shift], %[shift]\n\t"
        "sbbl $-1, %[next]"
        : [code] "+&r"(code), [range] "+&r"(range), [shift] "+&r"(shift), [next] "+&r"(next),
          [after] "+&r"(odds_after_1)
        : [bound] "r"(bound), [kept] "r"(kept), [zero_shift] "rm"(31 - 2048),
          [after_0] "rm"(odds_after_0)
        : "cc");
    *odds = odds_after_1;
#else
    const uint32_t is_zero = 0u - static_cast<uint32_t>(code < bound);
    shift = static_cast<int32_t>(is_zero) & (31 - 2048);
    code -= bound & ~is_zero;
    range = (bound & is_zero) | ((range - bound) & ~is_zero);
    next += 1 + is_zero;
    *odds = (odds_after_0 & is_zero) | (odds_after_1 & ~is_zero);
#endif
    *model = static_cast<BitModel>(before - ((before + shift) >> 5));
    return next;
  }

  /// kBits bits, the highest first; models[1] belongs to the first.
  template <int kBits>
  [[gnu::always_inline]] uint32_t Tree(BitModel* models) {
    uint32_t symbol = 1;
    uint32_t odds = models[1];
#pragma GCC unroll 8
    for (int i = 1; i < kBits; ++i) {
      symbol = ValueBit(models + symbol, &odds, models[symbol * 2], models[symbol * 2 + 1], symbol);
    }
    return ValueBit(models + symbol, &odds, 0, 0, symbol) - (1u << kBits);
  }

  /// The same, the lowest first; `bits` > 0.
  [[gnu::always_inline]] uint32_t ReverseTree(BitModel* models, uint32_t bits) {
    uint32_t symbol = 1;
    uint32_t value = 0;
    uint32_t odds = models[1];
    for (uint32_t i = 0; i + 1 < bits; ++i) {
      symbol = ValueBit(models + symbol, &odds, models[symbol * 2], models[symbol * 2 + 1], symbol);
      value |= (symbol & 1) << i;
    }
    symbol = ValueBit(models + symbol, &odds, 0, 0, symbol);
    return value | (symbol & 1) << (bits - 1);
  }

  /// Appends bits of even odds to `value`.
  [[gnu::always_inline]] uint32_t DirectBits(uint32_t value, uint32_t bits) {
    for (; bits > 0; --bits) {
      Normalize();
      range >>= 1;
      code -= range;
      const uint32_t is_zero = 0u - (code >> 31);
      code += range & is_zero;
      value = value * 2 + 1 + is_zero;
    }
    return value;
  }
};

}  // namespace tickhouse::io
