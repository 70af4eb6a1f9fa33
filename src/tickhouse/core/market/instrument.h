// What is known of an instrument: names, decimals, session, first tick.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "tickhouse/core/error.h"
#include "tickhouse/core/time.h"

namespace tickhouse {

/// Who trades when; see core/market/calendar.h.
enum class Session { kFx, kMetal, kIndex, kEnergy, kCrypto };

/// All names are upper case without separators ("EURUSD"); `code` is the feed's ("EUR-USD").
struct Instrument {
  std::string symbol;
  std::string code;
  std::string description;
  int decimals = 5;  ///< Price = points / 10^decimals.
  Session session = Session::kFx;
  std::optional<UtcTime> first_tick;  ///< Nothing exists before; unknown when empty.
};

/// The built-in table, sorted by symbol.
std::span<const Instrument> BuiltInInstruments();

/// Finds by symbol or code in any case, with or without separators ("eur/usd", "EUR-USD",
/// "EURUSD"). kNotFound names the nearest known symbol.
Result<Instrument> FindInstrument(std::string_view name);

/// Upper case, letters and digits only: the form in which symbols are compared.
std::string CanonicalSymbol(std::string_view name);

}  // namespace tickhouse
