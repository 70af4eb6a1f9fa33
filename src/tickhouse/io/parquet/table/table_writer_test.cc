#include "tickhouse/io/parquet/table/table_writer.h"

#include <fmt/format.h>

#include <cmath>
#include <cstring>
#include <utility>

#include "tickhouse/core/testing.h"
#include "tickhouse/io/fs/memory_file_system.h"
#include "tickhouse/io/parquet/encode/bound_order.h"
#include "tickhouse/io/parquet/encode/chunk_builder.h"
#include "tickhouse/io/parquet/table/table_reader.h"
#include "tickhouse/io/parquet/table/test_bytes.h"
#include "tickhouse/io/parquet/table/test_columns.h"
#include "tickhouse/io/parquet/table/value_encoder.h"

namespace tickhouse::io {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

struct File {
  std::string bytes;
  WrittenTable written;
};

Result<File> WriteFile(const ColumnBatch& batch, TableWriteOptions options = {},
                       std::size_t slice = 0) {
  const auto fs = MakeMemoryFileSystem();
  TICKHOUSE_ASSIGN(auto file, fs->Create("a.parquet"));
  TICKHOUSE_ASSIGN(auto writer, ParquetTableWriter::Open(std::move(file), batch.schema, options));
  const std::size_t step = slice == 0 ? batch.rows : slice;
  for (std::size_t row = 0; row < batch.rows; row += step) {
    TICKHOUSE_TRY(writer->Write(batch, row, std::min(step, batch.rows - row)));
  }
  File out;
  TICKHOUSE_ASSIGN(out.written, writer->Close());
  TICKHOUSE_ASSIGN(out.bytes, fs->ReadWhole("a.parquet"));
  return out;
}

template <typename T>
void ExpectFailure(const Result<T>& result, ErrorKind kind, const std::string& text) {
  ASSERT_FALSE(result.has_value());
  EXPECT_EQ(result.error().kind, kind);
  EXPECT_THAT(result.error().message, HasSubstr(text));
}

ColumnBatch RandomBatch(Random* random, std::size_t rows) {
  ColumnBatch batch{.rows = rows};
  for (const ColumnType& type : EveryColumnType()) {
    const uint64_t nulls = random->Below(3);  // Never, never and required, now and then.
    batch.schema.push_back({.name = fmt::format("c{}", batch.schema.size()),
                            .type = type,
                            .field_id = static_cast<int>(100 - batch.schema.size()),
                            .required = nulls == 1});
    batch.columns.push_back(RandomColumn(random, type, rows, nulls == 2));
  }
  return batch;
}

void ExpectSchema(const ColumnSchema& got, const ColumnSchema& wanted) {
  EXPECT_EQ(got.name, wanted.name);
  EXPECT_EQ(got.field_id, wanted.field_id);
  EXPECT_EQ(got.required, wanted.required) << got.name;
  EXPECT_EQ(got.type, wanted.type) << got.name;
}

void ExpectRows(const std::string& bytes, const ColumnBatch& wanted) {
  auto reader =
      ParquetTableReader::Open(std::make_unique<TextFile>(bytes), {.verify_checksums = true});
  ASSERT_OK(reader);
  for (std::size_t c = 0; c < wanted.schema.size(); ++c) {
    ExpectSchema((*reader)->schema()[c], wanted.schema[c]);
  }
  ColumnBatch batch;
  std::size_t row = 0;
  while (true) {
    const auto more = (*reader)->Next(&batch);
    ASSERT_OK(more);
    if (!*more) break;
    ASSERT_LE(row + batch.rows, wanted.rows);
    for (std::size_t c = 0; c < wanted.columns.size(); ++c) {
      for (std::size_t i = 0; i < batch.rows; ++i) {
        ASSERT_TRUE(SameRow(batch.columns[c], i, wanted.columns[c], row + i))
            << wanted.schema[c].name << " row " << row + i;
      }
    }
    row += batch.rows;
  }
  EXPECT_EQ(row, wanted.rows);
}

bool IsNanRow(const ColumnData& column, std::size_t row) {
  if (const auto* held = std::get_if<std::vector<double>>(&column.values)) {
    return std::isnan((*held)[row]);
  }
  const auto* held = std::get_if<std::vector<float>>(&column.values);
  return held != nullptr && std::isnan((*held)[row]);
}

// Statistics of every row group say the truth of its rows.
void ExpectTruthfulBounds(const WrittenTable& written, const ColumnBatch& batch) {
  for (std::size_t c = 0; c < batch.columns.size(); ++c) {
    const ColumnType& type = batch.schema[c].type;
    std::size_t row = 0;
    int64_t all_nans = 0;
    for (const FooterRowGroup& group : written.footer.row_groups) {
      const FooterStats& stats = group.chunks[c].stats;
      int64_t nulls = 0, nans = 0;
      for (int64_t i = 0; i < group.rows; ++i, ++row) {
        if (batch.columns[c].IsNull(row)) {
          ++nulls;
        } else if (IsNanRow(batch.columns[c], row)) {
          ++nans;
        } else {
          const std::string value = StoredBytes(batch.columns[c], row);
          ASSERT_LE(CompareBounds(type, stats.min.value_or(value), value), 0) << c;
          ASSERT_GE(CompareBounds(type, stats.max.value_or(value), value), 0) << c;
        }
      }
      EXPECT_EQ(stats.nulls, nulls) << c;
      EXPECT_EQ(stats.min.has_value(), nulls + nans < group.rows) << c;
      all_nans += nans;
    }
    EXPECT_EQ(written.nan_counts[c], all_nans) << c;
  }
}

TEST(ParquetTableWriter, WritesEveryTypeSoThatItIsReadBackBitForBit) {
  for (uint64_t seed = 0; seed < 12; ++seed) {
    Random random(seed);
    const std::size_t rows = random.Below(seed % 5 == 0 ? 20'000 : 600);
    const ColumnBatch batch = RandomBatch(&random, rows);
    const TableWriteOptions options{
        .row_group_rows = 1 + static_cast<int64_t>(random.Below(rows + 1'000)),
        .row_group_bytes = seed % 3 == 0 ? 300'000 : int64_t{1} << 30};
    const auto file = WriteFile(batch, options);
    ASSERT_OK(file);
    EXPECT_EQ(file->written.rows, static_cast<int64_t>(rows));
    EXPECT_EQ(file->written.bytes, static_cast<int64_t>(file->bytes.size()));
    ExpectRows(file->bytes, batch);
    ExpectTruthfulBounds(file->written, batch);
    if (testing::Test::HasFailure()) FAIL() << "seed " << seed;
  }
}

TEST(ParquetTableWriter, SameRowsInOtherBatchesAreTheSameBytes) {
  Random random(7);
  const ColumnBatch batch = RandomBatch(&random, 10'000);
  const TableWriteOptions options{.row_group_rows = 7'000, .row_group_bytes = 900'000};
  const auto whole = WriteFile(batch, options);
  ASSERT_OK(whole);
  for (const std::size_t slice : {1'000U, 333U, 4'097U}) {
    const auto sliced = WriteFile(batch, options, slice);
    ASSERT_OK(sliced);
    EXPECT_TRUE(sliced->bytes == whole->bytes) << slice;
  }
}

ColumnBatch OneColumn(ColumnType type, ColumnData data, bool required = false) {
  ColumnBatch batch;
  batch.schema = {{.name = "x", .type = type, .required = required}};
  batch.rows = data.size();
  batch.columns.push_back(std::move(data));
  return batch;
}

TEST(ParquetTableWriter, FileWithoutRowsHasItsSchemaAndMetadata) {
  const auto file = WriteFile(OneColumn(kDoubleColumn, {.values = std::vector<double>()}),
                              {.metadata = {{"iceberg.schema", "{}"}}});
  ASSERT_OK(file);
  EXPECT_EQ(file->written.footer.rows, 0);
  EXPECT_THAT(file->written.footer.metadata, ElementsAre(std::pair("iceberg.schema", "{}")));
  ExpectRows(file->bytes, OneColumn(kDoubleColumn, {.values = std::vector<double>()}));
}

double Double(const std::optional<std::string>& bytes) {
  double value = 0;
  EXPECT_TRUE(bytes && bytes->size() == sizeof(value));
  if (bytes) std::memcpy(&value, bytes->data(), sizeof(value));
  return value;
}

TEST(ParquetTableWriter, NanIsInNoBoundAndZerosAreSigned) {
  const double nan = std::nan("");
  const auto mixed =
      WriteFile(OneColumn(kDoubleColumn, {.values = std::vector<double>{nan, 0.0, nan}}));
  ASSERT_OK(mixed);
  const FooterStats& stats = mixed->written.footer.row_groups[0].chunks[0].stats;
  EXPECT_TRUE(std::signbit(Double(stats.min)));
  EXPECT_FALSE(std::signbit(Double(stats.max)));
  EXPECT_THAT(mixed->written.nan_counts, ElementsAre(2));

  const auto only = WriteFile(OneColumn(kDoubleColumn, {.values = std::vector<double>(40, nan)}));
  ASSERT_OK(only);
  EXPECT_FALSE(only->written.footer.row_groups[0].chunks[0].stats.min);
  EXPECT_EQ(only->written.footer.row_groups[0].chunks[0].column_index_bytes, 0);
}

TEST(ParquetTableWriter, UnsignedNumbersAreBoundedAsUnsigned) {
  const ColumnType type{.physical = PhysicalType::kInt32, .logical = LogicalKind::kUnsigned};
  const auto file = WriteFile(OneColumn(type, {.values = std::vector<int32_t>{1, -1, 5}}));
  ASSERT_OK(file);
  const FooterStats& stats = file->written.footer.row_groups[0].chunks[0].stats;
  EXPECT_EQ(stats.min, EncodedMin(int32_t{1}));
  EXPECT_EQ(stats.max, EncodedMax(int32_t{-1}));
}

TEST(ParquetTableWriter, WideRowsMakeManyPagesAndGroups) {
  BytesValues texts;
  for (int i = 0; i < 600; ++i) texts.Append(std::string(10'000, static_cast<char>('a' + i % 26)));
  const ColumnType type{.physical = PhysicalType::kByteArray, .logical = LogicalKind::kString};
  const ColumnBatch batch = OneColumn(type, {.values = texts});
  const auto file = WriteFile(batch);
  ASSERT_OK(file);
  ExpectRows(file->bytes, batch);
}

TEST(ParquetTableWriter, RefusesWhatItCannotWrite) {
  const auto open = [](std::vector<ColumnSchema> schema) {
    return ParquetTableWriter::Open(*MakeMemoryFileSystem()->Create("x"), std::move(schema));
  };
  ExpectFailure(open({}), ErrorKind::kInvalidArgument, "needs a column");
  ExpectFailure(open({{.name = "a"}, {.name = "a"}}), ErrorKind::kInvalidArgument, "twice");
  ExpectFailure(open({{.name = "a", .type = {.logical = LogicalKind::kOther}}}),
                ErrorKind::kUnsupported, "column a");
  for (const ColumnType& type :
       {ColumnType{.physical = PhysicalType::kFixedBytes},
        {.logical = LogicalKind::kString},
        {.logical = LogicalKind::kTimestamp, .unit_ns = 7},
        {.physical = PhysicalType::kInt32, .logical = LogicalKind::kDecimal, .precision = 10}}) {
    ExpectFailure(open({{.name = "a", .type = type}}), ErrorKind::kInvalidArgument,
                  "does not know");
  }
}

TEST(ParquetTableWriter, RefusesRowsThatAreNotAsTheSchemaSays) {
  const ColumnData nulls{.values = std::vector<double>{1, 2}, .valid = {1, 0}};
  ExpectFailure(WriteFile(OneColumn(kDoubleColumn, nulls, true)), ErrorKind::kInvalidArgument,
                "null in row 1");
  const ColumnData wrong{.values = std::vector<float>{1}};
  ExpectFailure(WriteFile(OneColumn(kDoubleColumn, wrong)), ErrorKind::kInvalidArgument, "shaped");
  BytesValues four;
  four.Append("abcd");
  const ColumnType three{.physical = PhysicalType::kFixedBytes, .length = 3};
  ExpectFailure(WriteFile(OneColumn(three, {.values = four})), ErrorKind::kInvalidArgument,
                "4 bytes in row 0, not 3");
}

TEST(ParquetTableWriter, LeavesNothingBehindWithoutClose) {
  const auto fs = MakeMemoryFileSystem();
  const ColumnBatch batch = OneColumn(kInt64Column, {.values = std::vector<int64_t>(100, 5)});
  {
    auto writer = ParquetTableWriter::Open(*fs->Create("a"), batch.schema, {.row_group_rows = 10});
    ASSERT_OK(writer);
    EXPECT_OK((*writer)->Write(batch));
    EXPECT_GT((*writer)->bytes_written(), 0);
  }
  EXPECT_EQ(fs->Exists("a"), false);
}

TEST(CutBound, KeepsCharactersWholeAndBoundsFromBothSides) {
  EXPECT_EQ(CutLower("abc", 3, true), "abc");
  EXPECT_EQ(CutUpper("abc", 3, true), "abc");
  EXPECT_EQ(CutLower("ab\u00e9", 3, true), "ab");
  EXPECT_EQ(CutUpper("ab\u00e9", 3, true), "ac");
  EXPECT_EQ(CutUpper("a\u00ffx", 3, true), "a\u0100");
  EXPECT_EQ(CutUpper("a\x7Fxx", 2, true), "a\u0080");
  EXPECT_EQ(CutUpper("\uD7FFx", 3, true), "\uE000");
  EXPECT_EQ(CutUpper("a\U0010FFFFx", 5, true), "b");
  EXPECT_EQ(CutUpper("\U0010FFFFx", 4, true), std::nullopt);
  EXPECT_EQ(CutUpper("\xFFxx", 2, true), "\xFFy");
  EXPECT_EQ(CutUpper("\xC3\x28\xC3", 3, true), "\xC3\x28\xC3");
  EXPECT_EQ(CutUpper(std::string("a\xFF\xFFz"), 3, false), "b");
  EXPECT_EQ(CutUpper(std::string("\xFF\xFFz"), 2, false), std::nullopt);
}

}  // namespace
}  // namespace tickhouse::io
