#include "tickhouse/app/clean.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <optional>
#include <utility>

#include "tickhouse/app/clean/clean_files.h"
#include "tickhouse/app/clean/clean_inputs.h"
#include "tickhouse/app/clean/clean_spark.h"
#include "tickhouse/app/clean/spill_files.h"
#include "tickhouse/clean/symbol_run.h"
#include "tickhouse/core/market/window.h"
#include "tickhouse/core/progress.h"
#include "tickhouse/io/parquet/parquet_bar_writer.h"
#include "tickhouse/io/parquet/parquet_tick_writer.h"
#include "tickhouse/sql/scratch_folder.h"

namespace tickhouse::app {

namespace {

using clean::FileFault;
using clean::SymbolStats;

struct Windows {
  std::optional<WindowSchedule> schedule;
  std::string text;  ///< "all", or the windows as they are written.
  std::string zone;
};

Result<Windows> WindowsOf(const CleanRequest& request) {
  Windows windows;
  Zone zone;
  if (!request.zone.empty()) {
    TICKHOUSE_ASSIGN(zone, Zone::Parse(request.zone));
  }
  windows.zone = zone.name();
  if (request.windows == "all") {
    windows.text = "all";
    return windows;
  }
  std::vector<TradingWindow> parsed = DefaultWindows();
  if (!request.windows.empty()) {
    TICKHOUSE_ASSIGN(parsed, ParseWindows(request.windows));
  }
  std::ranges::sort(parsed);
  for (const TradingWindow& window : parsed) {
    if (!windows.text.empty()) windows.text += ',';
    windows.text += FormatWindow(window);
  }
  windows.schedule.emplace(std::move(parsed), std::move(zone));
  return windows;
}

// What became of one symbol.
struct SymbolOutcome {
  std::string symbol;
  std::string output;  ///< Empty: not written.
  SymbolStats stats;
  int64_t files = 0;  ///< That the output holds.
  int64_t rows_in = 0;
  int64_t missing_times = 0;
  std::vector<std::pair<std::string, Error>> failed;
};

class CleanRun {
 public:
  CleanRun(const Environment& environment, const CleanRequest& request, Windows windows)
      : environment_(environment),
        request_(request),
        windows_(std::move(windows)),
        work_(io::JoinPath(request.out, ".tickhouse")) {
    if (environment_.progress == nullptr) environment_.progress = &silent_;
  }

  Result<RunReport> Run() {
    const int64_t begin_ns = environment_.clock->MonotonicNanos();
    TICKHOUSE_ASSIGN(CleanInputs inputs,
                     FindCleanInputs(environment_, request_.in, request_.out, request_.symbol));
    auto lock = environment_.files->Lock(io::JoinPath(request_.out, ".tickhouse/clean.lock"));
    if (!lock) {
      const bool busy = lock.error().kind == ErrorKind::kBusy;
      return Fail(lock.error().WithContext(
          fmt::format("{} {}", busy ? "another run cleans into" : "claiming", request_.out)));
    }
    TICKHOUSE_TRY(ChooseWorkFolder());
    TICKHOUSE_TRY(RemoveFilesBelow(*environment_.files, SpillFolder()));
    TICKHOUSE_TRY(RemoveFilesBelow(*environment_.files, SparkFolder()));
    int64_t rows = 0;
    for (const SymbolInputs& of : inputs.symbols) {
      for (const CleanInput& file : of.files) rows += file.rows;
    }
    if (request_.engine == "spark") TICKHOUSE_TRY(RunSpark(inputs));
    environment_.progress->Start("clean", rows, "rows");
    std::vector<SymbolOutcome> outcomes;
    for (SymbolInputs& of : inputs.symbols) {
      TICKHOUSE_TRY(environment_.cancel.Check());
      TICKHOUSE_ASSIGN(SymbolOutcome outcome, CleanSymbol(&of));
      outcomes.push_back(std::move(outcome));
    }
    environment_.progress->Finish();
    TICKHOUSE_TRY(RemoveFilesBelow(*environment_.files, SparkFolder()));
    const int64_t end_ns = environment_.clock->MonotonicNanos();
    return Report(inputs, outcomes, static_cast<double>(end_ns - begin_ns) / 1e9);
  }

 private:
  // Runs of ticks are appended to, and Spark writes where we read: neither is for objects.
  Status ChooseWorkFolder() {
    if (request_.out.starts_with("s3://")) {
      TICKHOUSE_ASSIGN(sql::ScratchFolder scratch, sql::ScratchFolder::Make(request_.scratch));
      scratch_.emplace(std::move(scratch));
      work_ = scratch_->path();
    }
    spill_ = MakeSpillFiles(environment_.files, SpillFolder());
    return {};
  }

  std::string SpillFolder() const { return io::JoinPath(work_, "clean-spill"); }

  std::string SparkFolder() const { return io::JoinPath(work_, "clean-spark"); }

  std::string OutputPath(const std::string& symbol) const {
    const std::string name = symbol + (request_.bars ? "_bars.parquet" : ".parquet");
    return io::JoinPath(io::JoinPath(request_.out, symbol), name);
  }

  // Runs until the files that are left have no fault; each turn mends all faults of the one before.
  Result<SymbolOutcome> CleanSymbol(SymbolInputs* of) {
    SymbolOutcome outcome;
    outcome.symbol = of->symbol;
    outcome.failed = std::move(of->failed);
    while (!of->files.empty() && !(request_.strict && !outcome.failed.empty())) {
      TICKHOUSE_ASSIGN(outcome.stats, RunOnce(*of));
      if (outcome.stats.faults.empty()) {
        outcome.output = OutputPath(of->symbol);
        break;
      }
      if (request_.engine == "spark") return Fail(outcome.stats.faults.front().error);
      Mend(outcome.stats.faults, of, &outcome);
    }
    for (const CleanInput& file : of->files) {
      outcome.rows_in += file.rows;
      outcome.missing_times += file.missing_times;
    }
    outcome.files = static_cast<int64_t>(of->files.size());
    return outcome;
  }

  static void Mend(const std::vector<FileFault>& faults, SymbolInputs* of, SymbolOutcome* outcome) {
    // From the back, so that the places of the others hold while files leave.
    for (auto fault = faults.rbegin(); fault != faults.rend(); ++fault) {
      CleanInput& file = of->files[fault->file];
      switch (fault->kind) {
        case FileFault::Kind::kOutOfOrder: file.layout.ordered = false; break;
        case FileFault::Kind::kIncomplete: file.layout.complete = false; break;
        case FileFault::Kind::kUnusable:
          outcome->failed.emplace_back(file.relative, fault->error);
          of->files.erase(of->files.begin() + static_cast<std::ptrdiff_t>(fault->file));
          break;
      }
    }
  }

  bool IsWritten(const SymbolInputs& of) const {
    return !of.files.empty() && !(request_.strict && !of.failed.empty());
  }

  // Lets Spark leave each symbol's rows below SparkFolder(); they are read as inputs afterwards, so
  // that both engines write the same bytes.
  Status RunSpark(const CleanInputs& inputs) {
    std::vector<SparkInput> symbols;
    for (const SymbolInputs& of : inputs.symbols) {
      if (IsWritten(of)) symbols.push_back({&of, io::JoinPath(SparkFolder(), of.symbol)});
    }
    return CleanInputsOnSpark(environment_, request_, windows_.schedule, symbols, SparkFolder());
  }

  // The files to read: the inputs, or what Spark made of them.
  Result<std::vector<CleanInput>> SourcesOf(const SymbolInputs& of) {
    if (request_.engine != "spark") return of.files;
    return FindSparkRows(environment_, io::JoinPath(SparkFolder(), of.symbol));
  }

  Result<SymbolStats> RunOnce(const SymbolInputs& of) {
    std::vector<std::string> paths;
    clean::SymbolJob job;
    TICKHOUSE_ASSIGN(const std::vector<CleanInput> sources, SourcesOf(of));
    for (const CleanInput& file : sources) {
      paths.push_back(file.path);
      job.files.push_back(file.layout);
    }
    CleanFiles files(environment_.files, std::move(paths));
    if (request_.engine != "spark") job.schedule = windows_.schedule;
    job.open = [&](const clean::ReadRequest& request) { return files.Open(request); };
    job.spill = spill_.get();
    job.threads = environment_.threads;
    job.cancel = environment_.cancel;
    job.progress = [&](int64_t rows) { environment_.progress->Advance(rows); };
    TICKHOUSE_ASSIGN(auto file, environment_.files->Create(OutputPath(of.symbol)));
    return request_.bars ? WriteBars(job, of, std::move(file))
                         : WriteTicks(job, of, std::move(file));
  }

  Result<SymbolStats> WriteTicks(const clean::SymbolJob& job, const SymbolInputs& of,
                                 std::unique_ptr<io::WritableFile> file) {
    io::ParquetTickWriter::Options options;
    options.metadata = MetadataOf(of);
    options.threads = environment_.threads;
    TICKHOUSE_ASSIGN(auto writer, io::ParquetTickWriter::Open(std::move(file), std::move(options)));
    TICKHOUSE_ASSIGN(SymbolStats stats,
                     RunTicks(job, [&](const TickBatch& ticks) { return writer->Write(ticks); }));
    if (stats.faults.empty()) TICKHOUSE_TRY(writer->Close());
    return stats;
  }

  Result<SymbolStats> WriteBars(const clean::SymbolJob& job, const SymbolInputs& of,
                                std::unique_ptr<io::WritableFile> file) {
    io::ParquetBarWriter::Options options;
    options.metadata = MetadataOf(of);
    options.threads = environment_.threads;
    TICKHOUSE_ASSIGN(auto writer, io::ParquetBarWriter::Open(std::move(file), std::move(options)));
    TICKHOUSE_ASSIGN(SymbolStats stats,
                     RunBars(job, [&](std::span<const Bar> bars) { return writer->Write(bars); }));
    if (stats.faults.empty()) TICKHOUSE_TRY(writer->Close());
    return stats;
  }

  // Nothing of names or of the time of day: equal ticks give equal bytes.
  io::TickFileMetadata MetadataOf(const SymbolInputs& of) const {
    io::TickFileMetadata metadata;
    metadata.symbol = of.symbol;
    bool all_known = true;
    for (const CleanInput& file : of.files) {
      all_known &= file.decimals >= 0;
      metadata.decimals = std::max(metadata.decimals, file.decimals);
    }
    if (!all_known) metadata.decimals = -1;
    metadata.more = {{"stage", request_.bars ? "bars" : "clean"},
                     {"windows", windows_.text},
                     {"windows_zone", windows_.zone},
                     {"program", request_.program}};
    return metadata;
  }

  RunReport Report(const CleanInputs& inputs, const std::vector<SymbolOutcome>& outcomes,
                   double seconds) const;

  Environment environment_;
  SilentProgress silent_;
  const CleanRequest& request_;
  const Windows windows_;
  std::string work_;  ///< Holds what is gone at the end.
  std::optional<sql::ScratchFolder> scratch_;
  std::unique_ptr<clean::SpillStore> spill_;
};

std::string Grouped(int64_t value) {
  std::string digits = fmt::format("{}", value);
  for (int at = static_cast<int>(digits.size()) - 3; at > 0; at -= 3) {
    digits.insert(static_cast<std::size_t>(at), 1, ',');
  }
  return digits;
}

std::string LineOf(const SymbolOutcome& outcome, bool bars) {
  if (outcome.output.empty()) return fmt::format("{}: not written\n", outcome.symbol);
  std::string line =
      fmt::format("{}: {} file{}, {} rows -> {} {} in {}", outcome.symbol, Grouped(outcome.files),
                  outcome.files == 1 ? "" : "s", Grouped(outcome.rows_in),
                  Grouped(outcome.stats.rows_out), bars ? "bars" : "ticks", outcome.output);
  const auto add = [&](int64_t count, std::string_view what) {
    if (count > 0) line += fmt::format("; {} {}", Grouped(count), what);
  };
  add(outcome.missing_times, "rows without a time left out");
  add(outcome.stats.counts.unusable_prices, "rows without a usable price left out");
  add(outcome.stats.doubles, "doubles of overlapping files");
  add(outcome.stats.sorted_files,
      outcome.stats.sorted_files == 1 ? "file out of order, sorted" : "files out of order, sorted");
  return line + "\n";
}

nlohmann::ordered_json JsonOf(const SymbolOutcome& outcome) {
  return {{"symbol", outcome.symbol},
          {"output", outcome.output},
          {"files", outcome.files},
          {"failed_files", outcome.failed.size()},
          {"rows_in", outcome.rows_in},
          {"rows_out", outcome.stats.rows_out},
          {"doubles", outcome.stats.doubles},
          {"missing_times", outcome.missing_times},
          {"unusable_prices", outcome.stats.counts.unusable_prices},
          {"sorted_files", outcome.stats.sorted_files}};
}

RunReport CleanRun::Report(const CleanInputs& inputs, const std::vector<SymbolOutcome>& outcomes,
                           double seconds) const {
  RunReport report;
  report.command = "clean";
  int64_t failed = 0, rows_in = 0, rows_out = 0, doubles = 0, times = 0, prices = 0, sorted = 0;
  nlohmann::ordered_json symbols = nlohmann::ordered_json::array();
  for (const SymbolOutcome& outcome : outcomes) {
    std::string effect = fmt::format("; {} lacks it", outcome.output);
    if (outcome.output.empty()) {
      effect = fmt::format("; {} was not written{}", outcome.symbol,
                           request_.strict ? " (--strict)" : ": no usable file is left");
    }
    for (const auto& [item, error] : outcome.failed) {
      report.AddProblem(item, {error.kind, error.message + effect});
    }
    if (!outcome.output.empty()) report.outputs.push_back(outcome.output);
    report.text += LineOf(outcome, request_.bars);
    symbols.push_back(JsonOf(outcome));
    failed += static_cast<int64_t>(outcome.failed.size());
    rows_in += outcome.rows_in;
    rows_out += outcome.stats.rows_out;
    doubles += outcome.stats.doubles;
    times += outcome.missing_times;
    prices += outcome.stats.counts.unusable_prices;
    sorted += outcome.stats.sorted_files;
  }
  for (const auto& [item, error] : inputs.failed) report.AddProblem(item, error);
  failed += static_cast<int64_t>(inputs.failed.size());
  report.counts = {
      {"files", inputs.files},  {"symbols", static_cast<int64_t>(report.outputs.size())},
      {"failed_files", failed}, {"rows_in", rows_in},
      {"rows_out", rows_out},   {"doubles", doubles},
      {"missing_times", times}, {"unusable_prices", prices},
      {"sorted_files", sorted}};
  report.durations_s = {{"total", seconds}};
  report.details = {
      {"windows", nlohmann::ordered_json(windows_.text).dump()},
      {"zone", nlohmann::ordered_json(windows_.zone).dump()},
      {"symbols", symbols.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace)}};
  report.text +=
      fmt::format("cleaned {} rows to {} in {:.2f} s (windows {}, {})\n", Grouped(rows_in),
                  Grouped(rows_out), seconds, windows_.text, windows_.zone);
  return report;
}

}  // namespace

Result<RunReport> Clean(const Environment& environment, const CleanRequest& request) {
  TICKHOUSE_ASSIGN(Windows windows, WindowsOf(request));
  if (request.engine != "local" && request.engine != "spark") {
    return Fail(ErrorKind::kInvalidArgument,
                fmt::format("--engine {}: must be local or spark", request.engine));
  }
  if (request.engine == "spark" && request.bars) {
    return Fail(ErrorKind::kInvalidArgument, "--bars: only with --engine local");
  }
  return CleanRun(environment, request, std::move(windows)).Run();
}

}  // namespace tickhouse::app
