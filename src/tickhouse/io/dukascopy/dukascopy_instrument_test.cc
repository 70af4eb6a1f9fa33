#include "tickhouse/io/dukascopy/dukascopy_instrument.h"

#include <fstream>
#include <iterator>

#include "tickhouse/core/testing.h"

namespace tickhouse::io {
namespace {

TEST(ParseDukascopyInstrument, NeedsOnlyCodeAndScale) {
  ASSERT_OK_AND_ASSIGN(const auto described,
                       ParseDukascopyInstrument(R"({"code":"GBP-JPY","priceScale":3})"));
  EXPECT_EQ(described.instrument.symbol, "GBPJPY");
  EXPECT_EQ(described.instrument.code, "GBP-JPY");
  EXPECT_EQ(described.instrument.decimals, 3);
  EXPECT_EQ(described.instrument.session, Session::kFx);
  EXPECT_FALSE(described.instrument.first_tick);
  EXPECT_TRUE(described.holidays.empty());
}

TEST(ParseDukascopyInstrument, TellsTheSessionFromTheGroup) {
  const auto session_of = [](const std::string& code, const std::string& group) {
    const auto described = ParseDukascopyInstrument(
        "{\"code\":\"" + code + "\",\"priceScale\":2,\"groupCode\":\"" + group + "\"}");
    EXPECT_OK(described);
    return described->instrument.session;
  };
  EXPECT_EQ(session_of("BTC-USD", "CRYPTOCURRENCIES"), Session::kCrypto);
  EXPECT_EQ(session_of("XAU-USD", "FX_METALS"), Session::kMetal);
  EXPECT_EQ(session_of("XAU-EUR", "OTHER"), Session::kMetal);
  EXPECT_EQ(session_of("BRENT.CMD-USD", "ENERGY"), Session::kEnergy);
  EXPECT_EQ(session_of("USA30.IDX-USD", "IDX_AMERICA"), Session::kIndex);
  EXPECT_EQ(session_of("EUR-USD", "FX_MAJORS"), Session::kFx);
}

TEST(ParseDukascopyInstrument, SaysWhatIsWrong) {
  for (const char* json : {"", "[]", "{}", R"({"code":7,"priceScale":5})", R"({"code":"EUR-USD"})",
                           R"({"code":"EUR-USD","priceScale":12})",
                           R"({"code":"EUR-USD","priceScale":5,"holidays":[{"from":1}]})",
                           R"({"code":"E","priceScale":5,"holidays":[{"from":5,"till":1}]})",
                           R"({"code":"E","priceScale":5,"holidays":[7]})",
                           R"({"code":"E","priceScale":5,"tradeSchedule":[{"sessions":
                              {"MONDAY":[{"start":"25","end":"17:00:00"}]}}]})"}) {
    EXPECT_THAT(ParseDukascopyInstrument(json), IsError(ErrorKind::kCorrupt)) << json;
  }
}

TEST(ParseDukascopyInstrument, TheScheduleInForceIsTheOneThatBeginsLast) {
  ASSERT_OK_AND_ASSIGN(const auto described, ParseDukascopyInstrument(R"({
      "code":"A-B","priceScale":2,"tradeSchedule":[
        {"from":10800000,"sessions":{"FRIDAY":[{"start":"09:00:00","end":"17:30:00"}]}},
        {"from":0,"sessions":{"MONDAY":[{"start":"08:00:00","end":"16:00:00"}]}}]})"));
  EXPECT_EQ(described.sessions, (std::vector<WeeklySession>{{4, 9 * 3600, 17 * 3600 + 1800}}));
}

TEST(DukascopyRealData, TheStoredDescriptionIsUnderstood) {
  std::ifstream in("../shared/data/dukascopy/json/instrument-EUR-USD.json", std::ios::binary);
  const std::string json((std::istreambuf_iterator<char>(in)), std::istreambuf_iterator<char>());
  if (json.empty()) GTEST_SKIP() << "no shared data beside the checkout";
  ASSERT_OK_AND_ASSIGN(const auto described, ParseDukascopyInstrument(json));
  EXPECT_EQ(described.instrument.symbol, "EURUSD");
  EXPECT_EQ(described.instrument.code, "EUR-USD");
  EXPECT_EQ(described.instrument.description, "Euro vs US Dollar");
  EXPECT_EQ(described.instrument.decimals, 5);
  EXPECT_EQ(described.instrument.session, Session::kFx);
  EXPECT_EQ(described.pip_value, 1e-4);
  ASSERT_TRUE(described.instrument.first_tick);
  EXPECT_EQ(ToNanos(*described.instrument.first_tick), 1'052'074'800'048 * kNanosPerMilli);
  EXPECT_EQ(described.zone, "America/New_York");
  EXPECT_EQ(described.holidays.size(), 25u);
  ASSERT_EQ(described.sessions.size(), 5u);
  EXPECT_EQ(described.sessions[0], (WeeklySession{0, 17 * 3600 - 86'400, 17 * 3600}));
}

}  // namespace
}  // namespace tickhouse::io
