// What a scan found, as CSV, JSON and a table.
#pragma once

#include <string>
#include <vector>

#include "tickhouse/quality/scan.h"

namespace tickhouse::report {

/// One row a file, then one row TOTAL. The first columns are those of the Python pipeline:
/// file,total_rows,DateTime_nulls,Bid_nulls,Ask_nulls,corrupted,error. `corrupted` is True or
/// False, in the last row the number of such files. An empty field: not looked at (see
/// quality/scan.h). Times are UTC, durations seconds.
std::string ScanCsv(const quality::ScanReport& report);

/// {"folder", "deep", "gap_s", "totals": {...}, "symbols": [...], "files": [...]}; null: not looked
/// at.
std::string ScanJson(const quality::ScanReport& report);

/// Files for people, worst first: failed ones, then those with most rows at fault, then longest
/// gap. At most `most` files; files without findings are counted, not listed, when there are more.
/// Then the totals and the symbols. `width` columns wide where names can be shortened.
std::string ScanTable(const quality::ScanReport& report, std::size_t width, std::size_t most = 25);

/// Indices of `report.files`, worst first.
std::vector<std::size_t> WorstFirst(const quality::ScanReport& report);

}  // namespace tickhouse::report
