#include "tickhouse/lake/catalog/information/information_sql.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <utility>
#include <vector>

#include "tickhouse/lake/catalog/table_store.h"

namespace tickhouse::lake {

namespace {

using enum InformationKind;

constexpr char kOfTable[] = "catalog_name = $1 AND table_namespace = $2 AND table_name = $3";
constexpr std::size_t kRowsAtOnce = 200;
constexpr std::size_t kMostColumns = 5;
constexpr char kSnapshotMark[] = "snapshot";

std::vector<std::string> ValuesOf(const InformationKey& key) {
  return {key.catalog_name, NamespaceText(key.table.ns), key.table.name};
}

Status Discard(Result<SqlRows> rows) {
  if (rows) return {};
  return Fail(std::move(rows).error());
}

Status DeleteRows(SqlConnection& sql, const InformationKey& key, InformationKind kind) {
  return Discard(
      sql.Run(fmt::format("DELETE FROM {} WHERE {}", InformationTableOf(kind).name, kOfTable),
              ValuesOf(key)));
}

// A text turned into the column's type, so that the database need not guess.
std::string Parameter(std::size_t number, InformationType type) {
  switch (type) {
    case InformationType::kInt: return fmt::format("CAST(${} AS INT)", number);
    case InformationType::kBigInt: return fmt::format("CAST(${} AS BIGINT)", number);
    case InformationType::kOptionalBigInt:
      return fmt::format("CAST(NULLIF(${}, '') AS BIGINT)", number);
    default: return fmt::format("${}", number);
  }
}

Status InsertSome(SqlConnection& sql, const InformationKey& key, const InformationTable& table,
                  std::vector<InformationRow>::const_iterator begin,
                  std::vector<InformationRow>::const_iterator end) {
  std::vector<std::string> values = ValuesOf(key);
  std::string text =
      fmt::format("INSERT INTO {} (catalog_name, table_namespace, table_name", table.name);
  for (const InformationColumn& column : table.columns) text += fmt::format(", {}", column.name);
  text += ") VALUES ";
  for (auto row = begin; row != end; ++row) {
    text += row == begin ? "($1, $2, $3" : ", ($1, $2, $3";
    for (std::size_t i = 0; i < table.columns.size(); ++i) {
      values.push_back((*row)[i]);
      text += ", " + Parameter(values.size(), table.columns[i].type);
    }
    text += ')';
  }
  return Discard(sql.Run(text + " ON CONFLICT DO NOTHING", values));
}

Status InsertRows(SqlConnection& sql, const InformationKey& key, InformationKind kind,
                  const std::vector<InformationRow>& rows) {
  for (std::size_t begin = 0; begin < rows.size(); begin += kRowsAtOnce) {
    const auto at = [&](std::size_t i) { return rows.begin() + static_cast<std::ptrdiff_t>(i); };
    TICKHOUSE_TRY(InsertSome(sql, key, InformationTableOf(kind), at(begin),
                             at(std::min(begin + kRowsAtOnce, rows.size()))));
  }
  return {};
}

InformationRow Padded(std::string mark, const InformationRow& values) {
  InformationRow row{std::move(mark)};
  row.insert(row.end(), values.begin(), values.end());
  row.resize(kMostColumns);
  return row;
}

// What the small tables say, and the snapshot when it is known, by one statement.
const std::string& SaidSql() {
  static const std::string text = [] {
    std::string all;
    for (const InformationKind kind : kSmallInformation) {
      const InformationTable& table = InformationTableOf(kind);
      all += fmt::format("SELECT '{}'", static_cast<int>(kind));
      for (const InformationColumn& column : table.columns) {
        all += fmt::format(", CAST({} AS TEXT)", column.name);
      }
      for (std::size_t i = table.columns.size() + 1; i < kMostColumns; ++i) all += ", ''";
      all += fmt::format(" FROM {} WHERE {} UNION ALL ", table.name, kOfTable);
    }
    return all + fmt::format(
                     "SELECT '{}', CAST(snapshot_id AS TEXT), '', '', '' FROM "
                     "iceberg_snapshots WHERE {} AND snapshot_id = CAST($4 AS BIGINT)",
                     kSnapshotMark, kOfTable);
  }();
  return text;
}

std::vector<InformationRow> Expected(const InformationChange& change) {
  std::vector<InformationRow> rows;
  for (const InformationKind kind : kSmallInformation) {
    for (const InformationRow& row : (*change.before)[kind]) {
      rows.push_back(Padded(std::to_string(static_cast<int>(kind)), row));
    }
  }
  if (change.snapshot_before) {
    rows.push_back(Padded(kSnapshotMark, {std::to_string(*change.snapshot_before)}));
  }
  std::ranges::sort(rows);
  return rows;
}

Result<bool> SaysWhatWasBefore(SqlConnection& sql, const InformationKey& key,
                               const InformationChange& change) {
  std::vector<std::string> values = ValuesOf(key);
  values.push_back(std::to_string(change.snapshot_before.value_or(-1)));
  TICKHOUSE_ASSIGN(const SqlRows found, sql.Run(SaidSql(), values));
  std::vector<InformationRow> said;
  for (const auto& row : found.rows) {
    InformationRow& texts = said.emplace_back();
    for (const auto& value : row) texts.push_back(value.value_or(""));
  }
  std::ranges::sort(said);
  return said == Expected(change);
}

}  // namespace

Result<bool> HasInformation(SqlConnection& sql) {
  for (const InformationKind kind : kInformationKinds) {
    const InformationTable& table = InformationTableOf(kind);
    TICKHOUSE_ASSIGN(const SqlRows found, sql.Run(sql.columns_sql(), {std::string(table.name)}));
    std::set<std::string> there;
    for (const auto& row : found.rows) there.insert(row[0].value_or(""));
    for (const char* key : {"catalog_name", "table_namespace", "table_name"}) {
      if (!there.contains(key)) return false;
    }
    for (const InformationColumn& column : table.columns) {
      if (!there.contains(std::string(column.name))) return false;
    }
  }
  return true;
}

Status WriteInformation(SqlConnection& sql, const InformationKey& key, InformationChange& change) {
  if (change.is_stale) return {};
  if (change.before) {
    TICKHOUSE_ASSIGN(const bool agrees, SaysWhatWasBefore(sql, key, change));
    if (!agrees) {
      change.is_stale = true;
      return {};
    }
  }
  for (const InformationKind kind : kSmallInformation) {
    if (change.before && (*change.before)[kind] == change.after[kind]) continue;
    TICKHOUSE_TRY(DeleteRows(sql, key, kind));
    TICKHOUSE_TRY(InsertRows(sql, key, kind, change.after[kind]));
  }
  for (const InformationKind kind : {kSnapshots, kManifestFiles, kDataFiles}) {
    if (change.replaces_files) TICKHOUSE_TRY(DeleteRows(sql, key, kind));
    TICKHOUSE_TRY(InsertRows(sql, key, kind, change.after[kind]));
  }
  return {};
}

Result<std::set<int64_t>> InformedSnapshots(SqlConnection& sql, const InformationKey& key) {
  TICKHOUSE_ASSIGN(
      const SqlRows found,
      sql.Run(fmt::format("SELECT snapshot_id FROM iceberg_snapshots WHERE {}", kOfTable),
              ValuesOf(key)));
  std::set<int64_t> ids;
  for (const auto& row : found.rows) {
    const std::string text = row[0].value_or("");
    int64_t id = 0;
    std::from_chars(text.data(), text.data() + text.size(), id);
    ids.insert(id);
  }
  return ids;
}

Result<std::set<TableIdentifier>> InformedTables(SqlConnection& sql,
                                                 const std::string& catalog_name) {
  std::string text;
  for (const InformationKind kind : kInformationKinds) {
    text += fmt::format("{}SELECT table_namespace, table_name FROM {} WHERE catalog_name = $1",
                        text.empty() ? "" : " UNION ", InformationTableOf(kind).name);
  }
  TICKHOUSE_ASSIGN(const SqlRows found, sql.Run(text, {catalog_name}));
  std::set<TableIdentifier> tables;
  for (const auto& row : found.rows) {
    tables.insert({ParseNamespaceText(row[0].value_or("")), row[1].value_or("")});
  }
  return tables;
}

Status RemoveInformation(SqlConnection& sql, const InformationKey& key) {
  for (const InformationKind kind : kInformationKinds) TICKHOUSE_TRY(DeleteRows(sql, key, kind));
  return {};
}

Status RenameInformation(SqlConnection& sql, const InformationKey& from,
                         const TableIdentifier& to) {
  TICKHOUSE_TRY(RemoveInformation(sql, {from.catalog_name, to}));
  std::vector<std::string> values = ValuesOf(from);
  values.push_back(NamespaceText(to.ns));
  values.push_back(to.name);
  for (const InformationKind kind : kInformationKinds) {
    TICKHOUSE_TRY(
        Discard(sql.Run(fmt::format("UPDATE {} SET table_namespace = $4, table_name = $5 WHERE {}",
                                    InformationTableOf(kind).name, kOfTable),
                        values)));
  }
  return {};
}

}  // namespace tickhouse::lake
