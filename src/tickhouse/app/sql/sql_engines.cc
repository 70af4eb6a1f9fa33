#include "tickhouse/app/sql/sql_engines.h"

#include <fmt/format.h>

#include <cstdlib>
#include <map>
#include <sstream>
#include <utility>

#include "tickhouse/app/spark/spark_launch.h"
#include "tickhouse/io/s3/s3_config.h"
#include "tickhouse/sql/duckdb/duckdb_library.h"
#include "tickhouse/sql/spark/spark_engine.h"
#include "tickhouse/sql/trino/trino_engine.h"

namespace tickhouse::app {

namespace {

std::string FromEnvironment(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? "" : value;
}

// As files of ours are reached (app/files.h).
Result<io::S3Config> S3Config() {
  return io::S3ConfigFromEnvironment([](const std::string& name) -> std::optional<std::string> {
    const char* value = std::getenv(name.c_str());
    return value == nullptr ? std::nullopt : std::optional<std::string>(value);
  });
}

Result<sql::DuckS3> S3FromEnvironment() {
  TICKHOUSE_ASSIGN(const io::S3Config config, S3Config());
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

// The same for Iceberg's FileIO.
std::map<std::string, std::string> FileIoOf(const io::S3Config& config) {
  std::map<std::string, std::string> file_io = {
      {"client.region", config.region},
      {"s3.path-style-access", config.path_style ? "true" : "false"},
      {"s3.access-key-id", config.credentials.access_key},
      {"s3.secret-access-key", config.credentials.secret_key}};
  if (!config.endpoint.empty()) file_io["s3.endpoint"] = config.endpoint;
  if (!config.credentials.session_token.empty()) {
    file_io["s3.session-token"] = config.credentials.session_token;
  }
  return file_io;
}

std::string SparkSubmit(const std::string& named) {
  if (!named.empty()) return named;
  if (std::string submit = FromEnvironment("TICKHOUSE_SPARK_SUBMIT"); !submit.empty()) {
    return submit;
  }
  const std::string home = FromEnvironment("SPARK_HOME");
  return home.empty() ? "spark-submit" : home + "/bin/spark-submit";
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

Result<std::vector<std::string>> SqlEngines::SparkJars() const {
  std::vector<std::string> named = request_.spark.jars;
  if (named.empty()) {
    std::istringstream variable(FromEnvironment("TICKHOUSE_SPARK_JARS"));
    for (std::string name; std::getline(variable, name, ',');) {
      if (!name.empty()) named.push_back(name);
    }
  }
  std::vector<std::string> jars;
  for (const std::string& name : named) {
    const std::string path = AbsolutePath(name);
    if (path.find("://") != std::string::npos || environment_.files->Exists(path).value_or(false)) {
      jars.push_back(path);
      continue;
    }
    const std::size_t before = jars.size();
    if (const auto inside = environment_.files->ListFiles(path)) {
      for (const io::FileInfo& file : *inside) {
        if (file.path.ends_with(".jar")) jars.push_back(file.path);
      }
    }
    if (jars.size() == before) {
      return Fail(ErrorKind::kInvalidArgument,
                  fmt::format("{}: neither a jar nor a folder with jars", name));
    }
  }
  return jars;
}

Result<std::unique_ptr<sql::Engine>> SqlEngines::Spark(const std::string& scratch) {
  const SparkRequest& request = request_.spark;
  SparkLaunch launch = PlanSparkLaunch(*environment_.files, SparkSubmit(request.submit));
  sql::SparkOptions options{.submit = std::move(launch.program),
                            .master = request.master,
                            .environment = std::move(launch.environment),
                            .conf = request.conf,
                            .scratch = request.folder.empty() ? scratch : request.folder,
                            .scratch_is_shared = !request.folder.empty()};
  TICKHOUSE_ASSIGN(options.jars, SparkJars());
  TICKHOUSE_ASSIGN(lake::Catalog* const catalog, Catalog());
  if (catalog != nullptr) {
    TICKHOUSE_ASSIGN(spark_lake_, SparkLake::Serve(*catalog, request_.at, environment_,
                                                   [this](const sql::TableRead& read) {
                                                     reads_.push_back(read);
                                                   }));
    options.lake = {.uri = spark_lake_->uri(), .token = spark_lake_->token()};
    // Tables may lie elsewhere than the warehouse: keys that are there are told in any case.
    const Result<io::S3Config> s3 = S3Config();
    if (s3) {
      options.lake->file_io = FileIoOf(*s3);
    } else if (workspace_->warehouse.starts_with("s3://")) {
      return Fail(s3.error());
    }
    options.lake->needs_s3 = workspace_->warehouse.starts_with("s3://");
  }
  return std::make_unique<sql::SparkEngine>(std::move(options), *environment_.files,
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
  const bool stopped = error.kind == ErrorKind::kCancelled || error.kind == ErrorKind::kTimeout;
  if (const auto problem = spark_lake_ && !stopped ? spark_lake_->problem() : std::nullopt) {
    return *problem;
  }
  if (error.kind == ErrorKind::kNotFound && !no_workspace_.empty()) {
    error.message += fmt::format("; {}", no_workspace_);
  }
  return error;
}

}  // namespace tickhouse::app
