#include "tickhouse/io/parquet/format/thrift_compact.h"

#include <gtest/gtest.h>

#include <random>
#include <vector>

namespace tickhouse::io {
namespace {

TEST(ThriftCompact, ReadsWhatItWrites) {
  ByteBuffer bytes;
  ThriftWriter writer(&bytes);
  writer.I32(1, -7);
  writer.I64(2, int64_t{1} << 60);
  writer.BeginStruct(5);
  writer.Bool(1, true);
  writer.Binary(3, "text");
  writer.EndStruct();
  writer.Bool(9, false);
  writer.EndStruct();

  ThriftReader reader(bytes.bytes());
  int field = 0;
  ThriftType type = ThriftType::kStop;
  int32_t small = 0;
  int64_t large = 0;
  bool flag = false;
  bool last = true;
  std::string_view text;
  reader.BeginStruct();
  ASSERT_TRUE(reader.NextField(&field, &type));
  reader.Integer(type, &small);
  ASSERT_TRUE(reader.NextField(&field, &type));
  reader.Integer(type, &large);
  ASSERT_TRUE(reader.NextField(&field, &type));
  EXPECT_EQ(field, 5);
  reader.BeginStruct();
  ASSERT_TRUE(reader.NextField(&field, &type));
  reader.Bool(type, &flag);
  ASSERT_TRUE(reader.NextField(&field, &type));
  EXPECT_EQ(field, 3);
  reader.Binary(type, &text);
  EXPECT_FALSE(reader.NextField(&field, &type));
  reader.EndStruct();
  ASSERT_TRUE(reader.NextField(&field, &type));
  EXPECT_EQ(field, 9);
  reader.Bool(type, &last);
  EXPECT_FALSE(reader.NextField(&field, &type));
  EXPECT_FALSE(reader.failed());
  EXPECT_EQ(reader.left(), 0U);
  EXPECT_EQ(small, -7);
  EXPECT_EQ(large, int64_t{1} << 60);
  EXPECT_TRUE(flag);
  EXPECT_FALSE(last);
  EXPECT_EQ(text, "text");
}

TEST(ThriftCompact, SkipsAnythingAndSurvivesAnyBytes) {
  std::mt19937 random(1);
  for (int round = 0; round < 50'000; ++round) {
    std::vector<uint8_t> bytes(random() % 64);
    for (uint8_t& byte : bytes)
      byte = static_cast<uint8_t>(random() % 3 == 0 ? random() : random() % 32);
    ThriftReader reader(bytes);
    reader.Skip(ThriftType::kStruct);
    EXPECT_LE(reader.left(), bytes.size());
  }
}

TEST(ThriftCompact, DeepNestingIsRefusedNotFollowed) {
  const std::vector<uint8_t> bytes(100'000,
                                   0x1C);  // Field 1 is a struct whose field 1 is a struct ...
  ThriftReader reader(bytes);
  reader.Skip(ThriftType::kStruct);
  EXPECT_TRUE(reader.failed());
}

TEST(ThriftCompact, AListCannotClaimMoreThanIsThere) {
  const std::vector<uint8_t> bytes = {0xF8, 0xFF, 0xFF, 0xFF, 0xFF, 0x0F};
  ThriftReader reader(bytes);
  ThriftType element = ThriftType::kStop;
  EXPECT_EQ(reader.ListHeader(ThriftType::kList, &element), 0U);
  EXPECT_TRUE(reader.failed());
}

}  // namespace
}  // namespace tickhouse::io
