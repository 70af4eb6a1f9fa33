#include <fmt/format.h>

#include <algorithm>
#include <string>
#include <vector>

#include "tickhouse/sql/output/row_output.h"

namespace tickhouse::sql {

namespace {

constexpr std::size_t kMeasuredRows = 1'000;

bool IsContinuation(char c) {
  return (static_cast<unsigned char>(c) & 0xC0U) == 0x80U;
}

// What a terminal would take for orders: C0, DEL, and C1 in its two UTF-8 bytes.
std::string OneLine(std::string_view text) {
  std::string line;
  line.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto byte = static_cast<unsigned char>(text[i]);
    const auto after = i + 1 < text.size() ? static_cast<unsigned char>(text[i + 1]) : 0U;
    if (byte == '\n') {
      line += "\\n";
    } else if (byte == '\t') {
      line += "\\t";
    } else if (byte < 0x20 || byte == 0x7F) {
      line += fmt::format("\\x{:02x}", byte);
    } else if (byte == 0xC2 && after >= 0x80 && after < 0xA0) {
      line += fmt::format("\\x{:02x}", after);
      ++i;
    } else {
      line += text[i];
    }
  }
  return line;
}

std::size_t Characters(std::string_view text) {
  return static_cast<std::size_t>(
      std::count_if(text.begin(), text.end(), [](char c) { return !IsContinuation(c); }));
}

std::string Cut(std::string text, std::size_t most) {
  if (most == 0 || Characters(text) <= most) return text;
  std::size_t end = 0;
  for (std::size_t kept = 0; end < text.size(); ++end) {
    if (!IsContinuation(text[end]) && ++kept == most) break;
  }
  return text.substr(0, end) + "\xE2\x80\xA6";
}

bool StandsRight(ColumnKind kind) {
  return kind == ColumnKind::kInteger || kind == ColumnKind::kDecimal || kind == ColumnKind::kReal;
}

class Grid {
 public:
  Grid(const std::vector<Column>& columns, std::size_t most) : columns_(columns), most_(most) {
    for (const Column& column : columns) {
      titles_.push_back(Shown(column.name));
      widths_.push_back(Characters(titles_.back()));
    }
  }

  std::string Shown(std::string_view text) const { return Cut(OneLine(text), most_); }

  void Measure(const std::vector<std::string>& cells) {
    for (std::size_t i = 0; i < cells.size(); ++i) {
      widths_[i] = std::max(widths_[i], Characters(cells[i]));
    }
  }

  void AddHead(std::string* text) const {
    AddLine(titles_, text);
    for (std::size_t i = 0; i < widths_.size(); ++i) {
      text->append(i == 0 ? "" : "  ").append(widths_[i], '-');
    }
    *text += '\n';
  }

  void AddLine(const std::vector<std::string>& cells, std::string* text) const {
    for (std::size_t i = 0; i < cells.size(); ++i) {
      if (i > 0) *text += "  ";
      const std::size_t used = Characters(cells[i]);
      const std::size_t blanks = widths_[i] > used ? widths_[i] - used : 0;
      const bool right = StandsRight(columns_[i].kind);
      if (right) text->append(blanks, ' ');
      *text += cells[i];
      if (!right && i + 1 < cells.size()) text->append(blanks, ' ');
    }
    *text += '\n';
  }

 private:
  const std::vector<Column>& columns_;
  std::size_t most_;
  std::vector<std::string> titles_;
  std::vector<std::size_t> widths_;
};

std::vector<std::string> CellsOf(const RowBatch& batch, std::size_t row, const Grid& grid) {
  std::vector<std::string> cells;
  cells.reserve(batch.columns.size());
  for (const std::vector<Cell>& column : batch.columns) {
    cells.push_back(column[row] ? grid.Shown(*column[row]) : std::string("NULL"));
  }
  return cells;
}

}  // namespace

Result<int64_t> WriteTable(RowStream& rows, const RowOutputOptions& options, const ByteSink& sink) {
  Grid grid(rows.columns(), options.most_cell_columns);
  std::vector<std::vector<std::string>> measured;
  bool head_is_out = false;
  int64_t count = 0;
  std::string text;
  const auto flush = [&]() -> Status {
    if (!head_is_out) {
      grid.AddHead(&text);
      for (const auto& cells : measured) grid.AddLine(cells, &text);
      measured.clear();
      head_is_out = true;
    }
    const Status status = sink(text);
    text.clear();
    return status;
  };
  while (true) {
    TICKHOUSE_ASSIGN(const std::optional<RowBatch> batch, rows.Next());
    if (!batch) break;
    for (std::size_t row = 0; row < batch->rows; ++row) {
      std::vector<std::string> cells = CellsOf(*batch, row, grid);
      if (head_is_out) {
        grid.AddLine(cells, &text);
        continue;
      }
      grid.Measure(cells);
      measured.push_back(std::move(cells));
      if (measured.size() == kMeasuredRows) TICKHOUSE_TRY(flush());
    }
    count += static_cast<int64_t>(batch->rows);
    if (head_is_out) TICKHOUSE_TRY(flush());
  }
  if (!rows.columns().empty()) TICKHOUSE_TRY(flush());
  return count;
}

}  // namespace tickhouse::sql
