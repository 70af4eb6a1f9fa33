#include "tickhouse/sql/duckdb/table_resolver.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <utility>

namespace tickhouse::sql {

namespace {

std::string Quoted(const std::string& text, char quote) {
  std::string quoted(1, quote);
  for (const char c : text) {
    if (c == quote) quoted += quote;
    quoted += c;
  }
  return quoted + quote;
}

std::string Projection(const ResolvedTable& table, const ResolvedFile& file) {
  std::vector<std::string> columns;
  for (std::size_t i = 0; i < table.columns.size(); ++i) {
    const ResolvedColumn& column = table.columns[i];
    const bool known = i < file.sources.size() && file.sources[i].has_value();
    columns.push_back(fmt::format("CAST({} AS {}) AS {}",
                                  known ? SqlName(*file.sources[i]) : std::string("NULL"),
                                  column.type, SqlName(column.name)));
  }
  return fmt::format("{}", fmt::join(columns, ", "));
}

std::string Paths(const std::vector<std::string>& paths) {
  std::vector<std::string> literals;
  for (const std::string& path : paths) literals.push_back(SqlLiteral(LiteralPath(path)));
  return fmt::format("[{}]", fmt::join(literals, ", "));
}

std::string WithoutDeleted(const ResolvedTable& table, const ResolvedFile& file) {
  std::string select = fmt::format(
      "SELECT {} FROM read_parquet({}, hive_partitioning = false, file_row_number = true) "
      "WHERE true",
      Projection(table, file), SqlLiteral(LiteralPath(file.path)));
  if (!file.deleted.empty()) {
    select += fmt::format(" AND file_row_number NOT IN (SELECT unnest([{}]::BIGINT[]))",
                          fmt::join(file.deleted, ","));
  }
  if (!file.position_deletes.empty()) {
    select += fmt::format(
        " AND file_row_number NOT IN (SELECT pos FROM read_parquet({}, hive_partitioning = false) "
        "WHERE file_path = {} AND pos IS NOT NULL)",
        Paths(file.position_deletes), SqlLiteral(file.location));
  }
  return select;
}

}  // namespace

std::string LiteralPath(const std::string& path) {
  // A class of one character stands for itself.
  std::string plain;
  for (const char c : path) {
    if (c == '*' || c == '?' || c == '[') {
      plain += fmt::format("[{}]", c);
    } else {
      plain += c;
    }
  }
  return plain;
}

std::string SqlLiteral(const std::string& text) {
  return Quoted(text, '\'');
}

std::string SqlName(const std::string& name) {
  return Quoted(name, '"');
}

std::string TableSelect(const ResolvedTable& table) {
  std::vector<std::string> selects;
  std::vector<std::pair<std::string, std::vector<std::string>>> groups;
  for (const ResolvedFile& file : table.files) {
    if (!file.deleted.empty() || !file.position_deletes.empty()) {
      selects.push_back(WithoutDeleted(table, file));
      continue;
    }
    const std::string projection = Projection(table, file);
    if (groups.empty() || groups.back().first != projection) groups.push_back({projection, {}});
    groups.back().second.push_back(SqlLiteral(LiteralPath(file.path)));
  }
  for (const auto& [projection, paths] : groups) {
    selects.push_back(fmt::format("SELECT {} FROM read_parquet([{}], hive_partitioning = false)",
                                  projection, fmt::join(paths, ", ")));
  }
  if (selects.empty()) {
    selects.push_back(fmt::format("SELECT {} WHERE false", Projection(table, ResolvedFile{})));
  }
  return fmt::format("{}", fmt::join(selects, " UNION ALL "));
}

}  // namespace tickhouse::sql
