// DuckDB inside this process: a statement over tables given as lists of Parquet files.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "tickhouse/core/clock.h"
#include "tickhouse/sql/duckdb/table_resolver.h"
#include "tickhouse/sql/engine/engine.h"

namespace tickhouse::sql {

/// Needed once a table has files on S3.
struct DuckS3 {
  std::string httpfs;    ///< The file httpfs.duckdb_extension of this DuckDB's version.
  std::string endpoint;  ///< "127.0.0.1:7070", without scheme; empty: AWS.
  bool tls = true;
  bool path_style = true;
  std::string region, key_id, secret, session_token;
};

struct DuckOptions {
  std::string library = {};       ///< See `LoadDuckLibrary`.
  int threads = 0;                ///< 0: one for each processor.
  int64_t memory_bytes = 0;       ///< 0: DuckDB's choice (80 % of the machine).
  std::string spill_folder = {};  ///< For what does not fit in memory; empty: nothing is spilled.
  /// The statement may read or write nothing but the files of its tables (and `CopyToParquet`'s).
  bool only_tables = true;
  /// Asked once a statement or one of its tables names s3://; empty: such files cannot be read.
  std::function<Result<DuckS3>()> s3 = {};
};

/// A database of its own, in memory, for each statement: nothing is left of one for the next. Safe
/// for several threads when the resolver is.
class DuckEngine : public Engine {
 public:
  /// `clock` is for time-outs and must outlive the engine and its streams.
  DuckEngine(TableResolver tables, DuckOptions options, Clock& clock)
      : tables_(std::move(tables)), options_(std::move(options)), clock_(clock) {}

  std::string name() const override { return "duckdb"; }
  Result<std::unique_ptr<RowStream>> Run(const Statement& statement,
                                         const CancelToken& cancel) override;

  /// Writes the rows of a query to a local Parquet file (zstd), which is replaced. Gives their
  /// number. The file may be left incomplete on failure: give a scratch name and rename.
  Result<int64_t> CopyToParquet(const Statement& query, const std::string& path,
                                const CancelToken& cancel);

 private:
  TableResolver tables_;
  DuckOptions options_;
  Clock& clock_;
};

}  // namespace tickhouse::sql
