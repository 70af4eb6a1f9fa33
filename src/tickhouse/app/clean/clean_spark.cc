#include "tickhouse/app/clean/clean_spark.h"

#include <algorithm>
#include <utility>

#include "tickhouse/app/spark/spark_launch.h"
#include "tickhouse/clean/tick_filter.h"
#include "tickhouse/io/parquet/parquet_tick_reader.h"
#include "tickhouse/sql/spark_clean.h"

namespace tickhouse::app {

namespace {

sql::SparkCleanSymbol SymbolFor(const SparkInput& input,
                                const std::optional<WindowSchedule>& schedule) {
  std::vector<const CleanInput*> ranked;
  ranked.reserve(input.of->files.size());
  for (const CleanInput& file : input.of->files) ranked.push_back(&file);
  std::ranges::sort(ranked, {}, [](const CleanInput* file) { return file->layout.rank(); });
  sql::SparkCleanSymbol symbol;
  symbol.symbol = input.of->symbol;
  // Spark answers with whole paths, and may have a working folder of its own in mind.
  symbol.out_folder = AbsolutePath(input.rows_folder);
  int64_t first_ns = 0;
  int64_t last_ns = -1;
  for (const CleanInput* file : ranked) {
    const clean::SourceRank rank = file->layout.rank();
    int place = static_cast<int>(symbol.files.size());
    if (place > 0 && ranked[symbol.files.size() - 1]->layout.rank() == rank) {
      place = symbol.files.back().rank;
    }
    symbol.files.push_back({AbsolutePath(file->path), place});
    if (rank.rows == 0) continue;
    first_ns = last_ns < first_ns ? rank.first_ns : std::min(first_ns, rank.first_ns);
    last_ns = std::max(last_ns, rank.last_ns);
  }
  if (schedule) {
    symbol.ranges = clean::WindowRanges(*schedule, {FromNanos(first_ns), FromNanos(last_ns + 1)});
  }
  return symbol;
}

}  // namespace

Status CleanInputsOnSpark(const Environment& environment, const CleanRequest& request,
                          const std::optional<WindowSchedule>& schedule,
                          const std::vector<SparkInput>& symbols, const std::string& folder) {
  if (symbols.empty()) return {};
  sql::SparkCleanJob job;
  job.folder = AbsolutePath(folder);
  SparkLaunch launch = PlanSparkLaunch(*environment.files, request.spark_submit);
  job.submit = std::move(launch.program);
  job.environment = std::move(launch.environment);
  job.master = request.spark_master;
  for (const SparkInput& input : symbols) job.symbols.push_back(SymbolFor(input, schedule));
  return sql::CleanOnSpark(*environment.files, job, environment.cancel);
}

Result<std::vector<CleanInput>> FindSparkRows(const Environment& environment,
                                              const std::string& rows_folder) {
  TICKHOUSE_ASSIGN(const std::vector<io::FileInfo> files,
                   environment.files->ListFiles(rows_folder));
  std::vector<CleanInput> rows;
  for (const io::FileInfo& info : files) {
    if (io::Extension(info.path) != "parquet") continue;
    TICKHOUSE_ASSIGN(const auto file, environment.files->OpenRead(info.path));
    TICKHOUSE_ASSIGN(const io::ParquetTickInfo footer, io::ReadParquetTickInfo(*file));
    CleanInput input;
    input.path = info.path;
    TICKHOUSE_ASSIGN(input.layout, LayoutOf(environment, info.path, footer));
    rows.push_back(std::move(input));
  }
  if (rows.empty()) return Fail(ErrorKind::kIo, rows_folder + ": Spark left no Parquet file there");
  return rows;
}

}  // namespace tickhouse::app
