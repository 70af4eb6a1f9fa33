// CSV text to columns: the hot loop, chunk by chunk, without state between chunks but the carry of
// MetaTrader 5's "unchanged" fields.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "tickhouse/core/error.h"
#include "tickhouse/core/zone.h"
#include "tickhouse/io/csv/csv_dialect.h"
#include "tickhouse/io/parquet/parquet_tick_writer.h"

namespace tickhouse::io {

/// One line that could not become a tick.
struct RejectedRow {
  int64_t line = 0;  ///< 1-based within the text given (the caller adds what came before).
  std::string reason;
  std::string row;  ///< The line as it stands, without its end; cut at 4 KiB.
};

/// What a chunk of whole lines holds. Prices with one number of decimals and at most 9 digits land in
/// `points`; anything else moves the whole chunk to `batch` (doubles, correctly rounded). Exactly one of
/// the two has rows.
struct ParsedCsv {
  PointTicks points;
  TickBatch batch;
  bool in_points = true;
  std::vector<RejectedRow> rejected;
  int64_t lines = 0;  ///< Lines seen, headers, blanks and rejects included.
  std::optional<std::string> symbol;  ///< Where the rows name one (TrueFX).
  std::size_t rows() const { return in_points ? points.size() : batch.size(); }
};

struct CsvParseOptions {
  CsvDialect dialect = CsvDialect::kQuantDataManager;
  Zone source_zone;  ///< Applied to dialects whose times carry no zone of their own.
  bool with_volumes = false;
};

/// State from one chunk to the next; only MetaTrader 5 needs it (last bid and ask), and the header of
/// dialects that map columns by name.
struct CsvCarry {
  std::optional<double> bid;
  std::optional<double> ask;
  std::string header;
};

/// Parses whole lines. `text` ends with a line end or is the end of the file; a last line without an
/// end is parsed as it stands (a cut row is rejected with reason "cut"). Lines may end in LF or CRLF; a
/// BOM, repeated headers and blank lines are skipped. Rejected: empty or unreadable fields, NUL bytes,
/// too few or too many columns, non-finite numbers, impossible dates, leap seconds. Prices that are
/// negative or absurd are kept: judging is quality's work.
void ParseCsvChunk(std::string_view text, bool at_start_of_file, const CsvParseOptions& options,
                   CsvCarry* carry, ParsedCsv* out);

}  // namespace tickhouse::io
