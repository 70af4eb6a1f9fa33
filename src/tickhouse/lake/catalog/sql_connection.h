// One connection to a database, as much of it as a catalog needs. Statements use $1, $2, ...;
// values travel as text.
#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "tickhouse/core/clock.h"
#include "tickhouse/core/error.h"

namespace tickhouse::lake {

struct SqlRows {
  std::vector<std::vector<std::optional<std::string>>> rows;
  int affected = 0;  ///< By INSERT, UPDATE, DELETE.
};

/// One thread at a time. kAlreadyExists: a key is taken. kUnavailable: the statement had no effect
/// and the transaction is over (lost connection, deadlock, serialization, busy, shutting down): it
/// may be begun again, the connection is made anew by itself. kPermission, kNoSpace; kIo for the
/// rest.
class SqlConnection {
 public:
  virtual ~SqlConnection() = default;
  virtual Status Begin() = 0;
  /// Before statements that only look, each for itself, without Begin and Commit.
  virtual Status Look() = 0;
  virtual Result<SqlRows> Run(const std::string& sql, const std::vector<std::string>& values) = 0;
  /// kUnknownOutcome when the answer was lost.
  virtual Status Commit() = 0;
  /// Never fails: what cannot be rolled back is gone already.
  virtual void Rollback() = 0;
  /// A SELECT of the column names of table $1; no rows when there is no such table.
  virtual std::string columns_sql() const = 0;
  /// Added to a SELECT whose rows must stay as they are until the end of the transaction.
  virtual std::string lock_suffix() const = 0;
};

/// `file`: made when missing, with a write-ahead log (FILE-wal and FILE-shm beside it while it is
/// open). What is committed is on the disk. Other processes are waited for up to half a minute.
Result<std::unique_ptr<SqlConnection>> OpenSqlite(const std::string& file);
/// How long a database server may be silent before its connection is given up.
inline constexpr Nanos kAnswerTimeout = std::chrono::seconds(30);
/// `address`: a connection string or URI of libpq. kUnavailable, kPermission.
Result<std::unique_ptr<SqlConnection>> OpenPostgres(const std::string& address,
                                                    Nanos answer_timeout = kAnswerTimeout);

}  // namespace tickhouse::lake
