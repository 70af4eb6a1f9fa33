#include "tickhouse/sql/engine/engine.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace tickhouse::sql {

Result<AllRows> RunWhole(Engine& engine, const Statement& statement, const CancelToken& cancel) {
  TICKHOUSE_ASSIGN(const std::unique_ptr<RowStream> stream, engine.Run(statement, cancel));
  AllRows all;
  all.columns = stream->columns();
  while (true) {
    TICKHOUSE_ASSIGN(std::optional<RowBatch> batch, stream->Next());
    if (!batch) break;
    for (std::size_t row = 0; row < batch->rows; ++row) {
      std::vector<Cell>& cells = all.rows.emplace_back();
      for (std::vector<Cell>& column : batch->columns) cells.push_back(std::move(column[row]));
    }
  }
  all.rows_changed = stream->rows_changed();
  return all;
}

std::string PlaceOf(const std::string& text, std::size_t offset) {
  const std::size_t end = std::min(offset, text.size());
  const auto line = 1 + std::count(text.begin(), text.begin() + static_cast<int64_t>(end), '\n');
  const std::size_t before = end == 0 ? std::string::npos : text.rfind('\n', end - 1);
  const std::size_t column = before == std::string::npos ? end + 1 : end - before;
  return fmt::format("line {}, column {}: ", line, column);
}

}  // namespace tickhouse::sql
