#include "tickhouse/io/csv/csv_tick_parser.h"

#include <cstring>

#include "tickhouse/io/csv/csv_common_rows.h"
#include "tickhouse/io/csv/csv_line_parser.h"

namespace tickhouse::io {

void ParseCsvChunk(std::string_view text, bool at_start_of_file, const CsvParseOptions& options,
                   CsvCarry* carry, ParsedCsv* out) {
  if (at_start_of_file) *carry = CsvCarry{};
  out->Clear();
  CsvLineParser lines(options, carry, out);
  CsvCommonRows common(options, carry, &lines);
  const char* const begin = text.data();
  const char* const end = begin + text.size();
  const char* at = begin;
  while (true) {
    at = common.Take(begin, at, end);
    if (at == end) break;
    const auto left = static_cast<std::size_t>(end - at);
    const auto* newline = static_cast<const char*>(std::memchr(at, '\n', left));
    const char* const line_end = newline == nullptr ? end : newline;
    lines.Line({at, line_end}, newline != nullptr);
    at = newline == nullptr ? end : newline + 1;
  }
  lines.Finish();
}

}  // namespace tickhouse::io
