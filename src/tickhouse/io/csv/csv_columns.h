// Which column of a dialect holds what.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "tickhouse/io/csv/csv_dialect.h"

namespace tickhouse::io {

enum class CsvColumn : uint8_t {
  kIgnored,  ///< Present, of no interest, not checked.
  kTime,     ///< Time, or the time of day where a kDate stands beside it.
  kDate,     ///< MetaTrader 5, and kIso with separate columns.
  kBid,
  kAsk,
  kVolume,
  kBidVolume,
  kAskVolume,
  kSymbol,         ///< TrueFX.
  kNumberOrEmpty,  ///< Checked, then dropped.
};

/// The columns of one file, left to right.
struct CsvColumns {
  std::vector<CsvColumn> columns;
  char delimiter = ',';
  int IndexOf(CsvColumn column) const;  ///< -1: absent.
};

/// What the dialect has when no header says otherwise; kIso has no default (no columns).
CsvColumns DefaultCsvColumns(CsvDialect dialect);

/// The columns that a header line names (in any case and order); empty when the line is no header
/// of the dialect: time, bid or ask is missing or named twice. TrueFX and HistData have no headers.
std::optional<CsvColumns> CsvColumnsOfHeader(CsvDialect dialect, std::string_view line);

/// Cuts a line into fields, without blanks around them and without enclosing quotes (a delimiter
/// inside quotes does not cut). False when a quote stays open or text follows one.
bool SplitCsvLine(std::string_view line, char delimiter, std::vector<std::string_view>* fields);

}  // namespace tickhouse::io
