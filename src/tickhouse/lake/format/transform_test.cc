#include "tickhouse/lake/format/transform.h"

#include <vector>

#include "tickhouse/core/testing.h"

namespace tickhouse::lake {
namespace {

using namespace std::string_literals;

Type Of(std::string_view text) {
  return *ParsePrimitiveType(text);
}

Value Read(std::string_view type, std::string_view text) {
  return *ParseValue(Of(type), text);
}

// The transformed value as people read it.
std::string Applied(std::string_view transform, std::string_view type, std::string_view text) {
  const Transform parsed = ParseTransform(transform);
  EXPECT_THAT(parsed.ResultType(Of(type)), IsOk());
  return parsed.ResultToText(Of(type), parsed.Apply(Of(type), Read(type, text)));
}

int32_t Number(std::string_view transform, std::string_view type, std::string_view text) {
  return std::get<int32_t>(ParseTransform(transform).Apply(Of(type), Read(type, text))->data);
}

// Appendix B of the specification.
TEST(BucketHash, KnownValues) {
  struct Known {
    std::string type, text;
    int32_t hash;
  };
  const std::vector<Known> values = {
      {"boolean", "true", 1392991556},
      {"int", "34", 2017239379},
      {"long", "34", 2017239379},
      {"float", "1.0", -142385009},
      {"double", "1.0", -142385009},
      {"float", "-0.0", 1669671676},
      {"double", "0.0", 1669671676},
      {"decimal(9,2)", "14.20", -500754589},
      {"date", "2017-11-16", -653330422},
      {"time", "22:31:08", -662762989},
      {"timestamp", "2017-11-16T22:31:08", -2047944441},
      {"timestamp", "2017-11-16T22:31:08.000001", -1207196810},
      {"timestamptz", "2017-11-16T14:31:08-08:00", -2047944441},
      {"timestamptz", "2017-11-16T14:31:08.000001-08:00", -1207196810},
      {"timestamp_ns", "2017-11-16T22:31:08", -2047944441},
      {"timestamp_ns", "2017-11-16T22:31:08.000001001", -1207196810},
      {"timestamptz_ns", "2017-11-16T14:31:08.000001001-08:00", -1207196810},
      {"string", "iceberg", 1210000089},
      {"uuid", "f79c3e09-677c-4bbd-a479-3f349cb785e7", 1488055340},
      {"fixed[4]", "00010203", -188683207},
      {"binary", "00010203", -188683207},
  };
  for (const Known& known : values) {
    EXPECT_EQ(BucketHash(Of(known.type), Read(known.type, known.text)), known.hash)
        << known.type << " " << known.text;
  }
}

TEST(Transform, BucketsAreNeverNegative) {
  EXPECT_EQ(Number("bucket[16]", "int", "34"), (2017239379 & 0x7FFFFFFF) % 16);
  EXPECT_EQ(Number("bucket[16]", "date", "2017-11-16"), (-653330422 & 0x7FFFFFFF) % 16);
  for (int i = -100; i < 100; ++i) {
    const auto bucket = ParseTransform("bucket[7]").Apply(Of("int"), Value{i});
    EXPECT_TRUE(std::get<int32_t>(bucket->data) >= 0 && std::get<int32_t>(bucket->data) < 7);
  }
}

TEST(Transform, TruncatesNumbersDownwards) {
  EXPECT_EQ(Applied("truncate[10]", "int", "1"), "0");
  EXPECT_EQ(Applied("truncate[10]", "int", "-1"), "-10");
  EXPECT_EQ(Applied("truncate[10]", "long", "-10"), "-10");
  EXPECT_EQ(Applied("truncate[10]", "long", "-11"), "-20");
  EXPECT_EQ(Applied("truncate[50]", "decimal(9,2)", "10.65"), "10.50");
  EXPECT_EQ(Applied("truncate[50]", "decimal(9,2)", "-0.05"), "-0.50");
}

TEST(Transform, TruncatesTextByCodePointsAndBytesByBytes) {
  EXPECT_EQ(Applied("truncate[3]", "string", "iceberg"), "ice");
  EXPECT_EQ(Applied("truncate[3]", "string", "\u00e9\U0001F4C8\u4e2dx"), "\u00e9\U0001F4C8\u4e2d");
  EXPECT_EQ(Applied("truncate[3]", "string", "ab"), "ab");
  EXPECT_EQ(Applied("truncate[1]", "string", ""), "");
  EXPECT_EQ(Applied("truncate[2]", "binary", "c3a9c3a9"), "c3a9");
}

TEST(Transform, CountsFrom1970AndFloorsBefore) {
  EXPECT_EQ(Number("year", "timestamp", "2021-06-01"), 51);
  EXPECT_EQ(Number("year", "date", "1969-12-31"), -1);
  EXPECT_EQ(Number("year", "date", "1970-01-01"), 0);
  EXPECT_EQ(Number("month", "date", "1969-12-31"), -1);
  EXPECT_EQ(Number("month", "timestamp", "2017-11-16T22:31:08"), 574);
  EXPECT_EQ(Number("day", "date", "2017-11-16"), 17486);
  EXPECT_EQ(Number("day", "timestamp", "2021-01-01T00:00"), 18628);
  EXPECT_EQ(Number("day", "timestamp", "1969-12-31T23:59:59.999999"), -1);
  EXPECT_EQ(Number("hour", "timestamp", "2017-11-16T22:31:08"), 419686);
  EXPECT_EQ(Number("hour", "timestamp", "1969-12-31T23:59:59.999999"), -1);
  EXPECT_EQ(Number("hour", "timestamp_ns", "1969-12-31T22:59:59.999999999"), -2);
  EXPECT_EQ(Number("year", "timestamptz", "2021-01-01T01:00+02:00"), 50);
  EXPECT_EQ(Number("year", "timestamp_ns", "1969-12-31T23:59:59.999999999"), -1);
}

TEST(Transform, ResultsAsPeopleReadThem) {
  EXPECT_EQ(Applied("year", "timestamp", "2021-06-01"), "2021");
  EXPECT_EQ(Applied("year", "date", "-0044-03-15"), "-0044");
  EXPECT_EQ(Applied("month", "timestamp", "2021-06-01"), "2021-06");
  EXPECT_EQ(Applied("month", "date", "1969-12-31"), "1969-12");
  EXPECT_EQ(Applied("day", "timestamp", "1969-12-31T23:00"), "1969-12-31");
  EXPECT_EQ(Applied("hour", "timestamp", "1969-12-31T23:00"), "1969-12-31-23");
  EXPECT_EQ(Applied("void", "timestamp", "2021-06-01"), "null");
  EXPECT_EQ(Applied("identity", "decimal(9,2)", "1.5"), "1.50");
  EXPECT_EQ(ParseTransform("year").ResultToText(Of("date"), std::nullopt), "null");
}

TEST(Transform, NamesComeBack) {
  for (const char* text :
       {"identity", "year", "month", "day", "hour", "void", "bucket[16]", "truncate[4]",
        "zorder[2]", "bucket[0]", "bucket[x]", "bucket[-1]", "truncate", "Year", ""}) {
    EXPECT_EQ(ParseTransform(text).ToString(), text);
  }
  EXPECT_EQ(ParseTransform("bucket[0]").kind, TransformKind::kUnknown);
  EXPECT_EQ(ParseTransform("bucket[16]").parameter, 16);
}

TEST(Transform, TakesOnlyTheTypesOfTheSpecification) {
  const std::pair<const char*, const char*> refused[] = {
      {"bucket[4]", "double"}, {"bucket[4]", "boolean"}, {"truncate[4]", "double"},
      {"truncate[4]", "date"}, {"truncate[4]", "uuid"},  {"year", "string"},
      {"year", "time"},        {"hour", "date"},         {"identity", "variant"},
      {"day", "long"},
  };
  for (const auto& [transform, type] : refused) {
    EXPECT_THAT(ParseTransform(transform).ResultType(Of(type)),
                IsError(ErrorKind::kInvalidArgument))
        << transform << " " << type;
  }
  EXPECT_EQ(ParseTransform("day").ResultType(Of("timestamp"))->kind, TypeKind::kDate);
  EXPECT_EQ(ParseTransform("year").ResultType(Of("timestamp"))->kind, TypeKind::kInt);
  EXPECT_EQ(*ParseTransform("truncate[2]").ResultType(Of("decimal(9,2)")), Of("decimal(9,2)"));
  EXPECT_EQ(*ParseTransform("void").ResultType(Of("double")), Of("double"));
}

TEST(Transform, NullStaysNullAndUnknownKnowsNothing) {
  for (const char* text : {"identity", "year", "bucket[16]", "truncate[4]", "void", "zorder"}) {
    EXPECT_EQ(ParseTransform(text).Apply(Of("date"), std::nullopt), std::nullopt);
  }
  EXPECT_EQ(ParseTransform("zorder").Apply(Of("date"), Value{1}), std::nullopt);
  EXPECT_EQ(ParseTransform("void").Apply(Of("date"), Value{1}), std::nullopt);
}

TEST(Transform, KeepsOrderWhereItSaysSo) {
  const Type type = Of("timestamp");
  for (const char* text : {"identity", "year", "month", "day", "hour"}) {
    const Transform transform = ParseTransform(text);
    ASSERT_TRUE(transform.PreservesOrder());
    std::optional<Value> last;
    for (int64_t at = -100'000'000'000'000; at < 100'000'000'000'000; at += 777'777'777'777) {
      const auto value = transform.Apply(type, Value{at});
      EXPECT_TRUE(!last || last->Compare(*value) <= 0) << text << " " << at;
      last = value;
    }
  }
  for (const char* text : {"bucket[16]", "void", "zorder"}) {
    EXPECT_FALSE(ParseTransform(text).PreservesOrder());
  }
}

}  // namespace
}  // namespace tickhouse::lake
