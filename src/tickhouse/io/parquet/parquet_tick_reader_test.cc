// Reading our own files: what is asked for, no more pages than needed, and every damage told.
#include "tickhouse/io/parquet/parquet_tick_reader.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <limits>
#include <tuple>

#include "tickhouse/core/tick_reader_contract.h"
#include "tickhouse/io/parquet/parquet_selective_reader.h"
#include "tickhouse/io/parquet/test_ticks.h"

namespace tickhouse {

INSTANTIATE_TEST_SUITE_P(
    Parquet, TickReaderContract,
    ::testing::Values(
        TickReaderCase{"ManyRowGroups",
                       [](const TickBatch& ticks) {
                         auto reader = io::OpenParquetTicks(
                             io::OpenBytes(io::WriteTicks(ticks, {.row_group_rows = 100})),
                             {.batch_rows = 30, .keep_null_rows = true});
                         EXPECT_THAT(reader, IsOk());
                         return std::move(*reader);
                       },
                       {.time_step_ns = kNanosPerMicro, .fails_with = {}}},
        TickReaderCase{"WithVolumes",
                       [](const TickBatch& ticks) {
                         auto reader =
                             io::OpenParquetTicks(io::OpenBytes(io::WriteTicks(
                                                      ticks, {.volumes = {.both_sides = true}})),
                                                  {.with_volumes = true, .keep_null_rows = true});
                         EXPECT_THAT(reader, IsOk());
                         return std::move(*reader);
                       },
                       {.time_step_ns = kNanosPerMicro, .both_volumes = true, .fails_with = {}}}),
    TickReaderCaseName);

namespace io {
namespace {

TickBatch RowsInside(const TickBatch& all, const std::vector<UtcRange>& ranges) {
  TickBatch inside;
  for (std::size_t i = 0; i < all.size(); ++i) {
    const bool wanted = std::any_of(ranges.begin(), ranges.end(), [&](const UtcRange& range) {
      return range.Contains(FromNanos(all.time_ns[i]));
    });
    if (wanted) inside.AppendRows(all, i, i + 1);
  }
  return inside;
}

std::vector<UtcRange> RandomRanges(const TickBatch& all, uint32_t seed) {
  std::mt19937_64 random(seed);
  std::vector<int64_t> cuts;
  for (int i = 0; i < 8; ++i) {
    cuts.push_back(all.time_ns[random() % all.size()] + static_cast<int64_t>(random() % 3) - 1);
  }
  std::sort(cuts.begin(), cuts.end());
  cuts.erase(std::unique(cuts.begin(), cuts.end()), cuts.end());
  std::vector<UtcRange> ranges;
  for (std::size_t i = 0; i + 1 < cuts.size(); i += 2) {
    ranges.push_back({FromNanos(cuts[i]), FromNanos(cuts[i + 1])});
  }
  return ranges;
}

TEST(ParquetTickReader, RangesGiveExactlyTheRowsInside) {
  for (uint32_t seed = 0; seed < 40; ++seed) {
    TickBatch all = ToBatch(RandomPoints(40'000, seed));
    std::mt19937 random(seed);
    if (seed % 2 == 1) std::shuffle(all.time_ns.begin(), all.time_ns.end(), random);
    const std::string bytes = WriteTicks(all, {.row_group_rows = 15'000});
    const std::vector<UtcRange> ranges = RandomRanges(all, seed);
    ASSERT_OK_AND_ASSIGN(
        const TickBatch read,
        ReadTicks(bytes,
                  {.ranges = ranges, .batch_rows = 1 + static_cast<int64_t>(random() % 20'000)}));
    ASSERT_THAT(read, SameTicks(RowsInside(all, ranges))) << "seed " << seed;
  }
}

TEST(ParquetTickReader, RangeEndsAreHalfOpenAndNothingMatchesOutside) {
  TickBatch all;
  all.time_ns = {1'000'000, 2'000'000, 3'000'000};
  all.bid.assign(3, 1);
  all.ask.assign(3, 2);
  const std::string bytes = WriteTicks(all);
  ASSERT_OK_AND_ASSIGN(
      const TickBatch one,
      ReadTicks(bytes, {.ranges = {{FromNanos(1'000'001), FromNanos(3'000'000)}}}));
  EXPECT_EQ(one.time_ns, std::vector<int64_t>{2'000'000});
  ASSERT_OK_AND_ASSIGN(
      const TickBatch none,
      ReadTicks(bytes, {.ranges = {{FromNanos(3'000'001), FromNanos(9'000'000)}}}));
  EXPECT_TRUE(none.empty());
}

TEST(ParquetTickReader, NarrowRangesReadFewPages) {
  const TickBatch all = ToBatch(RandomPoints(500'000, 1));
  const std::string bytes = WriteTicks(all, {.row_group_rows = 250'000});
  int64_t bytes_read = 0;
  const UtcRange middle = {FromNanos(all.time_ns[123'456]), FromNanos(all.time_ns[123'999])};
  ASSERT_OK_AND_ASSIGN(
      auto reader,
      OpenParquetTicks(std::make_unique<BytesFile>(bytes, &bytes_read), {.ranges = {middle}}));
  ASSERT_OK_AND_ASSIGN(const TickBatch read, ReadAll(*reader));
  EXPECT_THAT(read, SameTicks(RowsInside(all, {middle})));
  // The tail with the footer, the page index, a dictionary and two pages a column at most.
  EXPECT_LT(bytes_read, static_cast<int64_t>(bytes.size()) / 8);
}

TEST(ParquetTickReader, RowGroupsCanBeReadApart) {
  const TickBatch all = ToBatch(RandomPoints(10'000, 2));
  const std::string bytes = WriteTicks(all, {.row_group_rows = 3'000});
  TickBatch joined;
  for (int group = 0; group < 4; ++group) {
    ASSERT_OK_AND_ASSIGN(const TickBatch part,
                         ReadTicks(bytes, {.row_group_begin = group, .row_group_end = group + 1}));
    EXPECT_EQ(part.size(), group < 3 ? 3'000U : 1'000U);
    joined.AppendRows(part, 0, part.size());
  }
  EXPECT_THAT(joined, SameTicks(all));
  ASSERT_OK_AND_ASSIGN(const TickBatch none, ReadTicks(bytes, {.row_group_begin = 4}));
  EXPECT_TRUE(none.empty());
}

TEST(ParquetTickReader, ChosenRowsAreTheOnlyOnesHandedOut) {
  for (uint32_t seed = 0; seed < 30; ++seed) {
    PointTicks points = RandomPoints(60'000, seed);
    std::mt19937 random(seed);
    TickBatch all = ToBatch(points);
    for (std::size_t i = 0; i < all.size(); ++i) {
      all.bid_volume.push_back(static_cast<double>(random() % 1000) / 4);
      all.ask_volume.push_back(static_cast<double>(random() % 1000) / 4);
    }
    if (seed % 3 == 1) {
      for (std::size_t i = 0; i < all.size(); i += 100) all.bid[i] = std::nan("");
    }
    const std::string bytes =
        WriteTicks(all, {.volumes = {.both_sides = true}, .row_group_rows = 25'000});
    const uint32_t every = seed % 2 == 0 ? 3 : 500;
    const std::vector<UtcRange> ranges =
        seed % 4 < 2 ? std::vector<UtcRange>() : RandomRanges(all, seed);
    TickBatch expected;
    const TickBatch inside = ranges.empty() ? all : RowsInside(all, ranges);
    const auto wanted = [&](int64_t time_ns) { return time_ns / 1000 % every == 0; };
    for (std::size_t i = 0; i < inside.size(); ++i) {
      if (wanted(inside.time_ns[i])) expected.AppendRows(inside, i, i + 1);
    }
    ParquetReadOptions options = {.ranges = ranges, .with_volumes = true, .batch_rows = 7'777};
    options.choose = [&](std::span<const int64_t> times, std::vector<uint32_t>* rows) {
      for (uint32_t i = 0; i < times.size(); ++i) {
        if (wanted(times[i])) rows->push_back(i);
      }
    };
    ASSERT_OK_AND_ASSIGN(const TickBatch read, ReadTicks(bytes, options));
    ASSERT_THAT(read, SameTicks(expected)) << "seed " << seed;
  }
}

TEST(SelectiveTickReader, PicksPricesByPosition) {
  const TickBatch all = ToBatch(RandomPoints(50'000, 3));
  ASSERT_OK_AND_ASSIGN(
      const auto file,
      ParquetTickFile::Open(OpenBytes(WriteTicks(all, {.row_group_rows = 20'000}))));
  EXPECT_EQ(file->row_groups(), 3U);
  EXPECT_EQ(file->rows(2), 10'000);
  int64_t min = 0;
  int64_t max = 0;
  ASSERT_TRUE(file->TimeBounds(1, &min, &max));
  EXPECT_EQ(min, all.time_ns[20'000]);
  EXPECT_EQ(max, all.time_ns[39'999]);
  SelectiveTickReader reader(file, {.span_rows = 9'000});
  std::vector<int64_t> times;
  std::vector<double> bid;
  std::vector<double> ask;
  std::size_t row = 0;
  std::mt19937 random(4);
  while (true) {
    ASSERT_OK_AND_ASSIGN(const bool more, reader.NextTimes(&times));
    if (!more) break;
    std::vector<uint32_t> picked;
    const auto step = static_cast<uint32_t>(1 + random() % 400);
    for (auto i = static_cast<uint32_t>(random() % 5); i < times.size(); i += step)
      picked.push_back(i);
    ASSERT_OK(reader.FetchPrices(picked, &bid, &ask));
    ASSERT_EQ(bid.size(), picked.size());
    for (std::size_t i = 0; i < picked.size(); ++i) {
      ASSERT_EQ(times[picked[i]], all.time_ns[row + picked[i]]);
      ASSERT_EQ(bid[i], all.bid[row + picked[i]]);
      ASSERT_EQ(ask[i], all.ask[row + picked[i]]);
    }
    row += times.size();
  }
  EXPECT_EQ(row, all.size());
}

TEST(ParquetTickInfo, TellsWhatTheFooterKnows) {
  TickBatch all = ToBatch(RandomPoints(2'500, 5));
  all.volume.assign(all.size(), 1);
  all.bid[7] = -3;
  const std::string bytes = WriteTicks(all, {.volumes = {.single = true}, .row_group_rows = 1'000});
  ASSERT_OK_AND_ASSIGN(const ParquetTickInfo info, ReadParquetTickInfo(BytesFile(bytes)));
  EXPECT_EQ(info.rows, 2'500);
  EXPECT_EQ(info.bytes, static_cast<int64_t>(bytes.size()));
  EXPECT_EQ(info.min_time_ns, all.time_ns.front());
  EXPECT_EQ(info.max_time_ns, all.time_ns.back());
  EXPECT_EQ(info.min_bid, -3);
  EXPECT_EQ(info.min_ask, *std::min_element(all.ask.begin(), all.ask.end()));
  EXPECT_EQ(info.date_time.nulls, 0);
  EXPECT_TRUE(info.volumes.single);
  EXPECT_FALSE(info.volumes.both_sides);
  ASSERT_EQ(info.row_groups.size(), 3U);
  EXPECT_EQ(info.row_groups[2].rows, 500);
  EXPECT_EQ(info.row_groups[2].min_time_ns, all.time_ns[2'000]);
  EXPECT_THAT(info.created_by, ::testing::StartsWith("tickhouse"));
}

TEST(ParquetDamage, WhatIsNoParquetIsCorruptWithTheReason) {
  EXPECT_THAT(ReadParquetTickInfo(BytesFile("")), IsError(ErrorKind::kCorrupt));
  EXPECT_THAT(ReadParquetTickInfo(BytesFile("")), HasErrorMessage("empty"));
  EXPECT_THAT(ReadParquetTickInfo(BytesFile("PAR1")), IsError(ErrorKind::kCorrupt));
  const std::string csv = "DateTime,Bid,Ask,Volume\n20210104 05:50:00.252,1.22531,1.22534,3.37\n";
  EXPECT_THAT(ReadParquetTickInfo(BytesFile(csv)), IsError(ErrorKind::kCorrupt));
  EXPECT_THAT(ReadParquetTickInfo(BytesFile(csv)), HasErrorMessage("test.parquet"));
  EXPECT_THAT(ReadParquetTickInfo(BytesFile(std::string(100, '\0'))), IsError(ErrorKind::kCorrupt));
  EXPECT_THAT(ReadParquetTickInfo(BytesFile("PAR1" + std::string(20, 'x') + "PARE")),
              IsError(ErrorKind::kUnsupported));
}

TEST(ParquetDamage, EveryTruncationIsRefused) {
  const std::string bytes = WriteTicks(ToBatch(RandomPoints(3'000, 6)), {.row_group_rows = 1'000});
  for (std::size_t size = 0; size < bytes.size(); size += size < 100 ? 1 : 37) {
    ASSERT_THAT(ReadParquetTickInfo(BytesFile(bytes.substr(0, size))), IsError(ErrorKind::kCorrupt))
        << size;
  }
}

// Reads everything three ways; true when all of it was refused or came back as `expected`.
bool RefusedOrEqual(const std::string& bytes, const TickBatch& expected, bool* refused) {
  const auto read = ReadTicks(bytes, {.with_volumes = true, .verify_checksums = true});
  const UtcRange some = {FromNanos(expected.time_ns[10]), FromNanos(expected.time_ns[500])};
  std::ignore = ReadTicks(bytes, {.ranges = {some}});
  ParquetReadOptions options;
  options.choose = [](std::span<const int64_t> times, std::vector<uint32_t>* rows) {
    for (uint32_t i = 0; i < times.size(); i += 50) rows->push_back(i);
  };
  std::ignore = ReadTicks(bytes, options);
  *refused = !read;
  return !read || (read->time_ns == expected.time_ns && SameBits(read->bid, expected.bid) &&
                   SameBits(read->ask, expected.ask));
}

TEST(ParquetDamage, EveryBitFlippedInAPageIsFoundByItsChecksum) {
  const TickBatch all = ToBatch(RandomPoints(3'000, 7));
  const std::string bytes = WriteTicks(all);
  uint32_t footer_bytes = 0;
  std::memcpy(&footer_bytes, bytes.data() + bytes.size() - 8, 4);
  const std::size_t pages_end = bytes.size() - 8 - footer_bytes;
  std::mt19937 random(8);
  int found = 0;
  for (int round = 0; round < 600; ++round) {
    std::string damaged = bytes;
    const std::size_t at = 4 + random() % (pages_end - 4);
    damaged[at] = static_cast<char>(damaged[at] ^ (1 << random() % 8));
    bool refused = false;
    // The page index lies in here as well; it is not read when all rows are wanted.
    ASSERT_TRUE(RefusedOrEqual(damaged, all, &refused)) << "byte " << at;
    found += refused ? 1 : 0;
  }
  EXPECT_GT(found, 450);
}

TEST(ParquetDamage, AnyDamageAnywhereIsSurvived) {
  const TickBatch all = ToBatch(RandomPoints(2'000, 9));
  const std::string bytes = WriteTicks(all, {.row_group_rows = 900});
  std::mt19937 random(10);
  for (int round = 0; round < 1'000; ++round) {
    std::string damaged = bytes;
    const int flips = 1 + static_cast<int>(random() % 4);
    for (int i = 0; i < flips; ++i) {
      // Mostly in the footer and the page index, where lies do the most harm.
      const std::size_t reach =
          random() % 3 == 0 ? damaged.size() : std::min<std::size_t>(damaged.size(), 2'500);
      const std::size_t at = damaged.size() - 1 - random() % reach;
      damaged[at] =
          static_cast<char>(random() % 2 == 0 ? random() : damaged[at] ^ (1 << random() % 8));
    }
    std::ignore = ReadParquetTickInfo(BytesFile(damaged));
    bool refused = false;
    RefusedOrEqual(damaged, all, &refused);
  }
}

TEST(ParquetDamage, AnErrorStaysAndNamesFileRowGroupAndColumn) {
  const std::string whole =
      WriteTicks(ToBatch(RandomPoints(30'000, 11)), {.row_group_rows = 10'000});
  std::string damaged = whole;
  damaged[whole.size() / 2] = static_cast<char>(damaged[whole.size() / 2] ^ 0x40);
  ASSERT_OK_AND_ASSIGN(auto reader,
                       OpenParquetTicks(OpenBytes(damaged), {.verify_checksums = true}));
  TickBatch batch;
  Result<bool> more = true;
  while (more && *more) more = reader->Next(&batch);
  ASSERT_THAT(more, IsError(ErrorKind::kCorrupt));
  EXPECT_THAT(more, HasErrorMessage("test.parquet: row group 1, column "));
  const std::string first = more.error().message;
  more = reader->Next(&batch);
  ASSERT_FALSE(more.has_value());
  EXPECT_EQ(more.error().message, first);
  EXPECT_TRUE(batch.empty());
}

/// Fails the nth read.
class FailingFile : public BytesFile {
 public:
  FailingFile(std::string bytes, int good_reads) : BytesFile(std::move(bytes)), left_(good_reads) {}
  Status ReadAt(int64_t offset, std::span<std::byte> out) const override {
    if (left_-- <= 0) return Fail(ErrorKind::kIo, "test.parquet: the disk is gone");
    return BytesFile::ReadAt(offset, out);
  }

 private:
  mutable int left_;
};

TEST(ParquetDamage, FailuresOfTheDeviceComeThroughAsTheyAre) {
  const std::string bytes = WriteTicks(ToBatch(RandomPoints(200'000, 12)));
  int succeeded = 0;
  for (int good = 0; good < 40; ++good) {
    auto reader = OpenParquetTicks(std::make_unique<FailingFile>(bytes, good), {});
    if (!reader) {
      EXPECT_THAT(reader, IsError(ErrorKind::kIo));
      continue;
    }
    const auto all = ReadAll(**reader);
    if (all) {
      ++succeeded;
    } else {
      EXPECT_THAT(all, IsError(ErrorKind::kIo));
    }
  }
  EXPECT_GT(succeeded, 0);
}

}  // namespace
}  // namespace io
}  // namespace tickhouse
