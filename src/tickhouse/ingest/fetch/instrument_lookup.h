// What is known of the instrument to fetch: the built-in table, extended by the feed's own
// description.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "tickhouse/core/cancel.h"
#include "tickhouse/core/error.h"
#include "tickhouse/core/market/instrument.h"
#include "tickhouse/core/time.h"
#include "tickhouse/io/fs/file_system.h"
#include "tickhouse/io/net/http_client.h"

namespace tickhouse::ingest {

struct KnownInstrument {
  Instrument instrument;
  std::vector<UtcRange> holidays;
};

struct InstrumentLookup {
  io::FileSystem* files = nullptr;
  io::HttpClient* http = nullptr;
  std::string out;          ///< Descriptions are kept as `{out}/{SYMBOL}/.fetch/instrument.json`.
  std::string root;         ///< The JSON feed; empty: there is none to ask (bi5).
  std::string description;  ///< `--instruments`: a file or an address; "{CODE}" in it is replaced.
};

/// In this order: the description named by the user, the one kept by an earlier run, the built-in
/// table, the feed's own (`{root}/instruments/{CODE}`), which is then kept. kNotFound says what to
/// do; kCorrupt names the description at fault. A description of another symbol is
/// kInvalidArgument.
Result<KnownInstrument> FindKnownInstrument(const InstrumentLookup& lookup, std::string_view name,
                                            const CancelToken& cancel);

/// The code under which a feed would know a symbol that nobody described: "eur/usd" and "EURUSD"
/// give "EUR-USD", "USA30IDXUSD" gives "USA30.IDX-USD"; what has separators keeps them as '-'.
std::string GuessCode(std::string_view name);

}  // namespace tickhouse::ingest
