// CSV text to columns: the hot loop, chunk by chunk.
#pragma once

#include <cstddef>
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

/// A longer line is rejected whatever it says, so that no reader buffers without end.
inline constexpr std::size_t kMaxCsvLineBytes = std::size_t{1} << 20;

/// One line that could not become a tick.
struct RejectedRow {
  int64_t line = 0;  ///< 1-based within the text given (the caller adds what came before).
  std::string reason;
  std::string row;  ///< The line as it stands, without its end; cut at 4 KiB.
};

/// What a chunk of whole lines holds. Prices with at most 9 digits land in `points`, scaled to the
/// largest number of decimals the chunk has (`1.2253` beside `1.22531` is 122530); anything else
/// (more digits, exponents, times finer than a microsecond) moves the whole chunk to `batch`
/// (doubles, correctly rounded). Exactly one of the two has rows. -0 is read as 0.
struct ParsedCsv {
  PointTicks points;
  TickBatch batch;
  bool in_points = true;
  std::vector<RejectedRow> rejected;
  int64_t lines = 0;                  ///< Lines seen, headers, blanks and rejects included.
  std::optional<std::string> symbol;  ///< Canonical, where the rows name one (TrueFX).
  std::size_t rows() const { return in_points ? points.size() : batch.size(); }
  /// Empties it; memory stays for the next chunk.
  void Clear();
  /// The rows as doubles and nanoseconds, whichever form they are in.
  void MoveRowsTo(TickBatch* out);
};

struct CsvParseOptions {
  CsvDialect dialect = CsvDialect::kQuantDataManager;
  Zone source_zone = {};  ///< Applied to dialects whose times carry no zone of their own.
  bool with_volumes = false;
  /// False: the slow exact path reads every line. The result is the same; for tests.
  bool allow_fast_path = true;
};

/// A price as it stood in the text: mantissa / 10^decimals, or, when decimals < 0, only a double.
struct CsvPrice {
  int64_t mantissa = 0;
  int decimals = -1;
  double value = 0;
};

/// State from one chunk to the next. Hand the same object to the chunks of a file in their order.
/// Needed for: the columns of a header that is not the dialect's own (always kIso), MetaTrader 5
/// ("empty = unchanged"), source zones with daylight saving (which pass through a repeated hour it
/// is), and a TrueFX file that changes its symbol. Without any of these chunks are independent.
struct CsvCarry {
  std::optional<CsvPrice> bid;
  std::optional<CsvPrice> ask;
  std::string header;
  std::optional<VolumeColumns>
      volumes;  ///< As the first header has them; one set for the whole file.
  std::optional<int64_t> last_time_ns;  ///< UTC, of the last row that became a tick.
  std::string symbol;                   ///< As written in the rows ("EUR/USD").
};

/// Parses whole lines; `*out` is cleared first, and `*carry` too at the start of a file. `text`
/// ends with a line end or is the end of the file; a last line without an end is parsed as it
/// stands, and if it is no whole row its reason begins with "cut". Lines may end in LF or CRLF; a
/// BOM before a line, repeated headers and blank lines are skipped. A header other than the one
/// before (files glued together) is obeyed from there on.
///
/// Fields may be quoted and have blanks around them. Rejected: empty or unreadable fields, NUL
/// bytes, too few or too many columns, numbers that are not finite, impossible dates, leap seconds
/// (23:59:60), times that nanoseconds in 64 bits cannot hold (before 1678 or after 2261). Prices
/// that are negative or absurd are kept: judging is quality's work. After a rejected MetaTrader 5
/// row both prices count as unknown, and rows that lean on them are rejected until they are given
/// again. Volume fields are checked like prices, whether asked for or not. Volumes of the two
/// Dukascopy dialects are in millions and come out in units.
///
/// Zones with daylight saving: a reading that clocks skip is moved as core/zone.h says. One that
/// they repeat is the first pass, unless that would step back by more than a minute behind the row
/// before while the second pass does not: so a rising series stays rising, disorder of up to a
/// minute is kept as it is, and an export that starts over is read as the first pass again.
void ParseCsvChunk(std::string_view text, bool at_start_of_file, const CsvParseOptions& options,
                   CsvCarry* carry, ParsedCsv* out);

}  // namespace tickhouse::io
