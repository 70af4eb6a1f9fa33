#include "tickhouse/synth/quant_data_manager_writer.h"

#include "tickhouse/core/testing.h"
#include "tickhouse/io/fs/faulty_file_system.h"
#include "tickhouse/io/fs/memory_file_system.h"

namespace tickhouse::synth {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

Zone ZoneOf(std::string_view text) {
  const Result<Zone> zone = Zone::Parse(text);
  EXPECT_THAT(zone, IsOk());
  return zone ? *zone : Zone();
}

int64_t At(std::string_view text) {
  const Result<UtcTime> time = ParseUtc(text);
  EXPECT_THAT(time, IsOk());
  return time ? ToNanos(*time) : 0;
}

void Add(TickBatch* ticks, std::string_view time, double bid, double ask) {
  ticks->time_ns.push_back(At(time));
  ticks->bid.push_back(bid);
  ticks->ask.push_back(ask);
  ticks->bid_volume.push_back(1'120'000);
  ticks->ask_volume.push_back(2'250'000);
}

class QuantDataManager : public ::testing::Test {
 protected:
  std::string Written(const std::string& path) {
    const Result<std::string> text = fs_->ReadWhole(path);
    EXPECT_THAT(text, IsOk());
    return text ? *text : "";
  }
  std::vector<std::string> WriteAll(const TickBatch& ticks) {
    auto writer = QuantDataManagerWriter::Make(*fs_, "out", options_);
    EXPECT_OK(writer->Write(ticks));
    EXPECT_OK(writer->Close());
    return writer->outputs();
  }

  std::unique_ptr<io::FileSystem> fs_ = io::MakeMemoryFileSystem();
  QuantDataManagerOptions options_{.symbol = "EURUSD",
                                   .decimals = 5,
                                   .zone = ZoneOf("UTC+2"),
                                   .export_day = {20'457},  // 2026-01-04
                                   .split_by_day = false,
                                   .max_bytes = 0};
};

TEST_F(QuantDataManager, WritesWhatTheProgramOfThatNameExports) {
  TickBatch ticks;
  Add(&ticks, "2021-01-04T03:50:00.252", 1.22531, 1.22534);
  Add(&ticks, "2021-01-04T22:00:00.007", 0.99999, 1.2);
  const auto outputs = WriteAll(ticks);
  ASSERT_THAT(
      outputs,
      ElementsAre("out/EURUSD/2026.1.4EURUSD_dukascopy_TICK_UTCPlus02-TICK-No Session.csv"));
  EXPECT_EQ(Written(outputs[0]),
            "DateTime,Bid,Ask,Volume\n"
            "20210104 05:50:00.252,1.22531,1.22534,3.37\n"
            "20210105 00:00:00.007,0.99999,1.20000,3.37\n");
}

TEST_F(QuantDataManager, WritesAnyDecimals) {
  const struct {
    int decimals;
    double price;
    const char* text;
  } cases[] = {{3, 130.007, "130.007"}, {1, 42000.5, "42000.5"},   {0, 7, "7"},
               {5, 0.00001, "0.00001"}, {5, 0, "0.00000"},         {2, 100, "100.00"},
               {3, -37.63, "-37.630"},  {6, 4.810101, "4.810101"}, {5, 12345.6789, "12345.67890"}};
  for (const auto& c : cases) {
    options_.decimals = c.decimals;
    TickBatch ticks;
    Add(&ticks, "2021-01-04T03:50", c.price, c.price);
    const std::string text = Written(WriteAll(ticks).at(0));
    EXPECT_THAT(text, ::testing::HasSubstr(std::string(",") + c.text + "," + c.text + ",3.37\n"));
  }
}

TEST_F(QuantDataManager, FollowsDaylightSavingOfANamedZone) {
  options_.zone = ZoneOf("America/New_York");
  TickBatch ticks;
  Add(&ticks, "2024-03-10T06:59:59.999", 1, 2);
  Add(&ticks, "2024-03-10T07:00:00", 1, 2);
  const auto outputs = WriteAll(ticks);
  EXPECT_THAT(outputs[0], ::testing::HasSubstr("TICK_America-New_York-TICK"));
  EXPECT_EQ(Written(outputs[0]),
            "DateTime,Bid,Ask,Volume\n"
            "20240310 01:59:59.999,1.00000,2.00000,3.37\n"
            "20240310 03:00:00.000,1.00000,2.00000,3.37\n");
}

TEST_F(QuantDataManager, SplitsByLocalDay) {
  options_.split_by_day = true;
  TickBatch ticks;
  Add(&ticks, "2021-01-04T21:59:59.999", 1, 2);
  Add(&ticks, "2021-01-04T22:00:00", 1, 2);
  Add(&ticks, "2021-01-07T12:00:00", 1, 2);
  EXPECT_THAT(
      WriteAll(ticks),
      ElementsAre("out/EURUSD/2021.1.4EURUSD_dukascopy_TICK_UTCPlus02-TICK-No Session.csv",
                  "out/EURUSD/2021.1.5EURUSD_dukascopy_TICK_UTCPlus02-TICK-No Session.csv",
                  "out/EURUSD/2021.1.7EURUSD_dukascopy_TICK_UTCPlus02-TICK-No Session.csv"));
}

TEST_F(QuantDataManager, SplitsBySizeBetweenRows) {
  options_.max_bytes = 120;  // The header and two rows.
  TickBatch ticks;
  for (int i = 0; i < 5; ++i) Add(&ticks, "2021-01-04T03:50", 1, 2);
  const auto outputs = WriteAll(ticks);
  ASSERT_EQ(outputs.size(), 3u);
  EXPECT_THAT(outputs[1], ::testing::EndsWith("No Session 001.csv"));
  std::size_t rows = 0;
  for (const std::string& path : outputs) {
    const std::string text = Written(path);
    EXPECT_LE(text.size(), 120u);
    EXPECT_TRUE(text.starts_with("DateTime,Bid,Ask,Volume\n"));
    rows += static_cast<std::size_t>(std::count(text.begin(), text.end(), '\n')) - 1;
  }
  EXPECT_EQ(rows, 5u);
}

TEST_F(QuantDataManager, WritesRowsLongerThanTheLimitOneByOne) {
  options_.max_bytes = 1;
  TickBatch ticks;
  for (int i = 0; i < 3; ++i) Add(&ticks, "2021-01-04T03:50", 1, 2);
  EXPECT_EQ(WriteAll(ticks).size(), 3u);
}

TEST_F(QuantDataManager, LeavesAHeaderWhereThereAreNoTicks) {
  EXPECT_EQ(Written(WriteAll({}).at(0)), "DateTime,Bid,Ask,Volume\n");
}

TEST_F(QuantDataManager, WritesMoreThanItsBuffer) {
  TickBatch ticks;
  for (int i = 0; i < 60'000; ++i) Add(&ticks, "2021-01-04T03:50:00.252", 1.22531, 1.22534);
  const std::string text = Written(WriteAll(ticks).at(0));
  ASSERT_EQ(text.size(), 24 + 60'000u * 43);
  for (std::size_t at = 24; at < text.size(); at += 43) {
    ASSERT_EQ(text.compare(at, 43, "20210104 05:50:00.252,1.22531,1.22534,3.37\n"), 0);
  }
}

TEST_F(QuantDataManager, LeavesNothingBehindWhenItFails) {
  for (const io::FsCall failing : {io::FsCall::kCreate, io::FsCall::kAppend, io::FsCall::kCommit}) {
    auto faulty = io::MakeFaultyFileSystem(
        fs_.get(), [&](io::FsCall call, const std::string&, int) -> std::optional<Error> {
          if (call == failing) return Error{ErrorKind::kNoSpace, "disk full"};
          return std::nullopt;
        });
    TickBatch ticks;
    Add(&ticks, "2021-01-04T03:50", 1, 2);
    {
      auto writer = QuantDataManagerWriter::Make(*faulty, "out", options_);
      const Status written = writer->Write(ticks);
      EXPECT_THAT(written ? writer->Close() : written, IsError(ErrorKind::kNoSpace));
      EXPECT_THAT(writer->outputs(), IsEmpty());
    }
    ASSERT_OK_AND_ASSIGN(const auto files, fs_->ListFiles(""));
    EXPECT_THAT(files, IsEmpty());
  }
}

TEST(ZoneInFileName, SaysFixedZonesAsTheProgramDoes) {
  EXPECT_EQ(ZoneInFileName(Zone()), "UTC");
  EXPECT_EQ(ZoneInFileName(ZoneOf("UTC+2")), "UTCPlus02");
  EXPECT_EQ(ZoneInFileName(ZoneOf("UTC-03:30")), "UTCMinus0330");
  for (const char* text : {"UTC+2", "UTC-11", "UTC+05:45"}) {
    EXPECT_EQ(ZoneOf(ZoneInFileName(ZoneOf(text))).name(), ZoneOf(text).name());
  }
}

}  // namespace
}  // namespace tickhouse::synth
