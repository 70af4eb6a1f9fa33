// The shapes in which tick CSV comes (docs/reference/formats-on-disk.md), told by the first lines.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "tickhouse/core/error.h"
#include "tickhouse/core/zone.h"

namespace tickhouse::io {

enum class CsvDialect {
  kQuantDataManager,  ///< DateTime,Bid,Ask,Volume; yyyyMMdd HH:mm:ss.SSS in the zone of the file
                      ///< name.
  kDukascopyNode,     ///< timestamp,askPrice,bidPrice,askVolume,bidVolume; epoch milliseconds.
  kDukascopyWeb,      ///< Gmt time,Ask,Bid,AskVolume,BidVolume; dd.MM.yyyy HH:mm:ss.SSS.
  kTrueFx,            ///< EUR/USD,yyyyMMdd HH:mm:ss.SSS,bid,ask; no header; UTC.
  kHistData,     ///< yyyyMMdd HHmmssSSS,bid,ask,volume; no header; EST without daylight saving.
  kMetaTrader5,  ///< Tab-separated <DATE> <TIME> <BID> <ASK> ...; empty = unchanged.
  kIso,          ///< timestamp|time|datetime, bid, ask in any order by header; ISO 8601 times.
};

/// "qdm", "dukascopy-node", "dukascopy-web", "truefx", "histdata", "mt5", "iso": the names of
/// `--dialect`.
std::string_view CsvDialectName(CsvDialect dialect);
Result<CsvDialect> ParseCsvDialect(std::string_view name);

/// The zone a dialect's times are always in: UTC for dukascopy-node, the Dukascopy web export and
/// TrueFX, EST without daylight saving for HistData. Empty where the source zone of the caller
/// applies (Quant Data Manager, MetaTrader 5, and ISO times without an offset of their own).
std::optional<Zone> ZoneOfDialect(CsvDialect dialect);

/// From the first bytes of a file (64 KiB are plenty; a BOM is skipped). kUnsupported quotes the
/// first line and names the dialects known.
Result<CsvDialect> DetectCsvDialect(std::string_view head);

/// What a file name says: "2026.1.4USSC2000IDXUSD_dukascopy_TICK_UTCPlus02-TICK-No Session.csv"
/// gives symbol USSC2000IDXUSD and zone UTC+02:00.
struct FileNameFacts {
  std::optional<std::string> symbol;
  std::optional<Zone> zone;
};
FileNameFacts ParseTickFileName(std::string_view base_name);

}  // namespace tickhouse::io
