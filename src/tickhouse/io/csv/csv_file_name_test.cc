#include <string>

#include "tickhouse/core/testing.h"
#include "tickhouse/io/csv/csv_dialect.h"

namespace tickhouse::io {
namespace {

struct Expected {
  const char* name;
  const char* symbol;
  const char* zone;
};

TEST(ParseTickFileName, ReadsSymbolAndZone) {
  const Expected cases[] = {
      {"2026.1.4USSC2000IDXUSD_dukascopy_TICK_UTCPlus02-TICK-No Session.csv", "USSC2000IDXUSD",
       "UTC+02:00"},
      {"2026.11.14EURUSD_dukascopy_TICK_UTC-TICK-No Session.CSV", "EURUSD", "UTC"},
      {"2026.1.4GBPJPY_dukascopy_TICK_UTCMinus05-TICK-New York.csv.gz", "GBPJPY", "UTC-05:00"},
      {"eurusd-tick-2021-01-01-2021-02-01.csv", "EURUSD", ""},
      {"EURUSD_Ticks_04.02.2019-04.02.2019.csv", "EURUSD", ""},
      {"DAT_ASCII_EURUSD_T_201202.csv", "EURUSD", ""},
      {"EURUSD_202101040000_202101052359.csv", "EURUSD", ""},
      {"truefx-usdjpy-2013-01-01.csv", "USDJPY", ""},
      {"ticks xauusd 2021.csv", "XAUUSD", ""},
  };
  for (const Expected& expected : cases) {
    const FileNameFacts facts = ParseTickFileName(expected.name);
    EXPECT_EQ(facts.symbol.value_or(""), expected.symbol) << expected.name;
    EXPECT_EQ(facts.zone ? facts.zone->name() : "", expected.zone) << expected.name;
  }
}

TEST(ParseTickFileName, SaysNothingWhereNothingIsSaid) {
  for (const char* name : {"ticks.csv", "part-0001.csv", "2026.1.4_x.csv", "export 2021.csv", "",
                           "UTCPlus99.csv", "2021.csv", "....", "2026.1.4"}) {
    const FileNameFacts facts = ParseTickFileName(name);
    EXPECT_FALSE(facts.symbol.has_value()) << name << " -> " << facts.symbol.value_or("");
    EXPECT_FALSE(facts.zone.has_value()) << name;
  }
}

}  // namespace
}  // namespace tickhouse::io
