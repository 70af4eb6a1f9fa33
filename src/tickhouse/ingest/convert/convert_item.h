// One item from its sources to its published files.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "tickhouse/core/cancel.h"
#include "tickhouse/core/error.h"
#include "tickhouse/core/progress.h"
#include "tickhouse/ingest/convert/convert_plan.h"
#include "tickhouse/ingest/convert/convert_state.h"
#include "tickhouse/io/csv/csv_tick_parser.h"
#include "tickhouse/io/fs/file_system.h"

namespace tickhouse::ingest {

/// Nothing is owned.
struct ConvertContext {
  io::FileSystem* files = nullptr;
  Progress* progress = nullptr;  ///< Advanced by source bytes.
  CancelToken cancel;
  std::string out;
  const ConvertOptions* options = nullptr;
  int threads = 1;  ///< For this item.
};

struct ConvertedItem {
  int64_t rows = 0;
  int64_t rejected = 0;  ///< CSV rows, or hours that could not be decoded.
  std::string content;   ///< As DoneRecord.
  std::string symbol;
  bool zone_assumed = false;        ///< Nothing told the zone of the times: they were taken as UTC.
  std::vector<OutputFile> outputs;  ///< Empty: no row at all, so nothing was published.
  std::string rejects_path;         ///< Relative to OUT; empty when there is no side file.
};

/// What the beginning of a CSV file and its name tell.
struct CsvFacts {
  io::CsvParseOptions parse;
  std::string symbol;
  bool zone_assumed = false;
  io::CsvCarry carry;  ///< After the lines of `head`: header, columns, symbol as written.
  std::string head;    ///< The first bytes, cut after a line end where there is one.
  bool empty = false;  ///< No byte at all; then nothing else is filled in.
};

/// Fails as ConvertCsv does where dialect or symbol are not told.
Result<CsvFacts> InspectCsv(const ConvertItem& item, std::string_view head,
                            const ConvertOptions& options);

/// Converts a CSV file; rows keep the order of the source. Fails without leaving anything when the
/// file is unreadable (kNotFound, kPermission), of no known dialect (kUnsupported), changed while
/// it was read (kConflict), damaged as an archive (kCorrupt), when no symbol is told
/// (kInvalidArgument), when the device is full (kNoSpace), and with `strict` at the first refused
/// row (kCorrupt, "FILE: line N: ...").
Result<ConvertedItem> ConvertCsv(const ConvertItem& item, const ConvertContext& context);

/// Converts the hours of a month; the same failures, named by the hour. A damaged hour is put into
/// the side file (its line is the position in the list of hours, counted from 1), the others are
/// kept.
Result<ConvertedItem> ConvertHours(const ConvertItem& item, const ConvertContext& context);

/// SHA-256 of the source, or of the lines "hour sha256" of an item of hours: the item's content, as
/// the two functions above find it while converting.
Result<std::string> HashItem(const ConvertItem& item, io::FileSystem& files,
                             const CancelToken& cancel);

}  // namespace tickhouse::ingest
