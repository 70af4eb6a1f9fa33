#include "tickhouse/app/generate.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <utility>

#include "tickhouse/app/convert.h"
#include "tickhouse/core/market/instrument.h"
#include "tickhouse/core/parallel.h"
#include "tickhouse/core/zone.h"
#include "tickhouse/synth/anomaly.h"
#include "tickhouse/synth/hour_folder_writer.h"
#include "tickhouse/synth/quant_data_manager_writer.h"
#include "tickhouse/synth/tick_generator.h"

namespace tickhouse::app {

namespace {

using synth::AnomalyLabel;
using synth::AnomalyRequest;

constexpr std::string_view kDefaultZone = "UTC+2";

// The request, checked.
struct Plan {
  std::vector<Instrument> instruments;
  UtcTime begin;
  Zone zone;
  bool split_by_day = false;
  int64_t max_bytes = 0;
  std::vector<AnomalyRequest> anomalies;
  std::string labels;
};

// One symbol's work and what came of it.
struct Made {
  std::unique_ptr<synth::TickGenerator> ticks;
  std::vector<std::string> outputs;
  int64_t bytes = 0;
};

Result<std::vector<Instrument>> FindAll(const std::vector<std::string>& names) {
  std::vector<Instrument> instruments;
  for (const std::string& name : names) {
    const Result<Instrument> found = FindInstrument(name);
    if (!found) return Fail(ErrorKind::kInvalidArgument, found.error().message);
    for (const Instrument& earlier : instruments) {
      if (earlier.symbol == found->symbol) {
        return Fail(ErrorKind::kInvalidArgument, fmt::format("{} is named twice", found->symbol));
      }
    }
    instruments.push_back(*found);
  }
  if (instruments.empty()) {
    return Fail(ErrorKind::kInvalidArgument, "name at least one symbol: --symbol EURUSD");
  }
  return instruments;
}

// Not inside OUT, where convert would take it for ticks.
Result<std::string> LabelsBeside(std::string out) {
  while (out.size() > 1 && out.ends_with('/')) out.pop_back();
  const std::string_view name = io::BaseName(out);
  if (name.empty() || name == "." || name == "..") {
    return Fail(ErrorKind::kInvalidArgument,
                fmt::format("labels cannot be put beside '{}'; name a file: --labels FILE", out));
  }
  return out + "-labels.csv";
}

Result<Plan> MakePlan(const GenerateRequest& request) {
  Plan plan;
  TICKHOUSE_ASSIGN(plan.instruments, FindAll(request.symbols));
  TICKHOUSE_ASSIGN(plan.begin, ParseUtc(request.from));
  const bool is_csv = request.format == "csv";
  if (!is_csv && request.format != "bi5" && request.format != "json") {
    return Fail(ErrorKind::kInvalidArgument,
                fmt::format("format '{}'; known are csv, bi5 and json", request.format));
  }
  if (!is_csv && (!request.zone.empty() || !request.split.empty())) {
    return Fail(ErrorKind::kInvalidArgument,
                "--zone and --split are for csv; bi5 and JSON hours are always UTC");
  }
  const std::string_view zone = request.zone.empty() ? kDefaultZone : request.zone;
  TICKHOUSE_ASSIGN(plan.zone, Zone::Parse(zone));
  plan.split_by_day = request.split == "day";
  if (!request.split.empty() && !plan.split_by_day) {
    TICKHOUSE_ASSIGN(plan.max_bytes, ParseByteSize(request.split));
  }
  if (!request.anomalies.empty()) {
    TICKHOUSE_ASSIGN(plan.anomalies, synth::ParseAnomalies(request.anomalies));
  } else if (!request.labels.empty()) {
    plan.anomalies = synth::DefaultAnomalies();
  }
  plan.labels = request.labels;
  if (!plan.anomalies.empty() && plan.labels.empty()) {
    TICKHOUSE_ASSIGN(plan.labels, LabelsBeside(request.out));
  }
  return plan;
}

Result<std::unique_ptr<synth::TickGenerator>> MakeGenerator(const GenerateRequest& request,
                                                            const Plan& plan,
                                                            const Instrument& instrument) {
  synth::GeneratorOptions options;
  options.instrument = instrument;
  options.begin = plan.begin;
  options.days = request.days;
  options.seed = request.seed;
  options.rows = request.rows;
  options.anomalies = plan.anomalies;
  return synth::TickGenerator::Make(std::move(options));
}

template <typename Writer>
Status Pump(Environment& environment, Writer& writer, Made* made) {
  TickBatch batch;
  while (true) {
    TICKHOUSE_TRY(environment.cancel.Check());
    TICKHOUSE_ASSIGN(const bool more, made->ticks->Next(&batch));
    if (!more) break;
    TICKHOUSE_TRY(writer.Write(batch));
    environment.progress->Advance(static_cast<int64_t>(batch.size()));
  }
  TICKHOUSE_TRY(writer.Close());
  made->outputs = writer.outputs();
  for (const std::string& path : made->outputs) {
    TICKHOUSE_ASSIGN(const io::FileInfo info, environment.files->Stat(path));
    made->bytes += info.size;
  }
  return {};
}

Status WriteSymbol(const GenerateRequest& request, const Plan& plan, const Instrument& instrument,
                   Environment& environment, Made* made) {
  const UtcTime end = plan.begin + std::chrono::days(request.days);
  if (request.format != "csv") {
    const auto form = request.format == "bi5" ? synth::HourForm::kBi5 : synth::HourForm::kJson;
    const auto writer = synth::HourFolderWriter::Make(*environment.files, request.out, form,
                                                      instrument, {plan.begin, end});
    return Pump(environment, *writer, made);
  }
  const int64_t end_day = FloorDiv(ToNanos(end), kNanosPerDay);
  const auto writer =
      synth::QuantDataManagerWriter::Make(*environment.files, request.out,
                                          {.symbol = instrument.symbol,
                                           .decimals = instrument.decimals,
                                           .zone = plan.zone,
                                           .export_day = {static_cast<int32_t>(end_day)},
                                           .split_by_day = plan.split_by_day,
                                           .max_bytes = plan.max_bytes});
  return Pump(environment, *writer, made);
}

Result<std::unique_ptr<io::FileLock>> LockOut(const std::string& out, Environment& environment) {
  auto lock = environment.files->Lock(io::JoinPath(out, ".tickhouse/generate.lock"));
  if (!lock && lock.error().kind == ErrorKind::kUnsupported) return nullptr;
  return lock;
}

void AddText(const GenerateRequest& request, const Plan& plan, const std::vector<Made>& made,
             RunReport* report) {
  const std::string from = FormatUtc(plan.begin);
  nlohmann::ordered_json symbols = nlohmann::ordered_json::array();
  for (std::size_t i = 0; i < made.size(); ++i) {
    const std::string& symbol = plan.instruments[i].symbol;
    const std::size_t faults = made[i].ticks->labels().size();
    symbols.push_back({{"symbol", symbol},
                       {"rows", made[i].ticks->total_rows()},
                       {"files", made[i].outputs.size()},
                       {"bytes", made[i].bytes},
                       {"anomalies", faults}});
    report->text += fmt::format("{}: {} ticks of {} days from {}, {} file{}, {:.1f} MB{}\n", symbol,
                                made[i].ticks->total_rows(), request.days, from,
                                made[i].outputs.size(), made[i].outputs.size() == 1 ? "" : "s",
                                static_cast<double>(made[i].bytes) / 1e6,
                                faults == 0 ? "" : fmt::format(", {} anomalies", faults));
  }
  if (!plan.labels.empty()) report->text += "labels: " + plan.labels + "\n";
  if (request.format == "csv" && !plan.zone.name().starts_with("UTC")) {
    report->text += fmt::format(
        "times are in {}, which no program reads from a file name; pass "
        "--source-zone {} to convert\n",
        plan.zone.name(), plan.zone.name());
  }
  report->details.emplace_back("symbols", symbols.dump());
}

Status WriteLabels(const Plan& plan, const std::vector<Made>& made, Environment& environment,
                   RunReport* report) {
  std::vector<AnomalyLabel> labels;
  for (const Made& one : made) {
    labels.insert(labels.end(), one.ticks->labels().begin(), one.ticks->labels().end());
  }
  report->counts.emplace_back("anomalies", static_cast<int64_t>(labels.size()));
  if (plan.labels.empty()) return {};
  TICKHOUSE_TRY(environment.files->WriteWhole(plan.labels, synth::FormatAnomalyLabels(labels)));
  report->outputs.push_back(plan.labels);
  return {};
}

}  // namespace

Result<RunReport> Generate(const GenerateRequest& request, Environment& environment) {
  const int64_t started_ns = environment.clock->MonotonicNanos();
  TICKHOUSE_TRY(Zone::CheckDatabase());
  TICKHOUSE_ASSIGN(const Plan plan, MakePlan(request));
  std::vector<Made> made(plan.instruments.size());
  TICKHOUSE_TRY(ParallelFor(
      made.size(), environment.threads, environment.cancel, [&](std::size_t i) -> Status {
        TICKHOUSE_ASSIGN(made[i].ticks, MakeGenerator(request, plan, plan.instruments[i]));
        return {};
      }));
  TICKHOUSE_ASSIGN(const auto lock, LockOut(request.out, environment));
  int64_t rows = 0;
  for (const Made& one : made) rows += one.ticks->total_rows();
  environment.progress->Start("generate", rows, "ticks");
  const Status written =
      ParallelFor(made.size(), environment.threads, environment.cancel, [&](std::size_t i) {
        return WriteSymbol(request, plan, plan.instruments[i], environment, &made[i]);
      });
  environment.progress->Finish();
  TICKHOUSE_TRY(written);

  RunReport report;
  report.command = "generate";
  int64_t bytes = 0;
  for (const Made& one : made) {
    bytes += one.bytes;
    report.outputs.insert(report.outputs.end(), one.outputs.begin(), one.outputs.end());
  }
  report.counts = {{"symbols", static_cast<int64_t>(made.size())},
                   {"files", static_cast<int64_t>(report.outputs.size())},
                   {"rows", rows},
                   {"bytes", bytes}};
  TICKHOUSE_TRY(WriteLabels(plan, made, environment, &report));
  AddText(request, plan, made, &report);
  const int64_t took_ns = environment.clock->MonotonicNanos() - started_ns;
  report.durations_s = {{"total", static_cast<double>(took_ns) / 1e9}};
  return report;
}

}  // namespace tickhouse::app
