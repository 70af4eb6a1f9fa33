#include "tickhouse/sql/engine/engine.h"

#include <limits>

#include "tickhouse/core/testing.h"
#include "tickhouse/sql/engine/cell_text.h"

namespace tickhouse::sql {
namespace {

TEST(Place, CountsLinesAndColumnsFromOne) {
  EXPECT_EQ(PlaceOf("select", 0), "line 1, column 1: ");
  EXPECT_EQ(PlaceOf("select\n  x", 9), "line 2, column 3: ");
  EXPECT_EQ(PlaceOf("a\nb", 2), "line 2, column 1: ");
  EXPECT_EQ(PlaceOf("ab", 99), "line 1, column 3: ");
  EXPECT_EQ(PlaceOf("", 0), "line 1, column 1: ");
}

TEST(CellText, WritesRealsInTheirShortestForm) {
  EXPECT_EQ(RealText(1.0), "1.0");
  EXPECT_EQ(RealText(1.1), "1.1");
  EXPECT_EQ(RealText(1.1F), "1.1");
  EXPECT_EQ(RealText(1e300), "1e+300");
  EXPECT_EQ(RealText(-0.0), "-0.0");
  EXPECT_EQ(RealText(std::numeric_limits<double>::infinity()), "Infinity");
  EXPECT_EQ(RealText(std::numeric_limits<double>::quiet_NaN()), "NaN");
}

TEST(CellText, WritesTimesWithTheDigitsTheyNeed) {
  EXPECT_EQ(TimestampText(0), "1970-01-01 00:00:00");
  EXPECT_EQ(TimestampText(-1), "1969-12-31 23:59:59.999999999");
  EXPECT_EQ(TimestampTextOfMicros(1'500'000), "1970-01-01 00:00:01.5");
  EXPECT_EQ(DateText(-1), "1969-12-31");
}

TEST(CellText, WritesDecimalsWithAllTheirPlaces) {
  EXPECT_EQ(DecimalText(1420, 2), "14.20");
  EXPECT_EQ(DecimalText(-5, 3), "-0.005");
  EXPECT_EQ(DecimalText(0, 0), "0");
  EXPECT_EQ(DecimalText(7, 0), "7");
}

TEST(CellText, ReadsWhatOtherEnginesWrite) {
  EXPECT_EQ(PlainText(ColumnKind::kTimestamp, "2024-01-02 03:04:05.678000"),
            "2024-01-02 03:04:05.678");
  EXPECT_EQ(PlainText(ColumnKind::kTimestampTz, "2024-01-02 03:04:05.000 UTC"),
            "2024-01-02 03:04:05");
  EXPECT_EQ(PlainText(ColumnKind::kTimestampTz, "2024-01-02T03:04:05.100Z"),
            "2024-01-02 03:04:05.1");
  EXPECT_EQ(PlainText(ColumnKind::kReal, "1.50"), "1.5");
  EXPECT_EQ(PlainText(ColumnKind::kReal, "NaN"), "NaN");
  EXPECT_EQ(PlainText(ColumnKind::kDecimal, "1.50"), "1.50");
  EXPECT_EQ(PlainText(ColumnKind::kTimestamp, ""), "");
}

}  // namespace
}  // namespace tickhouse::sql
