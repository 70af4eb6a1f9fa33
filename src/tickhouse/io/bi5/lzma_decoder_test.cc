#include "tickhouse/io/bi5/lzma_decoder.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "tickhouse/io/bi5/liblzma_peer.h"

namespace tickhouse::io {
namespace {

constexpr LzmaDecoder::Limits kLimits = {uint64_t{8} << 20, uint32_t{64} << 20};

std::span<const std::byte> Bytes(const std::string& text) {
  return std::as_bytes(std::span(text.data(), text.size()));
}

struct Draw {
  uint64_t state;
  uint32_t operator()(uint32_t below) {
    state = state * 6'364'136'223'846'793'005u + 1'442'695'040'888'963'407u;
    return static_cast<uint32_t>((state >> 33) % below);
  }
};

// Like stored ticks: fields that creep, that repeat, that are noise.
std::string SomeRecords(std::size_t count, Draw draw) {
  std::string out;
  uint32_t words[5] = {0, 132'745, 132'733, 0x3F66'6666, 0x3FE6'6666};
  for (std::size_t i = 0; i < count; ++i) {
    words[0] += draw(900);
    words[1] += draw(7);
    words[2] = words[1] - draw(4);
    if (draw(3) == 0) words[3] = draw(1u << 30);
    if (draw(50) == 0) words[4] = words[3];
    for (const uint32_t word : words) {
      for (int shift = 24; shift >= 0; shift -= 8) out += static_cast<char>(word >> shift);
    }
  }
  return out;
}

struct Form {
  uint32_t lc = 3;
  uint32_t lp = 0;
  uint32_t pb = 2;
  bool states_size = false;
  uint32_t dictionary = 1 << 16;
};

// liblzma writes the end marker always; without it a stream is what EncodeBi5 makes.
std::string Pack(const std::string& plain, Form form) {
  lzma_options_lzma options;
  EXPECT_FALSE(lzma_lzma_preset(&options, 1));
  options.lc = form.lc;
  options.lp = form.lp;
  options.pb = form.pb;
  options.dict_size = form.dictionary;
  lzma_stream stream = LZMA_STREAM_INIT;
  EXPECT_EQ(lzma_alone_encoder(&stream, &options), LZMA_OK);
  std::string out(plain.size() * 2 + 1024, '\0');
  stream.next_in = reinterpret_cast<const uint8_t*>(plain.data());
  stream.avail_in = plain.size();
  stream.next_out = reinterpret_cast<uint8_t*>(out.data());
  stream.avail_out = out.size();
  EXPECT_EQ(lzma_code(&stream, LZMA_FINISH), LZMA_STREAM_END);
  out.resize(out.size() - stream.avail_out);
  lzma_end(&stream);
  const uint64_t size = plain.size();
  if (form.states_size) std::memcpy(out.data() + 5, &size, sizeof(size));
  return out;
}

// Tells the verdicts apart without printing megabytes.
void ExpectSameVerdict(const std::string& packed, LzmaDecoder* decoder,
                       LzmaDecoder::Limits limits = kLimits) {
  const LzmaVerdict own = OwnVerdict(Bytes(packed), decoder);
  const LzmaVerdict peer = PeerVerdict(Bytes(packed), limits);
  EXPECT_EQ(own.end, peer.end);
  EXPECT_EQ(own.trailing, peer.trailing);
  EXPECT_EQ(own.unpacked.size(), peer.unpacked.size());
  EXPECT_TRUE(own == peer);
}

TEST(LzmaDecoder, UnpacksEveryFormThatAHeaderCanName) {
  LzmaDecoder decoder(kLimits);
  int forms = 0;
  for (uint32_t lc = 0; lc <= 4; ++lc) {
    for (uint32_t lp = 0; lc + lp <= 4; ++lp) {
      for (uint32_t pb = 0; pb <= 4; ++pb, ++forms) {
        const std::string plain = SomeRecords(600, Draw{static_cast<uint64_t>(forms)});
        const std::string packed = Pack(plain, {lc, lp, pb, forms % 2 == 0});
        ASSERT_EQ(decoder.Unpack(Bytes(packed)), LzmaEnd::kComplete) << lc << lp << pb;
        EXPECT_TRUE(OwnVerdict(Bytes(packed), &decoder).unpacked == plain);
        ExpectSameVerdict(packed, &decoder);
      }
    }
  }
  EXPECT_EQ(forms, 75);
}

TEST(LzmaDecoder, UnpacksRandomSetsOfRecords) {
  LzmaDecoder decoder(kLimits);
  Draw draw{99};
  for (int round = 0; round < 60; ++round) {
    const std::string plain = SomeRecords(draw(3'000), Draw{draw(1u << 30)});
    const std::string packed = Pack(plain, {3, 0, 2, draw(2) == 0, 4096u << draw(5)});
    EXPECT_TRUE(OwnVerdict(Bytes(packed), &decoder).unpacked == plain);
    ExpectSameVerdict(packed, &decoder);
  }
}

TEST(LzmaDecoder, UnpacksWhatRepeatsAtEveryDistance) {
  LzmaDecoder decoder(kLimits);
  for (std::size_t distance = 1; distance < 300; distance += distance < 40 ? 1 : 37) {
    std::string plain = SomeRecords(distance / 20 + 1, Draw{distance}).substr(0, distance);
    while (plain.size() < 40'000) plain += plain;
    const std::string packed = Pack(plain, {});
    EXPECT_TRUE(OwnVerdict(Bytes(packed), &decoder).unpacked == plain) << distance;
  }
}

TEST(LzmaDecoder, FarDistancesAreRight) {
  LzmaDecoder decoder(kLimits);
  std::string plain = SomeRecords(60'000, Draw{5});
  plain += plain;
  const std::string packed = Pack(plain, {3, 0, 2, false, 4 << 20});
  EXPECT_TRUE(OwnVerdict(Bytes(packed), &decoder).unpacked == plain);
}

TEST(LzmaDecoder, JudgesEveryCutAsThePeerDoes) {
  LzmaDecoder decoder(kLimits);
  for (const bool states_size : {false, true}) {
    const std::string packed = Pack(SomeRecords(80, Draw{7}), {3, 0, 2, states_size});
    for (std::size_t size = 13; size < packed.size(); ++size) {
      SCOPED_TRACE(size);
      ExpectSameVerdict(packed.substr(0, size), &decoder);
    }
    ExpectSameVerdict(packed + "x", &decoder);
    ExpectSameVerdict(packed + packed, &decoder);
  }
}

TEST(LzmaDecoder, JudgesDamageAsThePeerDoes) {
  LzmaDecoder decoder(kLimits);
  Draw draw{11};
  for (int round = 0; round < 1'500; ++round) {
    std::string packed = Pack(SomeRecords(1 + draw(60), Draw{draw(1u << 30)}),
                              {draw(3), draw(3), draw(5), draw(2) == 0});
    // The size stays out of it half the time: wrong sizes would hide all the rest.
    for (uint32_t faults = 1 + draw(3); faults > 0; --faults) {
      const std::size_t skip = draw(2) == 0 ? 13 : 0;
      const std::size_t at = skip + draw(static_cast<uint32_t>(packed.size() - skip));
      if (at >= 1 && at < 5) continue;  // The dictionary's size: tested below.
      packed[at] = static_cast<char>(packed[at] ^ (1 << draw(8)));
    }
    if (draw(4) == 0) packed.resize(13 + draw(static_cast<uint32_t>(packed.size() - 12)));
    SCOPED_TRACE(round);
    ExpectSameVerdict(packed, &decoder);
  }
}

TEST(LzmaDecoder, JudgesWrongSizesAsThePeerDoes) {
  LzmaDecoder decoder(kLimits);
  const std::string plain = SomeRecords(80, Draw{13});
  const std::string packed = Pack(plain, {});
  for (uint64_t size = 0; size < plain.size() + 40; ++size) {
    std::string stated = packed;
    std::memcpy(stated.data() + 5, &size, sizeof(size));
    SCOPED_TRACE(size);
    ExpectSameVerdict(stated, &decoder);
  }
}

TEST(LzmaDecoder, ADictionaryTooSmallForADistanceIsDamage) {
  LzmaDecoder decoder(kLimits);
  std::string plain = SomeRecords(2'000, Draw{17});
  plain += plain;
  std::string packed = Pack(plain, {});
  for (const uint32_t dictionary : {0u, 1u, 4'096u, 5'000u, 39'984u, 40'000u, 40'001u, 65'536u}) {
    std::memcpy(packed.data() + 1, &dictionary, sizeof(dictionary));
    SCOPED_TRACE(dictionary);
    ExpectSameVerdict(packed, &decoder);
  }
  const uint32_t beyond = (64u << 20) + 1;
  std::memcpy(packed.data() + 1, &beyond, sizeof(beyond));
  EXPECT_EQ(decoder.Unpack(Bytes(packed)), LzmaEnd::kDictionary);
}

TEST(LzmaDecoder, AnOpenSizeEndsAtTheLimit) {
  const LzmaDecoder::Limits small = {50'000, 64u << 20};
  LzmaDecoder decoder(small);
  const std::string fits = Pack(std::string(50'000, 'a'), {});
  EXPECT_EQ(decoder.Unpack(Bytes(fits)), LzmaEnd::kComplete);
  const std::string beyond = Pack(std::string(50'001, 'a'), {});
  EXPECT_EQ(decoder.Unpack(Bytes(beyond)), LzmaEnd::kTooLarge);
  EXPECT_EQ(decoder.unpacked().size(), 50'000u);
}

TEST(LzmaDecoder, WhatLiesBehindTheLimitIsNotJudged) {
  const LzmaDecoder::Limits small = {20'000, 64u << 20};
  LzmaDecoder decoder(small);
  const std::string packed = Pack(SomeRecords(1'200, Draw{23}), {});
  for (std::size_t size = packed.size() / 2; size < packed.size(); size += 5) {
    SCOPED_TRACE(size);
    ExpectSameVerdict(packed.substr(0, size), &decoder, small);
    std::string damaged = packed;
    damaged[size] = static_cast<char>(damaged[size] ^ 0x40);
    ExpectSameVerdict(damaged, &decoder, small);
  }
}

TEST(LzmaDecoder, AllRealHoursEqualThePeerAlsoCutAndDamaged) {
  const std::filesystem::path root = "../shared/data/dukascopy/bi5";
  if (!std::filesystem::exists(root)) GTEST_SKIP() << "no shared data beside the checkout";
  LzmaDecoder decoder(kLimits);
  Draw draw{19};
  int files = 0;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(root)) {
    if (!entry.is_regular_file() || entry.path().extension() != ".bi5") continue;
    ++files;
    std::ifstream in(entry.path(), std::ios::binary);
    std::string packed((std::istreambuf_iterator<char>(in)), std::istreambuf_iterator<char>());
    if (packed.empty()) continue;
    SCOPED_TRACE(entry.path());
    ExpectSameVerdict(packed, &decoder);
    ExpectSameVerdict(packed.substr(0, 13 + draw(static_cast<uint32_t>(packed.size() - 13))),
                      &decoder);
    packed[13 + draw(static_cast<uint32_t>(packed.size() - 13))] ^= 1;
    ExpectSameVerdict(packed, &decoder);
  }
  EXPECT_EQ(files, 504);
}

}  // namespace
}  // namespace tickhouse::io
