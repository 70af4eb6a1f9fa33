// Any bytes: an answer or an error, never a crash; the answer is liblzma's; what decodes packs back
// to the same records.
#include <cstdlib>

#include "tickhouse/io/bi5/bi5.h"
#include "tickhouse/io/bi5/liblzma_peer.h"

namespace {

using namespace tickhouse::io;

void CompareWithPeer(std::span<const std::byte> bytes) {
  constexpr LzmaDecoder::Limits kLimits = {uint64_t{1} << 20, uint32_t{1} << 20};
  static LzmaDecoder decoder(kLimits);
  if (bytes.size() < LzmaDecoder::kHeaderBytes) return;
  const uint64_t stated = LzmaDecoder::StatedSize(bytes);
  if (stated != LzmaDecoder::kOpenSize && stated > kLimits.max_unpacked) return;
  const LzmaVerdict own = OwnVerdict(bytes, &decoder);
  if (own.end == LzmaEnd::kDictionary) return;
  if (own != PeerVerdict(bytes, kLimits)) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  CompareWithPeer(std::as_bytes(std::span(data, size)));
  static Bi5Decoder decoder;
  const auto records = decoder.Decode(std::as_bytes(std::span(data, size)));
  if (!records || records->size() > 5'000) return 0;
  const std::vector<Bi5Record> kept(records->begin(), records->end());
  const auto packed = EncodeBi5(kept);
  if (!packed) std::abort();
  const auto back = DecodeBi5(std::as_bytes(std::span(packed->data(), packed->size())));
  if (!back || *back != kept) std::abort();
  return 0;
}
