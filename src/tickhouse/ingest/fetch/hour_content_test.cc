#include "tickhouse/ingest/fetch/hour_content.h"

#include "tickhouse/core/testing.h"
#include "tickhouse/core/time.h"
#include "tickhouse/io/bi5/bi5.h"
#include "tickhouse/io/dukascopy/dukascopy_hour.h"

namespace tickhouse::ingest {
namespace {

constexpr int64_t kHour = int64_t{1'783'944'000} * kNanosPerSecond;  // 2026-07-13T12:00:00Z

Instrument Euro() {
  Instrument instrument;
  instrument.symbol = "EURUSD";
  instrument.code = "EUR-USD";
  return instrument;
}

const std::vector<io::Bi5Record> kRecords = {{10, 114'277, 114'273, 0.9f, 1.8f},
                                             {20, 114'279, 114'271, 0.0f, 1.8f},
                                             {3'599'999, 114'287, 114'283, 2.7f, 0.9f}};

TEST(ReadHourFacts, AreTheSameForBothForms) {
  ASSERT_OK_AND_ASSIGN(const std::string bi5, io::EncodeBi5(kRecords));
  const std::string json = io::FormatDukascopyHour(io::FromBi5Records(kRecords, kHour, 5));
  for (const auto& [feed, bytes] : {std::pair{FeedKind::kBi5, bi5}, {FeedKind::kJson, json}}) {
    ASSERT_OK_AND_ASSIGN(const HourFacts facts, ReadHourFacts(feed, kHour, Euro(), bytes));
    EXPECT_EQ(facts.ticks, 3);
    EXPECT_DOUBLE_EQ(facts.first_price, 1.14275);
    EXPECT_DOUBLE_EQ(facts.last_price, 1.14285);
    EXPECT_EQ(facts.volume, 2.7e6);  // The upper one of the two that are not zero.
  }
}

TEST(ReadHourFacts, AnHourWithoutTicks) {
  ASSERT_OK_AND_ASSIGN(HourFacts facts, ReadHourFacts(FeedKind::kBi5, kHour, Euro(), ""));
  EXPECT_EQ(facts.ticks, 0);
  const std::string json = io::FormatDukascopyHour(io::FromBi5Records({}, kHour, 5));
  ASSERT_OK_AND_ASSIGN(facts, ReadHourFacts(FeedKind::kJson, kHour, Euro(), json));
  EXPECT_EQ(facts.ticks, 0);
}

TEST(ReadHourFacts, AnotherHourThanAskedForIsCorrupt) {
  // A feed that counts months from zero would answer with another month's hour.
  const std::string json = io::FormatDukascopyHour(io::FromBi5Records(kRecords, kHour, 5));
  const auto facts = ReadHourFacts(FeedKind::kJson, kHour + kNanosPerHour, Euro(), json);
  EXPECT_THAT(facts, IsError(ErrorKind::kCorrupt));
  EXPECT_THAT(facts, HasErrorMessage("answered another hour"));
}

TEST(ReadHourFacts, ATickBeyondTheHourIsCorrupt) {
  io::DukascopyHour hour = io::FromBi5Records(kRecords, kHour, 5);
  hour.time_ms.back() += 1;
  const auto facts = ReadHourFacts(FeedKind::kJson, kHour, Euro(), io::FormatDukascopyHour(hour));
  EXPECT_THAT(facts, HasErrorMessage("tick 2 of 3 lies 0 ms beyond the hour"));
}

TEST(ReadHourFacts, AnEmptyBodyIsAnEmptyHourInBi5Only) {
  EXPECT_THAT(ReadHourFacts(FeedKind::kJson, kHour, Euro(), ""), IsError(ErrorKind::kCorrupt));
}

TEST(HourAddresses, CountMonthsAsEachFeedDoes) {
  EXPECT_EQ(HourUrl(FeedKind::kJson, "http://h/v1", Euro(), kHour),
            "http://h/v1/ticks/EUR-USD/2026/7/13/12");
  EXPECT_EQ(HourUrl(FeedKind::kBi5, "http://h/feed/", Euro(), kHour),
            "http://h/feed/EURUSD/2026/06/13/12h_ticks.bi5");
  EXPECT_EQ(HourFile(FeedKind::kBi5, "EURUSD", kHour), "EURUSD/2026/06/13/12h_ticks.bi5");
  EXPECT_EQ(HourFile(FeedKind::kJson, "EURUSD", kHour),
            "EURUSD/2026/2026-07-13/EURUSD_2026-07-13T12Z.json");
}

}  // namespace
}  // namespace tickhouse::ingest
