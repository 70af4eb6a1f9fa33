// Prepares the row kernel for a file and keeps it in step with the slow path.
#pragma once

#include <string>

#include "tickhouse/io/csv/csv_line_parser.h"
#include "tickhouse/io/csv/csv_row_kernel.h"

namespace tickhouse::io {

/// Works beside a CsvLineParser on the same chunk, carry and sink (none owned). One thread.
class CsvCommonRows {
 public:
  CsvCommonRows(const CsvParseOptions& options, CsvCarry* carry, CsvLineParser* lines);

  /// Takes common rows from `at` on, a beginning of a line in the text from `begin` to `end`;
  /// returns the first row that needs the slow path.
  const char* Take(const char* begin, const char* at, const char* end);

 private:
  void Prepare();
  bool Synchronise();
  bool EnterDay(const char* row);
  bool EnterIsoDay(const char* row);
  bool EnterMidnight(const CsvTime& midnight, const std::string& date);
  void LeaveCarry();

  const CsvParseOptions& options_;
  CsvCarry* carry_;
  CsvLineParser* lines_;
  CsvRowKernel kernel_;
  int header_generation_ = -1;
  std::string irregular_date_;  ///< A day on which clocks change.
};

}  // namespace tickhouse::io
