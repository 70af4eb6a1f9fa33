#include "tickhouse/io/csv/csv_writer.h"

#include <limits>
#include <string>

#include "tickhouse/core/random.h"
#include "tickhouse/core/testing.h"
#include "tickhouse/core/time.h"
#include "tickhouse/io/csv/csv_tick_parser.h"

namespace tickhouse::io {
namespace {

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();

int64_t At(std::string_view text) {
  return ToNanos(ParseUtc(text).value());
}

std::string Rows(const TickBatch& ticks, const CsvWriteOptions& options) {
  std::string text = "x";
  AppendCsvRows(ticks, options, &text);
  return text.substr(1);
}

TickBatch OneTick(double bid, double ask, double volume) {
  TickBatch ticks;
  ticks.time_ns = {At("2021-01-04T05:50:00.252")};
  ticks.bid = {bid};
  ticks.ask = {ask};
  ticks.volume = {volume};
  return ticks;
}

TEST(CsvWriter, WritesRowsAsQuantDataManagerDoes) {
  const TickBatch ticks = OneTick(1.22531, 1.2, 3.37);
  EXPECT_EQ(Rows(ticks, {}), "20210104 05:50:00.252,1.22531,1.20000,3.37\n");
  EXPECT_EQ(Rows(ticks, {.decimals = 2, .with_volume = false}),
            "20210104 05:50:00.252,1.23,1.20\n");
  EXPECT_EQ(Rows(ticks, {.decimals = 0, .zone = Zone::Parse("UTC+2").value()}),
            "20210104 07:50:00.252,1,1,3.37\n");
  EXPECT_EQ(CsvHeader(true), "DateTime,Bid,Ask,Volume\n");
  EXPECT_EQ(CsvHeader(false), "DateTime,Bid,Ask\n");
}

TEST(CsvWriter, WritesStrangeNumbersWhole) {
  EXPECT_EQ(Rows(OneTick(kNan, -0.5, 4), {.decimals = 1}), "20210104 05:50:00.252,,-0.5,4\n");
  EXPECT_EQ(Rows(OneTick(-0.0, -0.00001, 0), {.decimals = 1}), "20210104 05:50:00.252,0.0,0.0,0\n");
  EXPECT_EQ(Rows(OneTick(1e22, 0.1, kNan), {.decimals = 1}),
            "20210104 05:50:00.252,10000000000000000000000.0,0.1,\n");
  EXPECT_EQ(Rows(OneTick(1, 1, 0.123), {.decimals = 0}), "20210104 05:50:00.252,1,1,0.123\n");
  EXPECT_EQ(Rows(OneTick(1, 1, 1e15), {.decimals = 0}),
            "20210104 05:50:00.252,1,1,1000000000000000\n");
  EXPECT_EQ(Rows(OneTick(1, 1, 1.5e6), {.decimals = 0}), "20210104 05:50:00.252,1,1,1500000\n");
}

TEST(CsvWriter, WritesTimesBefore1970AndThroughChangesOfTheClock) {
  TickBatch ticks;
  ticks.time_ns = {At("1969-12-31T23:59:59.999"), At("2024-11-03T05:59:59"),
                   At("2024-11-03T06:00:00"), At("2024-03-10T07:00:00") + 999'999};
  ticks.bid = ticks.ask = {1, 1, 1, 1};
  EXPECT_EQ(Rows(ticks, {.decimals = 0, .with_volume = false}),
            "19691231 23:59:59.999,1,1\n20241103 05:59:59.000,1,1\n"
            "20241103 06:00:00.000,1,1\n20240310 07:00:00.000,1,1\n");
  EXPECT_EQ(
      Rows(ticks,
           {.decimals = 0, .zone = Zone::Parse("America/New_York").value(), .with_volume = false}),
      "19691231 18:59:59.999,1,1\n20241103 01:59:59.000,1,1\n"
      "20241103 01:00:00.000,1,1\n20240310 03:00:00.000,1,1\n");
}

TEST(CsvWriter, WritesBackTheTextThatWasRead) {
  Random random(3);
  for (int decimals = 0; decimals <= 8; ++decimals) {
    TickBatch ticks;
    double scale = 1;
    for (int i = 0; i < decimals; ++i) scale *= 10;
    int64_t time = At("2021-01-04");
    for (int i = 0; i < 2'000; ++i) {
      time += static_cast<int64_t>(random.Below(100'000)) * kNanosPerMilli;
      ticks.time_ns.push_back(time);
      ticks.bid.push_back(static_cast<double>(random.Below(999'999'999)) / scale);
      ticks.ask.push_back(static_cast<double>(random.Below(999'999'999)) / scale);
      ticks.volume.push_back(static_cast<double>(random.Below(10'000)) / 100);
    }
    const CsvWriteOptions options{.decimals = decimals, .zone = Zone::Parse("UTC+2").value()};
    const std::string text = Rows(ticks, options);
    CsvParseOptions parse;
    parse.source_zone = options.zone;
    parse.with_volumes = true;
    CsvCarry carry;
    ParsedCsv parsed;
    ParseCsvChunk(text, true, parse, &carry, &parsed);
    ASSERT_TRUE(parsed.in_points);
    TickBatch read;
    parsed.MoveRowsTo(&read);
    EXPECT_EQ(read.time_ns, ticks.time_ns);
    EXPECT_EQ(read.bid, ticks.bid);
    EXPECT_EQ(read.volume, ticks.volume);
    EXPECT_EQ(Rows(read, options), text);
  }
}

}  // namespace
}  // namespace tickhouse::io
