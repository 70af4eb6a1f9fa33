#include "tickhouse/app/convert.h"

#include <fmt/format.h>

#include <charconv>
#include <cmath>

#include "tickhouse/app/spark/convert_spark.h"
#include "tickhouse/app/spark/spark_launch.h"
#include "tickhouse/core/log.h"
#include "tickhouse/core/progress.h"
#include "tickhouse/ingest/convert/convert.h"

namespace tickhouse::app {

namespace {

using ingest::ItemOutcome;

std::string Grouped(int64_t value) {
  const std::string digits = fmt::format("{}", value);
  std::string grouped;
  for (std::size_t i = 0; i < digits.size(); ++i) {
    if (i > 0 && (digits.size() - i) % 3 == 0) grouped += ',';
    grouped += digits[i];
  }
  return grouped;
}

Result<ingest::ConvertOptions> OptionsOf(const Environment& environment,
                                         const ConvertRequest& request) {
  ingest::ConvertOptions options;
  if (!request.dialect.empty()) {
    TICKHOUSE_ASSIGN(options.dialect, io::ParseCsvDialect(request.dialect));
  }
  if (!request.source_zone.empty()) {
    TICKHOUSE_ASSIGN(options.source_zone, Zone::Parse(request.source_zone));
  }
  TICKHOUSE_ASSIGN(options.chunk_bytes, ParseByteSize(request.chunk_size));
  options.symbol = request.symbol;
  options.keep_volume = request.keep_volume;
  options.strict = request.strict;
  options.threads = environment.threads;
  options.program = request.program;
  return options;
}

struct Totals {
  int64_t converted = 0;
  int64_t skipped = 0;
  int64_t empty = 0;
  int64_t failed = 0;
  int64_t rows = 0;
  int64_t rejected = 0;
  int64_t zone_assumed = 0;
  std::string first_assumed;
};

// The report names the item already.
Error WithoutName(Error error, const std::string& item) {
  if (error.message.starts_with(item + ": ")) error.message.erase(0, item.size() + 2);
  return error;
}

void AddOutcome(const ItemOutcome& outcome, const std::string& out, Totals* totals,
                RunReport* report) {
  const ingest::ConvertedItem& result = outcome.result;
  totals->rows += result.rows;
  totals->rejected += result.rejected;
  if (result.zone_assumed && totals->zone_assumed++ == 0) totals->first_assumed = outcome.item;
  for (const ingest::OutputFile& file : result.outputs) {
    report->outputs.push_back(io::JoinPath(out, file.path));
  }
  switch (outcome.state) {
    case ItemOutcome::State::kSkipped: ++totals->skipped; return;
    case ItemOutcome::State::kFailed:
      ++totals->failed;
      report->AddProblem(outcome.item, WithoutName(outcome.error, outcome.item));
      return;
    case ItemOutcome::State::kEmpty:
      ++totals->empty;
      if (outcome.kind == ingest::InputKind::kCsv) {
        report->problems.push_back({outcome.item, "empty", "holds no tick; nothing was written"});
      }
      return;
    case ItemOutcome::State::kConverted: ++totals->converted; break;
  }
  if (result.rejected == 0) return;
  report->problems.push_back(
      {outcome.item, "rejected-rows",
       fmt::format("{} refused, {} kept; each with line and reason in {}", Grouped(result.rejected),
                   Grouped(result.rows), io::JoinPath(out, result.rejects_path))});
}

std::string Text(const ingest::ConvertSummary& summary, const Totals& totals, double seconds) {
  std::string text;
  text += fmt::format("converted {} of {}: {} rows", Grouped(totals.converted),
                      Grouped(static_cast<int64_t>(summary.outcomes.size())), Grouped(totals.rows));
  if (totals.converted > 0 && seconds > 0) {
    text += fmt::format(" in {:.2f} s ({} rows/s, {:.0f} MB/s)", seconds,
                        Grouped(static_cast<int64_t>(static_cast<double>(totals.rows) / seconds)),
                        static_cast<double>(summary.source_bytes) / seconds / 1e6);
  }
  text += '\n';
  if (totals.skipped > 0) {
    text += fmt::format("skipped {}: already done\n", Grouped(totals.skipped));
  }
  if (totals.empty > 0) text += fmt::format("empty {}\n", Grouped(totals.empty));
  if (totals.failed > 0) text += fmt::format("failed {}\n", Grouped(totals.failed));
  if (totals.rejected > 0) text += fmt::format("refused rows {}\n", Grouped(totals.rejected));
  return text;
}

Result<ingest::ConvertSummary> Run(const ingest::ConvertJob& job, const ConvertRequest& request) {
  if (request.engine == "local") return ingest::Convert(job);
  if (request.engine != "spark") {
    return Fail(ErrorKind::kInvalidArgument,
                fmt::format("--engine {}: must be local or spark", request.engine));
  }
  sql::SparkProgram program;
  SparkLaunch launch = PlanSparkLaunch(
      *job.files, request.spark_submit.empty() ? request.spark_sql : request.spark_submit);
  (request.spark_submit.empty() ? program.sql : program.submit) = launch.program;
  if (!request.spark_submit.empty()) program.sql = request.spark_sql;
  program.environment = std::move(launch.environment);
  program.master = request.spark_master;
  program.split_bytes = job.options.chunk_bytes;
  // Wrong usage is told before anything is read.
  TICKHOUSE_TRY(sql::SparkCommand(program, ""));
  return ingest::ConvertWith(job, SparkConvertEngine(program, request.scratch));
}

}  // namespace

Result<int64_t> ParseByteSize(const std::string& text) {
  double number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  const std::string unit(static_cast<const char*>(end), text.data() + text.size());
  double scale = 0;
  if (unit.empty() || unit == "B") scale = 1;
  if (unit == "kB" || unit == "KB") scale = 1e3;
  if (unit == "MB") scale = 1e6;
  if (unit == "GB") scale = 1e9;
  if (unit == "KiB") scale = 1024.0;
  if (unit == "MiB") scale = 1024.0 * 1024;
  if (unit == "GiB") scale = 1024.0 * 1024 * 1024;
  const double bytes = number * scale;
  if (error != std::errc() || !(bytes >= 1) || bytes > 9e18) {
    return Fail(ErrorKind::kInvalidArgument,
                fmt::format("'{}' is no size; write such as 500MB or 2MiB", text));
  }
  return static_cast<int64_t>(std::llround(bytes));
}

Result<RunReport> Convert(const Environment& environment, const ConvertRequest& request) {
  const int64_t begin_ns = environment.clock->MonotonicNanos();
  SilentProgress silent;
  ingest::ConvertJob job;
  job.files = environment.files;
  job.clock = environment.clock;
  job.progress = environment.progress != nullptr ? environment.progress : &silent;
  job.cancel = environment.cancel;
  job.in = request.in;
  job.out = request.out;
  TICKHOUSE_ASSIGN(job.options, OptionsOf(environment, request));
  TICKHOUSE_ASSIGN(const ingest::ConvertSummary summary, Run(job, request));

  RunReport report;
  report.command = "convert";
  Totals totals;
  for (const ItemOutcome& outcome : summary.outcomes) {
    AddOutcome(outcome, request.out, &totals, &report);
  }
  if (totals.zone_assumed > 0) {
    LogWarn("{} inputs ({}, ...) do not tell the zone of their times; taken as UTC (--source-zone)",
            totals.zone_assumed, totals.first_assumed);
  }
  const double seconds = static_cast<double>(environment.clock->MonotonicNanos() - begin_ns) / 1e9;
  report.counts = {{"items", static_cast<int64_t>(summary.outcomes.size())},
                   {"converted", totals.converted},
                   {"skipped", totals.skipped},
                   {"empty", totals.empty},
                   {"failed", totals.failed},
                   {"rows", totals.rows},
                   {"rejected_rows", totals.rejected},
                   {"source_bytes", summary.source_bytes},
                   {"ignored_files", summary.ignored_files}};
  report.durations_s = {{"total", seconds}};
  report.text = Text(summary, totals, seconds);
  return report;
}

}  // namespace tickhouse::app
