#include "tickhouse/sql/output/row_output.h"

#include <arrow/array.h>
#include <arrow/io/memory.h>
#include <arrow/ipc/reader.h>
#include <arrow/record_batch.h>
#include <arrow/scalar.h>
#include <arrow/table.h>
#include <arrow/type.h>

#include <algorithm>
#include <utility>

#include "tickhouse/core/testing.h"
#include "tickhouse/sql/output/given_rows.h"

namespace tickhouse::sql {
namespace {

const Column kText{"t", "VARCHAR", ColumnKind::kText};
const Column kBid{"bid", "DOUBLE", ColumnKind::kReal};
const Column kWhole{"n", "BIGINT", ColumnKind::kInteger};

std::string Written(RowStream& rows, RowFormat format, const RowOutputOptions& options = {}) {
  std::string text;
  const auto count = WriteRows(rows, format, options, [&text](std::string_view bytes) -> Status {
    text += bytes;
    return {};
  });
  return count ? text : count.error().ToString();
}

TEST(RowFormat, KnowsItsWords) {
  EXPECT_EQ(RowFormatNamed("jsonl"), RowFormat::kJsonLines);
  EXPECT_EQ(RowFormatNamed("arrow"), RowFormat::kArrow);
  EXPECT_EQ(RowFormatNamed("CSV"), std::nullopt);
}

TEST(WriteTable, SetsNumbersToTheRightAndShowsNull) {
  GivenRows rows({kText, kBid}, {{"EURUSD", "1.1"}, {"x", "100.25"}, {std::nullopt, std::nullopt}});
  EXPECT_EQ(Written(rows, RowFormat::kTable),
            "t          bid\n"
            "------  ------\n"
            "EURUSD     1.1\n"
            "x       100.25\n"
            "NULL      NULL\n");
}

TEST(WriteTable, LetsNoDataSteerTheTerminal) {
  GivenRows rows({kText}, {{"a\x1b[2J\nb\tc\x7f\xC2\x9B"}});
  EXPECT_EQ(Written(rows, RowFormat::kTable),
            "t\n----------------------\na\\x1b[2J\\nb\\tc\\x7f\\x9b\n");
}

TEST(WriteTable, MeasuresCharactersAndCutsLongCells) {
  GivenRows rows({kText, kText}, {{"\xC3\xA9\xC3\xA9\xC3\xA9\xC3\xA9", "b"}, {"abc", "c"}});
  EXPECT_EQ(Written(rows, RowFormat::kTable, {.most_cell_columns = 3}),
            "t    t\n---  -\n\xC3\xA9\xC3\xA9\xE2\x80\xA6  b\nabc  c\n");
}

TEST(WriteTable, ShowsColumnsWithoutRowsAndNothingWithoutColumns) {
  GivenRows none({kText}, {});
  EXPECT_EQ(Written(none, RowFormat::kTable), "t\n-\n");
  GivenRows nothing({}, {});
  EXPECT_EQ(Written(nothing, RowFormat::kTable), "");
}

TEST(WriteTable, GoesOnBehindTheRowsItMeasured) {
  std::vector<std::vector<Cell>> cells(2'500, {"1"});
  cells.back() = {"12345"};
  GivenRows rows({kWhole}, cells);
  const std::string text = Written(rows, RowFormat::kTable);
  EXPECT_EQ(std::count(text.begin(), text.end(), '\n'), 2'502);
  EXPECT_TRUE(text.ends_with("\n1\n12345\n"));
}

TEST(WriteCsv, QuotesWhatNeedsItAndTellsNullFromEmpty) {
  GivenRows rows({kText, kBid, {"a,b", "VARCHAR", ColumnKind::kText}},
                 {{"say \"hi\"", "1.5", std::nullopt}, {"", "NaN", "two\nlines"}});
  EXPECT_EQ(Written(rows, RowFormat::kCsv),
            "t,bid,\"a,b\"\n\"say \"\"hi\"\"\",1.5,\n\"\",NaN,\"two\nlines\"\n");
}

TEST(WriteJson, WritesObjectsAsLinesOrAnArray) {
  const std::vector<Column> columns = {kWhole,
                                       kBid,
                                       {"n", "DECIMAL(9,2)", ColumnKind::kDecimal},
                                       {"b", "BOOLEAN", ColumnKind::kBoolean}};
  const std::vector<std::vector<Cell>> cells = {{"9007199254740993", "NaN", "1.50", "true"},
                                                {std::nullopt, "1e+300", "-0.00", "false"}};
  GivenRows rows(columns, cells);
  EXPECT_EQ(Written(rows, RowFormat::kJsonLines),
            "{\"n\":9007199254740993,\"bid\":\"NaN\",\"n_2\":1.50,\"b\":true}\n"
            "{\"n\":null,\"bid\":1e+300,\"n_2\":-0.00,\"b\":false}\n");
  GivenRows again({kText}, {{"\"\\\x01\xC3\xA9"}});
  EXPECT_EQ(Written(again, RowFormat::kJson), "[\n{\"t\":\"\\\"\\\\\\u0001\xC3\xA9\"}\n]\n");
  GivenRows none({kText}, {});
  EXPECT_EQ(Written(none, RowFormat::kJson), "[]\n");
}

std::shared_ptr<arrow::Table> ReadBack(const std::string& bytes) {
  auto reader = arrow::ipc::RecordBatchFileReader::Open(
      std::make_shared<arrow::io::BufferReader>(arrow::Buffer::FromString(bytes)));
  EXPECT_TRUE(reader.ok()) << reader.status().ToString();
  auto table = (*reader)->ToTable();
  EXPECT_TRUE(table.ok());
  return *table;
}

TEST(WriteArrow, KeepsTypes) {
  GivenRows rows(
      {{"i", "INTEGER", ColumnKind::kInteger},
       {"h", "HUGEINT", ColumnKind::kInteger},
       {"d", "decimal(9, 2)", ColumnKind::kDecimal},
       {"r", "real", ColumnKind::kReal},
       {"day", "DATE", ColumnKind::kDate},
       {"ts", "TIMESTAMP", ColumnKind::kTimestamp},
       {"tz", "TIMESTAMP WITH TIME ZONE", ColumnKind::kTimestampTz},
       {"ns", "TIMESTAMP_NS", ColumnKind::kTimestamp},
       {"b", "BOOLEAN", ColumnKind::kBoolean},
       {"l", "LIST", ColumnKind::kOther}},
      {{"-5", "12345678901234567890123", "1.50", "0.5", "1969-12-31", "1969-12-31 23:59:59.5",
        "2024-01-02 00:00:00", "1970-01-01 00:00:00.000000001", "true", "[1, 2]"},
       {std::nullopt, std::nullopt, std::nullopt, std::nullopt, std::nullopt, std::nullopt,
        std::nullopt, std::nullopt, std::nullopt, std::nullopt}});
  const auto table = ReadBack(Written(rows, RowFormat::kArrow));
  EXPECT_EQ(table->schema()->ToString(),
            "i: int32\nh: decimal128(38, 0)\nd: decimal128(9, 2)\nr: float\nday: date32[day]\n"
            "ts: timestamp[us]\ntz: timestamp[us, tz=UTC]\nns: timestamp[ns]\nb: bool\nl: string");
  ASSERT_EQ(table->num_rows(), 2);
  const auto text = [&table](int column) {
    return (*table->column(column)->GetScalar(0))->ToString();
  };
  EXPECT_EQ(text(0), "-5");
  EXPECT_EQ(text(1), "12345678901234567890123");
  EXPECT_EQ(text(2), "1.50");
  EXPECT_EQ(text(4), "1969-12-31");
  EXPECT_EQ(text(5), "1969-12-31 23:59:59.500000");
  EXPECT_EQ(text(7), "1970-01-01 00:00:00.000000001");
  EXPECT_EQ(text(9), "[1, 2]");
  EXPECT_EQ(table->column(3)->null_count(), 1);
}

TEST(WriteArrow, WritesAStreamThatNeedsNoEnd) {
  GivenRows rows({kWhole}, {{"1"}, {"2"}, {"3"}});
  const std::string bytes = Written(rows, RowFormat::kArrowStream);
  auto reader = arrow::ipc::RecordBatchStreamReader::Open(
      std::make_shared<arrow::io::BufferReader>(arrow::Buffer::FromString(bytes)));
  ASSERT_TRUE(reader.ok());
  EXPECT_EQ((*(*reader)->ToTable())->num_rows(), 3);
}

TEST(WriteArrow, RefusesWhatATypeCannotHold) {
  GivenRows rows({{"day", "DATE", ColumnKind::kDate}}, {{"2024-01-01"}, {"infinity"}});
  EXPECT_EQ(Written(rows, RowFormat::kArrow),
            "unsupported: row 2, column day: Arrow's date32[day] cannot hold infinity");
  GivenRows wide({{"n", "HUGEINT", ColumnKind::kInteger}},
                 {{"170141183460469231731687303715884105727"}});
  EXPECT_THAT(Written(wide, RowFormat::kArrow), ::testing::HasSubstr("unsupported: row 1"));
}

TEST(EveryFormat, EndsWithTheErrorOfStreamAndSink) {
  for (const RowFormat format :
       {RowFormat::kTable, RowFormat::kCsv, RowFormat::kJson, RowFormat::kJsonLines,
        RowFormat::kArrow, RowFormat::kArrowStream}) {
    GivenRows rows({kText}, {{"a"}, {"b"}, {"c"}});
    rows.broken = true;
    EXPECT_EQ(Written(rows, format), "io: the engine broke");
    GivenRows full({kText}, {{"a"}, {"b"}, {"c"}});
    EXPECT_THAT(
        WriteRows(full, format, {},
                  [](std::string_view) { return Status(Fail(ErrorKind::kNoSpace, "full")); }),
        IsError(ErrorKind::kNoSpace));
  }
}

}  // namespace
}  // namespace tickhouse::sql
