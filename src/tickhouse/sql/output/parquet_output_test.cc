#include "tickhouse/sql/output/parquet_output.h"

#include "tickhouse/core/testing.h"
#include "tickhouse/io/fs/memory_file_system.h"
#include "tickhouse/io/parquet/table/table_reader.h"
#include "tickhouse/sql/output/cell_value.h"
#include "tickhouse/sql/output/given_rows.h"

namespace tickhouse::sql {
namespace {

Result<io::ColumnBatch> RoundTrip(RowStream& rows) {
  const auto files = io::MakeMemoryFileSystem();
  TICKHOUSE_ASSIGN(auto file, files->Create("rows.parquet"));
  TICKHOUSE_ASSIGN(const int64_t count, WriteParquet(rows, std::move(file)));
  TICKHOUSE_ASSIGN(auto opened, files->OpenRead("rows.parquet"));
  TICKHOUSE_ASSIGN(const auto reader, io::ParquetTableReader::Open(std::move(opened)));
  io::ColumnBatch batch;
  TICKHOUSE_ASSIGN(const bool any, reader->Next(&batch));
  if (!any) batch.schema = reader->schema();
  EXPECT_EQ(static_cast<int64_t>(batch.rows), count);
  return batch;
}

TEST(WriteParquet, KeepsTypesAndNulls) {
  const std::vector<Column> columns = {
      {"b", "boolean", ColumnKind::kBoolean},
      {"i", "integer", ColumnKind::kInteger},
      {"l", "bigint", ColumnKind::kInteger},
      {"d9", "decimal(9, 2)", ColumnKind::kDecimal},
      {"d38", "decimal(38, 2)", ColumnKind::kDecimal},
      {"r", "real", ColumnKind::kReal},
      {"x", "double", ColumnKind::kReal},
      {"day", "date", ColumnKind::kDate},
      {"ts", "timestamp(6)", ColumnKind::kTimestamp},
      {"tz", "timestamp(9) with time zone", ColumnKind::kTimestampTz},
      {"t", "varchar", ColumnKind::kText}};
  std::vector<Cell> values = {"true",
                              "-7",
                              "9007199254740993",
                              "-1.50",
                              "-12345678901234567890123456789012345.67",
                              "1.5",
                              "NaN",
                              "1969-12-31",
                              "1969-12-31 23:59:59.999999",
                              "1970-01-01 00:00:00.000000001",
                              "caf\xC3\xA9"};
  GivenRows rows(columns, {values, std::vector<Cell>(values.size(), std::nullopt)});
  ASSERT_OK_AND_ASSIGN(const io::ColumnBatch batch, RoundTrip(rows));
  ASSERT_EQ(batch.rows, 2U);
  for (const io::ColumnData& column : batch.columns) {
    EXPECT_FALSE(column.IsNull(0));
    EXPECT_TRUE(column.IsNull(1));
  }
  const auto whole = [&batch](std::size_t i) {
    return std::get<std::vector<int64_t>>(batch.columns[i].values)[0];
  };
  EXPECT_EQ(std::get<std::vector<int32_t>>(batch.columns[1].values)[0], -7);
  EXPECT_EQ(whole(2), 9'007'199'254'740'993);
  EXPECT_EQ(std::get<std::vector<int32_t>>(batch.columns[3].values)[0], -150);
  EXPECT_EQ(std::get<io::BytesValues>(batch.columns[4].values)[0].substr(0, 2), "\xFF\x12");
  EXPECT_EQ(whole(8), -1);
  EXPECT_EQ(whole(9), 1);
  EXPECT_TRUE(batch.schema[9].type.utc);
  EXPECT_EQ(batch.schema[9].type.unit_ns, 1);
  EXPECT_EQ(std::get<io::BytesValues>(batch.columns[10].values)[0], "caf\xC3\xA9");
}

TEST(WriteParquet, WritesColumnsWithoutRows) {
  GivenRows rows({{"n", "bigint", ColumnKind::kInteger}}, {});
  ASSERT_OK_AND_ASSIGN(const io::ColumnBatch batch, RoundTrip(rows));
  EXPECT_EQ(batch.rows, 0U);
  EXPECT_EQ(batch.schema.at(0).name, "n");
}

TEST(WriteParquet, RefusesWhatItCannotHoldAndLeavesNothing) {
  const auto files = io::MakeMemoryFileSystem();
  const auto write = [&files](std::vector<Column> columns, std::vector<std::vector<Cell>> cells,
                              bool broken = false) {
    GivenRows rows(std::move(columns), std::move(cells));
    rows.broken = broken;
    return WriteParquet(rows, *files->Create("x.parquet"));
  };
  const auto infinite = write({{"day", "date", ColumnKind::kDate}}, {{"2024-01-01"}, {"infinity"}});
  EXPECT_THAT(infinite, IsError(ErrorKind::kUnsupported));
  EXPECT_THAT(infinite, HasErrorMessage("row 2, column day"));
  const Column whole{"n", "bigint", ColumnKind::kInteger};
  EXPECT_THAT(write({whole}, {{"9223372036854775808"}}), IsError(ErrorKind::kUnsupported));
  EXPECT_THAT(write({whole, whole}, {}), IsError(ErrorKind::kInvalidArgument));
  EXPECT_THAT(write({}, {}), IsError(ErrorKind::kInvalidArgument));
  EXPECT_THAT(write({whole}, {{"1"}}, true), IsError(ErrorKind::kIo));
  EXPECT_THAT(files->Stat("x.parquet"), IsError(ErrorKind::kNotFound));
}

TEST(CellValue, ReadsDecimals) {
  EXPECT_EQ(DecimalOf("1.50", 9, 2), 150);
  EXPECT_EQ(DecimalOf("-0.05", 3, 3), -50);
  EXPECT_EQ(DecimalOf("7", 3, 2), 700);
  for (const char* bad : {"", "-", "1.234", "10", "1e5", ".5", "1.2.3"}) {
    EXPECT_EQ(DecimalOf(bad, 3, 2), std::nullopt) << bad;
  }
  EXPECT_EQ(DecimalDigits("DECIMAL(38,0)"), std::pair(38, 0));
  for (const char* bad :
       {"DECIMAL", "DECIMAL(9)", "DECIMAL(39,0)", "DECIMAL(2,3)", "DECIMAL(9,2"}) {
    EXPECT_EQ(DecimalDigits(bad), std::nullopt) << bad;
  }
}

TEST(CellValue, ReadsDaysAndInstants) {
  EXPECT_EQ(DayOf("1970-01-02"), 1);
  EXPECT_EQ(InstantOf("1970-01-01 00:00:01.5", 6), 1'500'000);
  EXPECT_EQ(InstantOf("1970-01-01 00:00:00.0000001", 6), std::nullopt);
  EXPECT_EQ(InstantOf("9999-12-31 00:00:00", 9), std::nullopt);
  for (const char* bad : {"", "2024", "2024-02-30", "infinity", "2024-01-01 Europe/Paris"}) {
    EXPECT_EQ(InstantOf(bad, 6), std::nullopt) << bad;
  }
}

}  // namespace
}  // namespace tickhouse::sql
