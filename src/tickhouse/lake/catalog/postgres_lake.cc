#include "tickhouse/lake/catalog/postgres_lake.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>
#include <map>
#include <optional>
#include <set>
#include <string_view>
#include <utility>

#include "tickhouse/lake/catalog/information/information_tables.h"
#include "tickhouse/lake/catalog/sql_connection.h"

namespace tickhouse::lake {

namespace {

constexpr int kOldestServer = 90'600;  // The first with idle_in_transaction_session_timeout.
constexpr int kAttempts = 4;
constexpr char kGold[] = "gold";
// Says which layout the informational tables have, for the versions to come.
constexpr std::string_view kLayoutMark = "tickhouse informational tables, layout ";
constexpr std::string_view kLayout = "1";
constexpr char kWayOut[] =
    "; nothing was changed. Name another database, or another schema of this one (add "
    "options=-csearch_path%3DSCHEMA to the URI)";

enum class Sort { kText, kInt, kBigInt };

struct Column {
  std::string name;
  Sort sort = Sort::kText;
  bool in_key = false;
  bool is_optional = false;  // May be missing: an older layout.
};

struct Table {
  std::string name;
  std::vector<Column> columns;
  std::string create;
  std::string index_name = {};
  std::string index_columns = {};
};

Table CatalogTable() {
  return {.name = "iceberg_tables",
          .columns = {{.name = "catalog_name", .in_key = true},
                      {.name = "table_namespace", .in_key = true},
                      {.name = "table_name", .in_key = true},
                      {.name = "metadata_location"},
                      {.name = "previous_metadata_location"},
                      {.name = "iceberg_type", .is_optional = true}},
          .create =
              "CREATE TABLE iceberg_tables (catalog_name VARCHAR(255) NOT NULL, table_namespace "
              "VARCHAR(255) NOT NULL, table_name VARCHAR(255) NOT NULL, metadata_location "
              "VARCHAR(1000), previous_metadata_location VARCHAR(1000), iceberg_type VARCHAR(5), "
              "PRIMARY KEY (catalog_name, table_namespace, table_name))"};
}

Table NamespaceTable() {
  return {.name = "iceberg_namespace_properties",
          .columns = {{.name = "catalog_name", .in_key = true},
                      {.name = "namespace", .in_key = true},
                      {.name = "property_key", .in_key = true},
                      {.name = "property_value"}},
          .create =
              "CREATE TABLE iceberg_namespace_properties (catalog_name VARCHAR(255) NOT NULL, "
              "namespace VARCHAR(255) NOT NULL, property_key VARCHAR(255) NOT NULL, "
              "property_value VARCHAR(1000), PRIMARY KEY (catalog_name, namespace, "
              "property_key))"};
}

Sort SortOf(InformationType type) {
  switch (type) {
    case InformationType::kInt: return Sort::kInt;
    case InformationType::kBigInt:
    case InformationType::kOptionalBigInt: return Sort::kBigInt;
    default: return Sort::kText;
  }
}

Table InformationalTable(InformationKind kind) {
  const InformationTable& described = InformationTableOf(kind);
  Table table{.name = std::string(described.name),
              .columns = {{.name = "catalog_name", .in_key = true},
                          {.name = "table_namespace", .in_key = true},
                          {.name = "table_name", .in_key = true}},
              .create = CreateInformationSql(described)};
  for (const InformationColumn& column : described.columns) {
    table.columns.push_back(
        {.name = std::string(column.name), .sort = SortOf(column.type), .in_key = column.in_key});
  }
  if (kind == InformationKind::kSnapshots) {
    table.index_name = "iceberg_snapshots_by_time";
    table.index_columns = "catalog_name, table_namespace, table_name, timestamp_ms";
  }
  if (kind == InformationKind::kDataFiles) {
    table.index_name = "iceberg_data_files_by_path";
    table.index_columns = "file_path";
  }
  return table;
}

// By the type's name without its length; an int column may as well be wider.
bool Fits(Sort sort, std::string_view type) {
  switch (sort) {
    case Sort::kText: return type == "character varying" || type == "text";
    case Sort::kInt: return type == "integer" || type == "bigint";
    case Sort::kBigInt: return type == "bigint";
  }
  return false;
}

std::unexpected<Error> Refuse(const std::string& table, const std::string& why) {
  return Fail(ErrorKind::kUnsupported, fmt::format("{} {}{}", table, why, kWayOut));
}

Status Discard(Result<SqlRows> rows) {
  if (rows) return {};
  return Fail(std::move(rows).error());
}

class Maker {
 public:
  Maker(SqlConnection& sql, const PostgresLakeSettings& settings)
      : sql_(sql), settings_(settings) {}

  // Inside a transaction.
  Status Run() {
    TICKHOUSE_TRY(CheckServer());
    // Two that make the same tables at once would both find them missing.
    TICKHOUSE_TRY(Discard(sql_.Run("SELECT pg_advisory_xact_lock(7245128660043)", {})));
    TICKHOUSE_TRY(HaveTable(CatalogTable()));
    TICKHOUSE_TRY(HaveTable(NamespaceTable()));
    TICKHOUSE_TRY(CheckLayout());
    for (const InformationKind kind : kInformationKinds) {
      TICKHOUSE_TRY(HaveTable(InformationalTable(kind)));
    }
    TICKHOUSE_TRY(HaveSchema());
    return HaveNamespace();
  }

  std::vector<std::string> TakeMade() { return std::move(made_); }

 private:
  Status CheckServer() {
    TICKHOUSE_ASSIGN(const SqlRows found, sql_.Run("SHOW server_version_num", {}));
    const std::string number = found.rows.empty() ? "" : found.rows[0][0].value_or("");
    if (std::atoi(number.c_str()) >= kOldestServer) return {};
    return Fail(ErrorKind::kUnsupported,
                fmt::format("PostgreSQL {}: 9.6 or newer is needed", number));
  }

  Status HaveTable(const Table& table) {
    TICKHOUSE_ASSIGN(
        const SqlRows found,
        sql_.Run("SELECT relkind FROM pg_class WHERE oid = to_regclass($1)", {table.name}));
    if (found.rows.empty()) {
      TICKHOUSE_TRY(Make("table " + table.name, table.create, "CREATE on the schema"));
      if (table.name == "iceberg_snapshots") {
        TICKHOUSE_TRY(Discard(sql_.Run(
            fmt::format("COMMENT ON TABLE {} IS '{}{}'", table.name, kLayoutMark, kLayout), {})));
      }
    } else {
      const std::string kind = found.rows[0][0].value_or("");
      if (kind != "r" && kind != "p") return Refuse(table.name, "is not a table");
      TICKHOUSE_TRY(CheckColumns(table));
      TICKHOUSE_TRY(CheckKey(table));
    }
    return table.index_name.empty() ? Status() : HaveIndex(table);
  }

  Status CheckColumns(const Table& table) {
    TICKHOUSE_ASSIGN(const SqlRows found,
                     sql_.Run("SELECT attname, format_type(atttypid, NULL) FROM pg_attribute WHERE "
                              "attrelid = to_regclass($1) AND attnum > 0 AND NOT attisdropped",
                              {table.name}));
    std::map<std::string, std::string> there;
    for (const auto& row : found.rows) there[row[0].value_or("")] = row[1].value_or("");
    for (const Column& column : table.columns) {
      const auto at = there.find(column.name);
      if (at == there.end()) {
        if (column.is_optional) continue;
        return Refuse(table.name,
                      fmt::format("has no column {}: it is not a catalog's", column.name));
      }
      if (!Fits(column.sort, at->second)) {
        return Refuse(table.name, fmt::format("has a column {} of type {}: it is not a catalog's",
                                              column.name, at->second));
      }
      there.erase(at);
    }
    if (there.empty()) return {};
    return Refuse(table.name,
                  fmt::format("has a column {}, which this version does not know: a newer layout, "
                              "or not a catalog's",
                              there.begin()->first));
  }

  Status CheckKey(const Table& table) {
    TICKHOUSE_ASSIGN(
        const SqlRows found,
        sql_.Run("SELECT a.attname FROM pg_index i JOIN pg_attribute a ON a.attrelid = i.indrelid "
                 "AND a.attnum = ANY(i.indkey) WHERE i.indrelid = to_regclass($1) AND "
                 "i.indisprimary",
                 {table.name}));
    std::set<std::string> there, needed;
    for (const auto& row : found.rows) there.insert(row[0].value_or(""));
    for (const Column& column : table.columns) {
      if (column.in_key) needed.insert(column.name);
    }
    if (there == needed) return {};
    return Refuse(table.name, fmt::format("has the primary key ({}), not ({})",
                                          fmt::join(there, ", "), fmt::join(needed, ", ")));
  }

  Status HaveIndex(const Table& table) {
    TICKHOUSE_ASSIGN(const SqlRows found,
                     sql_.Run("SELECT to_regclass($1) IS NOT NULL", {table.index_name}));
    if (!found.rows.empty() && found.rows[0][0] == "t") return {};
    return Make("index " + table.index_name,
                fmt::format("CREATE INDEX {} ON {} ({})", table.index_name, table.name,
                            table.index_columns),
                "ownership of table " + table.name);
  }

  Status CheckLayout() {
    TICKHOUSE_ASSIGN(const SqlRows found,
                     sql_.Run("SELECT obj_description(to_regclass('iceberg_snapshots'), "
                              "'pg_class')",
                              {}));
    const std::string mark = found.rows.empty() ? "" : found.rows[0][0].value_or("");
    if (!mark.starts_with(kLayoutMark) || mark.substr(kLayoutMark.size()) == kLayout) return {};
    return Refuse("iceberg_snapshots",
                  fmt::format("was made in layout {} by a newer tickhouse; this one knows layout "
                              "{}, so use the newer program",
                              mark.substr(kLayoutMark.size()), kLayout));
  }

  Status HaveSchema() {
    TICKHOUSE_ASSIGN(const SqlRows found,
                     sql_.Run("SELECT 1 FROM pg_namespace WHERE nspname = $1", {kGold}));
    if (!found.rows.empty()) return {};
    return Make(std::string("schema ") + kGold, std::string("CREATE SCHEMA ") + kGold,
                "CREATE on the database");
  }

  // The namespace is there as soon as a row or a table says so.
  Status HaveNamespace() {
    TICKHOUSE_ASSIGN(const SqlRows found,
                     sql_.Run("SELECT 1 FROM iceberg_namespace_properties WHERE catalog_name = $1 "
                              "AND namespace = $2 UNION ALL SELECT 1 FROM iceberg_tables WHERE "
                              "catalog_name = $1 AND table_namespace = $2 LIMIT 1",
                              {settings_.catalog_name, kGold}));
    if (!found.rows.empty()) return {};
    std::string location = settings_.warehouse;
    while (location.ends_with('/')) location.pop_back();
    TICKHOUSE_TRY(Discard(
        sql_.Run("INSERT INTO iceberg_namespace_properties (catalog_name, namespace, property_key, "
                 "property_value) VALUES ($1, $2, 'exists', 'true'), ($1, $2, 'location', $3)",
                 {settings_.catalog_name, kGold, location + "/" + kGold})));
    made_.push_back(std::string("namespace ") + kGold);
    return {};
  }

  Status Make(std::string what, const std::string& statement, const std::string& right) {
    const Status done = Discard(sql_.Run(statement, {}));
    if (done) {
      made_.push_back(std::move(what));
      return {};
    }
    if (done.error().kind != ErrorKind::kPermission) return done;
    return Fail(ErrorKind::kPermission,
                fmt::format("{}: {}; nothing was changed. It needs {}: let the owner of the "
                            "database run `tickhouse lake init` once, or grant that",
                            what, done.error().message, right));
  }

  SqlConnection& sql_;
  const PostgresLakeSettings& settings_;
  std::vector<std::string> made_;
};

Result<std::vector<std::string>> MakeOnce(SqlConnection& sql,
                                          const PostgresLakeSettings& settings) {
  TICKHOUSE_TRY(sql.Begin());
  Maker maker(sql, settings);
  const Status done = maker.Run();
  if (!done) {
    sql.Rollback();
    return std::unexpected(done.error());
  }
  TICKHOUSE_TRY(sql.Commit());
  return maker.TakeMade();
}

}  // namespace

Result<std::vector<std::string>> InitPostgresLake(const std::string& address,
                                                  const PostgresLakeSettings& settings) {
  TICKHOUSE_ASSIGN(const auto connection, OpenPostgres(address));
  for (int attempt = 1;; ++attempt) {
    auto made = MakeOnce(*connection, settings);
    // Taken: a catalog of another program made the same table at the same moment.
    const bool again = !made && (made.error().kind == ErrorKind::kUnavailable ||
                                 made.error().kind == ErrorKind::kAlreadyExists);
    if (!again || attempt == kAttempts) return made;
  }
}

}  // namespace tickhouse::lake
