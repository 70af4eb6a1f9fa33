// One database in memory with one connection, and the errors of DuckDB as ours.
#pragma once

#include <condition_variable>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "tickhouse/core/clock.h"
#include "tickhouse/sql/duckdb/duckdb_engine.h"
#include "tickhouse/sql/duckdb/duckdb_library.h"

namespace tickhouse::sql {

/// DuckDB's error (JSON after a prefix, as errors_as_json makes it) about `statement`.
Error DuckError(const std::string& said, const std::string& statement);

class DuckSession {
 public:
  static Result<std::unique_ptr<DuckSession>> Open(const DuckOptions& options);
  ~DuckSession();
  DuckSession(const DuckSession&) = delete;
  DuckSession& operator=(const DuckSession&) = delete;

  /// Runs SQL of our own.
  Status Do(const std::string& sql);
  /// The first cell that a query of our own gives for `?` = `parameter`.
  Result<Cell> Ask(const std::string& sql, const std::string& parameter);
  /// Tables that one statement names, each qualified and quoted as SQL.
  Result<std::vector<std::string>> TableNames(const std::string& statement);

  const DuckLibrary& library() const { return library_; }
  void* connection() const { return connection_; }

 private:
  explicit DuckSession(const DuckLibrary& library) : library_(library) {}
  const DuckLibrary& library_;
  void* database_ = nullptr;
  void* connection_ = nullptr;
};

/// Interrupts the session once `cancel` fires or the time is over, until it is destroyed.
class DuckWatch {
 public:
  DuckWatch(const DuckSession& session, Clock& clock, Nanos timeout, CancelToken cancel);
  ~DuckWatch();
  DuckWatch(const DuckWatch&) = delete;
  DuckWatch& operator=(const DuckWatch&) = delete;

  /// kCancelled or kTimeout when that has happened, else `error`.
  Error Explain(Error error) const;

 private:
  bool TimeIsOver() const;
  void Loop();
  const DuckSession& session_;
  Clock& clock_;
  const int64_t deadline_;  ///< Of the monotonic clock; 0: none.
  CancelToken cancel_;
  std::mutex mutex_;
  std::condition_variable ended_;
  bool end_ = false;
  std::thread thread_;
};

}  // namespace tickhouse::sql
