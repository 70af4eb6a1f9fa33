#include "tickhouse/sql/spark/spark_engine.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <nlohmann/json.hpp>
#include <string_view>
#include <utility>

#include "tickhouse/sql/process.h"
#include "tickhouse/sql/scratch_folder.h"
#include "tickhouse/sql/spark/spark_answer.h"
#include "tickhouse/sql/spark/spark_rows.h"
#include "tickhouse/sql/spark/spark_script.h"
#include "tickhouse/sql/spark_failure.h"

namespace tickhouse::sql {

namespace {

using Json = nlohmann::json;

constexpr std::string_view kScript = "sql.py";
constexpr std::string_view kPlan = "plan.json";
constexpr int64_t kMostAnswerBytes = int64_t{64} << 20;

Json SessionSettings(const std::string& folder) {
  return {
      {"spark.ui.enabled", "false"},
      {"spark.sql.catalogImplementation", "in-memory"},
      {"spark.sql.warehouse.dir", "file://" + folder + "/warehouse"},
      {"spark.sql.session.timeZone", "UTC"},
      // As the other engines read the same words.
      {"spark.sql.timestampType", "TIMESTAMP_NTZ"},
      {"spark.sql.ansi.enabled", "true"},
      {"spark.sql.ansi.doubleQuotedIdentifiers", "true"},
      // How the rows are stored.
      {"spark.sql.parquet.compression.codec", "zstd"},
      {"spark.sql.parquet.outputTimestampType", "TIMESTAMP_MICROS"},
      {"spark.sql.parquet.datetimeRebaseModeInWrite", "CORRECTED"},
      {"spark.sql.parquet.writeLegacyFormat", "false"},
      {"spark.sql.files.maxRecordsPerFile", "0"},
      {"spark.redaction.regex", "(?i)secret|password|token|access[.-]?key"},
  };
}

Json LakeOf(const std::optional<SparkLake>& lake) {
  if (!lake) return nullptr;
  const std::string catalog = "spark.sql.catalog.lake";
  Json settings = {{catalog, "org.apache.iceberg.spark.SparkCatalog"},
                   {catalog + ".type", "rest"},
                   {catalog + ".uri", lake->uri},
                   {catalog + ".default-namespace", lake->ns},
                   {catalog + ".rest-metrics-reporting-enabled", "false"},
                   {"spark.sql.defaultCatalog", "lake"}};
  if (!lake->token.empty()) {
    settings[catalog + ".token"] = lake->token;
    settings[catalog + ".token-refresh-enabled"] = "false";
  }
  for (const auto& [name, value] : lake->file_io) settings[catalog + "." + name] = value;
  return {{"s3", lake->needs_s3}, {"settings", std::move(settings)}};
}

Result<std::string> PlanOf(const Statement& statement, const SparkOptions& options,
                           const std::string& folder) {
  Json values = Json::array();
  for (const Cell& value : statement.parameters) values.push_back(value ? Json(*value) : Json());
  const Json plan = {{"statement", statement.text},
                     {"parameters", std::move(values)},
                     {"shared", options.scratch_is_shared},
                     {"settings", SessionSettings(folder)},
                     {"lake", LakeOf(options.lake)}};
  try {
    return plan.dump();
  } catch (const Json::type_error&) {
    return Fail(ErrorKind::kInvalidArgument, "the statement or a parameter is not valid UTF-8");
  }
}

class SparkStream : public RowStream {
 public:
  SparkStream(ScratchFolder folder, std::vector<Column> columns, std::optional<SparkFiles> files,
              CancelToken cancel)
      : folder_(std::move(folder)),
        columns_(std::move(columns)),
        files_(std::move(files)),
        cancel_(std::move(cancel)) {}

  const std::vector<Column>& columns() const override { return columns_; }

  Result<std::optional<RowBatch>> Next() override {
    TICKHOUSE_TRY(cancel_.Check());
    if (!files_) return std::nullopt;
    return files_->Next(columns_);
  }

 private:
  ScratchFolder folder_;
  std::vector<Column> columns_;
  std::optional<SparkFiles> files_;
  CancelToken cancel_;
};

// What the job said, or why it could not say anything.
Result<std::vector<Column>> RunJob(const SparkOptions& options, const ScratchFolder& folder,
                                   const Statement& statement, io::FileSystem& files, Clock& clock,
                                   const CancelToken& cancel) {
  TICKHOUSE_ASSIGN(const std::string plan, PlanOf(statement, options, folder.path()));
  TICKHOUSE_TRY(folder.WritePrivate(kScript, SparkSqlScript()));
  TICKHOUSE_TRY(folder.WritePrivate(kPlan, plan));
  ProcessRequest request{.command = SparkSqlCommand(options, folder.path()),
                         .folder = folder.path(),
                         .environment = options.environment,
                         .clock = &clock,
                         .timeout = statement.timeout,
                         .patience = std::chrono::seconds(1)};
  const Result<ProcessAnswer> ended = RunProcess(request, cancel);
  if (!ended && ended.error().kind == ErrorKind::kTimeout) {
    return Fail(ErrorKind::kTimeout, "the statement took longer than allowed");
  }
  if (!ended) return Fail(SparkNotStarted(ended.error()));
  const std::string answer = folder.File("answer.json");
  TICKHOUSE_ASSIGN(const bool answered, files.Exists(answer));
  if (!answered) return Fail(SparkFailure(options.submit, *ended, ErrorKind::kUnavailable));
  TICKHOUSE_ASSIGN(const std::string text, files.ReadWhole(answer, kMostAnswerBytes));
  return ReadSparkAnswer(text);
}

}  // namespace

std::vector<std::string> SparkSqlCommand(const SparkOptions& options, const std::string& folder) {
  std::vector<std::string> command = {options.submit};
  const auto add = [&command](std::string option, std::string value) {
    command.push_back(std::move(option));
    command.push_back(std::move(value));
  };
  if (!options.master.empty()) add("--master", options.master);
  if (!options.jars.empty()) add("--jars", fmt::format("{}", fmt::join(options.jars, ",")));
  // The driver reads the plan and leaves the rows here.
  add("--deploy-mode", "client");
  for (const auto& [name, value] : options.conf) add("--conf", name + "=" + value);
  add(fmt::format("{}/{}", folder, kScript), folder);
  return command;
}

SparkEngine::SparkEngine(SparkOptions options, io::FileSystem& files, Clock& clock)
    : options_(std::move(options)), files_(files), clock_(clock) {}

Result<std::unique_ptr<RowStream>> SparkEngine::Run(const Statement& statement,
                                                    const CancelToken& cancel) {
  TICKHOUSE_TRY(cancel.Check());
  if (statement.text.find_first_not_of("; \t\r\n") == std::string::npos) {
    return Fail(ErrorKind::kInvalidArgument, "there is no statement in the text");
  }
  TICKHOUSE_ASSIGN(ScratchFolder folder, ScratchFolder::Make(options_.scratch));
  TICKHOUSE_ASSIGN(std::vector<Column> columns,
                   RunJob(options_, folder, statement, files_, clock_, cancel));
  std::optional<SparkFiles> rows;
  if (!columns.empty()) {
    TICKHOUSE_ASSIGN(rows, SparkFiles::Open(files_, folder.File("rows")));
  }
  return std::make_unique<SparkStream>(std::move(folder), std::move(columns), std::move(rows),
                                       cancel);
}

}  // namespace tickhouse::sql
