// Spark as an engine: each statement is a job of the spark-submit that the user names.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "tickhouse/core/clock.h"
#include "tickhouse/io/fs/file_system.h"
#include "tickhouse/sql/engine/engine.h"

namespace tickhouse::sql {

/// Where tables are: an Iceberg REST catalog, known to Spark as `lake`, its default.
struct SparkLake {
  std::string uri;                                  ///< "http://127.0.0.1:8181"
  std::string token = {};                           ///< Bearer.
  std::string ns = "gold";                          ///< Of bare names.
  std::map<std::string, std::string> file_io = {};  ///< Of Iceberg: s3.endpoint, ...
  bool needs_s3 = false;  ///< Tables lie there: Spark without AWS's jar is refused at once.
};

struct SparkOptions {
  std::string submit = "spark-submit";
  std::string master = {};                       ///< Empty: as Spark is configured.
  std::vector<std::string> environment = {};     ///< "NAME=value" for the program, beside ours.
  std::vector<std::string> jars = {};            ///< Absolute paths: Iceberg's, and AWS's for S3.
  std::map<std::string, std::string> conf = {};  ///< "spark.driver.memory" -> "4g"; no secrets.
  std::string scratch = "/tmp";                  ///< The folder with plan and rows is made here.
  bool scratch_is_shared = false;                ///< Executors on other machines have it too.
  std::optional<SparkLake> lake = {};
};

/// Only queries (SELECT, VALUES, SHOW, DESCRIBE, EXPLAIN) are run; others are kPermission. A
/// statement means what it means to the others: TIMESTAMP has no zone, "x" is a name, all is shown
/// in UTC. Lists, maps and structs come as JSON, binaries as hexadecimal digits. Keys and token
/// travel in a file of mode 0600 that the job removes once read, never on a command line. The rows
/// lie in a folder that goes with the stream: as much disk as they need, memory of one batch.
/// Cancelling ends the job within about a second. Also kUnavailable, naming the way out: no Spark,
/// no Java or a wrong one, no Iceberg.
class SparkEngine : public Engine {
 public:
  /// Both outlive the engine and its streams.
  SparkEngine(SparkOptions options, io::FileSystem& files, Clock& clock);

  std::string name() const override { return "spark"; }
  Result<std::unique_ptr<RowStream>> Run(const Statement& statement,
                                         const CancelToken& cancel) override;

 private:
  SparkOptions options_;
  io::FileSystem& files_;
  Clock& clock_;
};

/// The command line for a scratch folder with the script in it, for tests.
std::vector<std::string> SparkSqlCommand(const SparkOptions& options, const std::string& folder);

}  // namespace tickhouse::sql
