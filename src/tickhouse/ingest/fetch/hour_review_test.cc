#include "tickhouse/ingest/fetch/hour_review.h"

#include "tickhouse/core/testing.h"
#include "tickhouse/core/time.h"

namespace tickhouse::ingest {
namespace {

Instrument Known(const std::string& symbol, int decimals, Session session = Session::kFx) {
  Instrument instrument;
  instrument.symbol = symbol;
  instrument.decimals = decimals;
  instrument.session = session;
  return instrument;
}

std::vector<HourRecord> Hours(const std::vector<double>& prices, double volume = 9e5) {
  std::vector<HourRecord> hours;
  for (std::size_t i = 0; i < prices.size(); ++i) {
    HourRecord hour;
    hour.hour_ns = static_cast<int64_t>(i) * kNanosPerHour;
    hour.ticks = 100;
    hour.first_price = prices[i];
    hour.last_price = prices[i];
    hour.volume = volume;
    hour.sha256 = std::to_string(i);
    hours.push_back(hour);
  }
  return hours;
}

std::vector<std::size_t> Found(const std::vector<HourRecord>& hours, const Instrument& known) {
  std::vector<std::size_t> indices;
  for (const HourFinding& finding : ReviewHours(hours, known)) indices.push_back(finding.index);
  return indices;
}

using Indices = std::vector<std::size_t>;
const Instrument kMexico = Known("USDMXN", 5);
const Instrument kEuro = Known("EURUSD", 5);

TEST(ReviewHours, QuietHoursAreRight) {
  EXPECT_EQ(Found(Hours(std::vector<double>(200, 18.5)), kMexico), Indices{});
  EXPECT_EQ(Found(Hours({18.5}), kMexico), Indices{});
  EXPECT_EQ(Found({}, kMexico), Indices{});
}

TEST(ReviewHours, FindsAnHourOfAnotherScale) {
  for (const double factor : {0.001, 0.01, 0.1, 10.0, 100.0, 1000.0}) {
    std::vector<double> prices(40, 18.5);
    prices[17] *= factor;
    const auto hours = Hours(prices);
    EXPECT_EQ(Found(hours, kMexico), Indices{17}) << factor;
    EXPECT_NE(ReviewHours(hours, kMexico)[0].reason.find("price scale"), std::string::npos);
  }
}

TEST(ReviewHours, FindsTheFirstAndTheLastHourToo) {
  std::vector<double> prices(10, 18.5);
  prices.front() = 1.85;
  prices.back() = 185;
  EXPECT_EQ(Found(Hours(prices), kMexico), (Indices{0, 9}));
}

TEST(ReviewHours, FindsAWholeDayOfAnotherScale) {
  std::vector<double> prices(200, 18.5);
  Indices expected;
  for (std::size_t i = 100; i < 124; ++i) {
    prices[i] = 1850;
    expected.push_back(i);
  }
  EXPECT_EQ(Found(Hours(prices), kMexico), expected);
}

TEST(ReviewHours, OfTwoHoursTheFirstIsTrusted) {
  EXPECT_EQ(Found(Hours({18.5, 185}), kMexico), Indices{1});
}

TEST(ReviewHours, AMoveThatIsNoPowerOfTenIsAMove) {
  std::vector<double> prices(40, 10.0);
  prices[20] = 4.0;   // A crash by 60 %.
  prices[21] = 25.0;  // A spike.
  EXPECT_EQ(Found(Hours(prices), kMexico), Indices{});
}

TEST(ReviewHours, AStepThatStaysIsNoFinding) {
  std::vector<double> prices(400, 5000.0);  // A split, ten for one.
  for (std::size_t i = 200; i < prices.size(); ++i) prices[i] = 500.0;
  EXPECT_EQ(Found(Hours(prices), Known("USA500IDXUSD", 3, Session::kIndex)), Indices{});
}

TEST(ReviewHours, MajorsNeedNoNeighbour) {
  EXPECT_EQ(Found(Hours({1.14}), kEuro), Indices{});
  EXPECT_EQ(Found(Hours({11.4}), kEuro), Indices{0});
  EXPECT_EQ(Found(Hours({0.114}), kEuro), Indices{0});
  EXPECT_EQ(Found(Hours({132.7}), Known("GBPJPY", 3)), Indices{});
  EXPECT_EQ(Found(Hours({1.327}), Known("GBPJPY", 3)), Indices{0});
  EXPECT_EQ(Found(Hours({1327.0}), Known("GBPJPY", 3)), Indices{0});
  EXPECT_EQ(Found(Hours({4200.0}), Known("XAUUSD", 3, Session::kMetal)), Indices{});
  EXPECT_EQ(Found(Hours({42'000.0}), Known("XAUUSD", 3, Session::kMetal)), Indices{0});
}

TEST(ReviewHours, MillionsTakenForUnitsAreFound) {
  EXPECT_EQ(Found(Hours({1.14, 1.14}, 0.9), kEuro), (Indices{0, 1}));
  EXPECT_EQ(Found(Hours({1.14}, 9e11), kEuro), Indices{0});
  EXPECT_EQ(Found(Hours({1.14}, 0), kEuro), Indices{});  // One-sided zero volume says nothing.
}

TEST(ReviewHours, AnotherVolumeUnitThanTheNeighboursIsFound) {
  auto hours = Hours(std::vector<double>(20, 60'000.0), 1.7);
  hours[7].volume = 2.1e-6;
  hours[11].volume = 1.1e6;
  EXPECT_EQ(Found(hours, Known("BTCUSD", 1, Session::kCrypto)), (Indices{7, 11}));
  hours = Hours(std::vector<double>(20, 60'000.0), 1.7);
  hours[7].volume = 900;  // A busy hour.
  EXPECT_EQ(Found(hours, Known("BTCUSD", 1, Session::kCrypto)), Indices{});
}

TEST(ReviewHours, TheHourBeforeOnceMoreIsFound) {
  auto hours = Hours(std::vector<double>(5, 1.14));
  hours[3].sha256 = hours[2].sha256;
  const auto findings = ReviewHours(hours, kEuro);
  ASSERT_EQ(findings.size(), 1u);
  EXPECT_EQ(findings[0].index, 3u);
  EXPECT_NE(findings[0].reason.find("repeated"), std::string::npos);
  hours[3].hour_ns += 10 * kNanosPerHour;  // No neighbour in time.
  hours[4].hour_ns += 20 * kNanosPerHour;
  EXPECT_TRUE(ReviewHours(hours, kEuro).empty());
}

}  // namespace
}  // namespace tickhouse::ingest
