// Where the rows of a use case go: standard output, a file, or the JSON of its report.
#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <string_view>

#include "tickhouse/app/environment.h"
#include "tickhouse/app/run_report.h"
#include "tickhouse/sql/engine/engine.h"

namespace tickhouse::app {

struct RowDelivery {
  /// table, csv, json, jsonl, parquet, arrow, arrows; empty: as the name of `output` ends, else a
  /// table (in a report: json).
  std::string format = {};
  std::string output = {};            ///< A file, replaced once all rows are there; empty: `print`.
  std::size_t most_cell_columns = 0;  ///< Of a table on a terminal; 0: cells are shown whole.
  bool rows_in_report = false;        ///< Instead of `print`: member "rows" (at most 64 MiB).
  std::function<Status(std::string_view)> print = {};
};

/// The format that will be written, by the rules above.
std::string FormatOf(const RowDelivery& delivery);

/// kInvalidArgument for an unknown format, Parquet without a file, another format than JSON in a
/// report. To be asked before anything is read.
Status CheckDelivery(const RowDelivery& delivery);

/// Writes all rows and answers their number; an output is named in the report.
Result<int64_t> DeliverRows(sql::RowStream& rows, const RowDelivery& delivery,
                            Environment& environment, RunReport* report);

}  // namespace tickhouse::app
