#include "tickhouse/app/lake/rows/row_order.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "tickhouse/lake/data/data_testing.h"

namespace tickhouse::app {
namespace {

using lake::BatchOfText;
using lake::FieldOf;
using lake::Schema;
using lake::TextRow;

Schema Wide() {
  return {.fields = {FieldOf(1, "side", "string"), FieldOf(2, "at", "timestamp"),
                     FieldOf(3, "bid", "double"), FieldOf(4, "lots", "decimal(30,2)"),
                     FieldOf(5, "n", "int")}};
}

int Compare(const RowOrder& order, const TextRow& a, const TextRow& b) {
  const io::ColumnBatch batch = BatchOfText(Wide(), {a, b});
  const int sign = CompareRows(order, batch, 0, batch, 1);
  EXPECT_EQ(CompareRows(order, batch, 1, batch, 0), -sign);
  return sign;
}

RowOrder By(std::size_t column, bool ascending = true, bool nulls_first = true,
            lake::Transform transform = {}) {
  return {{.column = column,
           .type = Wide().fields[column].type,
           .transform = transform,
           .ascending = ascending,
           .nulls_first = nulls_first}};
}

const TextRow kRow = {"B", "2020-03-01T00:00:01.000000", "1.5", "2.00", "7"};

TextRow With(std::size_t column, const std::string& value) {
  TextRow row = kRow;
  row[column] = value;
  return row;
}

TEST(CompareRows, EveryTypeInItsOrder) {
  EXPECT_EQ(Compare(By(0), kRow, kRow), 0);
  EXPECT_LT(Compare(By(0), kRow, With(0, "BA")), 0);
  EXPECT_LT(Compare(By(0), kRow, With(0, "\xC3\xA9")), 0) << "bytes are unsigned";
  EXPECT_GT(Compare(By(1), kRow, With(1, "1969-12-31T23:59:59.999999")), 0);
  EXPECT_LT(Compare(By(2), With(2, "-0.5"), kRow), 0);
  EXPECT_LT(Compare(By(2), With(2, "-2"), With(2, "-1")), 0);
  EXPECT_LT(Compare(By(3), With(3, "-1.00"), With(3, "1.00")), 0);
  EXPECT_LT(Compare(By(3), With(3, "2.55"), With(3, "700000000000000000000.00")), 0);
  EXPECT_LT(Compare(By(4), With(4, "-3"), With(4, "2")), 0);
}

TEST(CompareRows, FloatingPointNumbersHaveATotalOrder) {
  const Schema schema{.fields = {FieldOf(1, "bid", "double")}};
  io::ColumnBatch batch{.schema = {}, .columns = {{}}, .rows = 7};
  const double nan = std::numeric_limits<double>::quiet_NaN();
  batch.columns[0].values = std::vector<double>{-nan, -HUGE_VAL, -1, -0.0, 0.0, 1e300, nan};
  const RowOrder order = WholeOrderOf(schema);
  for (std::size_t i = 0; i < batch.rows; ++i) {
    for (std::size_t j = 0; j < batch.rows; ++j) {
      const int expected = i < j ? -1 : i > j ? 1 : 0;
      EXPECT_EQ(CompareRows(order, batch, i, batch, j), expected) << i << " " << j;
    }
  }
}

TEST(CompareRows, NullsStandWhereTheOrderSays) {
  const TextRow null = With(4, "null");
  EXPECT_EQ(Compare(By(4), null, null), 0);
  EXPECT_LT(Compare(By(4, true, true), null, kRow), 0);
  EXPECT_GT(Compare(By(4, true, false), null, kRow), 0);
  EXPECT_LT(Compare(By(4, false, true), null, kRow), 0) << "direction does not move nulls";
  EXPECT_GT(Compare(By(4, false), With(4, "1"), kRow), 0);
}

TEST(CompareRows, TransformsOrderByTheirResults) {
  const lake::Transform day{.kind = lake::TransformKind::kDay};
  const TextRow later = With(1, "2020-03-01T23:00:00.000000");
  EXPECT_EQ(Compare(By(1, true, true, day), kRow, later), 0);
  EXPECT_LT(Compare(By(1, true, true, day), kRow, With(1, "2020-03-02T00:00:00.000000")), 0);
  EXPECT_LT(Compare(By(1, true, true, day), With(1, "null"), kRow), 0);
}

TEST(RowOrders, TimeComesFirstAndEveryColumnOnce) {
  const RowOrder time = TimeOrderOf(Wide());
  ASSERT_EQ(time.size(), 1U);
  EXPECT_EQ(time[0].column, 1U);
  const RowOrder whole = WholeOrderOf(Wide());
  std::vector<std::size_t> columns;
  for (const OrderColumn& by : whole) columns.push_back(by.column);
  EXPECT_EQ(columns, (std::vector<std::size_t>{1, 0, 2, 3, 4}));
  EXPECT_TRUE(TimeOrderOf({.fields = {FieldOf(1, "a", "int")}}).empty());
  EXPECT_EQ(WholeOrderOf({.fields = {FieldOf(1, "a", "int")}}).size(), 1U);
}

TEST(RowOrders, ThatOfTheTableWhereItCanBeFollowed) {
  lake::TableMetadata metadata = lake::TableOf(Wide());
  EXPECT_EQ(OrderOfTable(metadata).order.at(0).column, 1U);
  EXPECT_FALSE(OrderOfTable(metadata).sort_order_id);
  metadata.sort_orders = {
      {.id = 3, .fields = {{.source_id = 5, .transform = {}, .ascending = false}}}};
  metadata.default_sort_order_id = 3;
  const TableOrder own = OrderOfTable(metadata);
  EXPECT_EQ(own.sort_order_id, 3);
  EXPECT_EQ(own.order.at(0).column, 4U);
  EXPECT_FALSE(own.order.at(0).ascending);
  metadata.sort_orders[0].fields[0].source_id = 99;
  EXPECT_FALSE(OrderOfTable(metadata).sort_order_id) << "the column is gone";
  EXPECT_EQ(OrderOfTable(metadata).order.at(0).column, 1U);
}

}  // namespace
}  // namespace tickhouse::app
