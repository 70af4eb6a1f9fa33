#include "tickhouse/sql/spark/spark_answer.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>
#include <optional>
#include <utility>

#include "tickhouse/sql/engine/json_node.h"

namespace tickhouse::sql {

namespace {

using Json = nlohmann::json;

constexpr std::array kKinds = {std::pair{"boolean", ColumnKind::kBoolean},
                               std::pair{"integer", ColumnKind::kInteger},
                               std::pair{"decimal", ColumnKind::kDecimal},
                               std::pair{"real", ColumnKind::kReal},
                               std::pair{"date", ColumnKind::kDate},
                               std::pair{"timestamp", ColumnKind::kTimestamp},
                               std::pair{"timestamptz", ColumnKind::kTimestampTz},
                               std::pair{"text", ColumnKind::kText},
                               std::pair{"other", ColumnKind::kOther}};

constexpr std::array kErrors = {ErrorKind::kInvalidArgument, ErrorKind::kNotFound,
                                ErrorKind::kPermission,      ErrorKind::kUnsupported,
                                ErrorKind::kUnavailable,     ErrorKind::kNoSpace};

std::unexpected<Error> NoAnswer(std::string_view why) {
  return Fail(ErrorKind::kCorrupt,
              fmt::format("Spark's program gave an answer that is none: {}", why));
}

int64_t Number(const Json& node, const char* key) {
  const Json& value = MemberOf(node, key);
  return value.is_number_integer() ? value.get<int64_t>() : 0;
}

Error ErrorOf(const Json& said) {
  Error error{ErrorKind::kIo, TextOf(said, "message")};
  const std::string kind = TextOf(said, "kind");
  const auto found = std::ranges::find(kErrors, kind, ErrorKindName);
  if (found != kErrors.end()) error.kind = *found;
  if (error.message.empty()) error.message = "Spark gives no reason";
  const int64_t line = Number(said, "line");
  if (line > 0) {
    error.message =
        fmt::format("line {}, column {}: {}", line, Number(said, "column"), error.message);
  }
  return error;
}

}  // namespace

Result<std::vector<Column>> ReadSparkAnswer(std::string_view json) {
  const Json answer = Json::parse(json, nullptr, false);
  if (!answer.is_object()) return NoAnswer("no JSON object");
  if (const Json& error = MemberOf(answer, "error"); error.is_object()) return Fail(ErrorOf(error));
  const Json& named = MemberOf(answer, "columns");
  if (!named.is_array()) return NoAnswer("neither columns nor an error");
  std::vector<Column> columns;
  for (const Json& column : named) {
    const std::string kind = TextOf(column, "kind");
    const auto* const known =
        std::ranges::find_if(kKinds, [&kind](const auto& entry) { return entry.first == kind; });
    if (known == kKinds.end() || !MemberOf(column, "name").is_string()) {
      return NoAnswer(fmt::format("column {}", columns.size() + 1));
    }
    columns.push_back({TextOf(column, "name"), TextOf(column, "type"), known->second});
  }
  return columns;
}

}  // namespace tickhouse::sql
