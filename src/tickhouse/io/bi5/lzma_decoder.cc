#include "tickhouse/io/bi5/lzma_decoder.h"

#include <algorithm>
#include <cstring>

#include "tickhouse/core/check.h"
#include "tickhouse/io/bi5/range_decoder.h"

namespace tickhouse::io {

namespace {

constexpr uint32_t kStates = 12;
constexpr uint32_t kFirstStateAfterMatch = 7;
constexpr std::size_t kLongestMatch = 273;
// No symbol takes more input than this; a match is copied in blocks and may write beyond its end.
constexpr std::size_t kMostInputPerSymbol = 20;
constexpr std::size_t kCopyBlock = 16;
constexpr std::size_t kSlack = kLongestMatch + kCopyBlock;
constexpr std::size_t kRangeCoderBytes = 5;

struct LengthModels {
  BitModel beyond_low;
  BitModel beyond_middle;
  BitModel low[16][8];
  BitModel middle[16][8];
  BitModel high[256];
};

[[gnu::always_inline]] inline uint32_t ReadLength(RangeDecoder& coder, LengthModels& models,
                                                  uint32_t pos_state) {
  if (!coder.Bit(&models.beyond_low)) return 2 + coder.Tree<3>(models.low[pos_state]);
  if (!coder.Bit(&models.beyond_middle)) return 10 + coder.Tree<3>(models.middle[pos_state]);
  return 18 + coder.Tree<8>(models.high);
}

[[gnu::always_inline]] inline uint8_t ReadLiteral(RangeDecoder& coder, BitModel* models) {
  return static_cast<uint8_t>(coder.Tree<8>(models));
}

// After a match the byte that did not match is known: as long as the bits agree with those of the
// byte at that distance, they have models of their own.
[[gnu::always_inline]] inline uint8_t ReadMatchedLiteral(RangeDecoder& coder, BitModel* models,
                                                         uint32_t match) {
  uint32_t symbol = 1;
  uint32_t agree = 0x100;
  match <<= 1;
  uint32_t at = agree + (match & agree) + 1;
  uint32_t odds = models[at];
#pragma GCC unroll 8
  for (int i = 0; i < 7; ++i) {
    // Where the next bit's odds lie if this bit is 0, and if it is 1.
    const uint32_t agree_0 = agree & ~match;
    const uint32_t agree_1 = agree & match;
    match <<= 1;
    const uint32_t at_0 = agree_0 + (match & agree_0) + symbol * 2;
    const uint32_t at_1 = agree_1 + (match & agree_1) + symbol * 2 + 1;
    symbol = coder.ValueBit(models + at, &odds, models[at_0], models[at_1], symbol);
    const uint32_t is_one = 0u - (symbol & 1);
    agree = agree_0 ^ ((agree_0 ^ agree_1) & is_one);
    at = at_0 ^ ((at_0 ^ at_1) & is_one);
  }
  return static_cast<uint8_t>(coder.ValueBit(models + at, &odds, 0, 0, symbol));
}

[[gnu::always_inline]] inline void CopyMatch(uint8_t* to, std::size_t distance, std::size_t size) {
  const uint8_t* from = to - distance;
  if (distance >= kCopyBlock) {
    for (std::size_t done = 0; done < size; done += kCopyBlock) {
      std::memcpy(to + done, from + done, kCopyBlock);
    }
    return;
  }
  for (std::size_t done = 0; done < size; ++done) to[done] = from[done];
}

}  // namespace

struct LzmaDecoder::Models {
  BitModel is_match[kStates][16];
  BitModel is_rep[kStates];
  BitModel is_rep1_or_more[kStates];
  BitModel is_rep2_or_more[kStates];
  BitModel is_rep3[kStates];
  BitModel is_long_rep0[kStates][16];
  BitModel slot[4][64];
  BitModel middle_distance[128];
  BitModel low_distance[16];
  LengthModels match_length;
  LengthModels rep_length;
  BitModel literal[16][0x300];

  // The literal models come last: most streams have few of them.
  void Reset(std::size_t literal_contexts) {
    auto* models = reinterpret_cast<BitModel*>(this);
    const std::size_t count = offsetof(Models, literal) / sizeof(BitModel);
    std::fill(models, models + count + literal_contexts * 0x300, kEvenOdds);
  }
};

// A stream on its way. A copy of it lives in the loop, in registers.
struct LzmaDecoder::Stream {
  enum class Pause { kInput, kRoom, kEnd };

  RangeDecoder coder;
  const uint8_t* safe_input = nullptr;  // The loop reads a symbol only before this.
  const uint8_t* input_end = nullptr;
  uint8_t* out = nullptr;
  std::size_t pos = 0;
  std::size_t limit = 0;      // The stated size, or the most that is allowed.
  std::size_t safe_room = 0;  // The loop writes a symbol only before this, or nothing.
  std::size_t dictionary = 0;
  bool open_size = false;
  uint32_t state = 0;
  uint32_t reps[4] = {0, 0, 0, 0};
  uint32_t lc = 0;
  uint32_t lp_mask = 0;
  uint32_t pb_mask = 0;
  LzmaEnd end = LzmaEnd::kDamaged;

  bool TakeHeader(const uint8_t* header);
  void SetRoom(std::byte* room, std::size_t capacity);
  Pause Run(Models* models);
  [[gnu::always_inline]] inline Pause ReadSymbols(Models* models);

  [[gnu::always_inline]] bool IsCut() const { return coder.in > input_end; }
  // An input that ended goes before everything found in the zeros read behind it.
  [[gnu::always_inline]] Pause End(LzmaEnd how) {
    end = IsCut() ? LzmaEnd::kCut : how;
    return Pause::kEnd;
  }
  [[gnu::always_inline]] Pause EndOfRoom() {
    return End(open_size ? LzmaEnd::kTooLarge : LzmaEnd::kDamaged);
  }
  [[gnu::always_inline]] bool IsValid(uint32_t distance) const {
    return distance < std::min(pos, dictionary);
  }
  [[gnu::always_inline]] inline uint8_t Literal(Models* models);
  [[gnu::always_inline]] inline uint32_t Match(Models* models, uint32_t pos_state);
  [[gnu::always_inline]] inline uint32_t Rep(Models* models, uint32_t pos_state);
};

bool LzmaDecoder::Stream::TakeHeader(const uint8_t* header) {
  uint32_t properties = header[0];
  if (properties >= 9 * 5 * 5) return false;
  lc = properties % 9;
  properties /= 9;
  const uint32_t lp = properties % 5;
  lp_mask = (1u << lp) - 1;
  pb_mask = (1u << properties / 5) - 1;
  uint32_t stated = 0;
  std::memcpy(&stated, header + 1, sizeof(stated));
  dictionary = (std::max<std::size_t>(stated, 4096) + 15) & ~std::size_t{15};
  return lc + lp <= 4;
}

void LzmaDecoder::Stream::SetRoom(std::byte* room, std::size_t capacity) {
  out = reinterpret_cast<uint8_t*>(room);
  safe_room = std::min(limit, capacity - kSlack);
}

uint8_t LzmaDecoder::Stream::Literal(Models* models) {
  const uint32_t before = pos == 0 ? 0 : out[pos - 1];
  BitModel* literal = models->literal[((pos & lp_mask) << lc) + (before >> (8 - lc))];
  if (state < kFirstStateAfterMatch) {
    state = state <= 3 ? 0 : state - 3;
    return ReadLiteral(coder, literal);
  }
  state = state <= 9 ? state - 3 : state - 6;
  return ReadMatchedLiteral(coder, literal, out[pos - reps[0] - 1]);
}

// Returns the length; reps[0] is the distance less one.
uint32_t LzmaDecoder::Stream::Match(Models* models, uint32_t pos_state) {
  reps[3] = reps[2];
  reps[2] = reps[1];
  reps[1] = reps[0];
  state = state < kFirstStateAfterMatch ? 7 : 10;
  const uint32_t length = ReadLength(coder, models->match_length, pos_state);
  const uint32_t slot = coder.Tree<6>(models->slot[std::min(length - 2, 3u)]);
  if (slot < 4) {
    reps[0] = slot;
    return length;
  }
  const uint32_t bits = (slot >> 1) - 1;
  const uint32_t high = 2 + (slot & 1);
  if (slot < 14) {
    const uint32_t base = high << bits;
    reps[0] = base + coder.ReverseTree(models->middle_distance + base - slot, bits);
    return length;
  }
  const uint32_t upper = coder.DirectBits(high, bits - 4);
  reps[0] = (upper << 4) + coder.ReverseTree(models->low_distance, 4);
  return length;
}

// Returns the length, 1 for a byte alone.
uint32_t LzmaDecoder::Stream::Rep(Models* models, uint32_t pos_state) {
  const bool after_literal = state < kFirstStateAfterMatch;
  if (!coder.Bit(&models->is_rep1_or_more[state])) {
    if (!coder.Bit(&models->is_long_rep0[state][pos_state])) {
      state = after_literal ? 9 : 11;
      return 1;
    }
  } else {
    uint32_t distance = reps[1];
    if (coder.Bit(&models->is_rep2_or_more[state])) {
      distance = reps[2];
      if (coder.Bit(&models->is_rep3[state])) {
        distance = reps[3];
        reps[3] = reps[2];
      }
      reps[2] = reps[1];
    }
    reps[1] = reps[0];
    reps[0] = distance;
  }
  state = after_literal ? 8 : 11;
  return ReadLength(coder, models->rep_length, pos_state);
}

LzmaDecoder::Stream::Pause LzmaDecoder::Stream::ReadSymbols(Models* models) {
  while (true) {
    if (coder.in >= safe_input) return Pause::kInput;
    if (pos >= safe_room) [[unlikely]] {
      if (pos < limit) return Pause::kRoom;
      if (!open_size) {
        coder.Normalize();
        if (IsCut() || coder.code == 0) return End(LzmaEnd::kComplete);
      }
    }
    const auto pos_state = static_cast<uint32_t>(pos) & pb_mask;
    if (!coder.Bit(&models->is_match[state][pos_state])) {
      const uint8_t byte = Literal(models);
      if (IsCut()) return End(LzmaEnd::kCut);
      if (pos == limit) return EndOfRoom();
      out[pos++] = byte;
      continue;
    }
    uint32_t length = 0;
    if (!coder.Bit(&models->is_rep[state])) {
      length = Match(models, pos_state);
      if (reps[0] == ~uint32_t{0}) {
        if (!open_size && pos < limit) return End(LzmaEnd::kDamaged);
        if (!IsCut()) coder.Normalize();
        return End(coder.code == 0 ? LzmaEnd::kComplete : LzmaEnd::kDamaged);
      }
      if (!IsValid(reps[0])) return End(LzmaEnd::kDamaged);
    } else {
      if (pos == 0) return End(LzmaEnd::kDamaged);
      length = Rep(models, pos_state);
    }
    if (IsCut()) return End(LzmaEnd::kCut);
    const std::size_t size = std::min<std::size_t>(length, limit - pos);
    CopyMatch(out + pos, std::size_t{reps[0]} + 1, size);
    pos += size;
    if (size < length) return EndOfRoom();
  }
}

// Bytes written could be any field's as far as the compiler knows, but for those of a copy.
LzmaDecoder::Stream::Pause LzmaDecoder::Stream::Run(Models* models) {
  Stream copy = *this;
  const Pause pause = copy.ReadSymbols(models);
  *this = copy;
  return pause;
}

LzmaDecoder::LzmaDecoder(Limits limits) : limits_(limits), models_(std::make_unique<Models>()) {}
LzmaDecoder::~LzmaDecoder() = default;
LzmaDecoder::LzmaDecoder(LzmaDecoder&&) noexcept = default;
LzmaDecoder& LzmaDecoder::operator=(LzmaDecoder&&) noexcept = default;

uint64_t LzmaDecoder::StatedSize(std::span<const std::byte> header) {
  uint64_t size = 0;
  std::memcpy(&size, header.data() + 5, sizeof(size));
  return size;
}

void LzmaDecoder::MakeRoom(std::size_t bytes) {
  if (bytes + kSlack <= capacity_) return;
  auto larger = std::make_unique_for_overwrite<std::byte[]>(bytes + kSlack);
  if (unpacked_ > 0) std::memcpy(larger.get(), room_.get(), unpacked_);
  room_ = std::move(larger);
  capacity_ = bytes + kSlack;
}

LzmaEnd LzmaDecoder::Unpack(std::span<const std::byte> bytes) {
  TICKHOUSE_CHECK(bytes.size() >= kHeaderBytes, "the header is whole");
  unpacked_ = 0;
  trailing_ = 0;
  const auto* input = reinterpret_cast<const uint8_t*>(bytes.data());
  Stream stream;
  if (!stream.TakeHeader(input)) return LzmaEnd::kDamaged;
  if (stream.dictionary > limits_.max_dictionary) return LzmaEnd::kDictionary;
  const std::size_t packed = bytes.size() - kHeaderBytes;
  input += kHeaderBytes;
  if (packed > 0 && input[0] != 0) return LzmaEnd::kDamaged;
  if (packed < kRangeCoderBytes) return LzmaEnd::kCut;

  const uint64_t stated = StatedSize(bytes);
  stream.open_size = stated == kOpenSize;
  stream.limit = stream.open_size ? limits_.max_unpacked : stated;
  // The stated size is only believed as far as the input could bear it; what is missing grows.
  MakeRoom(std::min<std::size_t>(stream.limit, std::max<std::size_t>(packed * 64, 65'536)));
  stream.SetRoom(room_.get(), capacity_);
  for (std::size_t i = 1; i < kRangeCoderBytes; ++i) {
    stream.coder.code = stream.coder.code << 8 | input[i];
  }
  models_->Reset((stream.lp_mask + 1) << stream.lc);

  // The last bytes are read from a copy with zeros behind it: so no bit has to ask for the end.
  uint8_t tail[4 * kMostInputPerSymbol] = {};
  const uint8_t* const input_end = input + packed;
  bool in_tail = false;
  stream.coder.in = input + kRangeCoderBytes;
  stream.input_end = input_end;
  stream.safe_input = packed > kRangeCoderBytes + kMostInputPerSymbol
                          ? input_end - kMostInputPerSymbol
                          : stream.coder.in;
  while (true) {
    const Stream::Pause pause = stream.Run(models_.get());
    unpacked_ = stream.pos;
    if (pause == Stream::Pause::kEnd) break;
    if (pause == Stream::Pause::kRoom) {
      MakeRoom(std::min(stream.limit, stream.pos * 2 + 65'536));
      stream.SetRoom(room_.get(), capacity_);
      continue;
    }
    TICKHOUSE_CHECK(!in_tail, "the tail is long enough for a symbol");
    in_tail = true;
    const auto left = static_cast<std::size_t>(input_end - stream.coder.in);
    std::memcpy(tail, stream.coder.in, left);
    stream.coder.in = tail;
    stream.input_end = tail + left;
    stream.safe_input = tail + sizeof(tail);
  }
  if (stream.end == LzmaEnd::kComplete) {
    trailing_ = static_cast<std::size_t>(stream.input_end - stream.coder.in);
    if (!in_tail) trailing_ = static_cast<std::size_t>(input_end - stream.coder.in);
  }
  return stream.end;
}

}  // namespace tickhouse::io
