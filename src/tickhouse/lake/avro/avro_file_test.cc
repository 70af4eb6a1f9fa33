#include "tickhouse/lake/avro/avro_file.h"

#include <fmt/format.h>

#include "tickhouse/core/random.h"
#include "tickhouse/core/testing.h"
#include "tickhouse/lake/avro/avro_pack.h"

namespace tickhouse::lake {
namespace {

// Odd spacing on purpose: what a file says is kept to the letter.
constexpr const char* kSchema =
    R"({"type": "record",  "name": "r", "fields": [{"name": "x", "type": "long"},)"
    R"({"name": "y", "type": "string"}]})";

std::string MakeFile(AvroCodec codec, int records) {
  AvroFileWriter writer(kSchema, {{"format-version", "2"}, {"content", "data"}}, codec);
  for (int i = 0; i < records; ++i) {
    writer.encoder().Long(i);
    writer.encoder().Bytes(fmt::format("record {}", i));
    writer.EndRecord();
  }
  return writer.Finish();
}

/// The number of records, each checked.
Result<int> ReadAllRecords(std::string bytes) {
  TICKHOUSE_ASSIGN(AvroFileReader file, AvroFileReader::Open(std::move(bytes), "some.avro"));
  int count = 0;
  bool same = true;
  TICKHOUSE_TRY(file.ForEachRecord([&](AvroDecoder& in) {
    same = in.Long() == count && same;
    same = in.Bytes() == fmt::format("record {}", count) && same;
    ++count;
  }));
  return same ? count : -1;
}

class AvroFile : public testing::TestWithParam<AvroCodec> {};

INSTANTIATE_TEST_SUITE_P(Codecs, AvroFile,
                         testing::Values(AvroCodec::kNull, AvroCodec::kDeflate,
                                         AvroCodec::kZstandard));

TEST_P(AvroFile, GivesBackRecordsOfManyBlocks) {
  ASSERT_OK_AND_ASSIGN(const int count, ReadAllRecords(MakeFile(GetParam(), 20'000)));
  EXPECT_EQ(count, 20'000);
}

TEST_P(AvroFile, GivesBackMetadataAndSchemaToTheLetter) {
  ASSERT_OK_AND_ASSIGN(const AvroFileReader file,
                       AvroFileReader::Open(MakeFile(GetParam(), 1), "some.avro"));
  EXPECT_EQ(file.schema_text(), kSchema);
  EXPECT_EQ(file.codec(), GetParam());
  EXPECT_EQ(file.metadata(), (AvroMetadata{{"format-version", "2"}, {"content", "data"}}));
}

TEST_P(AvroFile, MayHaveNoRecords) {
  ASSERT_OK_AND_ASSIGN(const int count, ReadAllRecords(MakeFile(GetParam(), 0)));
  EXPECT_EQ(count, 0);
}

TEST_P(AvroFile, IsTheSameForTheSameContent) {
  EXPECT_EQ(MakeFile(GetParam(), 100), MakeFile(GetParam(), 100));
}

TEST_P(AvroFile, NoticesEveryCutAndNamesFileAndByte) {
  const std::string bytes = MakeFile(GetParam(), 20);
  const std::size_t header_size = MakeFile(GetParam(), 0).size();
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    const auto count = ReadAllRecords(bytes.substr(0, size));
    if (size == header_size) continue;  // A whole file without records.
    ASSERT_THAT(count, IsError(ErrorKind::kCorrupt)) << size;
    ASSERT_THAT(count, HasErrorMessage("some.avro: Avro, byte ")) << size;
  }
}

TEST_P(AvroFile, AnswersAnyFlippedBitWithoutHarm) {
  const std::string bytes = MakeFile(GetParam(), 20);
  int noticed = 0;
  for (std::size_t bit = 0; bit < bytes.size() * 8; ++bit) {
    std::string flipped = bytes;
    flipped[bit / 8] = static_cast<char>(flipped[bit / 8] ^ (1 << (bit % 8)));
    if (!ReadAllRecords(std::move(flipped))) ++noticed;
  }
  // A bit of a string or a metadata value is another value; the frame is what can be checked.
  EXPECT_GT(noticed, 200);
}

TEST(AvroFileReader, RefusesOtherFilesAndCodecs) {
  EXPECT_THAT(ReadAllRecords(""), HasErrorMessage("some.avro: Avro, byte 0: the file is empty"));
  EXPECT_THAT(ReadAllRecords("PAR1 and so on"), HasErrorMessage("this is no Avro file"));
  AvroEncoder out;
  out.Raw(std::string_view("Obj\1", 4));
  out.Long(2);
  out.Bytes("avro.schema");
  out.Bytes(kSchema);
  out.Bytes("avro.codec");
  out.Bytes("snappy");
  out.Long(0);
  out.Raw("0123456789abcdef");
  EXPECT_THAT(ReadAllRecords(out.bytes()), IsError(ErrorKind::kUnsupported));
  EXPECT_THAT(ReadAllRecords(out.bytes()), HasErrorMessage("snappy"));
}

/// A file of one hand-made block.
std::string WithBlock(AvroCodec codec, int64_t count, std::string_view packed,
                      std::string_view marker = {}) {
  std::string bytes = MakeFile(codec, 0);
  const std::string sync = bytes.substr(bytes.size() - 16);
  AvroEncoder out;
  out.Long(count);
  out.Bytes(packed);
  out.Raw(marker.empty() ? std::string_view(sync) : marker);
  return bytes + out.bytes();
}

TEST(AvroFileReader, RefusesBlocksThatDoNotAddUp) {
  const std::string record("\0\x10record 0", 10);
  ASSERT_OK(ReadAllRecords(WithBlock(AvroCodec::kNull, 1, record)));
  EXPECT_THAT(ReadAllRecords(WithBlock(AvroCodec::kNull, 2, record)),
              HasErrorMessage("end within"));
  EXPECT_THAT(ReadAllRecords(WithBlock(AvroCodec::kNull, 1, record + "x")),
              HasErrorMessage("left over"));
  EXPECT_THAT(ReadAllRecords(WithBlock(AvroCodec::kNull, int64_t{1} << 60, record)),
              HasErrorMessage("records in a block of 10 bytes"));
  EXPECT_THAT(ReadAllRecords(WithBlock(AvroCodec::kNull, -1, record)),
              IsError(ErrorKind::kCorrupt));
  EXPECT_THAT(ReadAllRecords(WithBlock(AvroCodec::kNull, 1, record, "0123456789abcdef")),
              HasErrorMessage("marker"));
  EXPECT_THAT(ReadAllRecords(WithBlock(AvroCodec::kDeflate, 1, record)),
              HasErrorMessage("deflate data"));
  EXPECT_THAT(ReadAllRecords(WithBlock(AvroCodec::kZstandard, 1, record)),
              HasErrorMessage("zstd data"));
}

TEST(AvroPack, StopsUnpackingAtTheLimit) {
  const std::string zeros(10'000'000, '\0');
  for (const bool zstd : {false, true}) {
    const std::string packed = zstd ? AvroZstdPack(zeros) : AvroDeflate(zeros);
    ASSERT_LT(packed.size(), 20'000U);
    const auto unpack = zstd ? AvroZstdUnpack : AvroInflate;
    std::string out;
    EXPECT_THAT(unpack(packed, 9'999'999, &out), HasErrorMessage("more than 9999999 bytes"));
    EXPECT_LT(out.capacity(), 25'000'000U);
    ASSERT_OK(unpack(packed, zeros.size(), &out));
    EXPECT_EQ(out, zeros);
    EXPECT_THAT(unpack(packed.substr(0, packed.size() / 2), zeros.size(), &out),
                IsError(ErrorKind::kCorrupt));
  }
}

TEST(AvroPack, KeepsAnyBytes) {
  Random random(7);
  for (const std::size_t size : {0U, 1U, 100U, 70'000U}) {
    std::string bytes(size, '\0');
    for (char& c : bytes) c = static_cast<char>(random.Next());
    std::string out;
    ASSERT_OK(AvroInflate(AvroDeflate(bytes), 100'000, &out));
    EXPECT_EQ(out, bytes);
    ASSERT_OK(AvroZstdUnpack(AvroZstdPack(bytes), 100'000, &out));
    EXPECT_EQ(out, bytes);
  }
}

}  // namespace
}  // namespace tickhouse::lake
