// One line of tick CSV at a time: the slow, exact path that defines what every line means.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "tickhouse/io/csv/csv_columns.h"
#include "tickhouse/io/csv/csv_number.h"
#include "tickhouse/io/csv/csv_row_sink.h"
#include "tickhouse/io/csv/csv_tick_parser.h"
#include "tickhouse/io/csv/csv_time.h"

namespace tickhouse::io {

/// Works through the lines of one chunk; `carry` and `out` are not owned. One thread.
class CsvLineParser {
 public:
  CsvLineParser(const CsvParseOptions& options, CsvCarry* carry, ParsedCsv* out);

  /// `line` is without its '\n'; a '\r' before it is dropped here. `whole`: its end was seen.
  void Line(std::string_view line, bool whole);
  /// Lines that somebody else made rows of.
  void CountLines(int64_t lines) { out_->lines += lines; }
  /// Leaves what the next chunk needs in the carry.
  void Finish();

  const CsvColumns& columns() const { return columns_; }
  const CsvClock& clock() const { return clock_; }
  CsvRowSink& sink() { return sink_; }
  /// Changes with every header that is obeyed.
  int header_generation() const { return header_generation_; }
  /// The instant of the row before, in this chunk or the one before it.
  std::optional<int64_t> last_time_ns() const;

 private:
  bool IsHeader(std::string_view line);
  /// Fills `row_`; the reason for a reject, or empty.
  std::string Row(std::string_view line);
  std::string Time();
  std::string Price(int column, std::string_view side, const std::optional<CsvPrice>& carried,
                    CsvPrice* price);
  std::string OtherNumbers();
  void Accept();
  void Reject(std::string_view line, std::string reason);
  bool mt5() const { return options_.dialect == CsvDialect::kMetaTrader5; }
  std::string_view Field(int column) const { return fields_[static_cast<std::size_t>(column)]; }

  const CsvParseOptions& options_;
  CsvCarry* carry_;
  ParsedCsv* out_;
  CsvColumns columns_;
  CsvClock clock_;
  CsvRowSink sink_;
  int header_generation_ = 0;
  int time_column_ = -1;
  int date_column_ = -1;
  int bid_column_ = -1;
  int ask_column_ = -1;
  int symbol_column_ = -1;
  std::vector<std::string_view> fields_;
  CsvRow row_;

  void SetColumns(CsvColumns columns);
};

}  // namespace tickhouse::io
