#include "tickhouse/app/sql/run_sql.h"

#include <fmt/format.h>

#include <cstdlib>
#include <memory>
#include <span>
#include <utility>

#include "tickhouse/app/sql/sql_engines.h"
#include "tickhouse/core/log.h"
#include "tickhouse/sql/duckdb/duckdb_engine.h"
#include "tickhouse/sql/output/parquet_output.h"
#include "tickhouse/sql/output/row_output.h"
#include "tickhouse/sql/scratch_folder.h"

namespace tickhouse::app {

namespace {

constexpr std::size_t kMostReportBytes = std::size_t{64} << 20;
constexpr std::string_view kFormats = "table, csv, json, jsonl, parquet, arrow or arrows";

std::string FormatOf(const SqlRequest& request) {
  if (!request.format.empty()) return request.format;
  if (request.output.empty()) return request.rows_in_report ? "json" : "table";
  std::string extension = io::Extension(request.output);
  if (extension == "ndjson") return "jsonl";
  if (extension == "feather" || extension == "ipc") return "arrow";
  if (extension == "txt") return "table";
  return extension;
}

Status CheckRequest(const SqlRequest& request, const std::string& format) {
  if (request.engine != "duckdb" && request.engine != "trino") {
    return Fail(ErrorKind::kInvalidArgument,
                fmt::format("no engine {}: duckdb and trino are known", request.engine));
  }
  if (request.engine == "trino" && !request.at.empty()) {
    return Fail(ErrorKind::kInvalidArgument,
                "--at is for duckdb; Trino takes FOR VERSION AS OF in the statement");
  }
  if (format == "parquet") {
    if (!request.output.empty()) return {};
    return Fail(ErrorKind::kInvalidArgument, "Parquet needs a file: name it with --output");
  }
  if (!sql::RowFormatNamed(format)) {
    return Fail(ErrorKind::kInvalidArgument,
                fmt::format("no format \"{}\": {} (--format)", format, kFormats));
  }
  if (request.rows_in_report && request.output.empty() && format != "json") {
    return Fail(
        ErrorKind::kInvalidArgument,
        fmt::format("--json holds the rows itself; for {} name a file with --output", format));
  }
  return {};
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

std::span<const std::byte> BytesOf(std::string_view text) {
  return std::as_bytes(std::span(text.data(), text.size()));
}

class SqlRun {
 public:
  SqlRun(const SqlRequest& request, Environment& environment)
      : request_(request),
        environment_(environment),
        engines_(request, environment),
        format_(FormatOf(request)) {}

  Result<RunReport> Run() {
    TICKHOUSE_TRY(CheckRequest(request_, format_));
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
    if (!request_.output.empty()) {
      report_.outputs.push_back(request_.output);
      report_.text = fmt::format("{} rows to {} ({:.2f} s)\n", rows, request_.output, seconds);
    } else if (format_ == "table") {
      LogInfo("{} row{} in {:.2f} s", rows, rows == 1 ? "" : "s", seconds);
    }
    return std::move(report_);
  }

 private:
  Result<int64_t> AnswerBy(const sql::ScratchFolder& scratch) {
    if (request_.engine == "trino") {
      TICKHOUSE_ASSIGN(const std::unique_ptr<sql::Engine> trino, engines_.Trino());
      return format_ == "parquet" ? ToParquet(*trino) : Answer(*trino);
    }
    sql::DuckEngine duck = engines_.Duck(scratch.path());
    TICKHOUSE_ASSIGN(const int64_t rows,
                     format_ == "parquet" ? ToParquet(duck, scratch) : Answer(duck));
    for (const sql::TableRead& read : engines_.reads()) {
      LogDebug("{}: snapshot {}, {} of {} files", read.table, read.snapshot_id,
               read.counters.files_selected, read.counters.files);
    }
    return rows;
  }

  Result<int64_t> Answer(sql::Engine& engine) {
    if (!request_.output.empty()) {
      TICKHOUSE_ASSIGN(const auto file, environment_.files->Create(request_.output));
      TICKHOUSE_ASSIGN(const int64_t rows, Write(engine, [&file](std::string_view bytes) {
                         return file->Append(BytesOf(bytes));
                       }));
      TICKHOUSE_TRY(file->Commit());
      return rows;
    }
    if (!request_.rows_in_report) return Write(engine, request_.print);
    std::string held;
    TICKHOUSE_ASSIGN(const int64_t rows, Write(engine, [&held](std::string_view bytes) -> Status {
                       held += bytes;
                       if (held.size() <= kMostReportBytes) return {};
                       return Fail(
                           ErrorKind::kInvalidArgument,
                           "too many rows for one JSON document: name a file with --output");
                     }));
    held.erase(held.find_last_not_of('\n') + 1);
    report_.details.emplace_back("rows", std::move(held));
    return rows;
  }

  Result<int64_t> Write(sql::Engine& engine, const sql::ByteSink& sink) {
    TICKHOUSE_ASSIGN(const auto stream, engine.Run(StatementOf(request_), environment_.cancel));
    const sql::RowOutputOptions options{.most_cell_columns = request_.most_cell_columns};
    TICKHOUSE_ASSIGN(const int64_t rows,
                     sql::WriteRows(*stream, *sql::RowFormatNamed(format_), options, sink));
    if (const auto changed = stream->rows_changed()) {
      report_.counts.emplace_back("rows-changed", *changed);
    }
    return rows;
  }

  Result<int64_t> ToParquet(sql::Engine& engine) {
    TICKHOUSE_ASSIGN(const auto stream, engine.Run(StatementOf(request_), environment_.cancel));
    TICKHOUSE_ASSIGN(auto file, environment_.files->Create(request_.output));
    return sql::WriteParquet(*stream, std::move(file));
  }

  // DuckDB writes files by itself, and only locally; ours makes them appear at once.
  Result<int64_t> ToParquet(sql::DuckEngine& engine, const sql::ScratchFolder& scratch) {
    const std::string path = scratch.File("rows.parquet");
    TICKHOUSE_ASSIGN(const int64_t rows,
                     engine.CopyToParquet(StatementOf(request_), path, environment_.cancel));
    TICKHOUSE_ASSIGN(const auto from, environment_.files->OpenRead(path));
    TICKHOUSE_ASSIGN(const auto to, environment_.files->Create(request_.output));
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
  const std::string format_;
  RunReport report_;
};

}  // namespace

Result<RunReport> RunSql(const SqlRequest& request, Environment& environment) {
  return SqlRun(request, environment).Run();
}

}  // namespace tickhouse::app
