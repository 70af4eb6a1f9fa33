#include "tickhouse/sql/duckdb/duckdb_session.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <nlohmann/json.hpp>
#include <string_view>
#include <utility>

#include "tickhouse/core/check.h"
#include "tickhouse/sql/duckdb/duckdb_rows.h"

namespace tickhouse::sql {

namespace {

using Json = nlohmann::json;

ErrorKind KindOf(const std::string& type, const Json& details) {
  const bool of_table = details.value("type", "") == "Table" ||
                        details.value("exception_message", "").starts_with("Table with name");
  if (type == "Catalog" && of_table) return ErrorKind::kNotFound;
  for (const char* mistake :
       {"Parser", "Syntax", "Binder", "Catalog", "Conversion", "Out of Range", "Invalid Input",
        "Mismatch Type", "Constraint", "Expression", "Parameter Not Resolved",
        "Parameter Not Allowed", "Divide by Zero"}) {
    if (type == mistake) return ErrorKind::kInvalidArgument;
  }
  if (type == "Permission") return ErrorKind::kPermission;
  if (type == "Out of Memory") return ErrorKind::kNoSpace;
  if (type == "Not implemented") return ErrorKind::kUnsupported;
  if (type == "INTERRUPT") return ErrorKind::kCancelled;
  return ErrorKind::kIo;
}

std::string FirstWords(const std::string& said) {
  constexpr std::size_t kMost = 2'000;
  return said.size() <= kMost ? said : said.substr(0, kMost) + "...";
}

Status Configure(const DuckLibrary& library, const DuckOptions& options, void* config) {
  std::vector<std::pair<const char*, std::string>> settings = {
      {"autoinstall_known_extensions", "false"}, {"autoload_known_extensions", "false"}};
  if (options.threads > 0) settings.emplace_back("threads", std::to_string(options.threads));
  if (options.memory_bytes > 0) {
    settings.emplace_back("memory_limit",
                          fmt::format("{}KiB", std::max<int64_t>(1, options.memory_bytes >> 10)));
  }
  settings.emplace_back("temp_directory", options.spill_folder);
  for (const auto& [name, value] : settings) {
    if (library.set_config(config, name, value.c_str()) != 0) {
      return Fail(ErrorKind::kInvalidArgument,
                  fmt::format("DuckDB does not take {} = {}", name, value));
    }
  }
  return {};
}

}  // namespace

Error DuckError(const std::string& said, const std::string& statement) {
  const std::size_t brace = said.find('{');
  const Json details =
      brace == std::string::npos ? Json() : Json::parse(said.substr(brace), nullptr, false);
  if (!details.is_object()) return {ErrorKind::kIo, "DuckDB: " + FirstWords(said)};
  const std::string type = details.value("exception_type", "");
  const std::string message = details.value("exception_message", said);
  const std::string position = details.value("position", "");
  std::size_t offset = 0;
  const auto [end, error] =
      std::from_chars(position.data(), position.data() + position.size(), offset);
  const bool placed = error == std::errc() && !statement.empty() && offset <= statement.size();
  return {KindOf(type, details), fmt::format("{}{} ({})", placed ? PlaceOf(statement, offset) : "",
                                             FirstWords(message), type)};
}

Result<std::unique_ptr<DuckSession>> DuckSession::Open(const DuckOptions& options) {
  TICKHOUSE_ASSIGN(const DuckLibrary* library, LoadDuckLibrary(options.library));
  std::unique_ptr<DuckSession> session(new DuckSession(*library));
  void* config = nullptr;
  TICKHOUSE_CHECK(library->create_config(&config) == 0, "a configuration of DuckDB is made");
  const Status configured = Configure(*library, options, config);
  char* reason = nullptr;
  const bool opened =
      configured && library->open(nullptr, &session->database_, config, &reason) == 0;
  library->destroy_config(&config);
  TICKHOUSE_TRY(configured);
  if (!opened) {
    const std::string said = reason == nullptr ? "no reason given" : reason;
    library->free_memory(reason);
    return Fail(ErrorKind::kUnavailable, "DuckDB does not start: " + said);
  }
  if (library->connect(session->database_, &session->connection_) != 0) {
    return Fail(ErrorKind::kUnavailable, "DuckDB does not start: no connection");
  }
  TICKHOUSE_TRY(session->Do("SET errors_as_json = true"));
  TICKHOUSE_TRY(session->Do("SET TimeZone = 'UTC'"));
  return session;
}

DuckSession::~DuckSession() {
  if (connection_ != nullptr) library_.disconnect(&connection_);
  if (database_ != nullptr) library_.close(&database_);
}

Status DuckSession::Do(const std::string& sql) {
  DuckResult result;
  const bool done = library_.query(connection_, sql.c_str(), &result) == 0;
  const char* said = done ? nullptr : library_.result_error(&result);
  Status status;
  if (!done) status = Fail(DuckError(said == nullptr ? "no reason given" : said, ""));
  library_.destroy_result(&result);
  return status;
}

Result<Cell> DuckSession::Ask(const std::string& sql, const std::string& parameter) {
  // A list of one text, so that the answer can be read like the names of tables.
  TICKHOUSE_TRY(Do(fmt::format("SET VARIABLE asked = {}", SqlLiteral(parameter))));
  DuckResult result;
  Cell cell;
  Status status;
  if (library_.query(connection_, sql.c_str(), &result) != 0) {
    const char* said = library_.result_error(&result);
    status = Fail(DuckError(said == nullptr ? "no reason given" : said, ""));
  } else if (void* chunk = library_.fetch_chunk(result)) {
    void* vector = library_.chunk_vector(chunk, 0);
    const uint64_t* valid = library_.vector_validity(vector);
    if (library_.chunk_size(chunk) > 0 && (valid == nullptr || (valid[0] & 1) != 0)) {
      cell = DuckText(library_.vector_data(vector), 0);
    }
    library_.destroy_chunk(&chunk);
  }
  library_.destroy_result(&result);
  TICKHOUSE_TRY(status);
  return cell;
}

Result<std::vector<std::string>> DuckSession::TableNames(const std::string& statement) {
  void* list = library_.table_names(connection_, statement.c_str(), true);
  std::vector<std::string> names;
  if (list == nullptr) return names;
  for (uint64_t i = 0; i < library_.list_size(list); ++i) {
    void* child = library_.list_child(list, i);
    char* text = library_.value_text(child);
    if (text != nullptr) names.emplace_back(text);
    library_.free_memory(text);
    library_.destroy_value(&child);
  }
  library_.destroy_value(&list);
  std::sort(names.begin(), names.end());
  return names;
}

DuckWatch::DuckWatch(const DuckSession& session, Clock& clock, Nanos timeout, CancelToken cancel)
    : session_(session),
      clock_(clock),
      deadline_(timeout > Nanos::zero() ? clock.MonotonicNanos() + timeout.count() : 0),
      cancel_(std::move(cancel)),
      thread_([this] { Loop(); }) {}

DuckWatch::~DuckWatch() {
  {
    const std::scoped_lock lock(mutex_);
    end_ = true;
  }
  ended_.notify_all();
  thread_.join();
}

bool DuckWatch::TimeIsOver() const {
  return deadline_ != 0 && clock_.MonotonicNanos() >= deadline_;
}

void DuckWatch::Loop() {
  std::unique_lock lock(mutex_);
  // Again and again: an interruption that comes between two steps of the statement is forgotten.
  while (!ended_.wait_for(lock, std::chrono::milliseconds(20), [this] { return end_; })) {
    if (cancel_.cancelled() || TimeIsOver()) session_.library().interrupt(session_.connection());
  }
}

Error DuckWatch::Explain(Error error) const {
  if (error.kind != ErrorKind::kCancelled) return error;
  if (const Status cancelled = cancel_.Check(); !cancelled) return cancelled.error();
  if (TimeIsOver()) return {ErrorKind::kTimeout, "the statement took longer than allowed"};
  return error;
}

}  // namespace tickhouse::sql
