#include "tickhouse/app/sql/run_sql.h"

#include <fmt/format.h>

#include <cstdlib>
#include <memory>
#include <span>
#include <utility>

#include "tickhouse/app/sql/sql_engines.h"
#include "tickhouse/core/log.h"
#include "tickhouse/sql/duckdb/duckdb_engine.h"
#include "tickhouse/sql/scratch_folder.h"

namespace tickhouse::app {

namespace {

Status CheckRequest(const SqlRequest& request) {
  if (request.engine != "duckdb" && request.engine != "trino" && request.engine != "spark") {
    return Fail(ErrorKind::kInvalidArgument,
                fmt::format("no engine {}: duckdb, trino and spark are known", request.engine));
  }
  if (request.engine == "trino" && !request.at.empty()) {
    return Fail(ErrorKind::kInvalidArgument,
                "--at is for duckdb and spark; Trino takes FOR VERSION AS OF in the statement");
  }
  return CheckDelivery(request.delivery);
}

std::string ScratchBase() {
  const char* folder = std::getenv("TMPDIR");
  return folder == nullptr || *folder == '\0' ? "/tmp" : folder;
}

sql::Statement StatementOf(const SqlRequest& request) {
  sql::Statement statement{.text = request.statement, .timeout = request.timeout};
  for (const std::string& parameter : request.parameters) {
    statement.parameters.emplace_back(parameter);
  }
  return statement;
}

std::string Told(const sql::TableRead& read) {
  std::string table = fmt::format("{}: snapshot {}", read.table, read.snapshot_id);
  if (read.counters.files == 0) return table;  // Spark plans by itself.
  return fmt::format("{}, {} of {} files", table, read.counters.files_selected,
                     read.counters.files);
}

std::span<const std::byte> BytesOf(std::string_view text) {
  return std::as_bytes(std::span(text.data(), text.size()));
}

class SqlRun {
 public:
  SqlRun(const SqlRequest& request, Environment& environment)
      : request_(request),
        environment_(environment),
        engines_(request, environment),
        delivery_(request.delivery) {}

  Result<RunReport> Run() {
    TICKHOUSE_TRY(CheckRequest(request_));
    const int64_t start = environment_.clock->MonotonicNanos();
    TICKHOUSE_ASSIGN(const sql::ScratchFolder scratch, sql::ScratchFolder::Make(ScratchBase()));
    report_.command = "sql";
    Result<int64_t> answered = AnswerBy(scratch);
    if (!answered) return Fail(engines_.Explain(std::move(answered).error()));
    const int64_t rows = *answered;
    const double seconds =
        static_cast<double>(environment_.clock->MonotonicNanos() - start) / kNanosPerSecond;
    report_.counts.emplace_back("rows", rows);
    report_.durations_s.emplace_back("total", seconds);
    if (!delivery_.output.empty()) {
      report_.outputs = {delivery_.output};
      report_.text = fmt::format("{} rows to {} ({:.2f} s)\n", rows, delivery_.output, seconds);
    } else if (FormatOf(delivery_) == "table") {
      LogInfo("{} row{} in {:.2f} s", rows, rows == 1 ? "" : "s", seconds);
    }
    return std::move(report_);
  }

 private:
  Result<int64_t> AnswerBy(const sql::ScratchFolder& scratch) {
    if (request_.engine == "trino") {
      TICKHOUSE_ASSIGN(const std::unique_ptr<sql::Engine> trino, engines_.Trino());
      return Answer(*trino);
    }
    int64_t rows = 0;
    if (request_.engine == "spark") {
      TICKHOUSE_ASSIGN(const std::unique_ptr<sql::Engine> spark, engines_.Spark(scratch.path()));
      TICKHOUSE_ASSIGN(rows, Answer(*spark));
    } else {
      sql::DuckEngine duck = engines_.Duck(scratch.path());
      TICKHOUSE_ASSIGN(rows,
                       FormatOf(delivery_) == "parquet" ? ToParquet(duck, scratch) : Answer(duck));
    }
    for (const sql::TableRead& read : engines_.reads()) {
      LogDebug("{}", Told(read));
    }
    return rows;
  }

  Result<int64_t> Answer(sql::Engine& engine) {
    TICKHOUSE_ASSIGN(const auto stream, engine.Run(StatementOf(request_), environment_.cancel));
    TICKHOUSE_ASSIGN(const int64_t rows, DeliverRows(*stream, delivery_, environment_, &report_));
    if (const auto changed = stream->rows_changed()) {
      report_.counts.emplace_back("rows-changed", *changed);
    }
    return rows;
  }

  // DuckDB writes files by itself, and only locally; ours makes them appear at once.
  Result<int64_t> ToParquet(sql::DuckEngine& engine, const sql::ScratchFolder& scratch) {
    const std::string path = scratch.File("rows.parquet");
    TICKHOUSE_ASSIGN(const int64_t rows,
                     engine.CopyToParquet(StatementOf(request_), path, environment_.cancel));
    TICKHOUSE_ASSIGN(const auto from, environment_.files->OpenRead(path));
    TICKHOUSE_ASSIGN(const auto to, environment_.files->Create(delivery_.output));
    std::string part;
    for (int64_t at = 0; at < from->size(); at += static_cast<int64_t>(part.size())) {
      TICKHOUSE_TRY(environment_.cancel.Check());
      part.resize(static_cast<std::size_t>(std::min(from->size() - at, int64_t{4} << 20)));
      TICKHOUSE_TRY(from->ReadAt(at, std::as_writable_bytes(std::span(part.data(), part.size()))));
      TICKHOUSE_TRY(to->Append(BytesOf(part)));
    }
    TICKHOUSE_TRY(to->Commit());
    return rows;
  }

  const SqlRequest& request_;
  Environment& environment_;
  SqlEngines engines_;
  const RowDelivery& delivery_;
  RunReport report_;
};

}  // namespace

Result<RunReport> RunSql(const SqlRequest& request, Environment& environment) {
  return SqlRun(request, environment).Run();
}

}  // namespace tickhouse::app
