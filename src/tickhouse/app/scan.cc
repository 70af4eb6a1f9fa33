#include "tickhouse/app/scan.h"

#include <fmt/format.h>

#include "tickhouse/core/zone.h"
#include "tickhouse/report/scan_text.h"
#include "tickhouse/report/text/display_text.h"

namespace tickhouse::app {

namespace {

using quality::FileFindings;
using quality::ScanReport;

double SecondsSince(int64_t start_ns, Environment& environment) {
  return static_cast<double>(environment.clock->MonotonicNanos() - start_ns) * 1e-9;
}

Status WriteReport(const std::string& path, const ScanReport& report, Environment& environment) {
  const bool json = io::Extension(path) == "json";
  return environment.files->WriteWhole(path,
                                       json ? report::ScanJson(report) : report::ScanCsv(report));
}

int64_t FilesWithFindings(const ScanReport& report) {
  int64_t count = 0;
  for (const FileFindings& file : report.files) count += file.HasFindings() ? 1 : 0;
  return count;
}

std::string Headline(const ScanReport& report, double seconds) {
  const quality::ScanTotals& totals = report.totals;
  std::string text = fmt::format(
      "{} files, {} rows, {} in {}{}\n", report::GroupDigits(totals.files),
      report::GroupDigits(totals.rows), report::ShortBytes(totals.bytes),
      report::ShortDuration(seconds),
      report.options.deep
          ? "; every page was decoded"
          : "; read from footers (--deep adds order, duplicates, crossed prices and gaps)");
  const int64_t failed = totals.corrupted + totals.unreadable;
  if (failed > 0)
    text += fmt::format("{} of them could not be read\n", report::GroupDigits(failed));
  return text;
}

void AddCounts(const ScanReport& report, int64_t others, RunReport* run) {
  const quality::ScanTotals& totals = report.totals;
  run->counts = {{"files", totals.files},
                 {"corrupted", totals.corrupted},
                 {"unreadable", totals.unreadable},
                 {"files_with_findings", FilesWithFindings(report)},
                 {"other_files", others},
                 {"rows", totals.rows},
                 {"DateTime_nulls", totals.date_time_nulls},
                 {"Bid_nulls", totals.bid_nulls},
                 {"Ask_nulls", totals.ask_nulls}};
  const std::pair<const char*, std::optional<int64_t>> known[] = {
      {"order_breaks", totals.order_breaks}, {"duplicates", totals.duplicates},
      {"crossed", totals.crossed},           {"non_positive", totals.non_positive},
      {"not_finite", totals.not_finite},     {"gaps", totals.gap_count}};
  for (const auto& [name, count] : known) {
    if (count) run->counts.emplace_back(name, *count);
  }
}

}  // namespace

Result<ScanReport> ScanFolder(const ScanRequest& request, Environment& environment,
                              int64_t* others) {
  TICKHOUSE_TRY(Zone::CheckDatabase());
  int64_t passed_over = 0;
  TICKHOUSE_ASSIGN(const std::vector<io::FileInfo> files,
                   quality::ListTickFiles(*environment.files, request.folder, &passed_over));
  if (others != nullptr) *others = passed_over;
  if (files.empty()) {
    return Fail(
        ErrorKind::kNotFound,
        fmt::format("{}: no .parquet file in it ({} other files); `tickhouse convert` makes "
                    "Parquet of raw ticks",
                    request.folder, passed_over));
  }
  return quality::ScanFiles(*environment.files, request.folder, files, request.options,
                            environment.threads, environment.cancel, *environment.progress);
}

Result<RunReport> Scan(const ScanRequest& request, Environment& environment) {
  const std::string extension = io::Extension(request.report_path);
  if (!request.report_path.empty() && extension != "csv" && extension != "json") {
    return Fail(ErrorKind::kInvalidArgument,
                fmt::format("--report {}: the name ends in .csv or .json", request.report_path));
  }
  const int64_t start = environment.clock->MonotonicNanos();
  int64_t others = 0;
  TICKHOUSE_ASSIGN(const ScanReport found, ScanFolder(request, environment, &others));
  RunReport run;
  run.command = "scan";
  if (!request.report_path.empty()) {
    TICKHOUSE_TRY(WriteReport(request.report_path, found, environment));
    run.outputs.push_back(request.report_path);
  }
  const double seconds = SecondsSince(start, environment);
  AddCounts(found, others, &run);
  run.durations_s = {{"total", seconds}};
  for (const FileFindings& file : found.files) {
    if (file.error) run.AddProblem(report::OneLine(file.file), *file.error);
  }
  run.details = {{"scan", report::ScanJson(found)}};
  run.text = Headline(found, seconds) + "\n" + report::ScanTable(found, request.width);
  if (!run.outputs.empty()) run.text += "\nreport: " + request.report_path + "\n";
  return run;
}

}  // namespace tickhouse::app
