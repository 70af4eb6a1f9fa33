#include "tickhouse/lake/avro/avro_decoder.h"

#include <bit>
#include <cmath>
#include <limits>

#include "tickhouse/core/testing.h"
#include "tickhouse/lake/avro/avro_record.h"

namespace tickhouse::lake {
namespace {

TEST(AvroDecoder, ReadsNumbersAsTheSpecificationShowsThem) {
  const std::pair<std::string, int64_t> known[] = {{std::string(1, '\0'), 0},
                                                   {"\x01", -1},
                                                   {"\x02", 1},
                                                   {"\x03", -2},
                                                   {"\x04", 2},
                                                   {"\x7F", -64},
                                                   {"\x80\x01", 64}};
  for (const auto& [bytes, value] : known) {
    AvroDecoder in(bytes);
    EXPECT_EQ(in.Long(), value);
    EXPECT_EQ(in.left(), 0U);
    AvroEncoder out;
    out.Long(value);
    EXPECT_EQ(out.bytes(), bytes);
  }
}

TEST(AvroDecoder, ReadsBackWhatTheEncoderWrote) {
  constexpr int64_t kEdges[] = {
      std::numeric_limits<int64_t>::min(), -1'000'000'007, -65, 63, 64, 8191, 8192,
      std::numeric_limits<int64_t>::max()};
  AvroEncoder out;
  for (const int64_t value : kEdges) out.Long(value);
  out.Boolean(true);
  out.Float(-0.0F);
  out.Double(std::numeric_limits<double>::quiet_NaN());
  out.Bytes(std::string("a\0b", 3));
  out.Raw("fixed");
  AvroDecoder in(out.bytes());
  for (const int64_t value : kEdges) EXPECT_EQ(in.Long(), value);
  EXPECT_TRUE(in.Boolean());
  EXPECT_TRUE(std::signbit(in.Float()));
  EXPECT_TRUE(std::isnan(in.Double()));
  EXPECT_EQ(in.Bytes(), std::string("a\0b", 3));
  EXPECT_EQ(in.Fixed(5), "fixed");
  EXPECT_FALSE(in.failed());
  EXPECT_EQ(in.left(), 0U);
}

TEST(AvroDecoder, KeepsItsFirstFailure) {
  AvroDecoder in(std::string_view("\x80", 1));
  EXPECT_EQ(in.Long(), 0);
  EXPECT_EQ(in.failure(), "the bytes end within a number");
  EXPECT_EQ(in.offset(), 1U);
  EXPECT_EQ(in.Bytes(), "");
  EXPECT_EQ(in.BlockCount(), 0);
  EXPECT_EQ(in.failure(), "the bytes end within a number");
}

TEST(AvroDecoder, RefusesNumbersAndLengthsThatCannotBe) {
  const std::string seventy_bits = std::string(9, '\xFF') + "\x02";
  AvroDecoder long_number(seventy_bits);
  long_number.Long();
  EXPECT_EQ(long_number.failure(), "a number of more than 64 bits");
  AvroEncoder wide;
  wide.Long(int64_t{1} << 31);
  AvroDecoder as_int(wide.bytes());
  as_int.Int();
  EXPECT_TRUE(as_int.failed());
  for (const int64_t length : {int64_t{-1}, int64_t{2}, std::numeric_limits<int64_t>::max()}) {
    AvroEncoder out;
    out.Long(length);
    out.Raw("x");
    AvroDecoder in(out.bytes());
    EXPECT_EQ(in.Bytes(), "");
    EXPECT_TRUE(in.failed()) << length;
  }
  AvroDecoder truth("\x02");
  truth.Boolean();
  EXPECT_TRUE(truth.failed());
}

TEST(AvroDecoder, RefusesMoreElementsThanBytes) {
  AvroEncoder out;
  out.Long(int64_t{1} << 60);
  out.Raw("xyz");
  AvroDecoder in(out.bytes());
  EXPECT_EQ(in.BlockCount(), 0);
  EXPECT_EQ(in.failure(), "more elements than bytes are left");
  AvroEncoder least;
  least.Long(std::numeric_limits<int64_t>::min());
  least.Long(0);
  AvroDecoder in_least(least.bytes());
  EXPECT_EQ(in_least.BlockCount(), 0);
  EXPECT_TRUE(in_least.failed());
}

constexpr const char* kAllKinds = R"({"type":"record","name":"r","fields":[
  {"name":"a","type":"null"},{"name":"b","type":"boolean"},{"name":"c","type":"int"},
  {"name":"d","type":"float"},{"name":"e","type":"double"},{"name":"f","type":"bytes"},
  {"name":"g","type":{"type":"fixed","name":"x","size":3}},
  {"name":"h","type":{"type":"array","items":"string"}},
  {"name":"i","type":{"type":"map","values":"long"}},
  {"name":"j","type":["null","string"]},
  {"name":"k","type":{"type":"enum","name":"y","symbols":["A","B"]}},
  {"name":"l","type":{"type":"array","items":"null"}}]})";

std::string AllKinds() {
  AvroEncoder out;
  out.Boolean(false);
  out.Int(-7);
  out.Float(1);
  out.Double(2);
  out.Bytes("bytes");
  out.Raw("fix");
  out.Long(2);
  out.Bytes("one");
  out.Bytes("two");
  out.Long(-1);  // A block with its size: 6 bytes.
  out.Long(6);
  out.Bytes("three");
  out.Long(0);
  out.Long(1);
  out.Bytes("key");
  out.Long(9);
  out.Long(0);
  out.Long(1);
  out.Bytes("there");
  out.Int(1);
  out.Long(int64_t{1} << 50);  // Nothing, very often.
  out.Long(0);
  return out.bytes();
}

TEST(AvroDecoder, PassesOverEveryKind) {
  ASSERT_OK_AND_ASSIGN(const AvroSchema schema, ParseAvroSchema(kAllKinds));
  const std::string bytes = AllKinds();
  AvroDecoder in(bytes);
  in.Skip(schema);
  EXPECT_FALSE(in.failed()) << in.failure();
  EXPECT_EQ(in.left(), 0U);
}

TEST(AvroDecoder, NoticesEveryCut) {
  ASSERT_OK_AND_ASSIGN(const AvroSchema schema, ParseAvroSchema(kAllKinds));
  const std::string bytes = AllKinds();
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    AvroDecoder in(std::string_view(bytes).substr(0, size));
    in.Skip(schema);
    EXPECT_TRUE(in.failed()) << size;
  }
}

struct Fill {
  int64_t id = -1;
  std::string name = "default";
  std::vector<int64_t> parts;
};

std::vector<AvroMember<Fill>> FillMembers() {
  return {
      {.id = 1,
       .name = "id",
       .required = true,
       .read = [](AvroDecoder& in, const AvroSchema& written,
                  Fill* out) { out->id = in.Integer(written); }},
      {.id = 2,
       .name = "name",
       .read = [](AvroDecoder& in, const AvroSchema& written,
                  Fill* out) { out->name = in.Text(written); }},
      {.id = 3, .name = "parts", .read = [](AvroDecoder& in, const AvroSchema& written, Fill* out) {
         ReadAvroArray(in, written, [&](const AvroSchema& element) {
           out->parts.push_back(in.Integer(element));
         });
       }}};
}

TEST(AvroRecordReader, MatchesByIdWhateverNameAndPlace) {
  ASSERT_OK_AND_ASSIGN(const AvroSchema schema, ParseAvroSchema(R"({
    "type":"record","name":"r","fields":[
      {"name":"x","type":["null",{"type":"array","items":"int"}],"field-id":3},
      {"name":"id","type":"string","field-id":99},
      {"name":"renamed","type":"int","field-id":1}]})"));
  AvroEncoder out;
  out.Long(1);
  out.Long(2);
  out.Long(5);
  out.Long(6);
  out.Long(0);
  out.Bytes("nobody wants this");
  out.Int(42);
  ASSERT_OK_AND_ASSIGN(const auto reader, AvroRecordReader<Fill>::Resolve(schema, FillMembers()));
  Fill fill;
  AvroDecoder in(out.bytes());
  reader.Read(in, &fill);
  EXPECT_FALSE(in.failed()) << in.failure();
  EXPECT_EQ(fill.id, 42);
  EXPECT_EQ(fill.name, "default");
  EXPECT_THAT(fill.parts, testing::ElementsAre(5, 6));
}

TEST(AvroRecordReader, MatchesByNameWhereThereAreNoIds) {
  ASSERT_OK_AND_ASSIGN(const AvroSchema schema, ParseAvroSchema(R"({
    "type":"record","name":"r","fields":[{"name":"id","type":"long"}]})"));
  ASSERT_OK_AND_ASSIGN(const auto reader, AvroRecordReader<Fill>::Resolve(schema, FillMembers()));
  Fill fill;
  AvroDecoder in("\x04");
  reader.Read(in, &fill);
  EXPECT_EQ(fill.id, 2);
}

TEST(AvroRecordReader, RefusesWhatLacksARequiredField) {
  ASSERT_OK_AND_ASSIGN(const AvroSchema schema, ParseAvroSchema(R"({
    "type":"record","name":"r","fields":[{"name":"name","type":"string","field-id":2}]})"));
  EXPECT_THAT(AvroRecordReader<Fill>::Resolve(schema, FillMembers()),
              HasErrorMessage("record r has no field 1 (id)"));
  EXPECT_THAT(AvroRecordReader<Fill>::Resolve(AvroPrimitive(AvroKind::kLong), FillMembers()),
              IsError(ErrorKind::kCorrupt));
}

TEST(AvroRecordReader, RefusesNullAndOtherTypesWhereAValueBelongs) {
  ASSERT_OK_AND_ASSIGN(const AvroSchema schema, ParseAvroSchema(R"({
    "type":"record","name":"r","fields":[
      {"name":"id","type":["null","string","long"],"field-id":1}]})"));
  ASSERT_OK_AND_ASSIGN(const auto reader, AvroRecordReader<Fill>::Resolve(schema, FillMembers()));
  for (const std::string& bytes :
       {std::string(1, '\0'), std::string("\x02\x02x"), std::string("\x06")}) {
    Fill fill;
    AvroDecoder in(bytes);
    reader.Read(in, &fill);
    EXPECT_TRUE(in.failed());
  }
  Fill fill;
  AvroDecoder in("\x04\x08");
  reader.Read(in, &fill);
  EXPECT_FALSE(in.failed());
  EXPECT_EQ(fill.id, 4);
}

}  // namespace
}  // namespace tickhouse::lake
