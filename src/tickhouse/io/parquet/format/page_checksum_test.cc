#include "tickhouse/io/parquet/format/page_checksum.h"

#include <gtest/gtest.h>

#include <random>
#include <string_view>
#include <vector>

namespace tickhouse::io {
namespace {

std::span<const uint8_t> BytesOf(std::string_view text) {
  return {reinterpret_cast<const uint8_t*>(text.data()), text.size()};
}

TEST(PageChecksum, IsTheCrc32OfGzip) {
  EXPECT_EQ(PageChecksum(BytesOf("")), 0U);
  EXPECT_EQ(PageChecksum(BytesOf("123456789")), 0xCBF43926U);
  const std::string long_text(1000, 'a');
  EXPECT_EQ(PageChecksum(BytesOf(long_text)), PageChecksumPortable(BytesOf(long_text)));
}

TEST(PageChecksum, FoldedAndPortableAgreeAtEveryLengthAndAlignment) {
  std::mt19937 random(1);
  std::vector<uint8_t> bytes(2'000);
  for (uint8_t& byte : bytes) byte = static_cast<uint8_t>(random());
  for (std::size_t begin = 0; begin < 17; ++begin) {
    for (std::size_t size = 0; size < 700; ++size) {
      const std::span<const uint8_t> part(bytes.data() + begin, size);
      ASSERT_EQ(PageChecksum(part), PageChecksumPortable(part)) << begin << " " << size;
    }
  }
}

}  // namespace
}  // namespace tickhouse::io
