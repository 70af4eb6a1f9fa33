#include "tickhouse/app/sql/sql_engines.h"

#include <fmt/format.h>

#include <cstdlib>
#include <utility>

#include "tickhouse/io/s3/s3_config.h"
#include "tickhouse/sql/duckdb/duckdb_library.h"
#include "tickhouse/sql/trino/trino_engine.h"

namespace tickhouse::app {

namespace {

std::string FromEnvironment(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? "" : value;
}

// As files of ours are reached (app/files.h), for DuckDB.
Result<sql::DuckS3> S3FromEnvironment() {
  TICKHOUSE_ASSIGN(
      const io::S3Config config,
      io::S3ConfigFromEnvironment([](const std::string& name) -> std::optional<std::string> {
        const char* value = std::getenv(name.c_str());
        return value == nullptr ? std::nullopt : std::optional<std::string>(value);
      }));
  sql::DuckS3 s3{.httpfs = sql::FindInLibraryFolders("httpfs.duckdb_extension"),
                 .endpoint = config.endpoint,
                 .tls = !config.endpoint.starts_with("http://"),
                 .path_style = config.path_style,
                 .region = config.region,
                 .key_id = config.credentials.access_key,
                 .secret = config.credentials.secret_key,
                 .session_token = config.credentials.session_token};
  if (const std::size_t scheme = s3.endpoint.find("://"); scheme != std::string::npos) {
    s3.endpoint.erase(0, scheme + 3);
  }
  if (s3.httpfs.empty()) {
    return Fail(ErrorKind::kUnavailable,
                "httpfs.duckdb_extension, which reads s3://, was not found: install tickhouse with "
                "its lib folder");
  }
  return s3;
}

}  // namespace

sql::DuckEngine SqlEngines::Duck(const std::string& spill_folder) {
  sql::LakeTables tables{.catalog = [this] { return Catalog(); },
                         .files = environment_.files,
                         .at = request_.at,
                         .threads = environment_.threads,
                         .cancel = environment_.cancel,
                         .on_read = [this](const sql::TableRead& read) { reads_.push_back(read); }};
  sql::DuckOptions options{.library = FromEnvironment("TICKHOUSE_DUCKDB"),
                           .threads = environment_.threads,
                           .memory_bytes = request_.memory_bytes,
                           .spill_folder = spill_folder,
                           .only_tables = false,
                           .s3 = S3FromEnvironment};
  return {sql::ResolverOf(std::move(tables)), std::move(options), *environment_.clock};
}

Result<std::unique_ptr<sql::Engine>> SqlEngines::Trino() {
  const TrinoRequest& request = request_.trino;
  sql::TrinoOptions options{
      .url = request.url.empty() ? FromEnvironment("TICKHOUSE_TRINO") : request.url,
      .user = request.user.empty() ? FromEnvironment("USER") : request.user,
      .password = FromEnvironment("TICKHOUSE_TRINO_PASSWORD"),
      .token = FromEnvironment("TICKHOUSE_TRINO_TOKEN"),
      .catalog = request.catalog,
      .schema = request.schema,
      .session = request.session};
  if (options.url.empty()) {
    return Fail(ErrorKind::kInvalidArgument,
                "where is Trino? Name it with --trino http://host:port, or in TICKHOUSE_TRINO");
  }
  if (options.user.empty() && options.token.empty()) options.user = "tickhouse";
  return std::make_unique<sql::TrinoEngine>(std::move(options), *environment_.http,
                                            *environment_.clock);
}

Result<lake::Catalog*> SqlEngines::Catalog() {
  if (workspace_) return workspace_->catalog.get();
  if (!no_workspace_.empty()) return nullptr;
  Result<Workspace> opened = OpenWorkspace(request_.workspace, environment_);
  if (opened) {
    workspace_ = *std::move(opened);
    return workspace_->catalog.get();
  }
  if (opened.error().kind != ErrorKind::kNotFound) return Fail(std::move(opened).error());
  no_workspace_ = opened.error().message;
  return nullptr;
}

Error SqlEngines::Explain(Error error) const {
  if (error.kind == ErrorKind::kNotFound && !no_workspace_.empty()) {
    error.message += fmt::format("; {}", no_workspace_);
  }
  return error;
}

}  // namespace tickhouse::app
