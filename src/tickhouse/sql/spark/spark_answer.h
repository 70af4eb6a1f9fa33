// What Spark's program says about the rows it left, or about why there are none.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "tickhouse/core/error.h"
#include "tickhouse/sql/engine/engine.h"

namespace tickhouse::sql {

/// answer.json of spark_script.h: the columns, in order, of the rows; or the error it tells, as
/// `Engine::Run` says, which becomes ours. kCorrupt for what is no such answer.
Result<std::vector<Column>> ReadSparkAnswer(std::string_view json);

}  // namespace tickhouse::sql
