#include "tickhouse/report/text/text_table.h"

#include <algorithm>

#include "tickhouse/core/check.h"
#include "tickhouse/report/text/display_text.h"

namespace tickhouse::report {

namespace {

constexpr std::size_t kSmallest = 12;

std::string Pad(const std::string& cell, std::size_t width, bool right) {
  const std::string blanks(width - std::min(width, DisplayWidth(cell)), ' ');
  return right ? blanks + cell : cell + blanks;
}

}  // namespace

void TextTable::AddRow(std::vector<std::string> cells) {
  TICKHOUSE_CHECK(cells.size() == columns_.size(), "a row has a cell for every column");
  for (std::string& cell : cells) cell = OneLine(cell);
  rows_.push_back(std::move(cells));
}

std::string TextTable::ToString(std::size_t width) const {
  if (rows_.empty()) return "";
  std::vector<std::size_t> shown;
  std::vector<std::size_t> widths(columns_.size());
  std::size_t total = 0;
  for (std::size_t i = 0; i < columns_.size(); ++i) {
    std::size_t widest = 0;
    for (const auto& row : rows_) widest = std::max(widest, DisplayWidth(row[i]));
    if (widest == 0) continue;
    widths[i] = std::max(widest, DisplayWidth(columns_[i].title));
    total += widths[i] + (shown.empty() ? 0 : 2);
    shown.push_back(i);
  }
  // The widest column that may shrink gives way first, one column at a time.
  while (total > width) {
    std::size_t* widest = nullptr;
    for (const std::size_t i : shown) {
      if (!columns_[i].shrinks || widths[i] <= kSmallest) continue;
      if (widest == nullptr || widths[i] > *widest) widest = &widths[i];
    }
    if (widest == nullptr) break;
    --*widest;
    --total;
  }
  std::string text;
  const auto add_line = [&](const auto& cell_of) {
    std::string line;
    for (const std::size_t i : shown) {
      if (!line.empty()) line += "  ";
      line += Pad(Shorten(cell_of(i), widths[i]), widths[i], columns_[i].right);
    }
    line.erase(line.find_last_not_of(' ') + 1);
    text += line + '\n';
  };
  add_line([&](std::size_t i) { return columns_[i].title; });
  text += std::string(std::min(total, std::max<std::size_t>(width, 1)), '-') + '\n';
  for (const auto& row : rows_) {
    add_line([&](std::size_t i) { return row[i]; });
  }
  return text;
}

}  // namespace tickhouse::report
