#include "tickhouse/synth/market_profile.h"

#include <algorithm>
#include <array>
#include <string_view>

#include "tickhouse/core/check.h"

namespace tickhouse::synth {

namespace {

struct Worth {
  std::string_view code;
  double price;
};

// Currencies, metals and coins in US dollars.
constexpr Worth kInDollars[] = {
    {"USD", 1},      {"EUR", 1.1},   {"GBP", 1.27},  {"JPY", 0.0067}, {"CHF", 1.13},
    {"CAD", 0.735},  {"AUD", 0.66},  {"NZD", 0.61},  {"SEK", 0.095},  {"NOK", 0.094},
    {"DKK", 0.1475}, {"SGD", 0.745}, {"HKD", 0.128}, {"PLN", 0.25},   {"HUF", 0.0028},
    {"CZK", 0.044},  {"TRY", 0.031}, {"ZAR", 0.054}, {"MXN", 0.055},  {"CNH", 0.139},
    {"RON", 0.221},  {"ILS", 0.27},  {"THB", 0.028}, {"XAU", 2'050},  {"XAG", 24},
    {"BTC", 42'000}, {"ETH", 2'300}, {"LTC", 70},    {"BCH", 240},    {"XLM", 0.12},
    {"ADA", 0.5},    {"TRX", 0.1},   {"YFI", 8'000}, {"MKR", 1'600},  {"EOS", 0.8},
};

// What is quoted in its own unit: indices, energy, commodities.
constexpr Worth kInQuote[] = {
    {"AUS.IDX", 7'500},      {"BRENT.CMD", 80},       {"BUND.TR", 133},      {"CHE.IDX", 11'200},
    {"CHI.IDX", 11'500},     {"COCOA.CMD", 4'200},    {"COFFEE.CMD", 185},   {"COPPER.CMD", 3.8},
    {"COTTON.CMD", 82},      {"DEU.IDX", 16'700},     {"DIESEL.CMD", 750},   {"DOLLAR.IDX", 102},
    {"ESP.IDX", 10'100},     {"EUS.IDX", 4'500},      {"FRA.IDX", 7'500},    {"GAS.CMD", 2.6},
    {"GBR.IDX", 7'700},      {"HKG.IDX", 16'800},     {"IND.IDX", 21'700},   {"ITA.IDX", 30'400},
    {"JPN.IDX", 33'400},     {"LIGHT.CMD", 75},       {"NLD.IDX", 785},      {"OJUICE.CMD", 310},
    {"PLN.IDX", 2'300},      {"SGD.IDX", 290},        {"SOA.IDX", 70'000},   {"SOYBEAN.CMD", 1'270},
    {"SUGAR.CMD", 620},      {"UKGILT.TR", 100},      {"USA30.IDX", 37'700}, {"USA500.IDX", 4'750},
    {"USATECH.IDX", 16'800}, {"USSC2000.IDX", 2'000}, {"USTBOND.TR", 123},   {"VOL.IDX", 14},
    {"XPD.CMD", 1'050},      {"XPT.CMD", 950},
};

template <std::size_t N>
double Find(const Worth (&table)[N], std::string_view code, double otherwise) {
  for (const Worth& worth : table) {
    if (worth.code == code) return worth.price;
  }
  return otherwise;
}

bool IsOneOf(std::string_view code, std::initializer_list<std::string_view> codes) {
  return std::find(codes.begin(), codes.end(), code) != codes.end();
}

void SetByCentres(std::string_view base, std::string_view quote, MarketProfile* profile) {
  const auto trades = [&](std::initializer_list<std::string_view> at_home) {
    return IsOneOf(base, at_home) || IsOneOf(quote, at_home) ? 1.0 : 0.35;
  };
  profile->london = trades({"EUR", "GBP", "CHF", "SEK", "NOK", "DKK", "PLN", "HUF", "CZK", "ZAR"});
  profile->new_york = trades({"USD", "CAD", "MXN"});
  profile->tokyo = trades({"JPY", "AUD", "NZD", "SGD", "HKD", "CNH", "THB"});
}

void SetFx(std::string_view base, std::string_view quote, MarketProfile* profile) {
  const auto is_major = [](std::string_view code) {
    return IsOneOf(code, {"USD", "EUR", "GBP", "JPY", "CHF", "CAD", "AUD", "NZD"});
  };
  if (!is_major(base) || !is_major(quote)) {
    profile->spread = 0.0004;
    profile->ticks_per_day = 25'000;
  } else if (base == "USD" || quote == "USD") {
    profile->spread = 0.00004;
    profile->ticks_per_day = 90'000;
  } else {
    profile->spread = 0.0001;
  }
}

// Hours of local clock, 0 to 23, as parts of a busy hour: the open is the peak, lunch a dip.
using Day = std::array<double, 24>;
constexpr Day kLondon = {.04, .04, .04, .04, .04, .06, .12, .40, .90, 1.0, .90, .75,
                         .65, .70, .90, .95, .80, .50, .25, .12, .08, .06, .05, .04};
constexpr Day kNewYork = {.04, .04, .05, .06, .08, .12, .20, .40, .85, 1.0, .95, .75,
                          .60, .55, .55, .50, .35, .10, .06, .06, .06, .06, .05, .04};
constexpr Day kTokyo = {.04, .04, .04, .04, .04, .04, .06, .10, .30, .70, .75, .60,
                        .40, .45, .50, .45, .40, .35, .25, .15, .08, .06, .05, .04};

int64_t LocalMinuteOfDay(const Zone& zone, UtcTime time) {
  const int64_t local_minute = FloorDiv(zone.ToLocalNanos(time), 60 * kNanosPerSecond);
  return local_minute - FloorDiv(local_minute, 1'440) * 1'440;
}

// The value of an hour stands at its middle; in between it goes in a straight line.
double Interpolate(const Day& day, int64_t minute_of_day) {
  const int64_t shifted = (minute_of_day + 1'440 - 30) % 1'440;
  const auto hour = static_cast<std::size_t>(shifted / 60);
  const double part = static_cast<double>(shifted % 60) / 60;
  return day[hour] * (1 - part) + day[(hour + 1) % 24] * part;
}

Zone ZoneOfCentre(std::string_view name) {
  const Result<Zone> zone = Zone::Parse(name);
  TICKHOUSE_CHECK(zone.has_value(), "Zone::CheckDatabase went before");
  return *zone;
}

}  // namespace

MarketProfile ProfileOf(const Instrument& instrument) {
  const std::string_view code = instrument.code;
  const std::size_t dash = code.find('-');
  const std::string_view base = code.substr(0, dash);
  const std::string_view quote = dash == std::string_view::npos ? "USD" : code.substr(dash + 1);
  MarketProfile profile;
  const double in_dollars = Find(kInDollars, base, 0) / Find(kInDollars, quote, 1);
  profile.start_price = Find(kInQuote, base, in_dollars > 0 ? in_dollars : 100);
  SetByCentres(base, quote, &profile);
  switch (instrument.session) {
    case Session::kFx: SetFx(base, quote, &profile); break;
    case Session::kMetal:
      profile.daily_volatility = 0.01;
      profile.spread = 0.0002;
      profile.ticks_per_day = 80'000;
      break;
    case Session::kIndex:
      profile.daily_volatility = 0.011;
      profile.spread = 0.00012;
      profile.ticks_per_day = 70'000;
      break;
    case Session::kEnergy:
      profile.daily_volatility = 0.02;
      profile.spread = 0.0006;
      profile.ticks_per_day = 40'000;
      break;
    case Session::kCrypto:
      profile.daily_volatility = 0.035;
      profile.spread = 0.0008;
      profile.ticks_per_day = 80'000;
      profile.floor = 0.5;
      break;
  }
  return profile;
}

IntradayActivity::IntradayActivity(const MarketProfile& profile)
    : profile_(profile),
      london_(ZoneOfCentre("Europe/London")),
      new_york_(ZoneOfCentre("America/New_York")),
      tokyo_(ZoneOfCentre("Asia/Tokyo")) {}

double IntradayActivity::At(UtcTime time) const {
  return profile_.floor + profile_.london * Interpolate(kLondon, LocalMinuteOfDay(london_, time)) +
         profile_.new_york * Interpolate(kNewYork, LocalMinuteOfDay(new_york_, time)) +
         profile_.tokyo * Interpolate(kTokyo, LocalMinuteOfDay(tokyo_, time));
}

bool IntradayActivity::IsRollover(UtcTime time) const {
  return LocalMinuteOfDay(new_york_, time) / 60 == 17;
}

}  // namespace tickhouse::synth
