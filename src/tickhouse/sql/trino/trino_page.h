// One answer of Trino's statement protocol.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "tickhouse/sql/engine/engine.h"

namespace tickhouse::sql {

struct TrinoPage {
  std::string query_id;
  std::string next_uri;         ///< Empty: this is the last one.
  std::vector<Column> columns;  ///< Empty until the server knows them.
  RowBatch rows;
  std::optional<int64_t> update_count;
  std::optional<Error> error;  ///< The statement failed; as `Engine::Run` says.
};

/// `columns`: those of an earlier page, in case this one does not repeat them. kCorrupt for what is
/// no such answer.
Result<TrinoPage> ReadTrinoPage(std::string_view body, const std::vector<Column>& columns);

}  // namespace tickhouse::sql
