// A table on a terminal: aligned, no wider than the window.
#pragma once

#include <string>
#include <vector>

namespace tickhouse::report {

struct TableColumn {
  std::string title;
  bool right = false;    ///< Numbers stand right.
  bool shrinks = false;  ///< Loses its middle when the table is too wide; at least 12 columns stay.
};

/// Cells are shown on one line each (OneLine). Columns in which every cell is empty are left out.
class TextTable {
 public:
  explicit TextTable(std::vector<TableColumn> columns) : columns_(std::move(columns)) {}
  /// As many cells as columns.
  void AddRow(std::vector<std::string> cells);
  /// Title, rule, rows, each line ended by LF; two blanks between columns. Where shrinking does not
  /// suffice the lines are longer than `width`. No rows: "".
  std::string ToString(std::size_t width) const;

 private:
  std::vector<TableColumn> columns_;
  std::vector<std::vector<std::string>> rows_;
};

}  // namespace tickhouse::report
