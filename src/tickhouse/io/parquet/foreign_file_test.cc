// Files of other writers, made here with libparquet in every combination of types, encodings,
// codecs and page versions that pandas, Spark, pyarrow, DuckDB and Polars write. The peers
// themselves write and read in tests/golden/test_parquet_peers.py.
#include <arrow/io/memory.h>
#include <gtest/gtest.h>
#include <parquet/column_writer.h>
#include <parquet/file_writer.h>
#include <parquet/properties.h>
#include <parquet/schema.h>

#include <algorithm>
#include <string>

#include "tickhouse/core/time.h"
#include "tickhouse/io/parquet/test_ticks.h"

namespace tickhouse::io {
namespace {

using parquet::LogicalType;
using parquet::Repetition;
using parquet::schema::GroupNode;
using parquet::schema::NodePtr;
using parquet::schema::PrimitiveNode;

enum class TimeForm {
  kMillis,
  kMicros,
  kNanos,
  kMillisUtc,
  kMicrosUtc,
  kNanosUtc,
  kPlainInt,
  kInt96
};
enum class PriceForm { kDouble, kFloat, kDecimal32, kDecimal64, kDecimalBytes };

struct Shape {
  TimeForm time = TimeForm::kMicros;
  PriceForm price = PriceForm::kDouble;
  bool optional = true;
  bool with_nulls = false;
  bool extra_columns = false;
  bool dictionary = true;
  parquet::Encoding::type time_encoding = parquet::Encoding::PLAIN;
  parquet::Encoding::type price_encoding = parquet::Encoding::PLAIN;
  parquet::Compression::type codec = parquet::Compression::SNAPPY;
  parquet::ParquetDataPageVersion pages = parquet::ParquetDataPageVersion::V1;
  bool statistics = true;
  bool page_index = false;
  bool checksums = false;
  int64_t page_bytes = 4096;
  int64_t group_rows = 2'000;
};

int64_t UnitOf(TimeForm form) {
  switch (form) {
    case TimeForm::kMillis:
    case TimeForm::kMillisUtc: return kNanosPerMilli;
    case TimeForm::kMicros:
    case TimeForm::kMicrosUtc: return kNanosPerMicro;
    default: return 1;
  }
}

NodePtr TimeNode(TimeForm form, Repetition::type repetition) {
  using Unit = LogicalType::TimeUnit;
  if (form == TimeForm::kInt96) {
    return PrimitiveNode::Make("datetime", repetition, parquet::Type::INT96);
  }
  std::shared_ptr<const LogicalType> logical = LogicalType::None();
  const bool utc =
      form == TimeForm::kMillisUtc || form == TimeForm::kMicrosUtc || form == TimeForm::kNanosUtc;
  if (form != TimeForm::kPlainInt) {
    const int64_t unit = UnitOf(form);
    logical = LogicalType::Timestamp(utc, unit == kNanosPerMilli   ? Unit::MILLIS
                                          : unit == kNanosPerMicro ? Unit::MICROS
                                                                   : Unit::NANOS);
  }
  return PrimitiveNode::Make("datetime", repetition, logical, parquet::Type::INT64);
}

NodePtr PriceNode(const std::string& name, PriceForm form, Repetition::type repetition) {
  switch (form) {
    case PriceForm::kDouble: return PrimitiveNode::Make(name, repetition, parquet::Type::DOUBLE);
    case PriceForm::kFloat: return PrimitiveNode::Make(name, repetition, parquet::Type::FLOAT);
    case PriceForm::kDecimal32:
      return PrimitiveNode::Make(name, repetition, LogicalType::Decimal(9, 5),
                                 parquet::Type::INT32);
    case PriceForm::kDecimal64:
      return PrimitiveNode::Make(name, repetition, LogicalType::Decimal(18, 5),
                                 parquet::Type::INT64);
    default:
      return PrimitiveNode::Make(name, repetition, LogicalType::Decimal(20, 5),
                                 parquet::Type::FIXED_LEN_BYTE_ARRAY, 9);
  }
}

std::shared_ptr<GroupNode> SchemaOf(const Shape& shape) {
  const auto repetition = shape.optional ? Repetition::OPTIONAL : Repetition::REQUIRED;
  parquet::schema::NodeVector fields;
  if (shape.extra_columns) {
    fields.push_back(PrimitiveNode::Make("note", Repetition::OPTIONAL, LogicalType::String(),
                                         parquet::Type::BYTE_ARRAY));
    fields.push_back(GroupNode::Make(
        "bid", Repetition::OPTIONAL,
        {PrimitiveNode::Make("DateTime", Repetition::REPEATED, parquet::Type::INT64)}));
  }
  fields.push_back(PriceNode("ASK", shape.price, repetition));
  fields.push_back(TimeNode(shape.time, repetition));
  fields.push_back(PriceNode("Bid", shape.price, repetition));
  return std::static_pointer_cast<GroupNode>(
      GroupNode::Make("spark_schema", Repetition::REQUIRED, fields));
}

std::shared_ptr<parquet::WriterProperties> PropertiesOf(const Shape& shape) {
  parquet::WriterProperties::Builder builder;
  builder.compression(shape.codec)->data_page_version(shape.pages)->data_pagesize(shape.page_bytes);
  builder.version(parquet::ParquetVersion::PARQUET_2_6)->write_batch_size(256);
  if (!shape.statistics) builder.disable_statistics();
  if (shape.page_index) builder.enable_write_page_index();
  if (shape.checksums) builder.enable_page_checksum();
  if (!shape.dictionary) {
    builder.disable_dictionary();
    builder.encoding("datetime", shape.time_encoding);
    builder.encoding("ASK", shape.price_encoding)->encoding("Bid", shape.price_encoding);
  }
  return builder.build();
}

/// Values and levels of one column of one row group; null rows are left out of the values.
template <typename Writer, typename T>
void WriteColumn(parquet::ColumnWriter* column, const std::vector<T>& values,
                 const std::vector<int16_t>& levels) {
  static_cast<Writer*>(column)->WriteBatch(static_cast<int64_t>(levels.size()), levels.data(),
                                           nullptr, values.data());
}

parquet::Int96 ToInt96(int64_t ns) {
  const int64_t day = FloorDiv(ns, kNanosPerDay);
  const int64_t of_day = ns - day * kNanosPerDay;
  parquet::Int96 value;
  value.value[0] = static_cast<uint32_t>(of_day);
  value.value[1] = static_cast<uint32_t>(of_day >> 32);
  value.value[2] = static_cast<uint32_t>(day + 2'440'588);
  return value;
}

void WriteTimes(parquet::ColumnWriter* column, const Shape& shape, std::span<const int64_t> times) {
  std::vector<int16_t> levels;
  std::vector<int64_t> values;
  std::vector<parquet::Int96> wide;
  for (const int64_t ns : times) {
    const bool present = ns != std::numeric_limits<int64_t>::min();
    levels.push_back(present ? 1 : 0);
    if (!present) continue;
    values.push_back(ns / UnitOf(shape.time));
    wide.push_back(ToInt96(ns));
  }
  if (shape.time == TimeForm::kInt96) {
    WriteColumn<parquet::Int96Writer>(column, wide, levels);
  } else {
    WriteColumn<parquet::Int64Writer>(column, values, levels);
  }
}

void WritePrices(parquet::ColumnWriter* column, const Shape& shape,
                 std::span<const double> prices) {
  std::vector<int16_t> levels;
  std::vector<double> doubles;
  std::vector<float> floats;
  std::vector<int32_t> narrow;
  std::vector<int64_t> wide;
  std::vector<std::array<uint8_t, 9>> bytes;
  for (const double price : prices) {
    levels.push_back(std::isnan(price) ? 0 : 1);
    if (std::isnan(price)) continue;
    const auto points = static_cast<int64_t>(std::llround(price * 1e5));
    doubles.push_back(price);
    floats.push_back(static_cast<float>(price));
    narrow.push_back(static_cast<int32_t>(points));
    wide.push_back(points);
    std::array<uint8_t, 9>& big_endian = bytes.emplace_back();
    big_endian[0] = points < 0 ? 0xFF : 0;
    for (std::size_t i = 0; i < 8; ++i) {
      big_endian[8 - i] = static_cast<uint8_t>(static_cast<uint64_t>(points) >> (8 * i));
    }
  }
  std::vector<parquet::FixedLenByteArray> fixed;
  for (const auto& value : bytes) fixed.emplace_back(value.data());
  switch (shape.price) {
    case PriceForm::kDouble: return WriteColumn<parquet::DoubleWriter>(column, doubles, levels);
    case PriceForm::kFloat: return WriteColumn<parquet::FloatWriter>(column, floats, levels);
    case PriceForm::kDecimal32: return WriteColumn<parquet::Int32Writer>(column, narrow, levels);
    case PriceForm::kDecimal64: return WriteColumn<parquet::Int64Writer>(column, wide, levels);
    default: return WriteColumn<parquet::FixedLenByteArrayWriter>(column, fixed, levels);
  }
}

void WriteExtraColumns(parquet::RowGroupWriter* group, std::size_t rows) {
  const std::vector<int16_t> some(rows, 1);
  const std::vector<int16_t> none(rows, 0);
  const std::vector<parquet::ByteArray> notes(rows, parquet::ByteArray("note"));
  WriteColumn<parquet::ByteArrayWriter>(group->NextColumn(), notes, some);
  static_cast<parquet::Int64Writer*>(group->NextColumn())
      ->WriteBatch(static_cast<int64_t>(rows), none.data(), none.data(), nullptr);
}

std::string WriteForeign(const Shape& shape, const TickBatch& ticks) {
  const auto sink = *arrow::io::BufferOutputStream::Create();
  auto writer = parquet::ParquetFileWriter::Open(sink, SchemaOf(shape), PropertiesOf(shape));
  for (std::size_t row = 0; row < ticks.size(); row += static_cast<std::size_t>(shape.group_rows)) {
    const std::size_t rows =
        std::min(ticks.size() - row, static_cast<std::size_t>(shape.group_rows));
    parquet::RowGroupWriter* group = writer->AppendRowGroup();
    if (shape.extra_columns) WriteExtraColumns(group, rows);
    WritePrices(group->NextColumn(), shape, std::span(ticks.ask).subspan(row, rows));
    WriteTimes(group->NextColumn(), shape, std::span(ticks.time_ns).subspan(row, rows));
    WritePrices(group->NextColumn(), shape, std::span(ticks.bid).subspan(row, rows));
  }
  writer->Close();
  return (*sink->Finish())->ToString();
}

TickBatch MakeTicks(const Shape& shape, uint32_t seed) {
  TickBatch ticks = ToBatch(RandomPoints(5'000, seed, 5, -1'000'000'000));
  std::mt19937 random(seed);
  if (!shape.with_nulls) return ticks;
  for (std::size_t i = 0; i < ticks.size(); ++i) {
    if (random() % 10 == 0) ticks.bid[i] = std::nan("");
    if (random() % 10 == 0) ticks.ask[i] = std::nan("");
    if (random() % 10 == 0) ticks.time_ns[i] = std::numeric_limits<int64_t>::min();
  }
  std::fill(ticks.bid.begin(), ticks.bid.begin() + 2'500, std::nan(""));
  return ticks;
}

Shape RandomShape(uint32_t seed) {
  std::mt19937 random(seed);
  const auto pick = [&](auto... options) {
    const std::array choices = {options...};
    return choices[random() % choices.size()];
  };
  using parquet::Compression;
  using parquet::Encoding;
  Shape shape;
  shape.time = static_cast<TimeForm>(random() % 8);
  shape.price = static_cast<PriceForm>(random() % 5);
  shape.optional = random() % 3 != 0;
  shape.with_nulls = shape.optional && random() % 2 == 0;
  shape.extra_columns = random() % 2 == 0;
  shape.dictionary = random() % 2 == 0;
  if (shape.time != TimeForm::kInt96) {
    shape.time_encoding =
        pick(Encoding::PLAIN, Encoding::DELTA_BINARY_PACKED, Encoding::BYTE_STREAM_SPLIT);
  }
  const bool whole = shape.price == PriceForm::kDecimal32 || shape.price == PriceForm::kDecimal64;
  shape.price_encoding = pick(Encoding::PLAIN, Encoding::BYTE_STREAM_SPLIT,
                              whole ? Encoding::DELTA_BINARY_PACKED : Encoding::PLAIN);
  shape.codec =
      pick(Compression::UNCOMPRESSED, Compression::SNAPPY, Compression::GZIP, Compression::ZSTD,
           Compression::BROTLI, Compression::LZ4, Compression::LZ4_HADOOP);
  shape.pages = pick(parquet::ParquetDataPageVersion::V1, parquet::ParquetDataPageVersion::V2);
  shape.statistics = random() % 3 != 0;
  shape.page_index = shape.statistics && random() % 2 == 0;
  shape.checksums = random() % 2 == 0;
  shape.page_bytes = pick(512, 4096, 1 << 20);
  shape.group_rows = pick(700, 2'000, 10'000);
  return shape;
}

TickBatch Expected(const Shape& shape, TickBatch ticks) {
  if (shape.price != PriceForm::kFloat) return ticks;
  for (auto* column : {&ticks.bid, &ticks.ask}) {
    for (double& value : *column) value = static_cast<float>(value);
  }
  return ticks;
}

TEST(ForeignParquet, EveryCombinationOfTypesEncodingsCodecsAndPages) {
  for (uint32_t seed = 0; seed < 120; ++seed) {
    const Shape shape = RandomShape(seed);
    const TickBatch ticks = MakeTicks(shape, seed);
    const std::string bytes = WriteForeign(shape, ticks);
    ASSERT_OK_AND_ASSIGN(const TickBatch read,
                         ReadTicks(bytes, {.verify_checksums = true, .keep_null_rows = true}));
    ASSERT_THAT(read, SameTicks(Expected(shape, ticks))) << "seed " << seed;
  }
}

TEST(ForeignParquet, RangesAreExactWithAndWithoutStatistics) {
  for (uint32_t seed = 0; seed < 60; ++seed) {
    Shape shape = RandomShape(seed);
    const TickBatch ticks = Expected(shape, MakeTicks(shape, seed));
    const std::string bytes = WriteForeign(shape, ticks);
    const UtcRange range = {
        FromNanos(ToBatch(RandomPoints(5'000, seed, 5, -1'000'000'000)).time_ns[1'800]),
        FromNanos(ToBatch(RandomPoints(5'000, seed, 5, -1'000'000'000)).time_ns[2'900])};
    TickBatch inside;
    for (std::size_t i = 0; i < ticks.size(); ++i) {
      if (range.Contains(FromNanos(ticks.time_ns[i]))) inside.AppendRows(ticks, i, i + 1);
    }
    ASSERT_OK_AND_ASSIGN(const TickBatch read,
                         ReadTicks(bytes, {.ranges = {range}, .keep_null_rows = true}));
    ASSERT_THAT(read, SameTicks(inside)) << "seed " << seed;
    ParquetReadOptions choosing = {.ranges = {range}};
    choosing.choose = [](std::span<const int64_t> times, std::vector<uint32_t>* rows) {
      for (uint32_t i = 0; i < times.size(); i += 40) rows->push_back(i);
    };
    ASSERT_OK_AND_ASSIGN(const TickBatch chosen, ReadTicks(bytes, choosing));
    EXPECT_LE(chosen.size(), inside.size());
  }
}

TEST(ForeignParquet, InfoCountsNullsWhereStatisticsAre) {
  Shape shape = {.with_nulls = true};
  const TickBatch ticks = MakeTicks(shape, 3);
  ASSERT_OK_AND_ASSIGN(const ParquetTickInfo with,
                       ReadParquetTickInfo(BytesFile(WriteForeign(shape, ticks))));
  const auto missing =
      std::count_if(ticks.bid.begin(), ticks.bid.end(), [](double v) { return std::isnan(v); });
  EXPECT_EQ(with.bid.nulls, missing);
  ASSERT_TRUE(with.min_time_ns.has_value());
  EXPECT_EQ(with.max_time_ns, *std::max_element(ticks.time_ns.begin(), ticks.time_ns.end()));
  shape.statistics = false;
  ASSERT_OK_AND_ASSIGN(const ParquetTickInfo without,
                       ReadParquetTickInfo(BytesFile(WriteForeign(shape, ticks))));
  EXPECT_EQ(without.bid.nulls, std::nullopt);
  EXPECT_EQ(without.min_time_ns, std::nullopt);
  EXPECT_EQ(without.rows, 5'000);
}

std::string FileWithColumns(parquet::schema::NodeVector fields) {
  const auto schema = std::static_pointer_cast<GroupNode>(
      GroupNode::Make("schema", Repetition::REQUIRED, std::move(fields)));
  const auto sink = *arrow::io::BufferOutputStream::Create();
  parquet::ParquetFileWriter::Open(sink, schema)->Close();
  return (*sink->Finish())->ToString();
}

TEST(ForeignParquet, MissingOrUnsuitableColumnsAreUnsupportedAndListed) {
  const auto price = [](const char* name) {
    return PrimitiveNode::Make(name, Repetition::OPTIONAL, parquet::Type::DOUBLE);
  };
  const auto text = [](const char* name) {
    return PrimitiveNode::Make(name, Repetition::OPTIONAL, LogicalType::String(),
                               parquet::Type::BYTE_ARRAY);
  };
  const auto time = TimeNode(TimeForm::kMicros, Repetition::OPTIONAL);
  const auto missing =
      ReadParquetTickInfo(BytesFile(FileWithColumns({time, price("Bid"), price("Offer")})));
  EXPECT_THAT(missing, IsError(ErrorKind::kUnsupported));
  EXPECT_THAT(missing, HasErrorMessage("no column Ask"));
  EXPECT_THAT(missing, HasErrorMessage("datetime timestamp[us], Bid double, Offer double"));
  const auto wrong = ReadParquetTickInfo(
      BytesFile(FileWithColumns({text("DateTime"), price("Bid"), price("Ask")})));
  EXPECT_THAT(wrong, IsError(ErrorKind::kUnsupported));
  EXPECT_THAT(wrong, HasErrorMessage("column DateTime is no time"));
  EXPECT_THAT(ReadParquetTickInfo(BytesFile(FileWithColumns({time, text("Bid"), price("Ask")}))),
              HasErrorMessage("column Bid is no price"));
  ASSERT_OK_AND_ASSIGN(
      const ParquetTickInfo empty,
      ReadParquetTickInfo(BytesFile(FileWithColumns({time, price("BID"), price("aSk")}))));
  EXPECT_EQ(empty.rows, 0);
}

TEST(ForeignParquet, AnExactNameWinsOverOneInAnotherCase) {
  const auto number = [](const char* name, parquet::Type::type type) {
    return PrimitiveNode::Make(name, Repetition::OPTIONAL, type);
  };
  EXPECT_OK(ReadParquetTickInfo(BytesFile(FileWithColumns(
      {number("bid", parquet::Type::BOOLEAN), TimeNode(TimeForm::kNanos, Repetition::REQUIRED),
       number("Bid", parquet::Type::DOUBLE), number("Ask", parquet::Type::FLOAT)}))));
}

TEST(ForeignParquet, TimesThatNanosecondsCannotHoldAreRefusedNotBent) {
  const auto sink = *arrow::io::BufferOutputStream::Create();
  const Shape shape = {.time = TimeForm::kMillis};
  auto writer = parquet::ParquetFileWriter::Open(sink, SchemaOf(shape), PropertiesOf(shape));
  parquet::RowGroupWriter* group = writer->AppendRowGroup();
  WriteColumn<parquet::DoubleWriter>(group->NextColumn(), std::vector<double>{1}, {1});
  WriteColumn<parquet::Int64Writer>(group->NextColumn(), std::vector<int64_t>{253'402'300'799'000},
                                    {1});
  WriteColumn<parquet::DoubleWriter>(group->NextColumn(), std::vector<double>{1}, {1});
  writer->Close();
  const std::string bytes = (*sink->Finish())->ToString();
  EXPECT_THAT(ReadTicks(bytes), IsError(ErrorKind::kUnsupported));
  EXPECT_THAT(ReadTicks(bytes), HasErrorMessage("row group 0, column datetime"));
}

TEST(ForeignParquet, DamagedFilesOfOthersAreSurvivedToo) {
  for (uint32_t seed = 0; seed < 25; ++seed) {
    const Shape shape = RandomShape(seed);
    const std::string bytes = WriteForeign(shape, MakeTicks(shape, seed));
    std::mt19937 random(seed);
    for (int round = 0; round < 20; ++round) {
      std::string damaged = bytes;
      for (std::size_t i = 0; i < 1 + random() % 3; ++i) {
        damaged[random() % damaged.size()] = static_cast<char>(random());
      }
      std::ignore = ReadTicks(damaged, {.keep_null_rows = true});
      std::ignore = ReadTicks(bytes.substr(0, random() % bytes.size()));
    }
  }
}

}  // namespace
}  // namespace tickhouse::io
