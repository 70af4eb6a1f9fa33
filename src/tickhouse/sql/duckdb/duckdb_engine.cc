#include "tickhouse/sql/duckdb/duckdb_engine.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <utility>
#include <vector>

#include "tickhouse/sql/duckdb/duckdb_rows.h"
#include "tickhouse/sql/duckdb/duckdb_session.h"
#include "tickhouse/sql/duckdb/statement_bounds.h"
#include "tickhouse/sql/engine/cell_text.h"

namespace tickhouse::sql {

namespace {

constexpr int kSelect = 1;

/// A prepared statement with its result; the session outlives it.
struct Running {
  explicit Running(const DuckLibrary& of) : library(of) {}
  ~Running() {
    library.destroy_result(&result);
    if (prepared != nullptr) library.destroy_prepare(&prepared);
  }
  Running(const Running&) = delete;
  Running& operator=(const Running&) = delete;
  const DuckLibrary& library;
  void* prepared = nullptr;
  DuckResult result;
};

Error PrepareError(const DuckLibrary& library, void* prepared, const std::string& text) {
  const char* said = prepared == nullptr ? nullptr : library.prepare_error(prepared);
  return DuckError(said == nullptr ? "no reason given" : said, text);
}

Status PrepareOne(const DuckSession& session, const std::string& text, Running* running) {
  const DuckLibrary& library = session.library();
  void* statements = nullptr;
  const uint64_t count = library.extract(session.connection(), text.c_str(), &statements);
  Status status;
  if (count != 1) {
    const char* said = statements == nullptr ? nullptr : library.extract_error(statements);
    if (count > 1) {
      status = Fail(ErrorKind::kInvalidArgument, "give one statement at a time");
    } else if (said == nullptr || *said == '\0') {
      status = Fail(ErrorKind::kInvalidArgument, "there is no statement in the text");
    } else {
      status = Fail(DuckError(said, text));
    }
  } else if (library.prepare_extracted(session.connection(), statements, 0, &running->prepared) !=
             0) {
    status = Fail(PrepareError(library, running->prepared, text));
  }
  library.destroy_extracted(&statements);
  return status;
}

Status Bind(const DuckLibrary& library, void* prepared, const std::vector<Cell>& parameters) {
  const uint64_t wanted = library.parameters(prepared);
  if (wanted != parameters.size()) {
    return Fail(ErrorKind::kInvalidArgument,
                fmt::format("the statement has {} parameters; {} values were given", wanted,
                            parameters.size()));
  }
  for (std::size_t i = 0; i < parameters.size(); ++i) {
    const Cell& value = parameters[i];
    const auto state = value ? library.bind_text(prepared, i + 1, value->data(), value->size())
                             : library.bind_null(prepared, i + 1);
    if (state != 0) {
      return Fail(ErrorKind::kInvalidArgument,
                  fmt::format("parameter {} is not valid UTF-8", i + 1));
    }
  }
  return {};
}

Status Execute(Running* running, const std::string& text) {
  if (running->library.execute_streaming(running->prepared, &running->result) == 0) return {};
  const char* said = running->library.result_error(&running->result);
  return Fail(DuckError(said == nullptr ? "no reason given" : said, text));
}

// "SELECT c0, CAST(c1 AS VARCHAR) FROM (text) AS t(c0, c1)": what only DuckDB can write as text.
std::string Readable(const std::string& text, const std::vector<DuckColumn>& columns) {
  std::vector<std::string> names;
  std::vector<std::string> selected;
  for (const DuckColumn& column : columns) {
    names.push_back(fmt::format("c{}", names.size()));
    selected.push_back(column.readable ? names.back()
                                       : fmt::format("CAST({} AS VARCHAR)", names.back()));
  }
  const std::size_t end = text.find_last_not_of("; \t\r\n");
  return fmt::format("SELECT {} FROM ({}\n) AS t({})", fmt::join(selected, ", "),
                     text.substr(0, end + 1), fmt::join(names, ", "));
}

class DuckStream : public RowStream {
 public:
  DuckStream(std::unique_ptr<DuckSession> session, Clock& clock, Statement statement,
             const CancelToken& cancel)
      : session_(std::move(session)),
        statement_(std::move(statement)),
        watch_(std::make_unique<DuckWatch>(*session_, clock, statement_.timeout, cancel)) {}

  ~DuckStream() override {
    watch_.reset();
    running_.reset();
  }
  DuckStream(const DuckStream&) = delete;
  DuckStream& operator=(const DuckStream&) = delete;

  Status Start() {
    TICKHOUSE_TRY(Explained(StartText(statement_.text)));
    const bool readable = std::all_of(columns_.begin(), columns_.end(),
                                      [](const DuckColumn& column) { return column.readable; });
    if (readable || library().statement_type(running_->prepared) != kSelect) return {};
    const std::vector<DuckColumn> meant = columns_;
    TICKHOUSE_TRY(Explained(StartText(Readable(statement_.text, meant))));
    for (std::size_t i = 0; i < meant.size(); ++i) {
      shown_[i] = meant[i].column;
    }
    return {};
  }

  const std::vector<Column>& columns() const override { return shown_; }

  Result<std::optional<RowBatch>> Next() override {
    if (ended_) return std::nullopt;
    void* chunk = library().fetch_chunk(running_->result);
    if (chunk == nullptr) {
      ended_ = true;
      const char* said = library().result_error(&running_->result);
      if (said != nullptr && *said != '\0') {
        return Fail(watch_->Explain(DuckError(said, statement_.text)));
      }
      return std::nullopt;
    }
    RowBatch batch;
    batch.rows = library().chunk_size(chunk);
    for (std::size_t i = 0; i < columns_.size(); ++i) {
      void* vector = library().chunk_vector(chunk, i);
      batch.columns.push_back(DuckCells(library(), columns_[i], vector, batch.rows));
      if (columns_[i].readable && shown_[i].type == columns_[i].column.type) continue;
      for (Cell& cell : batch.columns.back()) {
        if (cell) cell = PlainText(shown_[i].kind, *cell);
      }
    }
    library().destroy_chunk(&chunk);
    if (batch.columns.size() == 1 && shown_[0].name == "Count" && batch.rows == 1) {
      changed_ = batch.columns[0][0];
    }
    if (batch.rows == 0) return Next();
    return batch;
  }

  std::optional<int64_t> rows_changed() const override {
    if (!changed_ || library().statement_type(running_->prepared) == kSelect) return std::nullopt;
    return std::stoll(*changed_);
  }

 private:
  const DuckLibrary& library() const { return session_->library(); }

  Status Explained(Status status) const {
    if (status) return status;
    return Fail(watch_->Explain(std::move(status).error()));
  }

  Status StartText(const std::string& text) {
    running_ = std::make_unique<Running>(library());
    TICKHOUSE_TRY(PrepareOne(*session_, text, running_.get()));
    TICKHOUSE_TRY(Bind(library(), running_->prepared, statement_.parameters));
    TICKHOUSE_TRY(Execute(running_.get(), text));
    columns_.clear();
    shown_.clear();
    for (uint64_t i = 0; i < library().column_count(&running_->result); ++i) {
      columns_.push_back(DuckColumnOf(library(), &running_->result, i));
      shown_.push_back(columns_.back().column);
    }
    return {};
  }

  std::unique_ptr<DuckSession> session_;
  Statement statement_;
  std::unique_ptr<DuckWatch> watch_;
  std::unique_ptr<Running> running_;
  std::vector<DuckColumn> columns_;  ///< As they are stored.
  std::vector<Column> shown_;        ///< As the statement means them.
  Cell changed_;
  bool ended_ = false;
};

// A time with an offset means one thing for a TIMESTAMP and another for one with a zone: not used.
Status ReadTime(DuckSession& session, const FoundBound& found, ColumnBound* bound) {
  const std::string& text = bound->text;
  if (text.size() < 8 || text.find_first_not_of("0123456789-: T.") != std::string::npos) return {};
  const char* type = found.is_date ? "DATE" : "TIMESTAMP";
  TICKHOUSE_ASSIGN(
      const Cell us,
      session.Ask(fmt::format("SELECT CAST(epoch_us(CAST(TRY_CAST(getvariable('asked') AS {}) AS "
                              "TIMESTAMP)) AS VARCHAR)",
                              type),
                  text));
  if (us) bound->time_us = std::stoll(*us);
  return {};
}

Result<std::vector<FoundTable>> FindTables(DuckSession& session, const Statement& statement) {
  const Result<Cell> tree = session.Ask(
      "SELECT CAST(json_serialize_sql(getvariable('asked')) AS VARCHAR)", statement.text);
  std::vector<FoundTable> found;
  if (tree && *tree) found = TablesOf(**tree, statement.parameters);
  if (found.empty()) {
    // Not a SELECT, or something the tree cannot hold: the names at least, and all of each.
    TICKHOUSE_ASSIGN(const std::vector<std::string> names, session.TableNames(statement.text));
    for (const std::string& name : names) found.push_back({NameParts(name), {}});
  }
  for (FoundTable& table : found) {
    for (FoundBound& bound : table.bounds) {
      TICKHOUSE_TRY(ReadTime(session, bound, &bound.bound));
    }
  }
  return found;
}

Status MakeView(DuckSession& session, const std::vector<std::string>& name,
                const ResolvedTable& table) {
  std::vector<std::string> quoted;
  for (const std::string& part : name) quoted.push_back(SqlName(part));
  if (name.size() == 3) {
    TICKHOUSE_TRY(session.Do(fmt::format("ATTACH IF NOT EXISTS ':memory:' AS {}", quoted[0])));
  }
  if (name.size() > 1) {
    const std::vector<std::string> schema(quoted.begin(), quoted.end() - 1);
    TICKHOUSE_TRY(
        session.Do(fmt::format("CREATE SCHEMA IF NOT EXISTS {}", fmt::join(schema, "."))));
  }
  return session.Do(
      fmt::format("CREATE OR REPLACE VIEW {} AS {}", fmt::join(quoted, "."), TableSelect(table)));
}

Status UseS3(DuckSession& session, const DuckOptions& options) {
  TICKHOUSE_ASSIGN(const DuckS3 s3, options.s3());
  TICKHOUSE_TRY(session.Do("LOAD " + SqlLiteral(s3.httpfs)));
  std::string secret = fmt::format(
      "CREATE SECRET (TYPE s3, KEY_ID {}, SECRET {}, REGION {}, URL_STYLE '{}', USE_SSL {}",
      SqlLiteral(s3.key_id), SqlLiteral(s3.secret), SqlLiteral(s3.region),
      s3.path_style ? "path" : "vhost", s3.tls);
  if (!s3.endpoint.empty()) secret += ", ENDPOINT " + SqlLiteral(s3.endpoint);
  if (!s3.session_token.empty()) secret += ", SESSION_TOKEN " + SqlLiteral(s3.session_token);
  return session.Do(secret + ")");
}

bool IsOnS3(const ResolvedFile& file) {
  return file.path.starts_with("s3://");
}

Status AddTables(DuckSession& session, const Statement& statement, const TableResolver& tables,
                 const DuckOptions& options, std::vector<std::string>* paths) {
  bool s3_is_ready = false;
  if (options.s3 && statement.text.find("s3://") != std::string::npos) {
    TICKHOUSE_TRY(UseS3(session, options));
    s3_is_ready = true;
  }
  if (!tables) return {};
  TICKHOUSE_ASSIGN(const std::vector<FoundTable> found, FindTables(session, statement));
  for (const FoundTable& named : found) {
    TableRequest request{named.name, {}};
    for (const FoundBound& bound : named.bounds) request.bounds.push_back(bound.bound);
    TICKHOUSE_ASSIGN(const std::optional<ResolvedTable> table, tables(request));
    if (!table) continue;
    for (const ResolvedFile& file : table->files) {
      // Checked twice: the pattern, then the file that it stands for.
      paths->push_back(file.path);
      paths->push_back(LiteralPath(file.path));
      for (const std::string& deletes : file.position_deletes) {
        paths->push_back(deletes);
        paths->push_back(LiteralPath(deletes));
      }
    }
    // Before the view: it is bound when it is made.
    if (options.s3 && !s3_is_ready && std::ranges::any_of(table->files, IsOnS3)) {
      TICKHOUSE_TRY(UseS3(session, options));
      s3_is_ready = true;
    }
    TICKHOUSE_TRY(MakeView(session, request.name, *table));
  }
  return {};
}

Status KeepToPaths(DuckSession& session, const std::vector<std::string>& paths) {
  std::vector<std::string> quoted;
  for (const std::string& path : paths) quoted.push_back(SqlLiteral(path));
  TICKHOUSE_TRY(session.Do(fmt::format("SET allowed_paths = [{}]", fmt::join(quoted, ", "))));
  TICKHOUSE_TRY(session.Do("SET enable_external_access = false"));
  return session.Do("SET lock_configuration = true");
}

Result<std::unique_ptr<DuckSession>> Ready(const Statement& statement, const TableResolver& tables,
                                           const DuckOptions& options, const std::string& target) {
  if (statement.text.find('\0') != std::string::npos) {
    return Fail(ErrorKind::kInvalidArgument, "the statement has a zero byte in it");
  }
  TICKHOUSE_ASSIGN(std::unique_ptr<DuckSession> session, DuckSession::Open(options));
  std::vector<std::string> paths;
  if (!target.empty()) paths.push_back(target);
  TICKHOUSE_TRY(AddTables(*session, statement, tables, options, &paths));
  if (options.only_tables) TICKHOUSE_TRY(KeepToPaths(*session, paths));
  return session;
}

}  // namespace

Result<std::unique_ptr<RowStream>> DuckEngine::Run(const Statement& statement,
                                                   const CancelToken& cancel) {
  TICKHOUSE_TRY(cancel.Check());
  TICKHOUSE_ASSIGN(auto session, Ready(statement, tables_, options_, ""));
  auto stream = std::make_unique<DuckStream>(std::move(session), clock_, statement, cancel);
  TICKHOUSE_TRY(stream->Start());
  return stream;
}

Result<int64_t> DuckEngine::CopyToParquet(const Statement& query, const std::string& path,
                                          const CancelToken& cancel) {
  TICKHOUSE_TRY(cancel.Check());
  TICKHOUSE_ASSIGN(auto session, Ready(query, tables_, options_, path));
  Statement copy = query;
  const std::size_t end = query.text.find_last_not_of("; \t\r\n");
  copy.text = fmt::format("COPY ({}\n) TO {} (FORMAT parquet, COMPRESSION zstd)",
                          query.text.substr(0, end + 1), SqlLiteral(path));
  DuckStream stream(std::move(session), clock_, std::move(copy), cancel);
  TICKHOUSE_TRY(stream.Start());
  while (true) {
    TICKHOUSE_ASSIGN(const std::optional<RowBatch> batch, stream.Next());
    if (!batch) break;
  }
  return stream.rows_changed().value_or(0);
}

}  // namespace tickhouse::sql
