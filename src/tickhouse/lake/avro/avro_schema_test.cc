#include "tickhouse/lake/avro/avro_schema.h"

#include <fmt/format.h>

#include "tickhouse/core/testing.h"

namespace tickhouse::lake {
namespace {

TEST(AvroSchema, ReadsPrimitivesInBothForms) {
  ASSERT_OK_AND_ASSIGN(const AvroSchema plain, ParseAvroSchema(R"("long")"));
  EXPECT_EQ(plain.kind, AvroKind::kLong);
  ASSERT_OK_AND_ASSIGN(const AvroSchema nested, ParseAvroSchema(R"({"type":{"type":"long"}})"));
  EXPECT_EQ(nested, plain);
}

TEST(AvroSchema, KeepsWhatIcebergAddsThroughJson) {
  const std::string text =
      R"({"type":"record","name":"entry","fields":[)"
      R"({"name":"path","type":"string","default":"x","field-id":100,"doc":"where"},)"
      R"({"name":"day","type":["null",{"type":"int","logicalType":"date"}],"default":null,)"
      R"("field-id":1000,"iceberg-field-name":"a b"},)"
      R"({"name":"at","type":{"type":"long","logicalType":"timestamp-micros",)"
      R"("adjust-to-utc":false},"field-id":7},)"
      R"({"name":"price","type":{"type":"fixed","name":"decimal_9_2","size":4,)"
      R"("logicalType":"decimal","precision":9,"scale":2}},)"
      R"({"name":"sizes","type":{"type":"array","items":{"type":"record","name":"k117_v118",)"
      R"("fields":[{"name":"key","type":"int","field-id":117},)"
      R"({"name":"value","type":"long","field-id":118}]},"logicalType":"map"},"field-id":108},)"
      R"({"name":"offsets","type":{"type":"array","items":"long","element-id":133}},)"
      R"({"name":"tags","type":{"type":"map","values":"bytes","key-id":1,"value-id":2}},)"
      R"({"name":"side","type":{"type":"enum","name":"side","symbols":["BUY","SELL"]}}]})";
  ASSERT_OK_AND_ASSIGN(const AvroSchema schema, ParseAvroSchema(text));
  EXPECT_EQ(AvroSchemaToJson(schema), text);
  ASSERT_NE(schema.FindField(1000), nullptr);
  EXPECT_EQ(schema.FindField(1000)->type.items[1].logical_type, "date");
  EXPECT_EQ(schema.FindField(1), nullptr);
}

TEST(AvroSchema, ReplacesNamesByTheTypesTheyStandFor) {
  ASSERT_OK_AND_ASSIGN(const AvroSchema schema,
                       ParseAvroSchema(R"({"type":"record","name":"a.b","fields":[
        {"name":"x","type":{"type":"fixed","name":"id","size":16}},
        {"name":"y","type":"id"},{"name":"z","type":["null","a.id"]}]})"));
  EXPECT_EQ(schema.fields[0].type.name, "a.id");
  EXPECT_EQ(schema.fields[1].type, schema.fields[0].type);
  EXPECT_EQ(schema.fields[2].type.items[1], schema.fields[0].type);
}

TEST(AvroSchema, SaysWhereASchemaIsWrong) {
  const auto at = [](std::string_view text) { return ParseAvroSchema(text); };
  EXPECT_THAT(at("{"), IsError(ErrorKind::kCorrupt));
  EXPECT_THAT(at(""), IsError(ErrorKind::kCorrupt));
  EXPECT_THAT(at("7"), IsError(ErrorKind::kCorrupt));
  EXPECT_THAT(at("[]"), IsError(ErrorKind::kCorrupt));
  EXPECT_THAT(at("[[\"int\"]]"), IsError(ErrorKind::kCorrupt));
  EXPECT_THAT(at(R"({"type":"record","name":"r"})"), HasErrorMessage("\"fields\""));
  EXPECT_THAT(at(R"({"type":"record","name":"r","fields":[{"name":"x","type":"nothing"}]})"),
              HasErrorMessage("$.x: type \"nothing\" is not defined"));
  EXPECT_THAT(at(R"({"type":"fixed","name":"f","size":-1})"), HasErrorMessage("size"));
  EXPECT_THAT(at(R"({"type":"fixed","name":"f","size":99999999999})"), HasErrorMessage("size"));
  EXPECT_THAT(at(R"({"type":"array"})"), HasErrorMessage("items"));
  EXPECT_THAT(at(R"({"type":"enum","name":"e","symbols":[1]})"), HasErrorMessage("symbol"));
  EXPECT_THAT(at(R"(["int",{"type":"fixed","name":"f","size":1},
                     {"type":"fixed","name":"f","size":1}])"),
              HasErrorMessage("defined twice"));
}

TEST(AvroSchema, RefusesWhatWouldGrowWithoutEnd) {
  EXPECT_THAT(ParseAvroSchema(R"({"type":"record","name":"r","fields":[
                {"name":"next","type":["null","r"]}]})"),
              IsError(ErrorKind::kUnsupported));
  std::string deep;
  for (int i = 0; i < 100; ++i) deep += R"({"type":"array","items":)";
  EXPECT_THAT(ParseAvroSchema(deep + "\"int\"" + std::string(100, '}')),
              IsError(ErrorKind::kUnsupported));
  // Each type holds the one before twice: 2^40 types if written out.
  std::string doubling = R"(["null",{"type":"fixed","name":"t0","size":1})";
  for (int i = 1; i <= 40; ++i) {
    doubling += fmt::format(R"(,{{"type":"record","name":"t{}","fields":[)"
                            R"({{"name":"a","type":"t{}"}},{{"name":"b","type":"t{}"}}]}})",
                            i, i - 1, i - 1);
  }
  EXPECT_THAT(ParseAvroSchema(doubling + "]"), IsError(ErrorKind::kUnsupported));
}

TEST(AvroSchema, MakesNamesFitForAvro) {
  EXPECT_EQ(AvroSafeName("datetime_year"), "datetime_year");
  EXPECT_EQ(AvroSafeName("1a"), "_1a");
  EXPECT_EQ(AvroSafeName("a b-9"), "a_x20b_x2D9");
  EXPECT_EQ(AvroSafeName(""), "_");
}

}  // namespace
}  // namespace tickhouse::lake
