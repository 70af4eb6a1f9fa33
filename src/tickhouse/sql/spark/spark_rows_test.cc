#include "tickhouse/sql/spark/spark_rows.h"

#include <limits>

#include "tickhouse/core/testing.h"
#include "tickhouse/io/fs/local_file_system.h"
#include "tickhouse/io/fs/test_folder.h"
#include "tickhouse/io/parquet/table/table_writer.h"

namespace tickhouse::sql {
namespace {

using io::BytesValues;
using io::ColumnData;
using io::ColumnSchema;
using io::LogicalKind;
using io::PhysicalType;

std::vector<Cell> Cells(ColumnKind kind, io::ColumnType type, io::ColumnValues values,
                        std::vector<uint8_t> valid = {}) {
  const auto cells = SparkCells({"c", "t", kind}, {.name = "c", .type = type},
                                {std::move(values), std::move(valid)});
  EXPECT_OK(cells);
  return cells ? *cells : std::vector<Cell>();
}

BytesValues Bytes(std::initializer_list<std::string_view> values) {
  BytesValues bytes;
  for (const std::string_view value : values) bytes.Append(value);
  return bytes;
}

TEST(SparkCells, AreWrittenInTheOneWay) {
  EXPECT_EQ(Cells(ColumnKind::kBoolean, {.physical = PhysicalType::kBoolean},
                  std::vector<uint8_t>{1, 0, 0}, {1, 1, 0}),
            (std::vector<Cell>{"true", "false", std::nullopt}));
  EXPECT_EQ(Cells(ColumnKind::kInteger, {}, std::vector<int64_t>{9'007'199'254'740'993}),
            (std::vector<Cell>{"9007199254740993"}));
  EXPECT_EQ(Cells(ColumnKind::kReal, {},
                  std::vector<double>{0.1, -0.0, std::numeric_limits<double>::quiet_NaN(),
                                      -std::numeric_limits<double>::infinity()}),
            (std::vector<Cell>{"0.1", "-0.0", "NaN", "-Infinity"}));
  EXPECT_EQ(Cells(ColumnKind::kReal, {}, std::vector<float>{1.1F}), (std::vector<Cell>{"1.1"}));
  EXPECT_EQ(Cells(ColumnKind::kDate, {}, std::vector<int32_t>{-1}),
            (std::vector<Cell>{"1969-12-31"}));
  EXPECT_EQ(Cells(ColumnKind::kTimestamp, io::kTimestampColumn, std::vector<int64_t>{-1}),
            (std::vector<Cell>{"1969-12-31 23:59:59.999999"}));
  EXPECT_EQ(Cells(ColumnKind::kTimestampTz,
                  {.logical = LogicalKind::kTimestamp, .unit_ns = 1'000'000, .utc = true},
                  std::vector<int64_t>{1'500}),
            (std::vector<Cell>{"1970-01-01 00:00:01.5"}));
  EXPECT_EQ(Cells(ColumnKind::kText, {}, Bytes({"it's", ""})), (std::vector<Cell>{"it's", ""}));
}

TEST(SparkCells, DecimalsOfEveryStorage) {
  const io::ColumnType two{.logical = LogicalKind::kDecimal, .precision = 9, .scale = 2};
  EXPECT_EQ(Cells(ColumnKind::kDecimal, two, std::vector<int32_t>{-150}),
            (std::vector<Cell>{"-1.50"}));
  EXPECT_EQ(Cells(ColumnKind::kDecimal, two, std::vector<int64_t>{7}), (std::vector<Cell>{"0.07"}));
  EXPECT_EQ(Cells(ColumnKind::kDecimal, two,
                  Bytes({std::string_view("\xFF\x6A", 2), std::string_view("\x00\x96", 2),
                         std::string_view("\x00\x00\x00\x00\x00\x00\x00\x01\x00\x00\x00\x00\x00"
                                          "\x00\x00\x00",
                                          16)})),
            (std::vector<Cell>{"-1.50", "1.50", "184467440737095516.16"}));
}

TEST(SparkCells, WhatIsNotOfTheKindIsRefused) {
  const auto wrong = SparkCells({"price", "date", ColumnKind::kDate}, {.name = "c0"},
                                {std::vector<double>{1}, {}});
  EXPECT_THAT(wrong, IsError(ErrorKind::kCorrupt));
  EXPECT_THAT(wrong, HasErrorMessage("price"));
  EXPECT_THAT(SparkCells({"t", "timestamp", ColumnKind::kTimestamp}, {.name = "c0"},
                         {std::vector<int64_t>{1}, {}}),
              IsError(ErrorKind::kCorrupt));
}

class SparkFilesTest : public ::testing::Test {
 protected:
  void Write(const std::string& name, std::vector<int64_t> values) {
    auto file = files_->Create(folder_.File("rows/" + name));
    ASSERT_OK(file);
    io::ColumnBatch batch;
    batch.schema = {{.name = "c0", .type = io::kInt64Column}};
    batch.rows = values.size();
    batch.columns.push_back({std::move(values), {}});
    auto writer = io::ParquetTableWriter::Open(*std::move(file), batch.schema, {});
    ASSERT_OK(writer);
    if (batch.rows > 0) {
      ASSERT_OK((*writer)->Write(batch));
    }
    ASSERT_OK((*writer)->Close());
  }

  std::string All() {
    auto rows = SparkFiles::Open(*files_, folder_.File("rows"));
    if (!rows) return rows.error().ToString();
    std::string all;
    while (true) {
      auto batch = rows->Next({{"i", "bigint", ColumnKind::kInteger}});
      if (!batch) return batch.error().ToString();
      if (!*batch) return all;
      for (const Cell& cell : (*batch)->columns[0]) all += cell.value_or("null") + " ";
    }
  }

  io::TemporaryFolder folder_;
  std::unique_ptr<io::FileSystem> files_ = io::MakeLocalFileSystem();
};

TEST_F(SparkFilesTest, FilesComeInTheOrderOfPartitions) {
  Write("part-00010-x-c000.zstd.parquet", {3});
  Write("part-00002-x-c000.zstd.parquet", {1, 2});
  Write("part-00003-x-c000.zstd.parquet", {});
  Write("part-100000-x-c000.zstd.parquet", {4});
  ASSERT_OK(files_->WriteWhole(folder_.File("rows/_SUCCESS"), ""));
  ASSERT_OK(files_->WriteWhole(folder_.File("rows/.part-00002-x-c000.zstd.parquet.crc"), "x"));
  EXPECT_EQ(All(), "1 2 3 4 ");
}

TEST_F(SparkFilesTest, NothingLeftAndDamageAreTold) {
  EXPECT_THAT(All(), ::testing::HasSubstr("rows"));
  ASSERT_OK(files_->WriteWhole(folder_.File("rows/_SUCCESS"), ""));
  EXPECT_THAT(All(), ::testing::HasSubstr("corrupt"));
  ASSERT_OK(files_->WriteWhole(folder_.File("rows/part-00000-x.parquet"), "PAR1"));
  EXPECT_THAT(All(), ::testing::HasSubstr("corrupt"));
}

}  // namespace
}  // namespace tickhouse::sql
