#include <fmt/format.h>
#include <sqlite3.h>

#include "tickhouse/lake/catalog/sql_connection.h"

namespace tickhouse::lake {

namespace {

constexpr int kBusyWaitMs = 30'000;

ErrorKind KindOf(int code) {
  switch (code & 0xFF) {
    case SQLITE_CONSTRAINT: return ErrorKind::kAlreadyExists;
    case SQLITE_BUSY:
    case SQLITE_LOCKED: return ErrorKind::kUnavailable;
    case SQLITE_PERM:
    case SQLITE_READONLY:
    case SQLITE_AUTH: return ErrorKind::kPermission;
    case SQLITE_FULL: return ErrorKind::kNoSpace;
    case SQLITE_NOTADB:
    case SQLITE_CORRUPT: return ErrorKind::kCorrupt;
    default: return ErrorKind::kIo;
  }
}

class SqliteConnection : public SqlConnection {
 public:
  SqliteConnection(sqlite3* database, std::string file)
      : database_(database), file_(std::move(file)) {}
  ~SqliteConnection() override { sqlite3_close(database_); }

  // At once with the right to write: a reader that turns writer could not wait for others.
  Status Begin() override { return Simple("BEGIN IMMEDIATE"); }
  Status Look() override { return {}; }

  Result<SqlRows> Run(const std::string& sql, const std::vector<std::string>& values) override {
    sqlite3_stmt* raw = nullptr;
    if (sqlite3_prepare_v2(database_, sql.c_str(), -1, &raw, nullptr) != SQLITE_OK) return Failed();
    const std::unique_ptr<sqlite3_stmt, decltype(&sqlite3_finalize)> statement(raw,
                                                                               sqlite3_finalize);
    for (std::size_t i = 0; i < values.size(); ++i) {
      const int index = sqlite3_bind_parameter_index(raw, fmt::format("${}", i + 1).c_str());
      if (index == 0) continue;
      if (sqlite3_bind_text(raw, index, values[i].data(), static_cast<int>(values[i].size()),
                            SQLITE_TRANSIENT) != SQLITE_OK) {
        return Failed();
      }
    }
    SqlRows answer;
    int code = sqlite3_step(raw);
    for (; code == SQLITE_ROW; code = sqlite3_step(raw)) answer.rows.push_back(RowOf(raw));
    if (code != SQLITE_DONE) return Failed();
    answer.affected = sqlite3_changes(database_);
    return answer;
  }

  Status Commit() override {
    const int code = sqlite3_exec(database_, "COMMIT", nullptr, nullptr, nullptr);
    if (code == SQLITE_OK) return {};
    Error error = Failed().error();
    if (error.kind == ErrorKind::kIo) error.kind = ErrorKind::kUnknownOutcome;
    Rollback();
    return Fail(std::move(error));
  }

  void Rollback() override {
    if (sqlite3_get_autocommit(database_) == 0) {
      sqlite3_exec(database_, "ROLLBACK", nullptr, nullptr, nullptr);
    }
  }

  std::string columns_sql() const override { return "SELECT name FROM pragma_table_info($1)"; }
  std::string lock_suffix() const override { return ""; }

 private:
  static std::vector<std::optional<std::string>> RowOf(sqlite3_stmt* statement) {
    std::vector<std::optional<std::string>> row;
    for (int i = 0; i < sqlite3_column_count(statement); ++i) {
      const unsigned char* const text = sqlite3_column_text(statement, i);
      if (text == nullptr) {
        row.emplace_back();
        continue;
      }
      row.emplace_back(std::string(reinterpret_cast<const char*>(text),
                                   static_cast<std::size_t>(sqlite3_column_bytes(statement, i))));
    }
    return row;
  }

  Status Simple(const char* sql) {
    if (sqlite3_exec(database_, sql, nullptr, nullptr, nullptr) == SQLITE_OK) return {};
    return Failed();
  }

  std::unexpected<Error> Failed() const {
    return Fail(KindOf(sqlite3_errcode(database_)),
                fmt::format("SQLite catalog {}: {}", file_, sqlite3_errmsg(database_)));
  }

  sqlite3* database_;
  std::string file_;
};

// A file of our making keeps a write-ahead log: a commit is one sync instead of four. Files that
// others made stay as they are, and so does one whose file system cannot share memory.
void LogAhead(sqlite3* database) {
  sqlite3_stmt* raw = nullptr;
  if (sqlite3_prepare_v2(database, "PRAGMA page_count", -1, &raw, nullptr) != SQLITE_OK) return;
  const bool is_empty = sqlite3_step(raw) == SQLITE_ROW && sqlite3_column_int64(raw, 0) == 0;
  sqlite3_finalize(raw);
  if (is_empty) sqlite3_exec(database, "PRAGMA journal_mode = WAL", nullptr, nullptr, nullptr);
}

}  // namespace

Result<std::unique_ptr<SqlConnection>> OpenSqlite(const std::string& file) {
  sqlite3* database = nullptr;
  constexpr int kFlags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_FULLMUTEX;
  if (sqlite3_open_v2(file.c_str(), &database, kFlags, nullptr) != SQLITE_OK) {
    const std::string why = database == nullptr ? "no memory" : sqlite3_errmsg(database);
    sqlite3_close(database);
    return Fail(ErrorKind::kIo, fmt::format("SQLite catalog {}: {}", file, why));
  }
  sqlite3_busy_timeout(database, kBusyWaitMs);
  sqlite3_extended_result_codes(database, 0);
  sqlite3_exec(database, "PRAGMA synchronous = FULL", nullptr, nullptr, nullptr);
  LogAhead(database);
  return std::make_unique<SqliteConnection>(database, file);
}

}  // namespace tickhouse::lake
