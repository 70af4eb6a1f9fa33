#include "tickhouse/app/stats.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <optional>
#include <span>

#include "tickhouse/core/market/instrument.h"
#include "tickhouse/core/parallel.h"
#include "tickhouse/core/zone.h"
#include "tickhouse/io/parquet/parquet_tick_reader.h"
#include "tickhouse/quality/scan.h"
#include "tickhouse/report/plot/tick_plots.h"
#include "tickhouse/report/statistics_csv.h"
#include "tickhouse/report/text/display_text.h"
#include "tickhouse/report/text/text_table.h"

namespace tickhouse::app {

namespace {

using quality::DailyCounter;
using quality::TickStatistics;

struct InputFile {
  io::FileInfo info;
  std::string symbol;
  int decimals = -1;
  std::optional<Error> error;
};

constexpr int kMostDecimals = 9;
constexpr int kUsualDecimals = 5;

Status ReadFacts(const StatsRequest& request, Environment& environment, InputFile* input) {
  TICKHOUSE_ASSIGN(const std::unique_ptr<io::ReadableFile> file,
                   environment.files->OpenRead(input->info.path));
  TICKHOUSE_ASSIGN(const io::ParquetTickInfo info, io::ReadParquetTickInfo(*file));
  input->decimals = info.metadata.decimals;
  input->symbol = CanonicalSymbol(request.symbol);
  if (input->symbol.empty()) input->symbol = CanonicalSymbol(info.metadata.symbol);
  if (input->symbol.empty()) input->symbol = quality::SymbolOfPath(input->info.path, request.in);
  if (input->symbol.empty()) {
    return Fail(ErrorKind::kInvalidArgument,
                input->info.path + ": neither folder nor name tells the symbol; give --symbol");
  }
  return {};
}

Status CountFile(const InputFile& input, Environment& environment, DailyCounter* counter) {
  TICKHOUSE_ASSIGN(std::unique_ptr<io::ReadableFile> file,
                   environment.files->OpenRead(input.info.path));
  io::ParquetReadOptions options;
  options.verify_checksums = true;
  options.keep_null_rows = true;
  TICKHOUSE_ASSIGN(const std::unique_ptr<TickReader> reader,
                   io::OpenParquetTicks(std::move(file), options));
  TickBatch batch;
  while (true) {
    TICKHOUSE_TRY(environment.cancel.Check());
    TICKHOUSE_ASSIGN(const bool more, reader->Next(&batch));
    if (!more) return {};
    counter->Add(batch);
  }
}

// What the files say, else the instrument's, else the usual five.
int DecimalsOf(const std::string& symbol, int said) {
  if (said >= 0) return std::min(said, kMostDecimals);
  const Result<Instrument> instrument = FindInstrument(symbol);
  return instrument ? std::clamp(instrument->decimals, 0, kMostDecimals) : kUsualDecimals;
}

// Only a cancellation is a failure of the whole.
Result<std::vector<InputFile>> FindInputs(const StatsRequest& request, Environment& environment) {
  TICKHOUSE_ASSIGN(const std::vector<io::FileInfo> list,
                   quality::ListTickFiles(*environment.files, request.in));
  if (list.empty()) {
    return Fail(ErrorKind::kNotFound,
                request.in + ": no .parquet file in it; `tickhouse convert` makes Parquet");
  }
  std::vector<InputFile> inputs(list.size());
  TICKHOUSE_TRY(ParallelFor(list.size(), environment.threads, environment.cancel,
                            [&](std::size_t i) -> Status {
                              inputs[i].info = list[i];
                              const Status status = ReadFacts(request, environment, &inputs[i]);
                              if (!status) inputs[i].error = status.error();
                              return {};
                            }));
  return inputs;
}

struct Counted {
  int decimals = -1;
  int64_t files = 0;
  std::optional<DailyCounter> counter;
};

using Symbols = std::map<std::string, Counted>;

// Counts each file apart, then merges in the order of the files: the answer knows nothing of
// threads.
Status CountGroup(std::span<InputFile> inputs, const StatsRequest& request,
                  Environment& environment, Symbols* symbols) {
  std::vector<std::optional<DailyCounter>> parts(inputs.size());
  TICKHOUSE_TRY(ParallelFor(
      inputs.size(), environment.threads, environment.cancel, [&](std::size_t i) -> Status {
        InputFile& input = inputs[i];
        if (input.error) return {};
        parts[i].emplace(request.windows, request.zone, symbols->at(input.symbol).decimals);
        const Status status = CountFile(input, environment, &*parts[i]);
        environment.progress->Advance(1);
        if (!status && status.error().kind == ErrorKind::kCancelled) return status;
        if (!status) input.error = status.error();
        return {};
      }));
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    if (inputs[i].error) continue;
    Counted& counted = symbols->at(inputs[i].symbol);
    counted.counter->Merge(*parts[i]);
    ++counted.files;
  }
  return {};
}

void WriteSummary(const std::vector<SymbolStatistics>& symbols, const StatsRequest& request,
                  RunReport* run) {
  std::vector<report::TableColumn> columns = {
      {"symbol", false, true}, {"files", true}, {"ticks", true}, {"days", true}};
  for (const TradingWindow& window : request.windows) {
    columns.push_back({"median " + FormatWindow(window), true});
  }
  columns.insert(columns.end(), {{"median spread", true}, {"p95 spread", true}});
  report::TextTable table(columns);
  for (const SymbolStatistics& symbol : symbols) {
    const TickStatistics& statistics = symbol.statistics;
    std::vector<std::string> cells = {
        symbol.symbol, report::GroupDigits(symbol.files), report::GroupDigits(statistics.ticks),
        report::GroupDigits(static_cast<int64_t>(statistics.days.size()))};
    for (std::size_t i = 0; i < request.windows.size(); ++i) {
      std::vector<int64_t> counts;
      for (const auto& day : statistics.days) {
        if (day.window_ticks[i] > 0) counts.push_back(day.window_ticks[i]);
      }
      cells.push_back(report::PlainNumber(quality::MedianOf(std::move(counts)), 9));
    }
    cells.push_back(statistics.spread ? report::PlainNumber(statistics.spread->median) : "");
    cells.push_back(statistics.spread ? report::PlainNumber(statistics.spread->p95) : "");
    table.AddRow(std::move(cells));
  }
  run->text += table.ToString(request.width);
}

Status WriteOutput(const std::string& path, const std::string& bytes, Environment& environment,
                   RunReport* run) {
  TICKHOUSE_TRY(environment.files->WriteWhole(path, bytes));
  run->outputs.push_back(path);
  return {};
}

// `*png_error` is set by the first PNG that cannot be drawn; no other is tried after it.
Status WriteSymbol(const SymbolStatistics& symbol, const StatsRequest& request,
                   Environment& environment, std::optional<Error>* png_error, RunReport* run) {
  const std::string stem = io::JoinPath(request.out, symbol.symbol + "_");
  const std::pair<const char*, std::string (*)(const TickStatistics&)> tables[] = {
      {"daily_window_counts", report::WindowCountsCsv},
      {"spread", report::SpreadCsv},
      {"volatility", report::VolatilityCsv},
      {"ticks_per_hour", report::TicksPerHourCsv}};
  for (const auto& [name, make] : tables) {
    TICKHOUSE_TRY(WriteOutput(stem + name + ".csv", make(symbol.statistics), environment, run));
  }
  const std::vector<report::Plot> plots = report::PlotsOf(symbol.symbol, symbol.statistics);
  std::vector<Result<std::string>> pngs(plots.size());
  TICKHOUSE_TRY(ParallelFor(plots.size(), environment.threads, environment.cancel,
                            [&](std::size_t i) -> Status {
                              if (!*png_error) pngs[i] = report::DrawPng(plots[i]);
                              return {};
                            }));
  for (std::size_t i = 0; i < plots.size(); ++i) {
    const std::string path = stem + plots[i].name;
    TICKHOUSE_TRY(WriteOutput(path + ".svg", report::DrawSvg(plots[i]), environment, run));
    if (*png_error) continue;
    if (pngs[i]) {
      TICKHOUSE_TRY(WriteOutput(path + ".png", *pngs[i], environment, run));
    } else {
      *png_error = pngs[i].error();
    }
  }
  return {};
}

}  // namespace

Result<std::vector<SymbolStatistics>> CountTicks(const StatsRequest& request,
                                                 Environment& environment, RunReport* run) {
  TICKHOUSE_TRY(Zone::CheckDatabase());
  TICKHOUSE_ASSIGN(std::vector<InputFile> inputs, FindInputs(request, environment));
  Symbols symbols;
  for (const InputFile& input : inputs) {
    if (!input.error) {
      int& decimals = symbols[input.symbol].decimals;
      decimals = std::max(decimals, input.decimals);
    }
  }
  for (auto& [name, counted] : symbols) {
    counted.decimals = DecimalsOf(name, counted.decimals);
    counted.counter.emplace(request.windows, request.zone, counted.decimals);
  }
  environment.progress->Start("stats", static_cast<int64_t>(inputs.size()), "files");
  // Groups bound the memory of counters that wait to be merged in the order of the files.
  const std::size_t group = static_cast<std::size_t>(environment.threads) * 8;
  for (std::size_t begin = 0; begin < inputs.size(); begin += group) {
    const std::size_t count = std::min(group, inputs.size() - begin);
    TICKHOUSE_TRY(
        CountGroup(std::span(inputs).subspan(begin, count), request, environment, &symbols));
  }
  environment.progress->Finish();
  for (const InputFile& input : inputs) {
    if (input.error) run->AddProblem(report::OneLine(input.info.path), *input.error);
  }
  std::vector<SymbolStatistics> result;
  for (const auto& [name, counted] : symbols) {
    if (counted.files > 0) result.push_back({name, counted.files, counted.counter->Finish()});
  }
  return result;
}

Result<RunReport> Stats(const StatsRequest& request, Environment& environment,
                        std::vector<SymbolStatistics>* statistics) {
  const int64_t start = environment.clock->MonotonicNanos();
  RunReport run;
  run.command = "stats";
  TICKHOUSE_ASSIGN(std::vector<SymbolStatistics> symbols, CountTicks(request, environment, &run));
  const int64_t counted = environment.clock->MonotonicNanos();
  std::optional<Error> png_error;
  int64_t files = 0;
  int64_t ticks = 0;
  int64_t days = 0;
  for (const SymbolStatistics& symbol : symbols) {
    TICKHOUSE_TRY(environment.cancel.Check());
    TICKHOUSE_TRY(WriteSymbol(symbol, request, environment, &png_error, &run));
    files += symbol.files;
    ticks += symbol.statistics.ticks;
    days += static_cast<int64_t>(symbol.statistics.days.size());
  }
  if (png_error) run.AddProblem("plots", *png_error);
  const int64_t end = environment.clock->MonotonicNanos();
  run.counts = {{"files", files},
                {"symbols", static_cast<int64_t>(symbols.size())},
                {"rows", ticks},
                {"days", days}};
  run.durations_s = {{"total", static_cast<double>(end - start) * 1e-9},
                     {"count", static_cast<double>(counted - start) * 1e-9},
                     {"draw", static_cast<double>(end - counted) * 1e-9}};
  WriteSummary(symbols, request, &run);
  run.text += fmt::format("\n{} ticks of {} files in {}; {} files written to {}\n",
                          report::GroupDigits(ticks), report::GroupDigits(files),
                          report::ShortDuration(run.durations_s[0].second), run.outputs.size(),
                          request.out);
  if (statistics != nullptr) *statistics = std::move(symbols);
  return run;
}

}  // namespace tickhouse::app
