#include "tickhouse/sql/trino/trino_page.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>
#include <utility>

#include "tickhouse/sql/engine/cell_text.h"
#include "tickhouse/sql/engine/json_node.h"

namespace tickhouse::sql {

namespace {

using Json = nlohmann::json;

int64_t Number(const Json& node, const char* key) {
  const Json& value = MemberOf(node, key);
  return value.is_number_integer() ? value.get<int64_t>() : 0;
}

ColumnKind KindOf(std::string_view type) {
  constexpr std::pair<std::string_view, ColumnKind> kKinds[] = {
      {"boolean", ColumnKind::kBoolean},  {"tinyint", ColumnKind::kInteger},
      {"smallint", ColumnKind::kInteger}, {"integer", ColumnKind::kInteger},
      {"bigint", ColumnKind::kInteger},   {"decimal", ColumnKind::kDecimal},
      {"real", ColumnKind::kReal},        {"double", ColumnKind::kReal},
      {"date", ColumnKind::kDate},        {"varchar", ColumnKind::kText},
      {"char", ColumnKind::kText},        {"uuid", ColumnKind::kText},
      {"ipaddress", ColumnKind::kText},   {"unknown", ColumnKind::kText}};
  if (type.starts_with("timestamp")) {
    return type.ends_with("with time zone") ? ColumnKind::kTimestampTz : ColumnKind::kTimestamp;
  }
  const std::string_view base = type.substr(0, type.find('('));
  for (const auto& [name, kind] : kKinds) {
    if (base == name) return kind;
  }
  return ColumnKind::kOther;
}

Cell CellOf(const Column& column, const Json& value) {
  if (value.is_null()) return std::nullopt;
  if (value.is_string()) return PlainText(column.kind, value.get_ref<const std::string&>());
  if (column.kind == ColumnKind::kReal && value.is_number()) {
    return column.type == "real" ? RealText(value.get<float>()) : RealText(value.get<double>());
  }
  return value.dump(-1, ' ', false, Json::error_handler_t::replace);
}

ErrorKind KindOfError(const std::string& name, const std::string& type) {
  const auto is_one_of = [&name](const auto& names) {
    return std::ranges::find(names, name) != names.end();
  };
  constexpr std::array<std::string_view, 5> kMissing = {
      "TABLE_NOT_FOUND", "SCHEMA_NOT_FOUND", "CATALOG_NOT_FOUND", "NOT_FOUND", "VIEW_NOT_FOUND"};
  constexpr std::array<std::string_view, 6> kNotNow = {
      "SERVER_STARTING_UP", "SERVER_SHUTTING_DOWN",     "NO_NODES_AVAILABLE",
      "QUERY_QUEUE_FULL",   "TOO_MANY_REQUESTS_FAILED", "CLUSTER_OUT_OF_MEMORY"};
  if (is_one_of(kMissing)) return ErrorKind::kNotFound;
  if (is_one_of(kNotNow)) return ErrorKind::kUnavailable;
  if (name == "PERMISSION_DENIED") return ErrorKind::kPermission;
  if (name == "USER_CANCELED") return ErrorKind::kCancelled;
  if (name == "EXCEEDED_TIME_LIMIT") return ErrorKind::kTimeout;
  if (name == "NOT_SUPPORTED") return ErrorKind::kUnsupported;
  if (name == "TRANSACTION_CONFLICT") return ErrorKind::kConflict;
  if (type == "USER_ERROR") return ErrorKind::kInvalidArgument;
  if (type == "INSUFFICIENT_RESOURCES") return ErrorKind::kUnavailable;
  return ErrorKind::kIo;
}

Error ErrorOf(const Json& error, const std::string& query_id) {
  const std::string name = TextOf(error, "errorName");
  std::string message = TextOf(error, "message");
  std::string place;
  const Json& location = MemberOf(error, "errorLocation");
  if (location.is_object()) {
    const int64_t line = Number(location, "lineNumber");
    const int64_t column = Number(location, "columnNumber");
    place = fmt::format("line {}, column {}: ", line, column);
    const std::string said = fmt::format("line {}:{}: ", line, column);
    if (message.starts_with(said)) message.erase(0, said.size());
  }
  return {KindOfError(name, TextOf(error, "errorType")),
          fmt::format("{}{} ({}, query {})", place, message, name, query_id)};
}

std::optional<RowBatch> RowsOf(const Json& data, const std::vector<Column>& columns) {
  RowBatch batch;
  batch.rows = data.size();
  batch.columns.resize(columns.size());
  for (std::vector<Cell>& cells : batch.columns) cells.reserve(batch.rows);
  for (const Json& row : data) {
    if (!row.is_array() || row.size() != columns.size()) return std::nullopt;
    for (std::size_t i = 0; i < columns.size(); ++i) {
      batch.columns[i].push_back(CellOf(columns[i], row[i]));
    }
  }
  return batch;
}

}  // namespace

Result<TrinoPage> ReadTrinoPage(std::string_view body, const std::vector<Column>& columns) {
  const Json json = Json::parse(body, nullptr, false);
  TrinoPage page;
  page.query_id = TextOf(json, "id");
  if (page.query_id.empty()) {
    return Fail(ErrorKind::kCorrupt, "the answer is not one of Trino's statement protocol");
  }
  page.next_uri = TextOf(json, "nextUri");
  const Json& named = MemberOf(json, "columns");
  for (const Json& column : named) {
    const std::string type = TextOf(column, "type");
    page.columns.push_back({TextOf(column, "name"), type, KindOf(type)});
  }
  const Json& data = MemberOf(json, "data");
  if (data.is_array()) {
    std::optional<RowBatch> rows = RowsOf(data, page.columns.empty() ? columns : page.columns);
    if (!rows) {
      return Fail(ErrorKind::kCorrupt,
                  fmt::format("query {}: a row has not as many values as there are columns",
                              page.query_id));
    }
    page.rows = *std::move(rows);
  } else if (!data.is_null()) {
    return Fail(ErrorKind::kUnsupported,
                fmt::format("query {}: the rows come in an encoding that was not asked for",
                            page.query_id));
  }
  if (MemberOf(json, "updateCount").is_number_integer())
    page.update_count = Number(json, "updateCount");
  if (MemberOf(json, "error").is_object())
    page.error = ErrorOf(MemberOf(json, "error"), page.query_id);
  return page;
}

}  // namespace tickhouse::sql
