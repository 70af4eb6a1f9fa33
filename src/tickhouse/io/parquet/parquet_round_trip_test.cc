// What goes in comes out, however it is cut, and the bytes of a file depend on its rows alone.
#include <gtest/gtest.h>

#include <algorithm>
#include <limits>

#include "tickhouse/io/parquet/test_ticks.h"
#include "tickhouse/io/parquet/tick_row_group.h"

namespace tickhouse::io {
namespace {

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();

TickBatch Slice(const TickBatch& all, std::size_t begin, std::size_t end) {
  TickBatch part;
  part.AppendRows(all, begin, end);
  return part;
}

PointTicks Slice(const PointTicks& all, std::size_t begin, std::size_t end) {
  PointTicks part;
  part.decimals = all.decimals;
  const auto b = static_cast<std::ptrdiff_t>(begin);
  const auto e = static_cast<std::ptrdiff_t>(end);
  part.time_us.assign(all.time_us.begin() + b, all.time_us.begin() + e);
  part.bid.points.assign(all.bid.points.begin() + b, all.bid.points.begin() + e);
  part.ask.points.assign(all.ask.points.begin() + b, all.ask.points.begin() + e);
  return part;
}

TEST(ParquetRoundTrip, PointsComeBackAsCorrectlyRoundedPrices) {
  const PointTicks points = RandomPoints(50'000, 1);
  std::string bytes;
  auto writer = OpenTestWriter(&bytes);
  ASSERT_OK(writer->WritePoints(points));
  EXPECT_EQ(writer->rows_written(), 50'000);
  ASSERT_OK(writer->Close());
  ASSERT_OK_AND_ASSIGN(const TickBatch read, ReadTicks(bytes));
  EXPECT_THAT(read, SameTicks(ToBatch(points)));
}

TEST(ParquetRoundTrip, AnyCutAnyFormAndAnyThreadCountGiveTheSameBytes) {
  const PointTicks points = RandomPoints(30'000, 2);
  const TickBatch batch = ToBatch(points);
  const ParquetTickWriter::Options plain = {.row_group_rows = 10'000};
  const std::string expected = WriteTicks(batch, plain);
  for (uint32_t seed = 0; seed < 20; ++seed) {
    std::mt19937 random(seed);
    std::string bytes;
    auto writer = OpenTestWriter(
        &bytes, {.row_group_rows = 10'000, .threads = 1 + static_cast<int>(seed % 3)});
    for (std::size_t row = 0; row < batch.size();) {
      const std::size_t end = std::min<std::size_t>(batch.size(), row + 1 + random() % 12'000);
      if (random() % 2 == 0) {
        ASSERT_OK(writer->Write(Slice(batch, row, end)));
      } else {
        ASSERT_OK(writer->WritePoints(Slice(points, row, end)));
      }
      row = end;
    }
    ASSERT_OK(writer->Close());
    ASSERT_EQ(bytes, expected) << "seed " << seed;
  }
}

TEST(ParquetRoundTrip, RowGroupsEncodedElsewhereGiveTheSameBytes) {
  const PointTicks points = RandomPoints(25'000, 3);
  std::string bytes;
  auto writer = OpenTestWriter(&bytes, {.row_group_rows = 10'000});
  TickRowGroup rows({}, 10'000);
  for (std::size_t row = 0; row < points.size();) {
    row += rows.Append(points, row);
    if (!rows.full() && row < points.size()) continue;
    ASSERT_OK(writer->AppendEncoded(EncodeRowGroup(rows, 2)));
    rows.Clear();
  }
  ASSERT_OK(writer->Close());
  EXPECT_EQ(bytes, WriteTicks(ToBatch(points), {.row_group_rows = 10'000}));
}

TEST(ParquetRoundTrip, ScaleOfThePointsLeavesNoTrace) {
  PointTicks coarse = RandomPoints(9'000, 4, 3);
  PointTicks fine = coarse;
  fine.decimals = 5;
  for (auto* column : {&fine.bid.points, &fine.ask.points}) {
    for (int32_t& value : *column) value *= 100;
  }
  std::string from_coarse;
  std::string from_fine;
  auto a = OpenTestWriter(&from_coarse);
  auto b = OpenTestWriter(&from_fine);
  ASSERT_OK(a->WritePoints(coarse));
  ASSERT_OK(b->WritePoints(fine));
  ASSERT_OK(a->Close());
  ASSERT_OK(b->Close());
  EXPECT_EQ(from_coarse, from_fine);
}

TEST(ParquetRoundTrip, PropertyOverRandomBatchesOfEveryKindOfValue) {
  for (uint32_t seed = 0; seed < 60; ++seed) {
    std::mt19937_64 random(seed);
    const std::size_t rows = 1 + random() % 20'000;
    TickBatch batch = ToBatch(RandomPoints(rows, seed, static_cast<int>(seed % 6)));
    const auto spoil = [&](std::vector<double>* column) {
      for (std::size_t i = 0; i < rows / 50; ++i) {
        double& value = (*column)[random() % rows];
        switch (random() % 7) {
          case 0: value = -0.0; break;
          case 1: value = 0.0; break;
          case 2: value = std::numeric_limits<double>::infinity(); break;
          case 3: value = -1e300; break;
          case 4: value = std::bit_cast<double>(random() & 0x7FEFFFFFFFFFFFFF); break;
          case 5: value = 5e9; break;
          default: value = std::numeric_limits<double>::denorm_min();
        }
      }
    };
    if (seed % 2 == 1) spoil(&batch.bid);
    if (seed % 3 == 1) spoil(&batch.ask);
    if (seed % 5 == 1) std::shuffle(batch.time_ns.begin(), batch.time_ns.end(), random);
    VolumeColumns volumes;
    if (seed % 4 == 1) {
      volumes.both_sides = true;
      for (std::size_t i = 0; i < rows; ++i) {
        batch.bid_volume.push_back(static_cast<double>(random() % 10'000) / 100);
        batch.ask_volume.push_back(static_cast<double>(random()));
      }
    }
    if (seed % 4 == 2) {
      volumes.single = true;
      for (std::size_t i = 0; i < rows; ++i) batch.volume.push_back(random() % 2 == 0 ? 1.5 : kNan);
    }
    const std::string bytes =
        WriteTicks(batch, {.metadata = {.decimals = static_cast<int>(seed % 6)},
                           .volumes = volumes,
                           .row_group_rows = 1 + static_cast<int64_t>(random() % 15'000)});
    ASSERT_OK_AND_ASSIGN(const TickBatch read,
                         ReadTicks(bytes, {.with_volumes = true, .verify_checksums = true}));
    ASSERT_THAT(read, SameTicks(batch)) << "seed " << seed;
  }
}

TEST(ParquetRoundTrip, ManyDistinctPricesFallBackToPlain) {
  std::mt19937_64 random(7);
  TickBatch batch = ToBatch(RandomPoints(100'000, 5));
  for (double& value : batch.bid) value = static_cast<double>(random()) / 1e6;
  const std::string bytes = WriteTicks(batch);
  ASSERT_OK_AND_ASSIGN(const TickBatch read, ReadTicks(bytes));
  EXPECT_THAT(read, SameTicks(batch));
}

TEST(ParquetRoundTrip, MissingTimesAndPricesAreNulls) {
  TickBatch batch = ToBatch(RandomPoints(20'000, 6));
  for (std::size_t i = 0; i < batch.size(); i += 7) batch.bid[i] = kNan;
  for (std::size_t i = 3; i < batch.size(); i += 11) batch.ask[i] = kNan;
  for (std::size_t i = 5; i < batch.size(); i += 13) {
    batch.time_ns[i] = std::numeric_limits<int64_t>::min();
  }
  for (std::size_t i = 8192; i < 16384; ++i) batch.bid[i] = kNan;  // A page of nothing but nulls.
  const std::string bytes = WriteTicks(batch);
  ASSERT_OK_AND_ASSIGN(const ParquetTickInfo info, ReadParquetTickInfo(BytesFile(bytes)));
  const auto nans = [](const std::vector<double>& column) {
    return std::count_if(column.begin(), column.end(), [](double v) { return std::isnan(v); });
  };
  EXPECT_EQ(info.bid.nulls, nans(batch.bid));
  EXPECT_EQ(info.ask.nulls, nans(batch.ask));
  EXPECT_EQ(info.date_time.nulls, (20'000 - 5 + 12) / 13);
  ASSERT_OK_AND_ASSIGN(const TickBatch all, ReadTicks(bytes, {.keep_null_rows = true}));
  EXPECT_THAT(all, SameTicks(batch));
  TickBatch whole;
  for (std::size_t i = 0; i < batch.size(); ++i) {
    const bool missing = std::isnan(batch.bid[i]) || std::isnan(batch.ask[i]) ||
                         batch.time_ns[i] == std::numeric_limits<int64_t>::min();
    if (!missing) whole.AppendRows(batch, i, i + 1);
  }
  ASSERT_OK_AND_ASSIGN(const TickBatch rest, ReadTicks(bytes));
  EXPECT_THAT(rest, SameTicks(whole));
}

TEST(ParquetRoundTrip, AColumnOfNothingButNulls) {
  TickBatch batch = ToBatch(RandomPoints(10, 8));
  batch.bid.assign(10, kNan);
  batch.time_ns.assign(10, std::numeric_limits<int64_t>::min());
  const std::string bytes = WriteTicks(batch);
  ASSERT_OK_AND_ASSIGN(const ParquetTickInfo info, ReadParquetTickInfo(BytesFile(bytes)));
  EXPECT_EQ(info.bid.nulls, 10);
  EXPECT_EQ(info.min_time_ns, std::nullopt);
  ASSERT_OK_AND_ASSIGN(const TickBatch all, ReadTicks(bytes, {.keep_null_rows = true}));
  EXPECT_THAT(all, SameTicks(batch));
  ASSERT_OK_AND_ASSIGN(const TickBatch none, ReadTicks(bytes));
  EXPECT_TRUE(none.empty());
}

TEST(ParquetRoundTrip, TimesBefore1970AndFinerThanMicroseconds) {
  TickBatch batch;
  batch.time_ns = {-1, -1'000, -1'001, -86'400'000'000'000, 999, 1'001};
  batch.bid.assign(6, 1.5);
  batch.ask.assign(6, 1.75);
  ASSERT_OK_AND_ASSIGN(const TickBatch read, ReadTicks(WriteTicks(batch)));
  EXPECT_EQ(read.time_ns,
            (std::vector<int64_t>{-1'000, -1'000, -2'000, -86'400'000'000'000, 0, 1'000}));
}

TEST(ParquetRoundTrip, ExtremeTimesAndPoints) {
  PointTicks ticks;
  ticks.time_us = {std::numeric_limits<int64_t>::min() / 1000, 0,
                   std::numeric_limits<int64_t>::max() / 1000,
                   std::numeric_limits<int64_t>::max(),  // No tick can have it: a null.
                   std::numeric_limits<int64_t>::min()};
  ticks.bid.points = {std::numeric_limits<int32_t>::min(), -1, 0, 1,
                      std::numeric_limits<int32_t>::max()};
  ticks.ask.points = ticks.bid.points;
  std::string bytes;
  auto writer = OpenTestWriter(&bytes);
  ASSERT_OK(writer->WritePoints(ticks));
  ASSERT_OK(writer->Close());
  ASSERT_OK_AND_ASSIGN(const TickBatch read, ReadTicks(bytes, {.keep_null_rows = true}));
  EXPECT_EQ(read.time_ns[0], ticks.time_us[0] * 1000);
  EXPECT_EQ(read.time_ns[2], ticks.time_us[2] * 1000);
  EXPECT_EQ(read.time_ns[3], std::numeric_limits<int64_t>::min());
  EXPECT_EQ(read.time_ns[4], std::numeric_limits<int64_t>::min());
  EXPECT_EQ(read.bid, (std::vector<double>{-21474.83648, -0.00001, 0, 0.00001, 21474.83647}));
}

TEST(ParquetRoundTrip, NoRowsGiveAFileThatOpens) {
  const std::string bytes = WriteTicks({});
  ASSERT_OK_AND_ASSIGN(const ParquetTickInfo info, ReadParquetTickInfo(BytesFile(bytes)));
  EXPECT_EQ(info.rows, 0);
  EXPECT_TRUE(info.row_groups.empty());
  ASSERT_OK_AND_ASSIGN(const TickBatch none, ReadTicks(bytes));
  EXPECT_TRUE(none.empty());
}

TEST(ParquetRoundTrip, MetadataComesBack) {
  TickFileMetadata metadata = {.symbol = "GBPJPY",
                               .decimals = 3,
                               .source_file = "a b \xC3\xA9.csv",
                               .source_sha256 = std::string(64, 'a'),
                               .source_zone = "UTC+2",
                               .more = {{"program", "tickhouse 0.1.0"}}};
  std::string bytes;
  auto writer = OpenTestWriter(&bytes);
  ASSERT_OK(writer->Write(ToBatch(RandomPoints(10, 9))));
  writer->SetMetadata(metadata);
  ASSERT_OK(writer->Close());
  ASSERT_OK_AND_ASSIGN(const ParquetTickInfo info, ReadParquetTickInfo(BytesFile(bytes)));
  EXPECT_EQ(info.metadata.symbol, metadata.symbol);
  EXPECT_EQ(info.metadata.decimals, 3);
  EXPECT_EQ(info.metadata.source_file, metadata.source_file);
  EXPECT_EQ(info.metadata.source_sha256, metadata.source_sha256);
  EXPECT_EQ(info.metadata.source_zone, metadata.source_zone);
  EXPECT_EQ(info.metadata.more, metadata.more);
  EXPECT_EQ(info.rows, 10);
}

TEST(ParquetRoundTrip, NothingIsCommittedWithoutClose) {
  std::string bytes;
  bool committed = false;
  {
    ASSERT_OK_AND_ASSIGN(
        auto writer, ParquetTickWriter::Open(std::make_unique<StringFile>(&bytes, &committed), {}));
    ASSERT_OK(writer->Write(ToBatch(RandomPoints(100, 10))));
  }
  EXPECT_FALSE(committed);
}

}  // namespace
}  // namespace tickhouse::io
