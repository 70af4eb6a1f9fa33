#include "tickhouse/lake/expression/row_filter.h"

#include "tickhouse/core/testing.h"
#include "tickhouse/lake/expression/bind.h"
#include "tickhouse/lake/expression/testing_rows.h"

namespace tickhouse::lake {
namespace {

using Bytes = std::vector<uint8_t>;

/// One column of the test schema, as a file may hold it.
io::ColumnBatch Column(int field_id, io::ColumnType type, io::ColumnValues values) {
  io::ColumnBatch batch;
  batch.schema = {{.name = "c", .type = type, .field_id = field_id}};
  batch.columns = {{.values = std::move(values)}};
  batch.rows = batch.columns[0].size();
  return batch;
}

Bytes Chosen(const char* filter, const io::ColumnBatch& batch,
             const Schema& schema = FilterTestSchema()) {
  auto bound = BindText(filter, schema);
  TICKHOUSE_CHECK(bound.has_value(), filter);
  Bytes selected = {7, 7, 7, 7, 7, 7};
  EXPECT_OK(FilterRows(*bound, batch, &selected)) << filter;
  return selected;
}

TEST(RowFilter, ComparesNanAsTheGreatest) {
  const auto batch = Column(3, {.physical = io::PhysicalType::kDouble},
                            std::vector<double>{1, std::nan(""), -0.0, 2});
  EXPECT_EQ(Chosen("d > 1", batch), (Bytes{0, 1, 0, 1}));
  EXPECT_EQ(Chosen("d <= 1", batch), (Bytes{1, 0, 1, 0}));
  EXPECT_EQ(Chosen("d = 0", batch), (Bytes{0, 0, 1, 0}));
  EXPECT_EQ(Chosen("d in (0, 2)", batch), (Bytes{0, 0, 1, 1}));
  EXPECT_EQ(Chosen("d not in (0, 2)", batch), (Bytes{1, 1, 0, 0}));
  EXPECT_EQ(Chosen("d in (nan, 2)", batch), (Bytes{0, 1, 0, 1}));
  EXPECT_EQ(Chosen("d is nan", batch), (Bytes{0, 1, 0, 0}));
  EXPECT_EQ(Chosen("d >= inf", batch), (Bytes{0, 1, 0, 0}));
}

TEST(RowFilter, KeepsNullRowsOutOfComparisonsAndTheirOpposites) {
  auto batch = Column(1, {.physical = io::PhysicalType::kInt32}, std::vector<int32_t>{0, 5, 6});
  batch.columns[0].valid = {0, 1, 1};
  EXPECT_EQ(Chosen("i = 5", batch), (Bytes{0, 1, 0}));
  EXPECT_EQ(Chosen("not i = 5", batch), (Bytes{0, 0, 1}));
  EXPECT_EQ(Chosen("i < 3000000000", batch), (Bytes{0, 1, 1}));
  EXPECT_EQ(Chosen("i is null or i = 6", batch), (Bytes{1, 0, 1}));
}

TEST(RowFilter, ReadsPromotedAndRescaledColumns) {
  const auto ints = Column(2, {.physical = io::PhysicalType::kInt32}, std::vector<int32_t>{1, 5});
  EXPECT_EQ(Chosen("l > 4000000000 or l = 5", ints), (Bytes{0, 1}));
  const auto floats =
      Column(3, {.physical = io::PhysicalType::kFloat}, std::vector<float>{1.5F, 2.5F});
  EXPECT_EQ(Chosen("d > 2", floats), (Bytes{0, 1}));
  const io::ColumnType nanos = {.logical = io::LogicalKind::kTimestamp, .unit_ns = 1};
  const auto fine = Column(6, nanos, std::vector<int64_t>{-1, 0, 999, 1'000});
  EXPECT_EQ(Chosen("t = '1970-01-01'", fine), (Bytes{0, 1, 1, 0})) << "floored, before 1970 too";
  EXPECT_EQ(Chosen("t < '1970-01-01'", fine), (Bytes{1, 0, 0, 0}));
  const io::ColumnType millis = {.logical = io::LogicalKind::kTimestamp, .unit_ns = 1'000'000};
  const auto coarse = Column(6, millis, std::vector<int64_t>{-1, 1'000});
  EXPECT_EQ(Chosen("t >= '1970-01-01T00:00:01'", coarse), (Bytes{0, 1}));
  const io::ColumnType days = {.physical = io::PhysicalType::kInt32,
                               .logical = io::LogicalKind::kDate};
  const auto dates = Column(6, days, std::vector<int32_t>{-1, 18'631});
  EXPECT_EQ(Chosen("t >= '2021-01-04'", dates), (Bytes{0, 1}));
}

TEST(RowFilter, ReadsDecimalsOfEveryWidth) {
  const io::ColumnType type = {.logical = io::LogicalKind::kDecimal, .precision = 9, .scale = 2};
  io::BytesValues bytes;
  bytes.Append("\xFF\x83");           // -1.25
  bytes.Append(std::string(1, 125));  // 1.25
  for (const io::ColumnValues& values :
       {io::ColumnValues(std::vector<int32_t>{-125, 125}),
        io::ColumnValues(std::vector<int64_t>{-125, 125}), io::ColumnValues(bytes)}) {
    EXPECT_EQ(Chosen("p > 1.24", Column(8, type, values)), (Bytes{0, 1}));
    EXPECT_EQ(Chosen("p = -1.25", Column(8, type, values)), (Bytes{1, 0}));
  }
}

TEST(RowFilter, GivesAMissingColumnItsDefault) {
  const auto batch = Column(99, {}, std::vector<int64_t>{1, 2});
  EXPECT_EQ(Chosen("i = 5", batch), (Bytes{0, 0}));
  EXPECT_EQ(Chosen("i is null", batch), (Bytes{1, 1}));
  Schema schema = FilterTestSchema();
  schema.fields[0].initial_default = "5";
  EXPECT_EQ(Chosen("i = 5", batch, schema), (Bytes{1, 1}));
  EXPECT_EQ(Chosen("i is null", batch, schema), (Bytes{0, 0}));
}

TEST(RowFilter, RefusesColumnsOfAnotherType) {
  const auto filter = [](const char* text) { return *BindText(text, FilterTestSchema()); };
  Bytes selected;
  const auto text = Column(1, {.physical = io::PhysicalType::kByteArray}, io::BytesValues());
  EXPECT_THAT(FilterRows(filter("i = 5"), text, &selected),
              HasErrorMessage("column \"c\" of the file cannot be read as int"));
  EXPECT_THAT(
      FilterRows(filter("t = '2021-01-04'"), Column(6, {}, std::vector<int64_t>{1}), &selected),
      IsError(ErrorKind::kUnsupported))
      << "an integer without a unit is no instant";
  const io::ColumnType scaled = {.logical = io::LogicalKind::kDecimal, .scale = 3};
  EXPECT_THAT(FilterRows(filter("p = 1"), Column(8, scaled, std::vector<int64_t>{1}), &selected),
              IsError(ErrorKind::kUnsupported));
}

TEST(RowFilter, TakesAnEmptyBatch) {
  const auto batch = Column(1, {.physical = io::PhysicalType::kInt32}, std::vector<int32_t>{});
  EXPECT_EQ(Chosen("i = 5 or i is null", batch), Bytes{});
}

}  // namespace
}  // namespace tickhouse::lake
