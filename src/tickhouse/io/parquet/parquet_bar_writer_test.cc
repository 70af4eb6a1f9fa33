#include "tickhouse/io/parquet/parquet_bar_writer.h"

#include <arrow/io/memory.h>
#include <gtest/gtest.h>
#include <parquet/column_reader.h>
#include <parquet/file_reader.h>

#include <array>
#include <bit>
#include <tuple>

#include "tickhouse/io/parquet/test_ticks.h"

namespace tickhouse::io {
namespace {

std::vector<Bar> MakeBars(std::size_t count, uint32_t seed) {
  std::mt19937 random(seed);
  std::vector<Bar> bars;
  const auto price = [&] { return static_cast<double>(122'000 + random() % 500) / 1e5; };
  const auto ohlc = [&] { return Ohlc{price(), price(), price(), price()}; };
  for (std::size_t i = 0; i < count; ++i) {
    Bar& bar = bars.emplace_back();
    bar.time_ns = (static_cast<int64_t>(i) * 3 - 60) * 1'000'000'000;
    bar.bid = ohlc();
    bar.ask = ohlc();
    bar.mid = {(bar.bid.open + bar.ask.open) / 2, (bar.bid.high + bar.ask.high) / 2,
               (bar.bid.low + bar.ask.low) / 2, (bar.bid.close + bar.ask.close) / 2};
    bar.ticks = 1 + static_cast<int64_t>(random() % 40);
    bar.mean_spread = static_cast<double>(random()) / 1e12;
  }
  return bars;
}

std::string WriteBars(std::span<const Bar> bars, std::size_t step,
                      ParquetBarWriter::Options options) {
  std::string bytes;
  bool committed = false;
  auto writer = ParquetBarWriter::Open(std::make_unique<StringFile>(&bytes, &committed), options);
  EXPECT_THAT(writer, IsOk());
  for (std::size_t i = 0; i < bars.size(); i += step) {
    EXPECT_THAT((*writer)->Write(bars.subspan(i, std::min(step, bars.size() - i))), IsOk());
  }
  EXPECT_EQ((*writer)->rows_written(), static_cast<int64_t>(bars.size()));
  EXPECT_THAT((*writer)->Close(), IsOk());
  EXPECT_TRUE(committed);
  return bytes;
}

/// One column of the whole file, by libparquet. No value is null.
template <typename Reader, typename T>
std::vector<T> ReadColumn(parquet::ParquetFileReader* file, int column) {
  std::vector<T> all;
  for (int group = 0; group < file->metadata()->num_row_groups(); ++group) {
    const auto rows = file->RowGroup(group)->metadata()->num_rows();
    std::vector<T> values(static_cast<std::size_t>(rows));
    std::vector<int16_t> levels(values.size());
    const auto reader = file->RowGroup(group)->Column(column);
    int64_t done = 0;
    while (done < rows && reader->HasNext()) {
      int64_t read = 0;
      done += static_cast<Reader*>(reader.get())
                  ->ReadBatch(rows - done, levels.data(), nullptr, values.data() + done, &read);
    }
    EXPECT_EQ(done, rows);
    all.insert(all.end(), values.begin(), values.end());
  }
  return all;
}

std::unique_ptr<parquet::ParquetFileReader> OpenBytes(std::string bytes) {
  return parquet::ParquetFileReader::Open(
      std::make_shared<arrow::io::BufferReader>(arrow::Buffer::FromString(std::move(bytes))));
}

bool IsPacked(parquet::ParquetFileReader* file, int column) {
  const auto chunk = file->metadata()->RowGroup(0)->ColumnChunk(column);
  EXPECT_TRUE(chunk->has_dictionary_page());
  return chunk->compression() == parquet::Compression::ZSTD;
}

/// The twelve prices and the mean spread, against what went in.
void ExpectDoubles(parquet::ParquetFileReader* file, const std::vector<Bar>& bars) {
  for (int column = 1; column <= 13; ++column) {
    const auto values = ReadColumn<parquet::DoubleReader, double>(file, column);
    ASSERT_EQ(values.size(), bars.size());
    for (std::size_t i = 0; i < bars.size(); ++i) {
      const Bar& bar = bars[i];
      const std::array<double, 13> expected = {
          bar.bid.open, bar.bid.high,  bar.bid.low,    bar.bid.close, bar.ask.open,
          bar.ask.high, bar.ask.low,   bar.ask.close,  bar.mid.open,  bar.mid.high,
          bar.mid.low,  bar.mid.close, bar.mean_spread};
      ASSERT_EQ(std::bit_cast<uint64_t>(values[i]),
                std::bit_cast<uint64_t>(expected[static_cast<std::size_t>(column - 1)]))
          << "column " << column << " row " << i;
    }
  }
}

TEST(ParquetBarWriter, PricesThatVaryAreNotCompressedAndQuietOnesAre) {
  std::vector<Bar> bars = MakeBars(30'000, 5);
  const auto lively = OpenBytes(WriteBars(bars, 10'000, {.metadata = {.decimals = 5}}));
  for (int column = 1; column <= 12; ++column) EXPECT_FALSE(IsPacked(lively.get(), column));
  ExpectDoubles(lively.get(), bars);
  // Prices that stand still for minutes.
  for (std::size_t i = 0; i < bars.size(); ++i) {
    const Bar& first = bars[i / 300 * 300];
    std::tie(bars[i].bid, bars[i].ask, bars[i].mid) = std::tie(first.bid, first.ask, first.mid);
  }
  const auto quiet = OpenBytes(WriteBars(bars, 10'000, {.metadata = {.decimals = 5}}));
  for (int column = 1; column <= 12; ++column) EXPECT_TRUE(IsPacked(quiet.get(), column));
  ExpectDoubles(quiet.get(), bars);
}

TEST(ParquetBarWriter, WrongDecimalsAndOddValuesCostTimeOnly) {
  std::vector<Bar> bars = MakeBars(9'000, 6);
  bars[3].bid.high = 1e300;
  bars[4].ask.low = -0.0;
  bars[5].ask.low = 0.0;
  bars[6].mid.open = 1.0000001;
  bars[7].mid.close = -4e-320;
  bars[8].mean_spread = -1;
  for (const int decimals : {-1, 0, 2, 5, 9, 22, 23, 1000}) {
    const auto file = OpenBytes(WriteBars(bars, 777, {.metadata = {.decimals = decimals}}));
    ExpectDoubles(file.get(), bars);
  }
}

TEST(ParquetBarWriter, EveryColumnComesBackThroughLibparquet) {
  const std::vector<Bar> bars = MakeBars(25'000, 1);
  const std::string bytes = WriteBars(
      bars, 700, {.metadata = {.symbol = "EURUSD", .decimals = 5}, .row_group_rows = 10'000});
  const auto file = OpenBytes(bytes);
  const std::vector<std::string> names = {
      "DateTime", "BidOpen", "BidHigh", "BidLow", "BidClose", "AskOpen",    "AskHigh", "AskLow",
      "AskClose", "MidOpen", "MidHigh", "MidLow", "MidClose", "MeanSpread", "Ticks"};
  ASSERT_EQ(file->metadata()->num_columns(), static_cast<int>(names.size()));
  for (std::size_t i = 0; i < names.size(); ++i) {
    EXPECT_EQ(file->metadata()->schema()->Column(static_cast<int>(i))->name(), names[i]);
  }
  EXPECT_EQ(file->metadata()->num_row_groups(), 3);
  const auto times = ReadColumn<parquet::Int64Reader, int64_t>(file.get(), 0);
  const auto ticks = ReadColumn<parquet::Int64Reader, int64_t>(file.get(), 14);
  const auto high = ReadColumn<parquet::DoubleReader, double>(file.get(), 2);
  const auto ask_low = ReadColumn<parquet::DoubleReader, double>(file.get(), 7);
  const auto mid = ReadColumn<parquet::DoubleReader, double>(file.get(), 12);
  const auto spread = ReadColumn<parquet::DoubleReader, double>(file.get(), 13);
  ASSERT_EQ(times.size(), bars.size());
  for (std::size_t i = 0; i < bars.size(); ++i) {
    ASSERT_EQ(times[i] * 1000, bars[i].time_ns);
    ASSERT_EQ(ticks[i], bars[i].ticks);
    ASSERT_EQ(high[i], bars[i].bid.high);
    ASSERT_EQ(ask_low[i], bars[i].ask.low);
    ASSERT_EQ(mid[i], bars[i].mid.close);
    ASSERT_EQ(spread[i], bars[i].mean_spread);
  }
}

TEST(ParquetBarWriter, AnyCutAndThreadCountGiveTheSameBytes) {
  const std::vector<Bar> bars = MakeBars(12'000, 2);
  const ParquetBarWriter::Options one = {.metadata = {.decimals = 5}, .row_group_rows = 5'000};
  const ParquetBarWriter::Options three = {
      .metadata = {.decimals = 5}, .row_group_rows = 5'000, .threads = 3};
  const std::string expected = WriteBars(bars, 12'000, one);
  EXPECT_EQ(WriteBars(bars, 1, one), expected);
  EXPECT_EQ(WriteBars(bars, 4'999, three), expected);
}

TEST(ParquetBarWriter, NoBarsGiveAFileThatOpens) {
  const std::string bytes = WriteBars({}, 1, {});
  EXPECT_EQ(OpenBytes(bytes)->metadata()->num_rows(), 0);
}

}  // namespace
}  // namespace tickhouse::io
