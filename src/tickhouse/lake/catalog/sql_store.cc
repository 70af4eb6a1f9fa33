#include "tickhouse/lake/catalog/sql_store.h"

#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <mutex>
#include <optional>
#include <set>
#include <tuple>

#include "tickhouse/core/log.h"
#include "tickhouse/lake/catalog/information/information_sql.h"

namespace tickhouse::lake {

namespace {

constexpr int kAttempts = 4;
constexpr char kExists[] = "exists";  // what other writers call the row of an empty namespace

// $1 the catalog, $2 a namespace: of one namespace and those below it.
std::string Within(const char* column) {
  return fmt::format(
      "catalog_name = $1 AND ({0} = $2 OR substr({0}, 1, length($2) + 1) = "
      "$2 || '.')",
      column);
}
constexpr char kOfTable[] = "catalog_name = $1 AND table_namespace = $2 AND table_name = $3";

std::unexpected<Error> NoNamespace(const Namespace& ns) {
  return Fail(ErrorKind::kNotFound, fmt::format("no namespace {}", NamespaceText(ns)));
}
std::unexpected<Error> NoTable(const TableIdentifier& identifier) {
  return Fail(ErrorKind::kNotFound, fmt::format("no table {}", identifier.ToString()));
}

class SqlStore : public TableStore {
 public:
  SqlStore(std::unique_ptr<SqlConnection> connection, std::string name)
      : sql_(std::move(connection)), name_(std::move(name)) {}

  Status Prepare() {
    TICKHOUSE_ASSIGN(std::set<std::string> columns, Columns("iceberg_tables"));
    if (columns.empty()) {
      const Status made = MakeTables();
      // Somebody else may make the same tables at the same moment.
      if (!made && made.error().kind != ErrorKind::kAlreadyExists) return made;
      TICKHOUSE_ASSIGN(columns, Columns("iceberg_tables"));
    }
    for (const char* need : {"catalog_name", "table_namespace", "table_name", "metadata_location",
                             "previous_metadata_location"}) {
      if (!columns.contains(need)) return Unknown("iceberg_tables", need);
    }
    has_type_ = columns.contains("iceberg_type");
    TICKHOUSE_ASSIGN(columns, Columns("iceberg_namespace_properties"));
    if (columns.empty()) {
      TICKHOUSE_TRY(MakeTables());
      TICKHOUSE_ASSIGN(columns, Columns("iceberg_namespace_properties"));
    }
    for (const char* need : {"catalog_name", "namespace", "property_key", "property_value"}) {
      if (!columns.contains(need)) return Unknown("iceberg_namespace_properties", need);
    }
    return Look([&]() -> Status {
      TICKHOUSE_ASSIGN(informs_, HasInformation(*sql_));
      return {};
    });
  }

  Status CreateNamespace(const Namespace& ns, const Properties& properties) override {
    TICKHOUSE_TRY(CheckNamespace(ns));
    return Transact([&]() -> Status {
      TICKHOUSE_ASSIGN(const bool exists, Exists(ns));
      Status made;
      if (!exists) made = WriteProperty(ns, kExists, "true");
      if (exists || (!made && made.error().kind == ErrorKind::kAlreadyExists)) {
        return Fail(ErrorKind::kAlreadyExists,
                    fmt::format("namespace {} exists already", NamespaceText(ns)));
      }
      TICKHOUSE_TRY(made);
      for (const auto& [key, value] : properties) {
        if (key != kExists) TICKHOUSE_TRY(WriteProperty(ns, key, value));
      }
      return {};
    });
  }

  Status DropNamespace(const Namespace& ns) override {
    TICKHOUSE_TRY(CheckNamespace(ns));
    const std::string text = NamespaceText(ns);
    return Transact([&]() -> Status {
      TICKHOUSE_ASSIGN(const bool exists, Exists(ns));
      if (!exists) return NoNamespace(ns);
      TICKHOUSE_ASSIGN(const SqlRows tables, sql_->Run("SELECT 1 FROM iceberg_tables WHERE " +
                                                           Within("table_namespace") + " LIMIT 1",
                                                       {name_, text}));
      TICKHOUSE_ASSIGN(const SqlRows inner,
                       sql_->Run("SELECT 1 FROM iceberg_namespace_properties WHERE " +
                                     Within("namespace") + " AND namespace <> $2 LIMIT 1",
                                 {name_, text}));
      if (!tables.rows.empty() || !inner.rows.empty()) {
        return Fail(ErrorKind::kConflict, fmt::format("namespace {} is not empty", text));
      }
      return Discard(
          sql_->Run("DELETE FROM iceberg_namespace_properties WHERE catalog_name = $1 "
                    "AND namespace = $2",
                    {name_, text}));
    });
  }

  Result<std::vector<Namespace>> AllNamespaces() override {
    std::set<Namespace> found;
    TICKHOUSE_TRY(Look([&]() -> Status {
      TICKHOUSE_ASSIGN(const SqlRows rows,
                       sql_->Run("SELECT table_namespace FROM iceberg_tables WHERE catalog_name = "
                                 "$1 UNION SELECT namespace FROM iceberg_namespace_properties "
                                 "WHERE catalog_name = $1",
                                 {name_}));
      for (const auto& row : rows.rows) {
        for (Namespace ns = ParseNamespaceText(row[0].value_or("")); !ns.empty(); ns.pop_back()) {
          found.insert(ns);
        }
      }
      return {};
    }));
    return std::vector<Namespace>(found.begin(), found.end());
  }

  Result<Properties> LoadNamespace(const Namespace& ns) override {
    TICKHOUSE_TRY(CheckNamespace(ns));
    Properties properties;
    TICKHOUSE_TRY(Look([&]() -> Status {
      properties.clear();
      TICKHOUSE_ASSIGN(const bool exists, Exists(ns));
      if (!exists) return NoNamespace(ns);
      TICKHOUSE_ASSIGN(const SqlRows rows,
                       sql_->Run("SELECT property_key, property_value FROM "
                                 "iceberg_namespace_properties WHERE catalog_name = $1 AND "
                                 "namespace = $2",
                                 {name_, NamespaceText(ns)}));
      for (const auto& row : rows.rows) {
        if (row[0] && *row[0] != kExists) properties[*row[0]] = row[1].value_or("");
      }
      return {};
    }));
    return properties;
  }

  Status UpdateNamespace(const Namespace& ns, const Properties& updates,
                         const std::vector<std::string>& removals) override {
    TICKHOUSE_TRY(CheckNamespace(ns));
    return Transact([&]() -> Status {
      TICKHOUSE_ASSIGN(const bool exists, Exists(ns));
      if (!exists) return NoNamespace(ns);
      std::set<std::string> gone(removals.begin(), removals.end());
      for (const auto& [key, value] : updates) gone.insert(key);
      gone.insert(kExists);
      for (const std::string& key : gone) {
        TICKHOUSE_TRY(
            Discard(sql_->Run("DELETE FROM iceberg_namespace_properties WHERE "
                              "catalog_name = $1 AND namespace = $2 AND property_key = "
                              "$3",
                              {name_, NamespaceText(ns), key})));
      }
      TICKHOUSE_TRY(WriteProperty(ns, kExists, "true"));
      for (const auto& [key, value] : updates) {
        if (key != kExists) TICKHOUSE_TRY(WriteProperty(ns, key, value));
      }
      return {};
    });
  }

  Result<std::vector<TableIdentifier>> ListTables(const Namespace& ns) override {
    TICKHOUSE_TRY(CheckNamespace(ns));
    std::vector<TableIdentifier> found;
    TICKHOUSE_TRY(Look([&]() -> Status {
      found.clear();
      TICKHOUSE_ASSIGN(const bool exists, Exists(ns));
      if (!exists) return NoNamespace(ns);
      TICKHOUSE_ASSIGN(const SqlRows rows,
                       sql_->Run("SELECT table_name FROM iceberg_tables WHERE catalog_name = $1 "
                                 "AND table_namespace = $2" +
                                     OnlyTables(),
                                 {name_, NamespaceText(ns)}));
      for (const auto& row : rows.rows) found.push_back({ns, row[0].value_or("")});
      return {};
    }));
    std::ranges::sort(found);
    return found;
  }

  Result<std::string> Find(const TableIdentifier& identifier) override {
    TICKHOUSE_TRY(CheckIdentifier(identifier));
    std::string location;
    TICKHOUSE_TRY(Look([&]() -> Status {
      TICKHOUSE_ASSIGN(const auto pointer, Pointer(identifier, ""));
      if (!pointer) return NoTable(identifier);
      location = pointer->now;
      return {};
    }));
    return location;
  }

  Status Insert(const TableIdentifier& identifier, const std::string& location) override {
    TICKHOUSE_TRY(CheckIdentifier(identifier));
    return TakenMeansTable(Transact([&] { return InsertRow(identifier, location); }), identifier);
  }

  Status Swap(const TableIdentifier& identifier, const std::string& from,
              const std::string& to) override {
    TICKHOUSE_TRY(CheckIdentifier(identifier));
    const Status done = Transact([&] { return MoveRow(identifier, from, to); });
    if (done || done.error().kind != ErrorKind::kUnknownOutcome) return done;
    return Settle(identifier, from, to, done.error());
  }

  Status SwapAll(const std::vector<PointerSwap>& given) override {
    for (const PointerSwap& swap : given) TICKHOUSE_TRY(CheckIdentifier(swap.identifier));
    // In one order for every writer, or two of them could wait for each other.
    std::vector<PointerSwap> swaps = given;
    std::ranges::sort(swaps, {}, &PointerSwap::identifier);
    const Status done = Transact([&]() -> Status {
      for (const PointerSwap& swap : swaps) {
        TICKHOUSE_TRY(swap.from.empty()
                          ? TakenMeansTable(InsertRow(swap.identifier, swap.to), swap.identifier)
                          : MoveRow(swap.identifier, swap.from, swap.to));
        TICKHOUSE_TRY(InformOf(swap));
      }
      return {};
    });
    if (done || done.error().kind != ErrorKind::kUnknownOutcome) return done;
    // One transaction moved them all: one that was there before tells of the others.
    const auto moved =
        std::ranges::find_if(swaps, [](const PointerSwap& swap) { return !swap.from.empty(); });
    if (moved == swaps.end()) return done;
    return Settle(moved->identifier, moved->from, moved->to, done.error());
  }

  Status Remove(const TableIdentifier& identifier) override {
    TICKHOUSE_TRY(CheckIdentifier(identifier));
    return Transact([&]() -> Status {
      TICKHOUSE_ASSIGN(const SqlRows gone, sql_->Run("DELETE FROM iceberg_tables WHERE " +
                                                         std::string(kOfTable) + OnlyTables(),
                                                     KeyOf(identifier)));
      if (gone.affected == 0) return NoTable(identifier);
      return InformOfName(identifier,
                          [&] { return RemoveInformation(*sql_, {name_, identifier}); });
    });
  }

  Status Rename(const TableIdentifier& from, const TableIdentifier& to) override {
    TICKHOUSE_TRY(CheckIdentifier(from));
    TICKHOUSE_TRY(CheckIdentifier(to));
    const Status done = Transact([&]() -> Status {
      TICKHOUSE_ASSIGN(const auto pointer, Pointer(from, ""));
      if (!pointer) return NoTable(from);
      TICKHOUSE_ASSIGN(const bool exists, Exists(to.ns));
      if (!exists) return NoNamespace(to.ns);
      auto values = KeyOf(from);
      values.push_back(NamespaceText(to.ns));
      values.push_back(to.name);
      TICKHOUSE_ASSIGN(
          const SqlRows moved,
          sql_->Run("UPDATE iceberg_tables SET table_namespace = $4, table_name = $5 WHERE " +
                        std::string(kOfTable) + OnlyTables(),
                    values));
      if (moved.affected == 0) return NoTable(from);
      return InformOfName(to, [&] { return RenameInformation(*sql_, {name_, from}, to); });
    });
    return TakenMeansTable(done, to);
  }

  bool informs() const override { return informs_; }

  Status WriteInformation(const TableIdentifier& identifier, const std::string& location,
                          InformationChange& change) override {
    if (!informs_) return TableStore::WriteInformation(identifier, location, change);
    return Transact([&]() -> Status {
      TICKHOUSE_ASSIGN(const auto pointer, Pointer(identifier, sql_->lock_suffix()));
      if (!pointer) return NoTable(identifier);
      if (pointer->now != location) return Moved(identifier, pointer->now);
      return lake::WriteInformation(*sql_, {name_, identifier}, change);
    });
  }

  Result<std::set<int64_t>> InformedSnapshots(const TableIdentifier& identifier) override {
    if (!informs_) return TableStore::InformedSnapshots(identifier);
    std::set<int64_t> known;
    TICKHOUSE_TRY(Look([&]() -> Status {
      TICKHOUSE_ASSIGN(known, lake::InformedSnapshots(*sql_, {name_, identifier}));
      return {};
    }));
    return known;
  }

  Result<std::vector<TableIdentifier>> PruneInformation() override {
    if (!informs_) return TableStore::PruneInformation();
    std::vector<TableIdentifier> gone;
    const Status done = Transact([&]() -> Status {
      gone.clear();
      TICKHOUSE_ASSIGN(const auto informed, InformedTables(*sql_, name_));
      for (const TableIdentifier& identifier : informed) {
        TICKHOUSE_ASSIGN(const auto pointer, Pointer(identifier, ""));
        if (pointer) continue;
        TICKHOUSE_TRY(RemoveInformation(*sql_, {name_, identifier}));
        gone.push_back(identifier);
      }
      return {};
    });
    TICKHOUSE_TRY(done);
    return gone;
  }

 private:
  struct PointerRow {
    std::string now, before;
  };

  // Inside a transaction, as MoveRow.
  Status InsertRow(const TableIdentifier& identifier, const std::string& location) {
    TICKHOUSE_ASSIGN(const bool exists, Exists(identifier.ns));
    if (!exists) return NoNamespace(identifier.ns);
    return Discard(sql_->Run(
        fmt::format("INSERT INTO iceberg_tables (catalog_name, table_namespace, table_name, "
                    "metadata_location, previous_metadata_location{}) VALUES ($1, $2, $3, $4, "
                    "NULL{})",
                    has_type_ ? ", iceberg_type" : "", has_type_ ? ", 'TABLE'" : ""),
        {name_, NamespaceText(identifier.ns), identifier.name, location}));
  }

  Status MoveRow(const TableIdentifier& identifier, const std::string& from,
                 const std::string& to) {
    auto values = KeyOf(identifier);
    values.push_back(from);
    values.push_back(to);
    TICKHOUSE_ASSIGN(
        const SqlRows changed,
        sql_->Run("UPDATE iceberg_tables SET metadata_location = $5, "
                  "previous_metadata_location = $4 WHERE " +
                      std::string(kOfTable) + " AND metadata_location = $4" + OnlyTables(),
                  values));
    if (changed.affected == 1) return {};
    TICKHOUSE_ASSIGN(const auto pointer, Pointer(identifier, ""));
    if (!pointer) return NoTable(identifier);
    return Moved(identifier, pointer->now);
  }

  Status InformOf(const PointerSwap& swap) {
    if (swap.information == nullptr || !informs_) return {};
    std::optional<Error> failed;
    TICKHOUSE_TRY(Inform(
        [&] { return lake::WriteInformation(*sql_, {name_, swap.identifier}, *swap.information); },
        &failed));
    if (failed) swap.information->is_stale = true;
    return {};
  }

  Status InformOfName(const TableIdentifier& identifier, const std::function<Status()>& write) {
    if (!informs_) return {};
    std::optional<Error> failed;
    TICKHOUSE_TRY(Inform(write, &failed));
    if (failed) {
      LogWarn(
          "table {}: the informational tables still have its old name: {}; `tickhouse lake "
          "sync-info` puts that right",
          identifier.ToString(), failed->message);
    }
    return {};
  }

  // Inside a transaction that has changed a pointer. What is only told about a table never undoes
  // the change itself: when it cannot be written, the rest of the transaction stays.
  Status Inform(const std::function<Status()>& write, std::optional<Error>* failed) {
    TICKHOUSE_TRY(Discard(sql_->Run("SAVEPOINT information", {})));
    Status written = write();
    if (written) return {};
    *failed = std::move(written).error();
    return Discard(sql_->Run("ROLLBACK TO SAVEPOINT information", {}));
  }

  static std::unexpected<Error> Moved(const TableIdentifier& identifier, const std::string& now) {
    return Fail(ErrorKind::kConflict,
                fmt::format("table {}: another writer was first, it is at {} now",
                            identifier.ToString(), now));
  }

  // Statements that change nothing, each for itself.
  Status Look(const std::function<Status()>& work) {
    return Insist([&]() -> Status {
      TICKHOUSE_TRY(sql_->Look());
      return work();
    });
  }

  Status Transact(const std::function<Status()>& work) {
    return Insist([&]() -> Status {
      TICKHOUSE_TRY(sql_->Begin());
      Status status = work();
      if (status) return sql_->Commit();
      sql_->Rollback();
      return status;
    });
  }

  // Begun again while the database says that nothing happened.
  Status Insist(const std::function<Status()>& work) {
    const std::scoped_lock lock(mutex_);
    for (int attempt = 1;; ++attempt) {
      Status status = work();
      if (status || status.error().kind != ErrorKind::kUnavailable || attempt == kAttempts) {
        return status;
      }
    }
  }

  // The lost transaction held the row's lock before its end was asked for: whoever gets that lock
  // knows that it is over, and the row tells how. (An UPDATE that is a transaction by itself would
  // save two messages, but could still be on its way to the lock.)
  Status Settle(const TableIdentifier& identifier, const std::string& from, const std::string& to,
                const Error& lost) {
    // Read under the lock is read, however that transaction ends.
    std::optional<PointerRow> pointer;
    std::ignore = Transact([&]() -> Status {
      TICKHOUSE_ASSIGN(pointer, Pointer(identifier, sql_->lock_suffix()));
      return {};
    });
    if (pointer) {
      if (pointer->now == to || pointer->before == to) return {};
      if (pointer->now == from) {
        return Fail(ErrorKind::kUnavailable, fmt::format("table {}: {}; the commit did not happen",
                                                         identifier.ToString(), lost.message));
      }
    }
    return Fail(lost.WithContext(fmt::format("table {}", identifier.ToString())));
  }

  Result<std::optional<PointerRow>> Pointer(const TableIdentifier& identifier,
                                            const std::string& suffix) {
    TICKHOUSE_ASSIGN(const SqlRows found,
                     sql_->Run("SELECT metadata_location, previous_metadata_location FROM "
                               "iceberg_tables WHERE " +
                                   std::string(kOfTable) + OnlyTables() + suffix,
                               KeyOf(identifier)));
    if (found.rows.empty()) return std::optional<PointerRow>();
    const auto& row = found.rows.front();
    return PointerRow{row[0].value_or(""), row[1].value_or("")};
  }

  Result<bool> Exists(const Namespace& ns) {
    TICKHOUSE_ASSIGN(
        const SqlRows found,
        sql_->Run("SELECT 1 FROM iceberg_namespace_properties WHERE " + Within("namespace") +
                      " UNION ALL SELECT 1 FROM iceberg_tables "
                      "WHERE " +
                      Within("table_namespace") + " LIMIT 1",
                  {name_, NamespaceText(ns)}));
    return !found.rows.empty();
  }

  Status WriteProperty(const Namespace& ns, const std::string& key, const std::string& value) {
    return Discard(
        sql_->Run("INSERT INTO iceberg_namespace_properties (catalog_name, namespace, "
                  "property_key, property_value) VALUES ($1, $2, $3, $4)",
                  {name_, NamespaceText(ns), key, value}));
  }

  Result<std::set<std::string>> Columns(const std::string& table) {
    std::set<std::string> columns;
    TICKHOUSE_TRY(Look([&]() -> Status {
      TICKHOUSE_ASSIGN(const SqlRows found, sql_->Run(sql_->columns_sql(), {table}));
      for (const auto& row : found.rows) columns.insert(row[0].value_or(""));
      return {};
    }));
    return columns;
  }

  Status MakeTables() {
    return Transact([&]() -> Status {
      TICKHOUSE_TRY(Discard(sql_->Run(
          "CREATE TABLE IF NOT EXISTS iceberg_tables (catalog_name VARCHAR(255) NOT NULL, "
          "table_namespace VARCHAR(255) NOT NULL, table_name VARCHAR(255) NOT NULL, "
          "metadata_location VARCHAR(1000), previous_metadata_location VARCHAR(1000), "
          "iceberg_type VARCHAR(5), PRIMARY KEY (catalog_name, table_namespace, table_name))",
          {})));
      return Discard(sql_->Run(
          "CREATE TABLE IF NOT EXISTS iceberg_namespace_properties (catalog_name VARCHAR(255) NOT "
          "NULL, namespace VARCHAR(255) NOT NULL, property_key VARCHAR(255), property_value "
          "VARCHAR(1000), PRIMARY KEY (catalog_name, namespace, property_key))",
          {}));
    });
  }

  static Status Discard(Result<SqlRows> rows) {
    if (rows) return {};
    return Fail(std::move(rows).error());
  }
  static Status Unknown(const char* table, const char* column) {
    return Fail(ErrorKind::kUnsupported,
                fmt::format("{} has no column {}: not a catalog of Iceberg; name another database",
                            table, column));
  }
  static Status TakenMeansTable(const Status& done, const TableIdentifier& identifier) {
    if (done || done.error().kind != ErrorKind::kAlreadyExists) return done;
    return Fail(ErrorKind::kAlreadyExists,
                fmt::format("table {} exists already", identifier.ToString()));
  }
  std::string OnlyTables() const {
    return has_type_ ? " AND (iceberg_type IS NULL OR iceberg_type = 'TABLE')" : "";
  }
  std::vector<std::string> KeyOf(const TableIdentifier& identifier) const {
    return {name_, NamespaceText(identifier.ns), identifier.name};
  }

  std::mutex mutex_;
  std::unique_ptr<SqlConnection> sql_;
  const std::string name_;
  bool has_type_ = true;
  bool informs_ = false;
};

}  // namespace

Result<std::unique_ptr<TableStore>> OpenSqlStore(std::unique_ptr<SqlConnection> connection,
                                                 const std::string& catalog_name) {
  auto store = std::make_unique<SqlStore>(std::move(connection), catalog_name);
  TICKHOUSE_TRY(store->Prepare());
  return store;
}

}  // namespace tickhouse::lake
