#include "tickhouse/app/demo/demo.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <optional>
#include <utility>

#include "tickhouse/app/clean.h"
#include "tickhouse/app/convert.h"
#include "tickhouse/app/demo/demo_lake.h"
#include "tickhouse/app/demo/demo_page.h"
#include "tickhouse/app/generate.h"
#include "tickhouse/app/scan.h"
#include "tickhouse/report/scan_text.h"
#include "tickhouse/report/text/display_text.h"

namespace tickhouse::app {

namespace {

using report::GroupDigits;
using report::StageLine;

constexpr std::string_view kMarker = ".tickhouse/demo";
constexpr std::string_view kFolders[] = {"raw",   "parquet",  "clean",
                                         "stats", "incoming", "lakehouse"};
constexpr std::string_view kAnomalies = "spike=3,flash=1,stale=1,blowout=1,crossed=2,gap=2,burst=1";

// "./a/" -> "a", "." -> "": the spelling in which one path is told to lie in another.
std::string Plain(std::string_view path) {
  while (path.starts_with("./")) path.remove_prefix(2);
  while (path.size() > 1 && path.ends_with('/')) path.remove_suffix(1);
  return path == "." ? std::string() : std::string(path);
}

bool LiesIn(std::string_view path, std::string_view folder) {
  const std::string inner = Plain(path);
  const std::string outer = Plain(folder);
  if (outer.empty()) return !inner.starts_with('/') && !inner.starts_with("..");
  return inner == outer || io::RelativePath(inner, outer).has_value();
}

class DemoRun {
 public:
  DemoRun(const DemoRequest& request, Environment& environment)
      : request_(request), environment_(environment), raw_(request.in) {
    run_.command = "demo";
    if (raw_.empty()) raw_ = Below("raw");
    zone_ = !request.zone.empty() ? request.zone : request.in.empty() ? "UTC+2" : "UTC";
  }

  Result<RunReport> Run() {
    const int64_t start = environment_.clock->MonotonicNanos();
    TICKHOUSE_TRY(ClaimFolder());
    if (request_.in.empty()) TICKHOUSE_TRY(GenerateTicks());
    TICKHOUSE_TRY(ConvertTicks());
    TICKHOUSE_TRY(ScanTicks());
    TICKHOUSE_TRY(CleanTicks());
    TICKHOUSE_TRY(CountStatistics());
    TICKHOUSE_TRY(BuildLakehouse());
    Check();
    TICKHOUSE_TRY(request_.keep ? RemoveAll({"incoming"}) : RemoveIntermediate());
    TICKHOUSE_TRY(WritePage());
    Finish(start);
    return std::move(run_);
  }

 private:
  std::string Below(std::string_view name) const { return io::JoinPath(request_.out, name); }

  double SecondsSince(int64_t start_ns) const {
    return static_cast<double>(environment_.clock->MonotonicNanos() - start_ns) * 1e-9;
  }

  // What decides the content of the intermediate files.
  std::string Fingerprint() const {
    if (!request_.in.empty()) return "in " + request_.in + "\n";
    std::string text =
        fmt::format("generated {} {} {}", request_.from, request_.days, request_.seed);
    for (const std::string& symbol : request_.symbols) text += " " + symbol;
    return text + "\n";
  }

  // A folder that is not ours is never written into. One of a finished demo is emptied; one of a
  // demo that was stopped keeps what it has if it was on the same work.
  Status ClaimFolder() {
    if (!request_.in.empty() && LiesIn(request_.out, request_.in)) {
      return Fail(
          ErrorKind::kInvalidArgument,
          fmt::format("--out {} lies in {}: its files would be read as input; choose another",
                      request_.out, request_.in));
    }
    const auto list = environment_.files->ListFiles(request_.out);
    const bool empty = !list || list->empty();
    const std::string marker = Below(kMarker);
    TICKHOUSE_ASSIGN(const bool ours, environment_.files->Exists(marker));
    if (!empty && !ours) {
      return Fail(ErrorKind::kInvalidArgument,
                  fmt::format("--out {}: holds files of something else; choose an empty folder",
                              request_.out));
    }
    if (ours) {
      TICKHOUSE_ASSIGN(const std::string before, environment_.files->ReadWhole(marker, 1 << 20));
      TICKHOUSE_ASSIGN(const bool finished, environment_.files->Exists(Below("report.html")));
      if (finished || before != Fingerprint()) {
        TICKHOUSE_TRY(RemoveAll({std::begin(kFolders), std::end(kFolders)}));
      }
      if (finished) TICKHOUSE_TRY(environment_.files->Remove(Below("report.html")));
    }
    return environment_.files->WriteWhole(marker, Fingerprint());
  }

  Status RemoveAll(const std::vector<std::string_view>& folders) {
    for (const std::string_view folder : folders) {
      const auto list = environment_.files->ListFiles(Below(folder));
      if (!list) continue;
      for (const io::FileInfo& file : *list) {
        TICKHOUSE_TRY(environment_.files->Remove(file.path));
      }
    }
    return RemoveEmptyFolders();
  }

  Status RemoveIntermediate() {
    if (!request_.in.empty()) return RemoveAll({"parquet", "incoming"});
    return RemoveAll({"raw", "parquet", "incoming"});
  }

  // Of files that are gone, and of locks.
  Status RemoveEmptyFolders() {
    if (!request_.remove_empty_folders) return {};
    for (const std::string_view folder : kFolders) {
      if (folder == "raw" && !request_.in.empty()) continue;  // Not of our making.
      TICKHOUSE_TRY(request_.remove_empty_folders(Below(folder)));
    }
    return {};
  }

  void Take(const RunReport& stage) {
    for (Problem problem : stage.problems) {
      problem.item = stage.command + ": " + problem.item;
      run_.problems.push_back(std::move(problem));
    }
  }

  Status GenerateTicks() {
    GenerateRequest generate;
    generate.symbols = request_.symbols;
    generate.from = request_.from;
    generate.days = request_.days;
    generate.seed = request_.seed;
    generate.anomalies = kAnomalies;
    generate.labels = Below("labels.csv");
    generate.out = raw_;
    const int64_t start = environment_.clock->MonotonicNanos();
    TICKHOUSE_ASSIGN(const RunReport done, Generate(generate, environment_));
    Take(done);
    generated_ = done.Count("rows");
    facts_.stages.push_back(
        {"generate",
         fmt::format("{} symbols, {} days, seed {}, {} faults put in", request_.symbols.size(),
                     request_.days, request_.seed, done.Count("anomalies")),
         std::nullopt, generated_, std::nullopt, std::nullopt, SecondsSince(start)});
    TICKHOUSE_ASSIGN(facts_.labels_csv, environment_.files->ReadWhole(generate.labels));
    return {};
  }

  Status ConvertTicks() {
    ConvertRequest convert;
    convert.in = raw_;
    convert.out = Below("parquet");
    convert.program = request_.program;
    const int64_t start = environment_.clock->MonotonicNanos();
    TICKHOUSE_ASSIGN(const RunReport done, Convert(environment_, convert));
    Take(done);
    converted_ = done.Count("rows");
    if (done.Count("skipped") > 0) TICKHOUSE_TRY(CountConverted());
    const int64_t rejected = done.Count("rejected_rows");
    facts_.stages.push_back(
        {"convert",
         fmt::format("{} inputs, {}, to Parquet", GroupDigits(done.Count("items")),
                     report::ShortBytes(done.Count("source_bytes"))),
         generated_.value_or(converted_ + rejected), converted_, rejected, 0, SecondsSince(start)});
    if (generated_) {
      facts_.checks.push_back(
          {"ticks generated = ticks converted + rejected", *generated_, converted_ + rejected});
    }
    return {};
  }

  // What an earlier run converted is in the files, not in the answer of this one.
  Status CountConverted() {
    ScanRequest scan;
    scan.folder = Below("parquet");
    TICKHOUSE_ASSIGN(const quality::ScanReport found, ScanFolder(scan, environment_));
    converted_ = found.totals.rows;
    return {};
  }

  Status ScanTicks() {
    ScanRequest scan;
    scan.folder = Below("parquet");
    scan.options.deep = true;
    const int64_t start = environment_.clock->MonotonicNanos();
    TICKHOUSE_ASSIGN(facts_.scan, ScanFolder(scan, environment_));
    TICKHOUSE_TRY(environment_.files->WriteWhole(Below("scan.csv"), report::ScanCsv(facts_.scan)));
    run_.outputs.push_back(Below("scan.csv"));
    for (const quality::FileFindings& file : facts_.scan.files) {
      if (file.error) run_.AddProblem("scan: " + report::OneLine(file.file), *file.error);
    }
    facts_.stages.push_back({"scan", fmt::format("{} files, every page", facts_.scan.files.size()),
                             facts_.scan.totals.rows, std::nullopt, std::nullopt, std::nullopt,
                             SecondsSince(start)});
    facts_.checks.push_back(
        {"ticks converted = ticks scanned", converted_, facts_.scan.totals.rows});
    return {};
  }

  Status CleanTicks() {
    CleanRequest clean;
    clean.in = Below("parquet");
    clean.out = Below("clean");
    clean.windows = request_.windows;
    clean.zone = zone_;
    clean.program = request_.program;
    const int64_t start = environment_.clock->MonotonicNanos();
    TICKHOUSE_ASSIGN(const RunReport done, Clean(environment_, clean));
    const double seconds = SecondsSince(start);
    Take(done);
    run_.outputs.insert(run_.outputs.end(), done.outputs.begin(), done.outputs.end());
    const int64_t in = done.Count("rows_in");
    const int64_t out = done.Count("rows_out");
    const int64_t unusable = done.Count("missing_times") + done.Count("unusable_prices");
    facts_.stages.push_back(
        {"clean",
         "the first tick of each second in " +
             (request_.windows.empty() ? "07:50-08:00, 13:50-14:00" : request_.windows) + " " +
             zone_,
         in, out, unusable, in - out - unusable, seconds});
    facts_.checks.push_back({"ticks scanned = ticks cleaned from", facts_.scan.totals.rows, in});
    return CheckCleanFiles(out);
  }

  // What clean says it wrote, asked of the files.
  Status CheckCleanFiles(int64_t rows) {
    ScanRequest scan;
    scan.folder = Below("clean");
    const auto written = ScanFolder(scan, environment_);
    if (!written && written.error().kind == ErrorKind::kCancelled) return Fail(written.error());
    facts_.checks.push_back(
        {"ticks cleaned to = ticks in the clean files", rows, written ? written->totals.rows : 0});
    return {};
  }

  Status CountStatistics() {
    StatsRequest stats;
    stats.in = Below("parquet");
    stats.out = Below("stats");
    if (!request_.windows.empty()) {
      TICKHOUSE_ASSIGN(stats.windows, ParseWindows(request_.windows));
    }
    TICKHOUSE_ASSIGN(stats.zone, Zone::Parse(zone_));
    const int64_t start = environment_.clock->MonotonicNanos();
    TICKHOUSE_ASSIGN(const RunReport done, Stats(stats, environment_, &facts_.symbols));
    Take(done);
    run_.outputs.insert(run_.outputs.end(), done.outputs.begin(), done.outputs.end());
    int64_t ticks = 0;
    for (const SymbolStatistics& symbol : facts_.symbols) {
      ticks += symbol.statistics.ticks + symbol.statistics.null_times;
    }
    facts_.stages.push_back({"stats",
                             fmt::format("{} symbols: counts, spread, volatility; {} files",
                                         facts_.symbols.size(), done.outputs.size()),
                             ticks, std::nullopt, std::nullopt, std::nullopt, SecondsSince(start)});
    facts_.checks.push_back({"ticks scanned = ticks counted", facts_.scan.totals.rows, ticks});
    return {};
  }

  // From the beginning each time: half a history would be told as the whole.
  Status BuildLakehouse() {
    if (request_.out.find("://") != std::string::npos) return {};  // SQLite needs a disk.
    TICKHOUSE_TRY(RemoveAll({"incoming", "lakehouse"}));
    TICKHOUSE_ASSIGN(DemoLake lake, MakeDemoLake({.clean = Below("clean"),
                                                  .incoming = Below("incoming"),
                                                  .folder = Below("lakehouse")},
                                                 environment_));
    if (!lake.stages.empty()) run_.outputs.push_back(Below("lakehouse/catalog.db"));
    std::ranges::move(lake.stages, std::back_inserter(facts_.stages));
    std::ranges::move(lake.checks, std::back_inserter(facts_.checks));
    std::ranges::move(lake.problems, std::back_inserter(run_.problems));
    facts_.lakehouse = std::move(lake.section);
    run_.details.emplace_back("lakehouse", std::move(lake.json));
    lake_text_ = std::move(lake.text);
    return {};
  }

  void Check() {
    for (const DemoCheck& check : facts_.checks) {
      if (check.holds()) continue;
      run_.problems.push_back({"checks", "rows-differ",
                               fmt::format("{}: {} and {}", check.what, check.left, check.right)});
    }
  }

  Status WritePage() {
    facts_.subtitle = request_.in.empty()
                          ? fmt::format("Generated ticks, seed {} · {} · {} threads", request_.seed,
                                        request_.program, environment_.threads)
                          : fmt::format("{} · {} · {} threads", request_.in, request_.program,
                                        environment_.threads);
    facts_.problems = run_.problems;
    for (const std::string& output : run_.outputs) {
      facts_.outputs.push_back(io::RelativePath(output, request_.out).value_or(output));
    }
    facts_.finished =
        FormatUtc(std::chrono::time_point_cast<std::chrono::seconds>(environment_.clock->Now()));
    const std::string path = Below("report.html");
    TICKHOUSE_TRY(environment_.files->WriteWhole(path, report::RenderHtml(MakeDemoPage(facts_))));
    run_.outputs.insert(run_.outputs.begin(), path);
    return {};
  }

  void Finish(int64_t start) {
    nlohmann::ordered_json stages = nlohmann::ordered_json::array();
    for (const StageLine& stage : facts_.stages) {
      nlohmann::ordered_json line = {{"stage", stage.name}, {"seconds", stage.seconds}};
      const std::pair<const char*, std::optional<int64_t>> counts[] = {
          {"rows_in", stage.rows_in},
          {"rows_out", stage.rows_out},
          {"rejected", stage.rejected},
          {"left_out", stage.left_out}};
      for (const auto& [name, count] : counts) {
        if (count) line[name] = *count;
      }
      stages.push_back(std::move(line));
      run_.durations_s.emplace_back(stage.name, stage.seconds);
    }
    run_.durations_s.emplace_back("total", SecondsSince(start));
    run_.details.insert(run_.details.begin(), {"stages", stages.dump()});
    run_.counts = {{"rows", converted_},
                   {"symbols", static_cast<int64_t>(facts_.symbols.size())},
                   {"files", static_cast<int64_t>(facts_.scan.files.size())}};
    run_.text = report::StageTable(facts_.stages, request_.width) + "\n" + lake_text_ +
                "report: " + Below("report.html") + "\n";
  }

  const DemoRequest& request_;
  Environment& environment_;
  std::string raw_;
  std::string zone_;
  std::optional<int64_t> generated_;
  int64_t converted_ = 0;
  DemoFacts facts_;
  std::string lake_text_;
  RunReport run_;
};

}  // namespace

Result<RunReport> Demo(const DemoRequest& request, Environment& environment) {
  return DemoRun(request, environment).Run();
}

}  // namespace tickhouse::app
