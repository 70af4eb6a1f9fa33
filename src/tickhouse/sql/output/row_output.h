// The rows of a statement as bytes: a table for people, CSV, JSON, Arrow. Each writer takes the
// stream batch by batch and holds no more than one (the table: its first rows, to measure them).
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string_view>

#include "tickhouse/core/error.h"
#include "tickhouse/sql/engine/engine.h"

namespace tickhouse::sql {

enum class RowFormat { kTable, kCsv, kJson, kJsonLines, kArrow, kArrowStream };

/// "table", "csv", "json", "jsonl", "arrow" (a file), "arrows" (a stream); nothing for other words.
std::optional<RowFormat> RowFormatNamed(std::string_view word);

/// Takes bytes in order; a failure ends the writing.
using ByteSink = std::function<Status(std::string_view bytes)>;

struct RowOutputOptions {
  /// Of a table: longer cells lose their end; 0: none does.
  std::size_t most_cell_columns = 0;
};

/// Writes every row and gives their number. Errors are those of the stream and of the sink; what
/// was written until then is not to be used.
Result<int64_t> WriteRows(RowStream& rows, RowFormat format, const RowOutputOptions& options,
                          const ByteSink& sink);

/// One line a row, two blanks between columns, numbers to the right; NULL is "NULL", line ends and
/// control characters stand as \n and \x1b, so that data cannot steer a terminal. Columns are as
/// wide as the first rows need; a longer cell later moves what follows it in its line.
Result<int64_t> WriteTable(RowStream& rows, const RowOutputOptions& options, const ByteSink& sink);

/// RFC 4180 with LF and a line of names; NULL is empty, an empty text is "".
Result<int64_t> WriteCsv(RowStream& rows, const ByteSink& sink);

/// One object a line, or (`lines` false) an array of them. Numbers keep all their digits; NaN and
/// infinities are texts; a name that occurs again gets its number ("bid_2").
Result<int64_t> WriteJson(RowStream& rows, bool lines, const ByteSink& sink);

/// Arrow IPC: a file, or a stream that can be read as it comes. Integers, reals, decimals, dates,
/// booleans and times keep their type, all else is text. kUnsupported for a value that Arrow's type
/// cannot hold ("infinity" as a date).
Result<int64_t> WriteArrow(RowStream& rows, bool as_stream, const ByteSink& sink);

}  // namespace tickhouse::sql
