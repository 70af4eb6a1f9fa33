// One page that tells a whole run: inputs, stages, findings, plots. Self-contained, light and dark.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "tickhouse/report/plot/canvas.h"

namespace tickhouse::report {

/// One stage of a run. What came in is what went out, was rejected and was left out on purpose; the
/// page says so where it is not.
struct StageLine {
  std::string name;
  std::string what;  ///< One phrase: "CSV to Parquet, 3 files".
  std::optional<int64_t> rows_in, rows_out;
  std::optional<int64_t> rejected;  ///< Could not be read as ticks.
  std::optional<int64_t> left_out;  ///< Filtered by the rules of the stage.
  double seconds = 0;

  /// True unless all four numbers are there and do not add up.
  bool AddsUp() const;
  /// rows_in (else rows_out) over seconds; empty when either is missing or zero.
  std::optional<double> RowsPerSecond() const;
};

struct Figure {
  std::string value;  ///< "1,024,000"
  std::string label;  ///< "rows in"
};

struct PageTable {
  struct Column {
    std::string title;
    bool right = false;
  };
  std::string caption;
  std::vector<Column> columns;
  std::vector<std::vector<std::string>> rows;
  std::string when_empty;  ///< Said instead of a table without rows.
};

struct PageSection {
  std::string title;
  std::string text;  ///< A paragraph before the rest; may be empty.
  std::vector<PageTable> tables;
  std::vector<Plot> plots;
};

struct HtmlReport {
  std::string title;
  std::string subtitle;
  std::vector<Figure> figures;
  std::vector<StageLine> stages;
  std::vector<PageSection> sections;
  std::string footer;
};

/// A whole HTML 5 document. Plots are inline SVG; nothing is loaded from elsewhere and no script
/// runs. All words are escaped: a file name cannot become markup.
std::string RenderHtml(const HtmlReport& report);

/// The stages as a table for the terminal.
std::string StageTable(const std::vector<StageLine>& stages, std::size_t width);

}  // namespace tickhouse::report
