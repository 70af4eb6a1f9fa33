#include "tickhouse/sql/spark_clean.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <utility>

#include "tickhouse/sql/process.h"
#include "tickhouse/sql/spark_failure.h"

namespace tickhouse::sql {

namespace {

using Json = nlohmann::ordered_json;

// The first query takes each file's own first tick of a second, in its order of rows; the second
// the first of those by time and rank. Files that tie in rank are told apart by the ticks
// themselves.
constexpr const char* kScript = R"py(import json, re, sys, urllib.parse
from pyspark.sql import SparkSession

plan = json.load(open(sys.argv[1], encoding="utf-8"))
spark = (SparkSession.builder.appName("tickhouse clean")
         .config("spark.sql.session.timeZone", "UTC")
         .config("spark.ui.enabled", "false").getOrCreate())

def plain(address):  # file:///a%20b -> /a b
    return urllib.parse.unquote(urllib.parse.urlparse(address).path)

def literal(path):  # Spark takes paths for patterns
    return re.sub(r"([\[\]{}*?\\])", r"\\\1", path)

def below_root(path):
    return urllib.parse.urlparse(path).path if "://" in path else path

for of in plan["symbols"]:
    ticks = spark.read.parquet(*[literal(file["path"]) for file in of["files"]])
    ticks = ticks.selectExpr(
        "unix_micros(cast(DateTime as timestamp)) as us", "cast(Bid as double) as Bid",
        "cast(Ask as double) as Ask", "_metadata.file_path as file", "_metadata.row_index as row")
    ticks.createOrReplaceTempView("ticks")
    rank = {below_root(file["path"]): file["rank"] for file in of["files"]}
    seen = [row.file for row in spark.sql("select distinct file from ticks").collect()]
    ranks = [(file, rank[plain(file)]) for file in seen]
    spark.createDataFrame(ranks, "file string, rank int").createOrReplaceTempView("ranks")
    spark.createDataFrame([tuple(window) for window in of["windows"] or []],
                          "day long, begin long, end long").createOrReplaceTempView("windows")
    inside = "" if of["windows"] is None else (
        "join windows on (us - pmod(us, 86400000000)) div 86400000000 = day "
        "and us >= begin and us < end")
    firsts = spark.sql(f"""
      with each as (
        select /*+ broadcast(ranks, windows) */ us - pmod(us, 1000000) as second, rank,
               min(struct(us, row, Bid, Ask)) as tick
        from ticks join ranks using (file) {inside}
        where us is not null and abs(Bid) < double('Infinity') and abs(Ask) < double('Infinity')
        group by second, file, rank),
      best as (
        select second, min(struct(tick.us as us, rank, tick.Bid as Bid, tick.Ask as Ask)) as tick
        from each group by second)
      select cast(timestamp_micros(tick.us) as timestamp_ntz) as DateTime,
             tick.Bid as Bid, tick.Ask as Ask
      from best""")
    sorted = firsts.repartition(1).sortWithinPartitions("DateTime")
    sorted.write.mode("overwrite").parquet(of["out"])
spark.stop()
)py";

// Windows cut at UTC midnights: Spark then finds a tick's windows by its day, without comparing
// all.
Json WindowsOf(const std::vector<UtcRange>& ranges) {
  Json windows = Json::array();
  for (const UtcRange& range : ranges) {
    int64_t begin = ToNanos(range.begin);
    while (begin < ToNanos(range.end)) {
      const int64_t day = FloorDiv(begin, kNanosPerDay);
      const int64_t end = std::min(ToNanos(range.end), (day + 1) * kNanosPerDay);
      windows.push_back({day, begin / kNanosPerMicro, end / kNanosPerMicro});
      begin = end;
    }
  }
  return windows;
}

Json PlanOf(const SparkCleanJob& job) {
  Json symbols = Json::array();
  for (const SparkCleanSymbol& of : job.symbols) {
    Json files = Json::array();
    for (const SparkCleanFile& file : of.files) {
      files.push_back({{"path", file.path}, {"rank", file.rank}});
    }
    Json windows;
    if (of.ranges) windows = WindowsOf(*of.ranges);
    symbols.push_back(
        {{"symbol", of.symbol}, {"files", files}, {"windows", windows}, {"out", of.out_folder}});
  }
  return {{"symbols", symbols}};
}

}  // namespace

std::string SparkCleanScript() {
  return kScript;
}

Status CleanOnSpark(io::FileSystem& files, const SparkCleanJob& job, const CancelToken& cancel) {
  const std::string script = io::JoinPath(job.folder, "clean.py");
  const std::string plan = io::JoinPath(job.folder, "plan.json");
  TICKHOUSE_TRY(files.WriteWhole(script, kScript));
  TICKHOUSE_TRY(
      files.WriteWhole(plan, PlanOf(job).dump(1, ' ', false, Json::error_handler_t::replace)));
  ProcessRequest request;
  request.environment = job.environment;
  request.command = {job.submit.empty() ? "spark-submit" : job.submit};
  if (!job.master.empty()) {
    request.command.push_back("--master");
    request.command.push_back(job.master);
  }
  request.command.push_back(script);
  request.command.push_back(plan);
  const Result<ProcessAnswer> answer = RunProcess(request, cancel);
  if (!answer) return Fail(SparkNotStarted(answer.error()));
  if (answer->exit_code == 0) return {};
  return Fail(SparkFailure(request.command.front(), *answer, ErrorKind::kIo));
}

}  // namespace tickhouse::sql
