#include "tickhouse/core/market/instrument.h"

#include <algorithm>
#include <set>

#include "tickhouse/core/testing.h"

namespace tickhouse {
namespace {

Instrument Find(std::string_view name) {
  const Result<Instrument> found = FindInstrument(name);
  EXPECT_THAT(found, IsOk()) << name;
  return found ? *found : Instrument();
}

TEST(BuiltInInstruments, AreSortedUniqueAndComplete) {
  const auto all = BuiltInInstruments();
  EXPECT_GT(all.size(), 150u);
  EXPECT_TRUE(std::is_sorted(all.begin(), all.end(),
                             [](const auto& a, const auto& b) { return a.symbol < b.symbol; }));
  std::set<std::string> symbols;
  for (const Instrument& instrument : all) {
    EXPECT_TRUE(symbols.insert(instrument.symbol).second) << instrument.symbol;
    EXPECT_EQ(CanonicalSymbol(instrument.code), instrument.symbol);
    EXPECT_EQ(std::count(instrument.code.begin(), instrument.code.end(), '-'), 1);
    EXPECT_FALSE(instrument.description.empty()) << instrument.symbol;
    EXPECT_GE(instrument.decimals, 1) << instrument.symbol;
    EXPECT_LE(instrument.decimals, 6) << instrument.symbol;
    if (instrument.first_tick) {
      EXPECT_GE(FormatUtc(*instrument.first_tick), "2003-05-04T17") << instrument.symbol;
      EXPECT_LT(FormatUtc(*instrument.first_tick), "2023") << instrument.symbol;
    }
  }
}

TEST(BuiltInInstruments, QuoteAsTheFeedDoes) {
  const struct {
    const char* symbol;
    const char* code;
    int decimals;
    Session session;
  } cases[] = {
      {"EURUSD", "EUR-USD", 5, Session::kFx},
      {"GBPJPY", "GBP-JPY", 3, Session::kFx},
      {"USDHUF", "USD-HUF", 3, Session::kFx},
      {"EURCZK", "EUR-CZK", 4, Session::kFx},
      {"USDTRY", "USD-TRY", 5, Session::kFx},
      {"XAUUSD", "XAU-USD", 3, Session::kMetal},
      {"XAGUSD", "XAG-USD", 3, Session::kMetal},
      {"COPPERCMDUSD", "COPPER.CMD-USD", 4, Session::kMetal},
      {"USA500IDXUSD", "USA500.IDX-USD", 3, Session::kIndex},
      {"USSC2000IDXUSD", "USSC2000.IDX-USD", 3, Session::kIndex},
      {"DEUIDXEUR", "DEU.IDX-EUR", 3, Session::kIndex},
      {"LIGHTCMDUSD", "LIGHT.CMD-USD", 3, Session::kEnergy},
      {"GASCMDUSD", "GAS.CMD-USD", 4, Session::kEnergy},
      {"BTCUSD", "BTC-USD", 1, Session::kCrypto},
      {"TRXUSD", "TRX-USD", 5, Session::kCrypto},
  };
  for (const auto& c : cases) {
    const Instrument instrument = Find(c.symbol);
    EXPECT_EQ(instrument.code, c.code);
    EXPECT_EQ(instrument.decimals, c.decimals) << c.symbol;
    EXPECT_EQ(instrument.session, c.session) << c.symbol;
  }
}

TEST(BuiltInInstruments, HoldTheUsualPairs) {
  for (const char* symbol :
       {"EURUSD", "GBPUSD", "USDJPY", "USDCHF", "USDCAD", "AUDUSD", "NZDUSD", "EURGBP", "EURJPY",
        "EURCHF", "GBPJPY", "GBPCHF", "AUDJPY", "AUDNZD", "CADJPY", "CHFJPY", "NZDJPY", "USDSEK",
        "USDNOK", "USDZAR", "USDMXN", "USDSGD", "USDHKD", "USDCNH", "USDPLN"}) {
    EXPECT_OK(FindInstrument(symbol));
  }
}

TEST(BuiltInInstruments, KnowFirstTicksWhereCertain) {
  ASSERT_TRUE(Find("EURUSD").first_tick.has_value());
  EXPECT_EQ(FormatUtc(*Find("EURUSD").first_tick), "2003-05-04T19:00:00Z");
  EXPECT_FALSE(Find("ADAUSD").first_tick.has_value());
}

TEST(BuiltInInstruments, DescribePairsByTheirNames) {
  EXPECT_EQ(Find("GBPJPY").description, "Pound sterling in Japanese yen");
  EXPECT_EQ(Find("DEUIDXEUR").description, "Germany 40 index");
}

TEST(FindInstrument, TakesAnyCaseAndAnySeparator) {
  for (const char* name : {"EURUSD", "eurusd", "EUR-USD", "eur/usd", "EUR_USD", " EUR USD "}) {
    EXPECT_EQ(Find(name).symbol, "EURUSD") << name;
  }
  EXPECT_EQ(Find("ussc2000.idx-usd").symbol, "USSC2000IDXUSD");
}

TEST(FindInstrument, NamesTheNearestSymbol) {
  const struct {
    const char* name;
    const char* nearest;
  } cases[] = {{"EURUDS", "EURUSD"},       {"EURSUD", "EURUSD"},    {"GBPJP", "GBPJPY"},
               {"USA500", "USA500IDXUSD"}, {"gold", "XAUUSD"},      {"XUAUSD", "XAUUSD"},
               {"bitcoin", "BTCUSD"},      {"BRENT", "BRENTCMDUSD"}};
  for (const auto& c : cases) {
    EXPECT_THAT(FindInstrument(c.name), IsError(ErrorKind::kNotFound));
    EXPECT_THAT(FindInstrument(c.name), HasErrorMessage(std::string("the nearest is ") + c.nearest))
        << c.name;
  }
}

TEST(FindInstrument, RefusesEmptyAndEndlessNames) {
  EXPECT_THAT(FindInstrument(""), IsError(ErrorKind::kNotFound));
  EXPECT_THAT(FindInstrument("--/"), IsError(ErrorKind::kNotFound));
  const std::string endless = "EURUSD" + std::string(1'000'000, ' ');
  EXPECT_THAT(FindInstrument(endless), IsError(ErrorKind::kNotFound));
}

TEST(CanonicalSymbol, KeepsLettersAndDigits) {
  EXPECT_EQ(CanonicalSymbol("eur/usd"), "EURUSD");
  EXPECT_EQ(CanonicalSymbol("USSC2000.IDX-USD"), "USSC2000IDXUSD");
  EXPECT_EQ(CanonicalSymbol("\xC3\x9C\n"), "");
}

}  // namespace
}  // namespace tickhouse
