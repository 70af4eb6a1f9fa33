#include "tickhouse/io/parquet/table/table_reader.h"

#include <arrow/api.h>
#include <arrow/io/memory.h>
#include <parquet/arrow/writer.h>

#include <string>

#include "tickhouse/core/testing.h"
#include "tickhouse/io/parquet/table/test_bytes.h"

namespace tickhouse::io {
namespace {

using testing::ElementsAre;

constexpr int kRows = 3000;

template <typename Builder, typename Make>
std::shared_ptr<arrow::Array> Fill(Builder&& builder, bool nulls, Make make) {
  for (int i = 0; i < kRows; ++i) {
    const arrow::Status status =
        nulls && i % 7 == 3 ? builder.AppendNull() : builder.Append(make(i));
    EXPECT_TRUE(status.ok()) << status;
  }
  return builder.Finish().ValueOrDie();
}

std::string Word(int i) {
  return std::string(static_cast<std::size_t>(i % 11), 'a') + std::to_string(i % 400);
}

// A column of every kind.
std::shared_ptr<arrow::Table> MakeTable(bool nulls) {
  auto* pool = arrow::default_memory_pool();
  const auto us = arrow::timestamp(arrow::TimeUnit::MICRO);
  const auto fixed = arrow::fixed_size_binary(3);
  const auto id = [](int n) {
    return arrow::key_value_metadata({{"PARQUET:field_id", std::to_string(n)}});
  };
  const auto schema = arrow::schema({arrow::field("flag", arrow::boolean(), true, id(5)),
                                     arrow::field("small", arrow::int32(), true, id(6)),
                                     arrow::field("large", arrow::int64(), true, id(7)),
                                     arrow::field("real", arrow::float32(), true, id(8)),
                                     arrow::field("price", arrow::float64(), true, id(9)),
                                     arrow::field("word", arrow::utf8(), true, id(10)),
                                     arrow::field("at", us, true, id(11)),
                                     arrow::field("tag", fixed, true, id(12))});
  return arrow::Table::Make(
      schema, {Fill(arrow::BooleanBuilder(), nulls, [](int i) { return i % 3 == 0; }),
               Fill(arrow::Int32Builder(), nulls, [](int i) { return i * 31 - 4000; }),
               Fill(arrow::Int64Builder(), nulls, [](int i) { return int64_t{i} << 33; }),
               Fill(arrow::FloatBuilder(), nulls, [](int i) { return float(i) / 8; }),
               Fill(arrow::DoubleBuilder(), nulls, [](int i) { return i / 100.0; }),
               Fill(arrow::StringBuilder(), nulls, Word),
               Fill(arrow::TimestampBuilder(us, pool), nulls,
                    [](int i) { return int64_t{1'600'000'000'000'000} + i; }),
               Fill(arrow::FixedSizeBinaryBuilder(fixed), nulls,
                    [](int i) { return std::to_string(100 + i % 900); })});
}

std::string Write(const arrow::Table& table, const parquet::WriterProperties::Builder& settings) {
  parquet::WriterProperties::Builder builder = settings;
  auto sink = arrow::io::BufferOutputStream::Create().ValueOrDie();
  EXPECT_TRUE(
      parquet::arrow::WriteTable(table, arrow::default_memory_pool(), sink, 1100, builder.build())
          .ok());
  return sink->Finish().ValueOrDie()->ToString();
}

struct Rows {
  std::vector<ColumnSchema> schema;
  std::vector<std::vector<std::string>> columns;  // Values as text, "null" for nulls.
};

std::string Shown(const ColumnData& column, std::size_t row) {
  if (column.IsNull(row)) return "null";
  return std::visit(
      [&](const auto& held) -> std::string {
        if constexpr (std::is_same_v<std::decay_t<decltype(held)>, BytesValues>) {
          return std::string(held[row]);
        } else {
          return std::to_string(held[row]);
        }
      },
      column.values);
}

Result<Rows> ReadRows(const std::string& bytes, TableReadOptions options = {}) {
  Rows rows;
  TICKHOUSE_ASSIGN(auto reader,
                   ParquetTableReader::Open(std::make_unique<TextFile>(bytes), options));
  rows.schema = reader->schema();
  rows.columns.resize(rows.schema.size());
  ColumnBatch batch;
  while (true) {
    TICKHOUSE_ASSIGN(const bool more, reader->Next(&batch));
    if (!more) return rows;
    for (std::size_t c = 0; c < batch.columns.size(); ++c) {
      EXPECT_EQ(batch.columns[c].size(), batch.rows);
      for (std::size_t row = 0; row < batch.rows; ++row) {
        rows.columns[c].push_back(Shown(batch.columns[c], row));
      }
    }
  }
}

void ExpectAll(const Rows& rows, bool nulls) {
  ASSERT_EQ(rows.columns.size(), 8U);
  for (int i = 0; i < kRows; ++i) {
    const auto row = static_cast<std::size_t>(i);
    std::vector<std::string> got;
    for (const auto& column : rows.columns) got.push_back(column.at(row));
    std::vector<std::string> wanted = {std::to_string(i % 3 == 0),
                                       std::to_string(i * 31 - 4000),
                                       std::to_string(int64_t{i} << 33),
                                       std::to_string(float(i) / 8),
                                       std::to_string(i / 100.0),
                                       Word(i),
                                       std::to_string(int64_t{1'600'000'000'000'000} + i),
                                       std::to_string(100 + i % 900)};
    if (nulls && i % 7 == 3) wanted.assign(8, "null");
    ASSERT_EQ(got, wanted) << "row " << i;
  }
}

using Settings = parquet::WriterProperties::Builder;

std::vector<std::pair<std::string, Settings>> AllSettings() {
  using parquet::Encoding;
  std::vector<std::pair<std::string, Settings>> all;
  for (const bool v2 : {false, true}) {
    Settings base;
    base.data_pagesize(2000)->max_row_group_length(1100);
    base.data_page_version(v2 ? parquet::ParquetDataPageVersion::V2
                              : parquet::ParquetDataPageVersion::V1);
    all.emplace_back("dictionary", base);
    for (const auto codec : {arrow::Compression::SNAPPY, arrow::Compression::ZSTD,
                             arrow::Compression::GZIP, arrow::Compression::LZ4}) {
      Settings packed = base;
      packed.compression(codec);
      all.emplace_back("codec " + std::to_string(codec), packed);
    }
    base.disable_dictionary();
    all.emplace_back("plain", base);
    Settings delta = base;
    delta.encoding("flag", Encoding::RLE)->encoding("small", Encoding::DELTA_BINARY_PACKED);
    delta.encoding("large", Encoding::DELTA_BINARY_PACKED);
    delta.encoding("word", Encoding::DELTA_LENGTH_BYTE_ARRAY);
    delta.encoding("tag", Encoding::DELTA_BYTE_ARRAY);
    delta.encoding("price", Encoding::BYTE_STREAM_SPLIT);
    all.emplace_back("delta", delta);
    Settings split = base;
    for (const char* name : {"small", "large", "real", "price", "tag"}) {
      split.encoding(name, Encoding::BYTE_STREAM_SPLIT);
    }
    split.encoding("word", Encoding::DELTA_BYTE_ARRAY);
    all.emplace_back("split", split);
  }
  return all;
}

TEST(TableReader, ReadsWhatLibparquetWritesInEveryEncoding) {
  for (const bool nulls : {false, true}) {
    const auto table = MakeTable(nulls);
    for (const auto& [name, settings] : AllSettings()) {
      SCOPED_TRACE(name);
      ASSERT_OK_AND_ASSIGN(const Rows rows, ReadRows(Write(*table, settings), {.batch_rows = 257}));
      ExpectAll(rows, nulls);
    }
  }
}

TEST(TableReader, TellsTypesAndFieldIds) {
  ASSERT_OK_AND_ASSIGN(const Rows rows, ReadRows(Write(*MakeTable(true), Settings())));
  EXPECT_EQ(rows.schema[0].field_id, 5);
  EXPECT_EQ(rows.schema[5].type.logical, LogicalKind::kString);
  EXPECT_EQ(rows.schema[6].field_id, 11);
  EXPECT_EQ(rows.schema[6].type.logical, LogicalKind::kTimestamp);
  EXPECT_EQ(rows.schema[6].type.unit_ns, 1000);
  EXPECT_FALSE(rows.schema[6].type.utc);
  EXPECT_EQ(rows.schema[7].type.length, 3);
}

TEST(TableReader, ReadsChosenColumnsOfChosenRowGroups) {
  const std::string bytes = Write(*MakeTable(false), Settings());
  const TableReadOptions options = {.columns = {{5, 1}}, .row_groups = {{1}}};
  ASSERT_OK_AND_ASSIGN(auto reader,
                       ParquetTableReader::Open(std::make_unique<TextFile>(bytes), options));
  ColumnBatch batch;
  EXPECT_THAT(reader->Next(&batch), IsOk());
  EXPECT_EQ(reader->first_row(), 1100);
  EXPECT_EQ(batch.rows, 1100U);
  EXPECT_EQ(Shown(batch.columns[0], 0), Word(1100));
  EXPECT_EQ(Shown(batch.columns[1], 0), std::to_string(1100 * 31 - 4000));
  ASSERT_OK_AND_ASSIGN(const bool more, reader->Next(&batch));
  EXPECT_FALSE(more);
  EXPECT_THAT(ReadRows(bytes, {.columns = {{8}}}), IsError(ErrorKind::kInvalidArgument));
  EXPECT_THAT(ReadRows(bytes, {.row_groups = {{3}}}), IsError(ErrorKind::kInvalidArgument));
}

TEST(TableReader, RefusesNestedColumnsAndReadsTheirNeighbours) {
  const auto list = std::make_shared<arrow::Int32Builder>();
  arrow::ListBuilder builder(arrow::default_memory_pool(), list);
  ASSERT_TRUE(builder.Append().ok() && list->Append(7).ok() && list->Append(8).ok());
  const auto schema = arrow::schema(
      {arrow::field("l", arrow::list(arrow::int32())), arrow::field("n", arrow::int32())});
  arrow::Int32Builder flat;
  ASSERT_TRUE(flat.Append(42).ok());
  const auto table =
      arrow::Table::Make(schema, {builder.Finish().ValueOrDie(), flat.Finish().ValueOrDie()});
  const std::string bytes = Write(*table, Settings());
  EXPECT_THAT(ReadRows(bytes), IsError(ErrorKind::kUnsupported));
  ASSERT_OK_AND_ASSIGN(const Rows rows, ReadRows(bytes, {.columns = {{1}}}));
  EXPECT_THAT(rows.columns[0], ElementsAre("42"));
}

TEST(TableReader, SurvivesCutAndDamagedFiles) {
  const std::string bytes = Write(*MakeTable(true), AllSettings()[6].second);
  for (std::size_t size = 0; size < bytes.size(); size += 97) {
    EXPECT_THAT(ReadRows(bytes.substr(0, size)), IsError(ErrorKind::kCorrupt));
  }
  int refused = 0;
  for (std::size_t at = 4; at < bytes.size(); at += 211) {
    std::string damaged = bytes;
    damaged[at] = static_cast<char>(damaged[at] ^ 0xFF);
    refused += ReadRows(damaged).has_value() ? 0 : 1;
  }
  EXPECT_GT(refused, 20);
}

}  // namespace
}  // namespace tickhouse::io
