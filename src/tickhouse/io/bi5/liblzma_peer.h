// liblzma as the judge of our own decoder: tests, fuzzer and benchmark only.
#pragma once

#include <lzma.h>

#include <algorithm>
#include <string>
#include <utility>

#include "tickhouse/io/bi5/lzma_decoder.h"

namespace tickhouse::io {

/// What a decoder says about a stream.
struct LzmaVerdict {
  LzmaEnd end = LzmaEnd::kDamaged;
  std::string unpacked;  ///< Also of a stream that fails: all before the fault.
  std::size_t trailing = 0;
  bool operator==(const LzmaVerdict&) const = default;
};

/// By liblzma, with the limits that our decoder takes. `bytes` holds a whole header.
inline LzmaVerdict PeerVerdict(std::span<const std::byte> bytes, LzmaDecoder::Limits limits) {
  LzmaVerdict verdict;
  const uint64_t stated = LzmaDecoder::StatedSize(bytes);
  lzma_stream stream = LZMA_STREAM_INIT;
  if (lzma_alone_decoder(&stream, UINT64_MAX) != LZMA_OK) return verdict;
  stream.next_in = reinterpret_cast<const uint8_t*>(bytes.data());
  stream.avail_in = bytes.size();
  lzma_ret status = LZMA_OK;
  while (status == LZMA_OK) {
    const std::size_t used = verdict.unpacked.size();
    if (stated == LzmaDecoder::kOpenSize && used > limits.max_unpacked) break;
    verdict.unpacked.resize(used + 65'536);
    stream.next_out = reinterpret_cast<uint8_t*>(verdict.unpacked.data()) + used;
    stream.avail_out = 65'536;
    while (status == LZMA_OK && stream.avail_out > 0) status = lzma_code(&stream, LZMA_FINISH);
    verdict.unpacked.resize(stream.total_out);
  }
  if (status == LZMA_BUF_ERROR) verdict.end = LzmaEnd::kCut;
  if (status == LZMA_STREAM_END) {
    verdict.end = LzmaEnd::kComplete;
    verdict.trailing = stream.avail_in;
  }
  lzma_end(&stream);
  // What comes behind the limit is not judged.
  if (stated == LzmaDecoder::kOpenSize && verdict.unpacked.size() > limits.max_unpacked) {
    return {LzmaEnd::kTooLarge, verdict.unpacked.substr(0, limits.max_unpacked), 0};
  }
  return verdict;
}

inline LzmaVerdict OwnVerdict(std::span<const std::byte> bytes, LzmaDecoder* decoder) {
  LzmaVerdict verdict;
  verdict.end = decoder->Unpack(bytes);
  const std::span<std::byte> unpacked = decoder->unpacked();
  verdict.unpacked.assign(reinterpret_cast<const char*>(unpacked.data()), unpacked.size());
  verdict.trailing = decoder->trailing();
  return verdict;
}

}  // namespace tickhouse::io
