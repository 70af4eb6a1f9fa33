#include <string>

#include "tickhouse/sql/output/row_output.h"

namespace tickhouse::sql {

namespace {

void AddField(std::string_view field, std::string* text) {
  if (!field.empty() && field.find_first_of(",\"\r\n") == std::string_view::npos) {
    *text += field;
    return;
  }
  *text += '"';
  for (const char c : field) {
    if (c == '"') *text += '"';
    *text += c;
  }
  *text += '"';
}

}  // namespace

Result<int64_t> WriteCsv(RowStream& rows, const ByteSink& sink) {
  std::string text;
  for (const Column& column : rows.columns()) {
    if (&column != &rows.columns().front()) text += ',';
    AddField(column.name, &text);
  }
  if (!rows.columns().empty()) text += '\n';
  int64_t count = 0;
  while (true) {
    TICKHOUSE_ASSIGN(const std::optional<RowBatch> batch, rows.Next());
    if (!batch) break;
    for (std::size_t row = 0; row < batch->rows; ++row) {
      for (std::size_t i = 0; i < batch->columns.size(); ++i) {
        if (i > 0) text += ',';
        if (const Cell& cell = batch->columns[i][row]) AddField(*cell, &text);
      }
      text += '\n';
    }
    count += static_cast<int64_t>(batch->rows);
    TICKHOUSE_TRY(sink(text));
    text.clear();
  }
  if (!text.empty()) TICKHOUSE_TRY(sink(text));
  return count;
}

}  // namespace tickhouse::sql
