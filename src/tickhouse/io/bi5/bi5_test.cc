#include "tickhouse/io/bi5/bi5.h"

#include <lzma.h>

#include <cmath>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <limits>
#include <map>

#include "tickhouse/core/testing.h"

namespace tickhouse::io {
namespace {

std::span<const std::byte> Bytes(const std::string& text) {
  return std::as_bytes(std::span(text.data(), text.size()));
}

std::vector<Bi5Record> SomeRecords(std::size_t count) {
  std::vector<Bi5Record> records;
  uint32_t state = 12345;
  for (std::size_t i = 0; i < count; ++i) {
    state = state * 1'664'525 + 1'013'904'223;
    const uint32_t bid = 132'000 + state % 977;
    records.push_back({static_cast<uint32_t>(i * 3'599'999 / (count + 1)), bid + 12, bid,
                       static_cast<float>(state % 91) * 0.15f, 0.9f});
  }
  return records;
}

std::string StoredForm(std::span<const Bi5Record> records) {
  std::string out;
  const auto put = [&out](const void* field) {
    uint32_t word;
    std::memcpy(&word, field, 4);
    for (int shift = 24; shift >= 0; shift -= 8) out += static_cast<char>(word >> shift);
  };
  for (const Bi5Record& r : records) {
    put(&r.ms);
    put(&r.ask_points);
    put(&r.bid_points);
    put(&r.ask_volume);
    put(&r.bid_volume);
  }
  return out;
}

// LZMA-alone as other programs write it: size open in the header, an end marker in the stream.
std::string PackWithEndMarker(const std::string& plain, uint32_t dictionary = 1 << 16) {
  lzma_options_lzma options;
  EXPECT_FALSE(lzma_lzma_preset(&options, 1));
  options.dict_size = dictionary;
  lzma_stream stream = LZMA_STREAM_INIT;
  EXPECT_EQ(lzma_alone_encoder(&stream, &options), LZMA_OK);
  std::string out(plain.size() * 2 + 1024, '\0');
  stream.next_in = reinterpret_cast<const uint8_t*>(plain.data());
  stream.avail_in = plain.size();
  stream.next_out = reinterpret_cast<uint8_t*>(out.data());
  stream.avail_out = out.size();
  EXPECT_EQ(lzma_code(&stream, LZMA_FINISH), LZMA_STREAM_END);
  out.resize(out.size() - stream.avail_out);
  lzma_end(&stream);
  return out;
}

TEST(DecodeBi5, NoBytesAreAnHourWithoutTicks) {
  ASSERT_OK_AND_ASSIGN(const auto records, DecodeBi5({}));
  EXPECT_TRUE(records.empty());
  ASSERT_OK_AND_ASSIGN(const std::string packed, EncodeBi5({}));
  EXPECT_EQ(packed, "");
}

TEST(DecodeBi5, GivesBackWhatWasPacked) {
  for (const std::size_t count : {1u, 2u, 3u, 1000u, 40'000u}) {
    const auto records = SomeRecords(count);
    ASSERT_OK_AND_ASSIGN(const std::string packed, EncodeBi5(records));
    ASSERT_OK_AND_ASSIGN(const auto back, DecodeBi5(Bytes(packed)));
    EXPECT_EQ(back, records) << count;
  }
}

TEST(DecodeBi5, ReadsAStreamThatEndsByItsMarker) {
  const auto records = SomeRecords(20'000);
  const std::string packed = PackWithEndMarker(StoredForm(records));
  ASSERT_EQ(packed.substr(5, 8), std::string(8, '\xff'));
  ASSERT_OK_AND_ASSIGN(const auto back, DecodeBi5(Bytes(packed)));
  EXPECT_EQ(back, records);
}

TEST(DecodeBi5, ReadsAStreamWithBothSizeAndMarker) {
  const auto records = SomeRecords(500);
  std::string packed = PackWithEndMarker(StoredForm(records));
  const uint64_t size = records.size() * 20;
  std::memcpy(packed.data() + 5, &size, 8);
  ASSERT_OK_AND_ASSIGN(const auto back, DecodeBi5(Bytes(packed)));
  EXPECT_EQ(back, records);
}

TEST(DecodeBi5, GrowsForDataThatPacksVeryWell) {
  const std::vector<Bi5Record> same(300'000, Bi5Record{7, 100, 99, 1.5f, 1.5f});
  ASSERT_OK_AND_ASSIGN(const std::string packed, EncodeBi5(same));
  ASSERT_LT(packed.size() * 64, same.size() * 20);
  ASSERT_OK_AND_ASSIGN(const auto back, DecodeBi5(Bytes(packed)));
  EXPECT_EQ(back, same);
}

TEST(DecodeBi5, EveryCutIsCorrupt) {
  ASSERT_OK_AND_ASSIGN(const std::string packed, EncodeBi5(SomeRecords(60)));
  for (std::size_t size = 1; size < packed.size(); ++size) {
    EXPECT_THAT(DecodeBi5(Bytes(packed.substr(0, size))), IsError(ErrorKind::kCorrupt)) << size;
  }
}

TEST(DecodeBi5, ACutAfterTheLastRecordIsStillACut) {
  // The range coder's last bytes are not needed to read the records: they decode, the file is cut.
  ASSERT_OK_AND_ASSIGN(const std::string packed, EncodeBi5(SomeRecords(60)));
  const auto cut = DecodeBi5(Bytes(packed.substr(0, packed.size() - 1)));
  EXPECT_THAT(cut, IsError(ErrorKind::kCorrupt));
  EXPECT_THAT(cut, HasErrorMessage("cut at byte"));
}

TEST(DecodeBi5, ACutStreamOfOpenSizeNamesTheRecord) {
  const std::string packed = PackWithEndMarker(StoredForm(SomeRecords(2'000)));
  const auto cut = DecodeBi5(Bytes(packed.substr(0, packed.size() / 2)));
  EXPECT_THAT(cut, IsError(ErrorKind::kCorrupt));
  EXPECT_THAT(cut, HasErrorMessage("in record"));
}

TEST(DecodeBi5, TrailingBytesAreCorrupt) {
  ASSERT_OK_AND_ASSIGN(const std::string packed, EncodeBi5(SomeRecords(60)));
  const auto answer = DecodeBi5(Bytes(packed + "x"));
  EXPECT_THAT(answer, IsError(ErrorKind::kCorrupt));
  EXPECT_THAT(answer, HasErrorMessage("60 records is followed by 1 trailing"));
  EXPECT_THAT(DecodeBi5(Bytes(packed + packed)), IsError(ErrorKind::kCorrupt));
}

TEST(DecodeBi5, ALengthThatIsNoMultipleOfARecordIsCorrupt) {
  const std::string plain = StoredForm(SomeRecords(5)) + "abc";
  const auto answer = DecodeBi5(Bytes(PackWithEndMarker(plain)));
  EXPECT_THAT(answer, IsError(ErrorKind::kCorrupt));
  EXPECT_THAT(answer, HasErrorMessage("record 5 is cut: 3 of 20 bytes"));
}

TEST(DecodeBi5, TimesBeyondTheHourAndVolumesThatAreNoNumbersAreCorrupt) {
  auto records = SomeRecords(3);
  records[1].ms = 3'600'000;
  EXPECT_THAT(DecodeBi5(Bytes(PackWithEndMarker(StoredForm(records)))),
              HasErrorMessage("bi5 record 1: its time lies beyond the hour"));
  EXPECT_THAT(EncodeBi5(records), IsError(ErrorKind::kInvalidArgument));
  records = SomeRecords(3);
  records[2].bid_volume = std::numeric_limits<float>::quiet_NaN();
  EXPECT_THAT(DecodeBi5(Bytes(PackWithEndMarker(StoredForm(records)))),
              HasErrorMessage("bi5 record 2: a volume is no number"));
}

TEST(DecodeBi5, ForeignContentIsRefusedWithoutEatingMemory) {
  EXPECT_THAT(DecodeBi5(Bytes("<html><body>503 Service Unavailable</body></html>")),
              IsError(ErrorKind::kCorrupt));
  EXPECT_THAT(DecodeBi5(Bytes(std::string(4096, '\0'))), IsError(ErrorKind::kCorrupt));
  std::string huge = PackWithEndMarker(StoredForm(SomeRecords(5)));
  const uint64_t size = uint64_t{200} << 20;
  std::memcpy(huge.data() + 5, &size, 8);
  EXPECT_THAT(DecodeBi5(Bytes(huge)), IsError(ErrorKind::kCorrupt));
  std::string wide = PackWithEndMarker(StoredForm(SomeRecords(5)));
  const uint32_t dictionary = uint32_t{3} << 30;
  std::memcpy(wide.data() + 1, &dictionary, 4);
  EXPECT_THAT(DecodeBi5(Bytes(wide)), IsError(ErrorKind::kUnsupported));
}

TEST(DecodeBi5, FlippedBitsNeverCrashNorGiveMoreRecordsThanStated) {
  const auto records = SomeRecords(200);
  ASSERT_OK_AND_ASSIGN(const std::string packed, EncodeBi5(records));
  int refused = 0;
  for (std::size_t bit = 13 * 8; bit < packed.size() * 8; bit += 7) {
    std::string damaged = packed;
    damaged[bit / 8] = static_cast<char>(damaged[bit / 8] ^ (1 << (bit % 8)));
    const auto answer = DecodeBi5(Bytes(damaged));
    if (answer) {
      EXPECT_EQ(answer->size(), records.size());
    } else {
      ++refused;
    }
  }
  EXPECT_GT(refused, 0);
}

TEST(Bi5Decoder, IsCleanAfterAFailure) {
  const auto records = SomeRecords(900);
  ASSERT_OK_AND_ASSIGN(const std::string packed, EncodeBi5(records));
  Bi5Decoder decoder;
  for (int round = 0; round < 3; ++round) {
    EXPECT_THAT(decoder.Decode(Bytes(packed.substr(0, 99))), IsError(ErrorKind::kCorrupt));
    ASSERT_OK_AND_ASSIGN(const auto span, decoder.Decode(Bytes(packed)));
    EXPECT_TRUE(std::equal(span.begin(), span.end(), records.begin(), records.end()));
    ASSERT_OK_AND_ASSIGN(const auto none, decoder.Decode({}));
    EXPECT_TRUE(none.empty());
  }
}

TEST(Bi5Volume, WholeUnitsComeBackWhole) {
  EXPECT_EQ(Bi5VolumeToUnits(0.9f), 900'000);
  EXPECT_EQ(Bi5VolumeToUnits(1.8f), 1'800'000);
  EXPECT_EQ(Bi5VolumeToUnits(0.12f), 120'000);
  EXPECT_EQ(Bi5VolumeToUnits(0.0f), 0);
  for (int units = 1; units < 16'000'000; units += 9'973) {
    EXPECT_EQ(Bi5VolumeToUnits(UnitsToBi5Volume(units)), units);
  }
}

TEST(Bi5Volume, EveryFloatSurvivesTheWayThere) {
  for (const float millions : {1.5e-7f, 3.3333333e-6f, 0.1234567f, 14.49f, 250.0f, 16'777.216f}) {
    EXPECT_EQ(static_cast<float>(Bi5VolumeToUnits(millions) / 1e6), millions) << millions;
  }
}

TEST(Bi5Volume, HalfUnitsRoundToEven) {
  EXPECT_EQ(UnitsToBi5Volume(2.5), static_cast<float>(2 / 1e6));
  EXPECT_EQ(UnitsToBi5Volume(3.5), static_cast<float>(4 / 1e6));
}

TEST(AppendBi5Ticks, ScalesPricesTimesAndVolumes) {
  TickBatch batch;
  const Bi5Record record{1'500, 132'745, 132'733, 0.9f, 1.8f};
  AppendBi5Ticks(std::span(&record, 1), kNanosPerHour, 3, true, &batch);
  EXPECT_EQ(batch.time_ns, std::vector<int64_t>{kNanosPerHour + 1'500 * kNanosPerMilli});
  EXPECT_EQ(batch.ask, std::vector<double>{132.745});
  EXPECT_EQ(batch.bid, std::vector<double>{132.733});
  EXPECT_EQ(batch.ask_volume, std::vector<double>{900'000});
  EXPECT_EQ(batch.bid_volume, std::vector<double>{1'800'000});
  AppendBi5Ticks(std::span(&record, 1), 0, 3, true, &batch);
  EXPECT_EQ(batch.size(), 2u);
}

TEST(Bi5Path, CountsMonthsFromZero) {
  ASSERT_OK_AND_ASSIGN(const Bi5Path path, ParseBi5Path("raw/GBPJPY/2012/11/01/05h_ticks.bi5"));
  EXPECT_EQ(path.symbol, "GBPJPY");
  EXPECT_EQ(path.hour_ns, int64_t{1'354'338'000} * kNanosPerSecond);  // 2012-12-01T05
  EXPECT_EQ(MakeBi5Path("GBPJPY", path.hour_ns), "GBPJPY/2012/11/01/05h_ticks.bi5");
}

TEST(Bi5Path, GoesThereAndBackOverMonthsYearsAndBefore1970) {
  for (int64_t hour = -20'000; hour < 500'000; hour += 731) {
    const std::string text = MakeBi5Path("EURUSD", hour * kNanosPerHour);
    ASSERT_OK_AND_ASSIGN(const Bi5Path path, ParseBi5Path(text));
    EXPECT_EQ(path.hour_ns, hour * kNanosPerHour) << text;
  }
}

TEST(Bi5Path, KnowsTheLengthOfTheMonthMeant) {
  EXPECT_OK(ParseBi5Path("X/2024/01/29/00h_ticks.bi5"));  // 29 February 2024
  EXPECT_THAT(ParseBi5Path("X/2023/01/29/00h_ticks.bi5"), IsError(ErrorKind::kInvalidArgument));
  EXPECT_OK(ParseBi5Path("X/2024/00/31/00h_ticks.bi5"));
  EXPECT_THAT(ParseBi5Path("X/2024/12/01/00h_ticks.bi5"), IsError(ErrorKind::kInvalidArgument));
}

TEST(Bi5Path, RefusesOtherForms) {
  for (const char* path :
       {"", "00h_ticks.bi5", "2012/11/01/00h_ticks.bi5", "X/2012/11/01/24h_ticks.bi5",
        "X/2012/11/01/0h_ticks.bi5", "X/2012/11/1/00h_ticks.bi5", "X/2012/11/00/00h_ticks.bi5",
        "X/2012/11/01/00h_ticks.bi5.part", "X/-201/11/01/00h_ticks.bi5"}) {
    EXPECT_THAT(ParseBi5Path(path), IsError(ErrorKind::kInvalidArgument)) << path;
  }
}

// The lines were made by an independent decoder; see tests/golden/test_bi5_real.py.
TEST(Bi5RealData, All504HoursEqualTheIndependentDecoderInEveryField) {
  const std::filesystem::path root = "../shared/data/dukascopy/bi5";
  if (!std::filesystem::exists(root)) GTEST_SKIP() << "no shared data beside the checkout";
  std::ifstream golden("tests/golden/bi5_real.txt");
  std::map<std::string, std::size_t> ticks;
  std::string file;
  std::size_t expected_ticks = 0;
  std::string expected_crc;
  int files = 0;
  Bi5Decoder decoder;
  while (golden >> file >> expected_ticks >> expected_crc) {
    std::ifstream in(root / file, std::ios::binary);
    const std::string bytes((std::istreambuf_iterator<char>(in)), std::istreambuf_iterator<char>());
    ASSERT_OK_AND_ASSIGN(const auto records, decoder.Decode(Bytes(bytes)));
    EXPECT_EQ(records.size(), expected_ticks) << file;
    const std::string stored = StoredForm(records);
    const uint32_t crc =
        lzma_crc32(reinterpret_cast<const uint8_t*>(stored.data()), stored.size(), 0);
    EXPECT_EQ(crc, std::stoul(expected_crc, nullptr, 16)) << file;
    ticks[file.substr(0, 6)] += records.size();
    if (++files % 20 != 0) continue;
    ASSERT_OK_AND_ASSIGN(const std::string packed, EncodeBi5(records));
    ASSERT_OK_AND_ASSIGN(const auto back, DecodeBi5(Bytes(packed)));
    EXPECT_TRUE(std::equal(back.begin(), back.end(), records.begin(), records.end())) << file;
  }
  EXPECT_EQ(files, 504);
  EXPECT_EQ(ticks["GBPJPY"], 887'259u);
  EXPECT_EQ(ticks["EURUSD"], 136'741u);
}

}  // namespace
}  // namespace tickhouse::io
