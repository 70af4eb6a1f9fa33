#include "tickhouse/lake/format/type.h"

#include "tickhouse/core/testing.h"

namespace tickhouse::lake {
namespace {

Type Of(std::string_view text) {
  return *ParsePrimitiveType(text);
}

Field MakeField(int id, std::string name, Type type) {
  return {.id = id, .name = std::move(name), .required = true, .type = std::move(type)};
}

Type MakeNested(TypeKind kind, std::vector<Field> fields) {
  return {.kind = kind, .fields = std::move(fields)};
}

// datetime, legs: list<struct<bid, map<string, long>>>, "a.b".
Schema MakeSchema() {
  Type map = MakeNested(TypeKind::kMap,
                        {MakeField(6, "key", Of("string")), MakeField(7, "value", Of("long"))});
  Type leg = MakeNested(TypeKind::kStruct,
                        {MakeField(4, "bid", Of("double")), MakeField(5, "sizes", std::move(map))});
  Type list = MakeNested(TypeKind::kList, {MakeField(3, "element", std::move(leg))});
  return {.id = 1,
          .fields = {MakeField(1, "datetime", Of("timestamp")),
                     MakeField(2, "legs", std::move(list)), MakeField(8, "a.b", Of("int"))}};
}

TEST(ParsePrimitiveType, ReadsEveryTypeOfTheSpecification) {
  for (const char* text : {"boolean",
                           "int",
                           "long",
                           "float",
                           "double",
                           "date",
                           "time",
                           "timestamp",
                           "timestamptz",
                           "timestamp_ns",
                           "timestamptz_ns",
                           "string",
                           "uuid",
                           "binary",
                           "decimal(9,2)",
                           "decimal(38,38)",
                           "fixed[16]",
                           "unknown",
                           "variant",
                           "geometry",
                           "geography(srid:1)"}) {
    ASSERT_OK_AND_ASSIGN(const Type type, ParsePrimitiveType(text));
    EXPECT_EQ(type.ToString(), text);
    EXPECT_TRUE(type.IsPrimitive());
  }
  EXPECT_EQ(Of("decimal(9, 2)"), Of("decimal(9,2)"));
}

TEST(ParsePrimitiveType, RefusesWhatIsNone) {
  for (const char* text : {"",
                           "Int",
                           "int ",
                           "decimal",
                           "decimal(9)",
                           "decimal(39,2)",
                           "decimal(0,0)",
                           "decimal(4,5)",
                           "decimal(4,-1)",
                           "decimal(9,2",
                           "decimal(9,2))",
                           "decimal(x,2)",
                           "decimal(99999999999,1)",
                           "fixed",
                           "fixed[0]",
                           "fixed[-1]",
                           "fixed[]",
                           "fixed(16)",
                           "struct",
                           "list",
                           "timestamp_ps",
                           "geometryx"}) {
    EXPECT_THAT(ParsePrimitiveType(text), IsError(ErrorKind::kCorrupt)) << text;
  }
}

TEST(Schema, FindsFieldsAtAnyDepth) {
  const Schema schema = MakeSchema();
  EXPECT_EQ(schema.FindById(4)->name, "bid");
  EXPECT_EQ(schema.FindById(9), nullptr);
  EXPECT_EQ(schema.PathOf(7), "legs.element.sizes.value");
  EXPECT_EQ(schema.PathOf(9), "");
  for (int id = 1; id <= 8; ++id) {
    EXPECT_EQ(schema.FindByName(schema.PathOf(id)), schema.FindById(id)) << id;
  }
  EXPECT_EQ(schema.FindByName("Datetime"), nullptr);
  EXPECT_EQ(schema.FindByName("legs.element."), nullptr);
  EXPECT_EQ(schema.FindByName(""), nullptr);
  EXPECT_EQ(schema.MaxFieldId(), 8);
  EXPECT_EQ(Schema().MaxFieldId(), 0);
}

TEST(Schema, SameFieldsLooksAtEverythingButItsId) {
  const Schema schema = MakeSchema();
  Schema other = MakeSchema();
  other.id = 9;
  EXPECT_TRUE(schema.SameFields(other));
  EXPECT_NE(schema, other);
  other.fields[1].type.fields[0].type.fields[0].doc = "best";
  EXPECT_FALSE(schema.SameFields(other));
  other = MakeSchema();
  other.identifier_field_ids = {1};
  EXPECT_FALSE(schema.SameFields(other));
}

TEST(Type, NestedTypesReadAsText) {
  EXPECT_EQ(MakeSchema().fields[1].type.ToString(),
            "list<struct<4: bid: required double, 5: sizes: required map<string, long>>>");
}

TEST(CanPromote, AllowsWhatTheSpecificationAllows) {
  const std::pair<const char*, const char*> allowed[] = {
      {"int", "long"},       {"float", "double"},      {"decimal(9,2)", "decimal(18,2)"},
      {"date", "timestamp"}, {"date", "timestamp_ns"}, {"unknown", "string"},
      {"string", "string"},
  };
  for (const auto& [from, to] : allowed) EXPECT_TRUE(CanPromote(Of(from), Of(to))) << from;
  const std::pair<const char*, const char*> refused[] = {
      {"long", "int"},
      {"double", "float"},
      {"int", "double"},
      {"decimal(9,2)", "decimal(18,3)"},
      {"decimal(9,2)", "decimal(8,2)"},
      {"date", "timestamptz"},
      {"timestamp", "timestamptz"},
      {"string", "binary"},
      {"fixed[4]", "fixed[5]"},
      {"variant", "string"},
  };
  for (const auto& [from, to] : refused) EXPECT_FALSE(CanPromote(Of(from), Of(to))) << from;
}

}  // namespace
}  // namespace tickhouse::lake
