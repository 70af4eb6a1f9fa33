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

std::string WithoutDeleted(const ResolvedTable& table, const ResolvedFile& file) {
  return fmt::format(
      "SELECT {} FROM read_parquet({}, hive_partitioning = false, file_row_number = true) "
      "WHERE file_row_number NOT IN (SELECT unnest([{}]::BIGINT[]))",
      Projection(table, file), SqlLiteral(LiteralPath(file.path)), fmt::join(file.deleted, ","));
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
    if (!file.deleted.empty()) {
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
