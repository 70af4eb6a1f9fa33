// Any bytes: an answer or an error, never a crash; what decodes packs back to the same records.
#include <cstdlib>

#include "tickhouse/io/bi5/bi5.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace tickhouse::io;
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
