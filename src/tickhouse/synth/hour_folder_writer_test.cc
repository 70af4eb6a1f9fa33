#include "tickhouse/synth/hour_folder_writer.h"

#include "tickhouse/core/testing.h"
#include "tickhouse/io/bi5/bi5.h"
#include "tickhouse/io/dukascopy/dukascopy_hour.h"
#include "tickhouse/io/fs/memory_file_system.h"
#include "tickhouse/synth/tick_generator.h"

namespace tickhouse::synth {
namespace {

class HourFolder : public ::testing::TestWithParam<HourForm> {
 protected:
  void Generate(std::string_view symbol, std::string_view begin, int days, int64_t rows) {
    ASSERT_OK_AND_ASSIGN(options_.instrument, FindInstrument(symbol));
    ASSERT_OK_AND_ASSIGN(options_.begin, ParseUtc(begin));
    options_.days = days;
    options_.rows = rows;
    ASSERT_OK_AND_ASSIGN(const auto generator, TickGenerator::Make(options_));
    ASSERT_OK_AND_ASSIGN(ticks_, ReadAll(*generator));
  }
  void Write() {
    const UtcRange range{options_.begin, options_.begin + std::chrono::days(options_.days)};
    auto writer = HourFolderWriter::Make(*fs_, "raw", GetParam(), options_.instrument, range);
    ASSERT_OK(writer->Write(ticks_));
    ASSERT_OK(writer->Close());
    outputs_ = writer->outputs();
  }
  // Every file read back with the decoders of io.
  Result<TickBatch> ReadBack() {
    TickBatch all;
    for (const std::string& path : outputs_) {
      TICKHOUSE_ASSIGN(const std::string bytes, fs_->ReadWhole(path));
      TickBatch hour;
      if (GetParam() == HourForm::kBi5) {
        TICKHOUSE_ASSIGN(const auto records, io::DecodeBi5(std::as_bytes(std::span(bytes))));
        TICKHOUSE_ASSIGN(const io::Bi5Path facts, io::ParseBi5Path(path));
        io::AppendBi5Ticks(records, facts.hour_ns, options_.instrument.decimals, true, &hour);
      } else {
        TICKHOUSE_ASSIGN(const auto parsed, io::ParseDukascopyHour(bytes));
        io::AppendDukascopyTicks(parsed, true, &hour);
      }
      if (!hour.empty()) all.AppendRows(hour, 0, hour.size());
    }
    return all;
  }

  GeneratorOptions options_;
  TickBatch ticks_;
  std::vector<std::string> outputs_;
  std::unique_ptr<io::FileSystem> fs_ = io::MakeMemoryFileSystem();
};

TEST_P(HourFolder, IsReadBackWhole) {
  for (const char* symbol : {"EURUSD", "GBPJPY", "BTCUSD"}) {
    Generate(symbol, "2024-01-18", 4, 20'000);
    Write();
    ASSERT_OK_AND_ASSIGN(const TickBatch back, ReadBack());
    EXPECT_EQ(back.time_ns, ticks_.time_ns) << symbol;
    EXPECT_EQ(back.bid, ticks_.bid) << symbol;
    EXPECT_EQ(back.ask, ticks_.ask) << symbol;
    EXPECT_EQ(back.bid_volume, ticks_.bid_volume) << symbol;
    EXPECT_EQ(back.ask_volume, ticks_.ask_volume) << symbol;
  }
}

TEST_P(HourFolder, HasAFileForEveryOpenHourOnly) {
  Generate("EURUSD", "2024-01-19", 3, 10);  // Friday to Sunday
  Write();
  EXPECT_EQ(outputs_.size(), 22u + 2u);
  ASSERT_OK_AND_ASSIGN(const TickBatch back, ReadBack());
  EXPECT_EQ(back.size(), 10u);
}

INSTANTIATE_TEST_SUITE_P(Forms, HourFolder, ::testing::Values(HourForm::kBi5, HourForm::kJson),
                         [](const auto& form) {
                           return form.param == HourForm::kBi5 ? "Bi5" : "Json";
                         });

TEST(HourFolderPaths, AreThoseOfTheFeed) {
  const auto fs = io::MakeMemoryFileSystem();
  ASSERT_OK_AND_ASSIGN(const Instrument euro, FindInstrument("EURUSD"));
  ASSERT_OK_AND_ASSIGN(const UtcTime begin, ParseUtc("2024-01-15T08:00"));
  const UtcRange hour{begin, begin + std::chrono::hours(1)};
  auto writer = HourFolderWriter::Make(*fs, "raw", HourForm::kBi5, euro, hour);
  ASSERT_OK(writer->Close());
  EXPECT_THAT(writer->outputs(), ::testing::ElementsAre("raw/EURUSD/2024/00/15/08h_ticks.bi5"));
  ASSERT_OK_AND_ASSIGN(const std::string bytes, fs->ReadWhole(writer->outputs()[0]));
  EXPECT_EQ(bytes, "") << "an hour without ticks is an empty file";
}

}  // namespace
}  // namespace tickhouse::synth
