#include "tickhouse/lake/format/value.h"

#include <cmath>
#include <limits>
#include <vector>

#include "tickhouse/core/testing.h"

namespace tickhouse::lake {
namespace {

using namespace std::string_literals;

Type Of(std::string_view text) {
  return *ParsePrimitiveType(text);
}

Value Read(std::string_view type, std::string_view text) {
  const auto value = ParseValue(Of(type), text);
  EXPECT_THAT(value, IsOk()) << type << " " << text;
  return value ? *value : Value{};
}

Int128 Power(int exponent) {
  Int128 power = 1;
  for (int i = 0; i < exponent; ++i) power *= 10;
  return power;
}

struct Known {
  std::string type, text, bytes, json;
};

// Appendix D of the specification: binary and JSON forms.
const std::vector<Known>& KnownValues() {
  static const std::vector<Known> values = {
      {"boolean", "true", "\x01"s, "true"},
      {"boolean", "false", "\x00"s, "false"},
      {"int", "34", "\x22\0\0\0"s, "34"},
      {"int", "-2147483648", "\0\0\0\x80"s, "-2147483648"},
      {"long", "34", "\x22\0\0\0\0\0\0\0"s, "34"},
      {"long", "9007199254740993", "\x01\0\0\0\0\0\x20\0"s, "9007199254740993"},
      {"float", "1", "\0\0\x80\x3F"s, "1"},
      {"float", "-0.25", "\0\0\x80\xBE"s, "-0.25"},
      {"double", "1.1", "\x9A\x99\x99\x99\x99\x99\xF1\x3F"s, "1.1"},
      {"decimal(9,2)", "14.20", "\x05\x8C"s, "\"14.20\""},
      {"decimal(9,2)", "-0.01", "\xFF"s, "\"-0.01\""},
      {"decimal(9,2)", "1.28", "\x00\x80"s, "\"1.28\""},
      {"decimal(9,2)", "-1.28", "\x80"s, "\"-1.28\""},
      {"decimal(9,2)", "0.00", "\x00"s, "\"0.00\""},
      {"decimal(3,0)", "255", "\x00\xFF"s, "\"255\""},
      {"date", "2017-11-16", "\x4E\x44\0\0"s, "\"2017-11-16\""},
      {"date", "1969-12-31", "\xFF\xFF\xFF\xFF"s, "\"1969-12-31\""},
      {"time", "22:31:08.123456", "\x40\x65\x09\xE0\x12\0\0\0"s, "\"22:31:08.123456\""},
      {"timestamp", "1969-12-31T23:59:59.999999", "\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF"s,
       "\"1969-12-31T23:59:59.999999\""},
      {"timestamptz", "1970-01-01T00:00:00.000001+00:00", "\x01\0\0\0\0\0\0\0"s,
       "\"1970-01-01T00:00:00.000001+00:00\""},
      {"timestamp_ns", "1970-01-01T00:00:00.000000001", "\x01\0\0\0\0\0\0\0"s,
       "\"1970-01-01T00:00:00.000000001\""},
      {"string", "iceberg", "iceberg", "\"iceberg\""},
      {"string", "a\"\u00e9\n", "a\"\u00e9\n", "\"a\\\"\u00e9\\n\""},
      {"uuid", "f79c3e09-677c-4bbd-a479-3f349cb785e7",
       "\xF7\x9C\x3E\x09\x67\x7C\x4B\xBD\xA4\x79\x3F\x34\x9C\xB7\x85\xE7"s,
       "\"f79c3e09-677c-4bbd-a479-3f349cb785e7\""},
      {"fixed[4]", "000102ff", "\x00\x01\x02\xFF"s, "\"000102ff\""},
      {"binary", "000102ff", "\x00\x01\x02\xFF"s, "\"000102ff\""},
      {"binary", "", "", "\"\""},
  };
  return values;
}

TEST(Value, KnownValuesInEveryForm) {
  for (const Known& known : KnownValues()) {
    const Type type = Of(known.type);
    const Value value = Read(known.type, known.text);
    EXPECT_EQ(ValueToText(type, value), known.text);
    EXPECT_EQ(ValueToBytes(type, value), known.bytes) << known.type << " " << known.text;
    EXPECT_EQ(ValueToJson(type, value), known.json);
    ASSERT_OK_AND_ASSIGN(const Value from_bytes, ValueFromBytes(type, known.bytes));
    EXPECT_EQ(from_bytes, value) << known.type << " " << known.text;
    ASSERT_OK_AND_ASSIGN(const Value from_json, ValueFromJson(type, known.json));
    EXPECT_EQ(from_json, value) << known.type << " " << known.text;
  }
}

TEST(Value, BytesOfAnotherLengthAreCorrupt) {
  for (const Known& known : KnownValues()) {
    if (known.type == "string" || known.type == "binary" || known.type.starts_with("decimal")) {
      continue;
    }
    const Type type = Of(known.type);
    EXPECT_THAT(ValueFromBytes(type, known.bytes + "x"), IsError(ErrorKind::kCorrupt));
    EXPECT_THAT(ValueFromBytes(type, ""), IsError(ErrorKind::kCorrupt)) << known.type;
  }
  EXPECT_THAT(ValueFromBytes(Of("decimal(9,2)"), ""), IsError(ErrorKind::kCorrupt));
  EXPECT_THAT(ValueFromBytes(Of("decimal(9,2)"), std::string(17, '\0')),
              IsError(ErrorKind::kCorrupt));
  EXPECT_THAT(ValueFromBytes(Of("variant"), "x"), IsError(ErrorKind::kUnsupported));
}

TEST(Value, BytesOfANarrowerTypeArePromoted) {
  EXPECT_EQ(std::get<int64_t>(ValueFromBytes(Of("long"), "\xFE\xFF\xFF\xFF")->data), -2);
  EXPECT_EQ(std::get<double>(ValueFromBytes(Of("double"), "\0\0\x80\x3F"s)->data), 1.0);
  EXPECT_EQ(*ValueFromBytes(Of("timestamp"), "\xFF\xFF\xFF\xFF"), Read("timestamp", "1969-12-31"));
  EXPECT_EQ(*ValueFromBytes(Of("timestamp_ns"), "\x01\0\0\0"s), Read("timestamp_ns", "1970-01-02"));
  EXPECT_THAT(ValueFromBytes(Of("timestamp_ns"), "\xFF\xFF\xFF\x7F"), IsError(ErrorKind::kCorrupt));
  EXPECT_EQ(std::get<Int128>(ValueFromBytes(Of("decimal(9,2)"), "\xFF\xFF\x80")->data), -128);
}

TEST(Value, DecimalsOfAllSizes) {
  const Type type = Of("decimal(38,10)");
  for (int exponent = 0; exponent < 38; ++exponent) {
    for (const Int128 near : {Int128{-1}, Int128{0}, Int128{1}}) {
      for (const Int128 sign : {Int128{-1}, Int128{1}}) {
        const Value value{sign * Power(exponent) + near};
        EXPECT_EQ(*ValueFromBytes(type, ValueToBytes(type, value)), value);
        EXPECT_EQ(Read("decimal(38,10)", ValueToText(type, value)), value);
      }
    }
  }
  EXPECT_EQ(ValueToText(Of("decimal(38,0)"), Read("decimal(38,0)", std::string(38, '9'))),
            std::string(38, '9'));
  // Ten times the greatest leaves 128 bits: it came back as another number.
  for (const int digits : {39, 40, 60}) {
    EXPECT_THAT(ParseValue(Of("decimal(38,0)"), std::string(digits, '9')),
                IsError(ErrorKind::kInvalidArgument));
  }
  EXPECT_THAT(ParseValue(Of("decimal(38,10)"), std::string(29, '9')),
              IsError(ErrorKind::kInvalidArgument));
}

TEST(Value, TimesAsPeopleWriteThem) {
  EXPECT_EQ(Read("timestamp", "2012-12-21T07:50"), Read("timestamp", "2012-12-21 07:50:00.000000"));
  EXPECT_EQ(Read("timestamp", "2012-12-21"), Read("timestamp", "2012-12-21T00:00Z"));
  EXPECT_EQ(Read("timestamptz", "2017-11-16T14:31:08-08:00"),
            Read("timestamptz", "2017-11-16T22:31:08Z"));
  EXPECT_EQ(Read("timestamp", "2020-01-01T00:00:00.1234560"),
            Read("timestamp", "2020-01-01T00:00:00.123456"));
  EXPECT_EQ(Read("decimal(9,2)", "+14.2000"), Read("decimal(9,2)", "14.2"));
  EXPECT_EQ(Read("decimal(9,2)", ".5"), Read("decimal(9,2)", "0.5"));
  EXPECT_EQ(Read("binary", "0x00FF"), Read("binary", "00ff"));
  EXPECT_EQ(Read("double", "+1e3"), Read("double", "1000"));
}

TEST(Value, TheEdgesOfTime) {
  const Type timestamp = Of("timestamp");
  const Type nanos = Of("timestamp_ns");
  const Type date = Of("date");
  for (const int64_t units : {INT64_MIN, INT64_MIN + 1, int64_t{-1}, int64_t{0}, INT64_MAX}) {
    for (const Type& type : {timestamp, nanos}) {
      const std::string text = ValueToText(type, Value{units});
      EXPECT_EQ(*ParseValue(type, text), Value{units}) << text;
    }
  }
  EXPECT_EQ(ValueToText(timestamp, Value{INT64_MIN}), "-290308-12-21T19:59:05.224192");
  EXPECT_EQ(ValueToText(nanos, Value{INT64_MIN}), "1677-09-21T00:12:43.145224192");
  for (const int32_t day : {INT32_MIN, -719'529, -719'528, -1, 11'016, 10'956, INT32_MAX}) {
    EXPECT_EQ(*ParseValue(date, ValueToText(date, Value{day})), Value{day}) << day;
  }
  EXPECT_EQ(ValueToText(date, Value{-719'529}), "-0001-12-31");
  EXPECT_EQ(ValueToText(date, Value{-719'528}), "0000-01-01");
  EXPECT_EQ(ValueToText(date, Value{11'016}), "2000-02-29");
  EXPECT_EQ(ValueToText(date, Value{2'932'897}), "+10000-01-01");
}

TEST(Value, RefusesWhatDoesNotFit) {
  const std::pair<const char*, const char*> cases[] = {
      {"boolean", "1"},
      {"int", "2147483648"},
      {"int", "1.0"},
      {"int", ""},
      {"int", "+-1"},
      {"long", "9223372036854775808"},
      {"double", "1,5"},
      {"decimal(9,2)", "1.001"},
      {"decimal(9,2)", "10000000"},
      {"decimal(9,2)", "1e2"},
      {"decimal(9,2)", "."},
      {"decimal(9,2)", "1.2.3"},
      {"date", "2021-02-29"},
      {"date", "2021-00-01"},
      {"date", "2021-1-1"},
      {"date", "10000-01-01"},
      {"date", "2021-01-01T00:00"},
      {"date", "+9999999-01-01"},
      {"time", "24:00:00"},
      {"time", "12:60"},
      {"time", "12:00:00."},
      {"time", "12:00:00.1234567"},
      {"timestamp", "2012-12-21T07:50+02:00"},
      {"timestamp", "2012-12-21T"},
      {"timestamp", "+400000-01-01"},
      {"timestamp_ns", "2300-01-01"},
      {"timestamptz", "2012-12-21T07:50+0200"},
      {"uuid", "f79c3e09677c4bbda4793f349cb785e7"},
      {"uuid", "g79c3e09-677c-4bbd-a479-3f349cb785e7"},
      {"fixed[4]", "0001"},
      {"binary", "0"},
      {"binary", "+1"},
  };
  for (const auto& [type, text] : cases) {
    EXPECT_THAT(ParseValue(Of(type), text), IsError(ErrorKind::kInvalidArgument))
        << type << " " << text;
  }
  EXPECT_THAT(ParseValue(Of("date"), "tomorrow"), HasErrorMessage("a day such as 2012-12-21"));
}

TEST(Value, JsonOfTheWrongKindIsCorrupt) {
  const std::pair<const char*, const char*> cases[] = {
      {"int", "\"34\""},   {"int", "1.5"},         {"int", "null"},        {"long", "[1]"},
      {"boolean", "1"},    {"decimal(9,2)", "14"}, {"string", "5"},        {"date", "17486"},
      {"double", "\"x\""}, {"string", "\"open"},   {"string", "\"\xFF\""}, {"int", ""},
  };
  for (const auto& [type, text] : cases) {
    EXPECT_THAT(ValueFromJson(Of(type), text), IsError(ErrorKind::kCorrupt)) << type << text;
  }
}

TEST(Value, FloatsThatJsonCannotHold) {
  const Type type = Of("double");
  EXPECT_EQ(ValueToJson(type, Value{INFINITY * 1.0}), "\"Infinity\"");
  EXPECT_EQ(std::get<double>(ValueFromJson(type, "\"-Infinity\"")->data), -INFINITY);
  EXPECT_TRUE(ValueFromJson(type, ValueToJson(type, Value{std::nan("")}))->IsNan());
}

TEST(Value, OrderOfTheSpecification) {
  const double nan = std::numeric_limits<double>::quiet_NaN();
  const std::vector<double> order = {-nan, -INFINITY, -1, -0.0, 0.0, 1e-300, 1, INFINITY, nan};
  for (std::size_t i = 0; i < order.size(); ++i) {
    for (std::size_t j = 0; j < order.size(); ++j) {
      const auto expected = i <=> j;
      EXPECT_EQ(Value{order[i]}.Compare(Value{order[j]}) < 0, expected < 0) << i << " " << j;
      EXPECT_EQ(Value{order[i]} == Value{order[j]}, i == j) << i << " " << j;
    }
  }
  EXPECT_TRUE(Value{"a\x7F"s}.Compare(Value{"a\x80"s}) < 0);
  EXPECT_TRUE(Value{"a"s}.Compare(Value{"a\0"s}) < 0);
  EXPECT_TRUE(Value{Int128{-1}}.Compare(Value{Int128{0}}) < 0);
  EXPECT_TRUE(Value{false}.Compare(Value{true}) < 0);
  EXPECT_TRUE(Value{std::numeric_limits<float>::quiet_NaN()}.IsNan());
  EXPECT_FALSE(Value{1}.IsNan());
}

}  // namespace
}  // namespace tickhouse::lake
