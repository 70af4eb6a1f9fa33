#include <fmt/format.h>

#include <nlohmann/json.hpp>
#include <set>
#include <string>
#include <vector>

#include "tickhouse/sql/output/row_output.h"

namespace tickhouse::sql {

namespace {

std::string Quoted(const std::string& text) {
  return nlohmann::json(text).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

// JSON readers keep one of several members of a name.
std::vector<std::string> KeysOf(const std::vector<Column>& columns) {
  std::set<std::string> used;
  std::vector<std::string> keys;
  for (const Column& column : columns) {
    std::string name = column.name;
    for (int number = 2; !used.insert(name).second; ++number) {
      name = fmt::format("{}_{}", column.name, number);
    }
    keys.push_back(Quoted(name) + ':');
  }
  return keys;
}

bool IsNumber(const std::string& text) {
  return !text.empty() && (text.back() >= '0' && text.back() <= '9');
}

void AddValue(ColumnKind kind, const Cell& cell, std::string* text) {
  if (!cell) {
    *text += "null";
    return;
  }
  const bool plain = kind == ColumnKind::kBoolean ||
                     ((kind == ColumnKind::kInteger || kind == ColumnKind::kDecimal ||
                       kind == ColumnKind::kReal) &&
                      IsNumber(*cell));
  *text += plain ? *cell : Quoted(*cell);
}

}  // namespace

Result<int64_t> WriteJson(RowStream& rows, bool lines, const ByteSink& sink) {
  const std::vector<std::string> keys = KeysOf(rows.columns());
  std::string text = lines ? "" : "[";
  int64_t count = 0;
  while (true) {
    TICKHOUSE_ASSIGN(const std::optional<RowBatch> batch, rows.Next());
    if (!batch) break;
    for (std::size_t row = 0; row < batch->rows; ++row) {
      if (!lines) text += count == 0 && row == 0 ? "\n" : ",\n";
      text += '{';
      for (std::size_t i = 0; i < batch->columns.size(); ++i) {
        if (i > 0) text += ',';
        text += keys[i];
        AddValue(rows.columns()[i].kind, batch->columns[i][row], &text);
      }
      text += lines ? "}\n" : "}";
    }
    count += static_cast<int64_t>(batch->rows);
    TICKHOUSE_TRY(sink(text));
    text.clear();
  }
  if (!lines) text += count == 0 ? "]\n" : "\n]\n";
  if (!text.empty()) TICKHOUSE_TRY(sink(text));
  return count;
}

}  // namespace tickhouse::sql
