#include <fmt/format.h>
#include <libpq-fe.h>

#include <algorithm>
#include <cstdlib>
#include <string_view>
#include <tuple>

#include "tickhouse/lake/catalog/sql_connection.h"

namespace tickhouse::lake {

namespace {

using Answer = std::unique_ptr<PGresult, decltype(&PQclear)>;

// SQL states after which the server has undone the transaction and may serve the next one.
constexpr std::string_view kTryAgain[] = {"40001", "40P01", "08000", "08003", "08006", "08007",
                                          "57000", "57P01", "57P02", "57P03", "57P04", "53300"};

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
  explicit PostgresConnection(std::string address) : address_(std::move(address)) {}
  ~PostgresConnection() override { PQfinish(connection_); }

  Status Connect() {
    PQfinish(connection_);
    connection_ = PQconnectdb(address_.c_str());
    if (PQstatus(connection_) == CONNECTION_OK) {
      PQsetNoticeProcessor(connection_, [](void*, const char*) {}, nullptr);
      return {};
    }
    const std::string why = Trimmed(PQerrorMessage(connection_));
    const bool refused = why.find("authentication failed") != std::string::npos ||
                         why.find("no password supplied") != std::string::npos;
    return Fail(refused ? ErrorKind::kPermission : ErrorKind::kUnavailable,
                "PostgreSQL catalog: " + why);
  }

  Status Begin() override {
    if (connection_ == nullptr || PQstatus(connection_) != CONNECTION_OK) TICKHOUSE_TRY(Connect());
    return Simple("BEGIN");
  }

  Result<SqlRows> Run(const std::string& sql, const std::vector<std::string>& values) override {
    std::vector<const char*> texts;
    for (const std::string& value : values) texts.push_back(value.c_str());
    const Answer answer(PQexecParams(connection_, sql.c_str(), static_cast<int>(texts.size()),
                                     nullptr, texts.data(), nullptr, nullptr, 0),
                        PQclear);
    const ExecStatusType status = PQresultStatus(answer.get());
    if (status != PGRES_TUPLES_OK && status != PGRES_COMMAND_OK) return Failed(answer.get());
    SqlRows found;
    found.affected = std::atoi(PQcmdTuples(answer.get()));
    for (int r = 0; r < PQntuples(answer.get()); ++r) {
      auto& row = found.rows.emplace_back();
      for (int c = 0; c < PQnfields(answer.get()); ++c) {
        if (PQgetisnull(answer.get(), r, c) != 0) {
          row.emplace_back();
        } else {
          row.emplace_back(PQgetvalue(answer.get(), r, c));
        }
      }
    }
    return found;
  }

  Status Commit() override {
    const Answer answer(PQexec(connection_, "COMMIT"), PQclear);
    if (PQresultStatus(answer.get()) == PGRES_COMMAND_OK) {
      if (std::string_view(PQcmdStatus(answer.get())) == "COMMIT") return {};
      return Fail(ErrorKind::kIo, "PostgreSQL catalog: the transaction was rolled back");
    }
    Error error = Failed(answer.get()).error();
    if (PQstatus(connection_) != CONNECTION_OK) error.kind = ErrorKind::kUnknownOutcome;
    return Fail(std::move(error));
  }

  void Rollback() override {
    if (PQtransactionStatus(connection_) != PQTRANS_IDLE) std::ignore = Simple("ROLLBACK");
  }

  std::string columns_sql() const override {
    return "SELECT attname FROM pg_attribute WHERE attrelid = to_regclass($1) AND attnum > 0 "
           "AND NOT attisdropped";
  }
  std::string lock_suffix() const override { return " FOR UPDATE"; }

 private:
  Status Simple(const char* sql) {
    const Answer answer(PQexec(connection_, sql), PQclear);
    if (PQresultStatus(answer.get()) == PGRES_COMMAND_OK) return {};
    return Failed(answer.get());
  }

  std::unexpected<Error> Failed(const PGresult* answer) const {
    const char* const state =
        answer == nullptr ? nullptr : PQresultErrorField(answer, PG_DIAG_SQLSTATE);
    const bool lost = PQstatus(connection_) != CONNECTION_OK;
    const ErrorKind kind = lost ? ErrorKind::kUnavailable : KindOf(state == nullptr ? "" : state);
    return Fail(kind, "PostgreSQL catalog: " + Trimmed(PQerrorMessage(connection_)));
  }

  std::string address_;
  PGconn* connection_ = nullptr;
};

}  // namespace

Result<std::unique_ptr<SqlConnection>> OpenPostgres(const std::string& address) {
  auto connection = std::make_unique<PostgresConnection>(address);
  TICKHOUSE_TRY(connection->Connect());
  return connection;
}

}  // namespace tickhouse::lake
