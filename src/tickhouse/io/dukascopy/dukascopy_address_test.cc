#include "tickhouse/io/dukascopy/dukascopy_address.h"

#include "tickhouse/core/testing.h"
#include "tickhouse/core/time.h"

namespace tickhouse::io {
namespace {

constexpr int64_t kHour = int64_t{1'783'944'000} * kNanosPerSecond;  // 2026-07-13T12:00:00Z

TEST(DukascopyAddress, CountsMonthsFromOneWithoutPadding) {
  EXPECT_EQ(DukascopyTicksUrl(kDukascopyJsonRoot, "EUR-USD", kHour),
            "https://jetta.dukascopy.com/v1/ticks/EUR-USD/2026/7/13/12");
  EXPECT_EQ(DukascopyTicksUrl("http://127.0.0.1:8/v1/", "EUR-USD", 0),
            "http://127.0.0.1:8/v1/ticks/EUR-USD/1970/1/1/0");
  EXPECT_EQ(DukascopyInstrumentUrl("http://h/v1", "EUR-USD"), "http://h/v1/instruments/EUR-USD");
}

TEST(DukascopyAddress, RawFilesGoThereAndBack) {
  EXPECT_EQ(MakeDukascopyJsonPath("EURUSD", kHour),
            "EURUSD/2026/2026-07-13/EURUSD_2026-07-13T12Z.json");
  for (int64_t hour = 0; hour < 500'000; hour += 733) {
    const std::string path = "raw/" + MakeDukascopyJsonPath("USA30IDXUSD", hour * kNanosPerHour);
    ASSERT_OK_AND_ASSIGN(const auto parsed, ParseDukascopyJsonPath(path));
    EXPECT_EQ(parsed.symbol, "USA30IDXUSD");
    EXPECT_EQ(parsed.hour_ns, hour * kNanosPerHour);
  }
}

TEST(DukascopyAddress, OtherNamesAreRefused) {
  for (const char* path : {"", "x.json", "EURUSD_2026-02-30T12Z.json", "EURUSD_2026-07-13T24Z.json",
                           "_2026-07-13T12Z.json", "EURUSD_2026-00-13T12Z.json",
                           "EURUSD_2026-07-13T12.json", "EURUSD_20x6-07-13T12Z.json"}) {
    EXPECT_THAT(ParseDukascopyJsonPath(path), IsError(ErrorKind::kInvalidArgument)) << path;
  }
}

}  // namespace
}  // namespace tickhouse::io
