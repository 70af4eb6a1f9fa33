#include "tickhouse/lake/data/column_values.h"

#include "tickhouse/core/random.h"
#include "tickhouse/lake/data/data_testing.h"

namespace tickhouse::lake {
namespace {

TEST(ColumnValues, DecimalsTakeTheFewestBytesThatHoldTheirDigits) {
  const auto stored = [](int precision) {
    Type type{.kind = TypeKind::kDecimal, .precision = precision, .scale = 2, .fields = {}};
    return *StoredTypeOf(type);
  };
  EXPECT_EQ(stored(9).physical, io::PhysicalType::kInt32);
  EXPECT_EQ(stored(10).physical, io::PhysicalType::kInt64);
  EXPECT_EQ(stored(18).physical, io::PhysicalType::kInt64);
  EXPECT_EQ(stored(19).length, 9);
  EXPECT_EQ(stored(21).length, 9);
  EXPECT_EQ(stored(22).length, 10);
  EXPECT_EQ(stored(38).length, 16);
}

TEST(ColumnValues, DecimalBytesThereAndBack) {
  Random random(5);
  for (int i = 0; i < 1'000; ++i) {
    const auto high = static_cast<int64_t>(random.Next()) >> random.Below(64);
    const Int128 value = static_cast<Int128>(high) * static_cast<int64_t>(random.Next() >> 2);
    EXPECT_TRUE(DecimalOf(DecimalBytes(value, 16)) == value);
  }
  EXPECT_EQ(DecimalBytes(-1, 3), "\xFF\xFF\xFF");
  EXPECT_TRUE(DecimalOf("\x80") == -128);
}

TEST(ColumnValues, NestedAndOpaqueTypesAreRefusedByName) {
  const Field list{.id = 1, .name = "tags", .type = {.kind = TypeKind::kList, .fields = {}}};
  EXPECT_THAT(StoredColumnOf(list), HasErrorMessage("column tags"));
  const Field variant{
      .id = 1, .name = "v", .type = {.kind = TypeKind::kOpaque, .name = "variant", .fields = {}}};
  EXPECT_THAT(StoredColumnOf(variant), IsError(ErrorKind::kUnsupported));
}

TEST(ColumnValues, WideDecimalsThatDoNotFitANarrowTypeAreCorrupt) {
  io::BytesValues wide;
  wide.Append(DecimalBytes(Int128{1} << 70, 16));
  io::ColumnData column{.values = wide};
  const io::ColumnType from{.physical = io::PhysicalType::kFixedBytes,
                            .logical = io::LogicalKind::kDecimal,
                            .precision = 9,
                            .scale = 2,
                            .length = 16};
  EXPECT_THAT(ConvertColumn(from, TypeOfText("decimal(9, 2)"), &column),
              IsError(ErrorKind::kCorrupt));
}

TEST(ColumnValues, ConstantsOfEveryTypeAreReadBack) {
  const std::vector<std::pair<std::string, std::string>> cases = {
      {"boolean", "true"},
      {"int", "-5"},
      {"long", "5000000000"},
      {"float", "1.5"},
      {"double", "-0.25"},
      {"decimal(9, 2)", "1.25"},
      {"decimal(38, 3)", "-99999999999999999999.125"},
      {"date", "1969-12-31"},
      {"time", "07:50:00.000001"},
      {"timestamp", "2021-01-04T00:00:00.000001"},
      {"timestamptz", "2021-01-04T00:00:00.000001+00:00"},
      {"timestamp_ns", "2021-01-04T00:00:00.000000001"},
      {"string", "a\u00e9"},
      {"uuid", "f79c3e09-677c-4bbd-a479-3f349cb785e7"}};
  for (const auto& [name, text] : cases) {
    const Type type = TypeOfText(name);
    const auto value = ParseValue(type, text);
    ASSERT_OK(value) << name;
    const io::ColumnData column = ConstantColumn(type, *value, 3);
    ASSERT_EQ(column.size(), 3U) << name;
    EXPECT_TRUE(ValueAt(type, column, 2) == *value) << name;
    EXPECT_FALSE(ValueAt(type, ConstantColumn(type, {}, 2), 1)) << name;
  }
}

}  // namespace
}  // namespace tickhouse::lake
