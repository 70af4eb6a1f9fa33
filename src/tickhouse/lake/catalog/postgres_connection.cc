#include <fmt/format.h>
#include <libpq-fe.h>
#include <poll.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdlib>
#include <string_view>
#include <tuple>
#include <utility>

#include "tickhouse/lake/catalog/sql_connection.h"

namespace tickhouse::lake {

namespace {

using Answer = std::unique_ptr<PGresult, decltype(&PQclear)>;

// SQL states after which the server has undone the transaction and may serve the next one.
constexpr std::string_view kTryAgain[] = {"40001", "40P01", "08000", "08003", "08006",
                                          "08007", "25P03", "55P03", "57000", "57P01",
                                          "57P02", "57P03", "57P04", "53300"};

// The session is ended from outside: by an administrator, a crash or a shutdown.
bool IsOfEnding(std::string_view state) {
  return state.starts_with("57P") || state.starts_with("08");
}

ErrorKind KindOf(std::string_view state) {
  if (std::ranges::find(kTryAgain, state) != std::end(kTryAgain)) return ErrorKind::kUnavailable;
  if (state == "23505" || state == "42P07") return ErrorKind::kAlreadyExists;
  if (state == "42501" || state.starts_with("28")) return ErrorKind::kPermission;
  if (state == "53100") return ErrorKind::kNoSpace;
  return ErrorKind::kIo;
}

std::string Trimmed(const char* text) {
  std::string trimmed(text == nullptr ? "" : text);
  while (!trimmed.empty() && (trimmed.back() == '\n' || trimmed.back() == ' ')) trimmed.pop_back();
  return trimmed;
}

class PostgresConnection : public SqlConnection {
 public:
  PostgresConnection(std::string address, Nanos answer_timeout)
      : address_(std::move(address)),
        timeout_ms_(std::max<int64_t>(1, answer_timeout / std::chrono::milliseconds(1))),
        // The server gives up waiting for a lock before we give up waiting for it, and ends a
        // transaction whose client is gone without a word.
        limits_(fmt::format("SET lock_timeout = {}; SET idle_in_transaction_session_timeout = {}",
                            std::max<int64_t>(1, timeout_ms_ * 3 / 4), 2 * timeout_ms_)) {}
  ~PostgresConnection() override { PQfinish(connection_); }

  Status Connect() {
    Abandon();
    const std::string seconds = std::to_string(std::max<int64_t>(2, (timeout_ms_ + 999) / 1000));
    // The address is expanded where it stands: its own settings come later and win.
    const std::array<const char*, 3> names = {"connect_timeout", "dbname", nullptr};
    const std::array<const char*, 3> values = {seconds.c_str(), address_.c_str(), nullptr};
    connection_ = PQconnectdbParams(names.data(), values.data(), 1);
    if (PQstatus(connection_) == CONNECTION_OK) {
      PQsetNoticeProcessor(connection_, [](void*, const char*) {}, nullptr);
      return Simple(limits_.c_str());
    }
    const std::string why = Trimmed(PQerrorMessage(connection_));
    const bool refused = why.find("authentication failed") != std::string::npos ||
                         why.find("no password supplied") != std::string::npos;
    return Fail(refused ? ErrorKind::kPermission : ErrorKind::kUnavailable,
                "PostgreSQL catalog: " + why);
  }

  Status Look() override {
    if (connection_ == nullptr || PQstatus(connection_) != CONNECTION_OK) return Connect();
    return {};
  }

  Status Begin() override {
    TICKHOUSE_TRY(Look());
    return Simple("BEGIN");
  }

  Result<SqlRows> Run(const std::string& sql, const std::vector<std::string>& values) override {
    const Answer answer = Ask(sql.c_str(), &values);
    if (!Succeeded(answer.get())) return Failed(answer.get());
    return RowsOf(answer.get());
  }

  Status Commit() override {
    const Answer answer = Ask("COMMIT", nullptr);
    if (Succeeded(answer.get())) {
      if (std::string_view(PQcmdStatus(answer.get())) == "COMMIT") return {};
      return Fail(ErrorKind::kIo, "PostgreSQL catalog: the transaction was rolled back");
    }
    return Doubted(answer.get());
  }

  void Rollback() override {
    if (connection_ == nullptr || PQtransactionStatus(connection_) == PQTRANS_IDLE) return;
    std::ignore = Ask("ROLLBACK", nullptr);
  }

  std::string columns_sql() const override {
    return "SELECT attname FROM pg_attribute WHERE attrelid = to_regclass($1) AND attnum > 0 "
           "AND NOT attisdropped";
  }
  std::string lock_suffix() const override { return " FOR UPDATE"; }

 private:
  static bool Succeeded(const PGresult* answer) {
    const ExecStatusType status = PQresultStatus(answer);
    return status == PGRES_TUPLES_OK || status == PGRES_COMMAND_OK;
  }

  static std::string_view StateOf(const PGresult* answer) {
    const char* const state =
        answer == nullptr ? nullptr : PQresultErrorField(answer, PG_DIAG_SQLSTATE);
    return state == nullptr ? "" : state;
  }

  static SqlRows RowsOf(PGresult* answer) {
    SqlRows found;
    found.affected = std::atoi(PQcmdTuples(answer));
    for (int r = 0; r < PQntuples(answer); ++r) {
      auto& row = found.rows.emplace_back();
      for (int c = 0; c < PQnfields(answer); ++c) {
        if (PQgetisnull(answer, r, c) != 0) {
          row.emplace_back();
        } else {
          row.emplace_back(PQgetvalue(answer, r, c));
        }
      }
    }
    return found;
  }

  Status Simple(const char* sql) {
    const Answer answer = Ask(sql, nullptr);
    if (Succeeded(answer.get())) return {};
    return Failed(answer.get());
  }

  // The failure of what ends a transaction.
  std::unexpected<Error> Doubted(const PGresult* answer) {
    Error error = Failed(answer).error();
    // Whoever ends the backend says so also after the commit is on the disk.
    if (connection_ == nullptr || PQstatus(connection_) != CONNECTION_OK ||
        IsOfEnding(StateOf(answer))) {
      error.kind = ErrorKind::kUnknownOutcome;
    }
    return Fail(std::move(error));
  }

  // Sends and waits. The first failure among the answers to several statements, or the last answer;
  // nothing when the connection is lost or stays silent.
  Answer Ask(const char* sql, const std::vector<std::string>* values) {
    Answer told(nullptr, PQclear);
    if (connection_ == nullptr || !Send(sql, values)) return told;
    for (;;) {
      if (!AwaitAnswer()) {
        silent_ = true;
        Abandon();
        told.reset();
        return told;
      }
      PGresult* const next = PQgetResult(connection_);
      if (next == nullptr) return told;
      Answer kept(next, PQclear);
      if (told == nullptr || Succeeded(told.get())) told = std::move(kept);
    }
  }

  bool Send(const char* sql, const std::vector<std::string>* values) {
    if (values == nullptr) return PQsendQuery(connection_, sql) == 1;
    std::vector<const char*> texts;
    for (const std::string& value : *values) texts.push_back(value.c_str());
    return PQsendQueryParams(connection_, sql, static_cast<int>(texts.size()), nullptr,
                             texts.data(), nullptr, nullptr, 0) == 1;
  }

  // False after a silence. That the connection is lost is told by PQgetResult.
  bool AwaitAnswer() {
    while (PQisBusy(connection_) == 1) {
      pollfd waiting{.fd = PQsocket(connection_), .events = POLLIN, .revents = 0};
      const int ready = ::poll(&waiting, 1, static_cast<int>(timeout_ms_));
      if (ready == 0) return false;
      if (ready < 0 && errno != EINTR) return false;
      if (ready > 0 && PQconsumeInput(connection_) == 0) return true;
    }
    return true;
  }

  void Abandon() {
    PQfinish(connection_);
    connection_ = nullptr;
  }

  std::unexpected<Error> Failed(const PGresult* answer) {
    if (connection_ == nullptr) {
      const bool silent = std::exchange(silent_, false);
      return Fail(ErrorKind::kUnavailable,
                  silent ? fmt::format("PostgreSQL catalog: no answer for {} ms", timeout_ms_)
                         : "PostgreSQL catalog: the connection is lost");
    }
    const bool lost = PQstatus(connection_) != CONNECTION_OK;
    const ErrorKind kind = lost ? ErrorKind::kUnavailable : KindOf(StateOf(answer));
    const std::string why =
        Trimmed(answer == nullptr ? PQerrorMessage(connection_) : PQresultErrorMessage(answer));
    return Fail(kind, "PostgreSQL catalog: " + why);
  }

  const std::string address_;
  const int64_t timeout_ms_;
  const std::string limits_;
  PGconn* connection_ = nullptr;
  bool silent_ = false;  // Why the connection was abandoned.
};

}  // namespace

Result<std::unique_ptr<SqlConnection>> OpenPostgres(const std::string& address,
                                                    Nanos answer_timeout) {
  auto connection = std::make_unique<PostgresConnection>(address, answer_timeout);
  TICKHOUSE_TRY(connection->Connect());
  return connection;
}

}  // namespace tickhouse::lake
