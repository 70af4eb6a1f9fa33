#include "tickhouse/app/fetch.h"

#include <fmt/format.h>

#include <array>
#include <nlohmann/json.hpp>

#include "tickhouse/core/time.h"
#include "tickhouse/core/zone.h"
#include "tickhouse/ingest/fetch/fetch.h"

namespace tickhouse::app {

namespace {

using ingest::FetchedSymbol;
using ingest::FetchProblem;
using ingest::FetchRequest;
using ingest::FetchSummary;
using ingest::HourState;

constexpr int kDefaultThreads = 8;
constexpr std::array kStates = {HourState::kTicks,        HourState::kProvenEmpty,
                                HourState::kClosedMarket, HourState::kMissingAtSource,
                                HourState::kRefused,      HourState::kCorrupt};

std::string HourText(int64_t hour_ns) {
  return FormatUtc(FromNanos(hour_ns));
}

std::string Grouped(int64_t number) {
  std::string text = std::to_string(number);
  for (std::size_t at = text.size(); at > 3; at -= 3) text.insert(at - 3, ",");
  return text;
}

int64_t Count(const FetchedSymbol& symbol, HourState state) {
  const auto found = symbol.hours.find(state);
  return found == symbol.hours.end() ? 0 : found->second;
}

Result<FetchRequest> ToRequest(const FetchOptions& options) {
  FetchRequest request;
  request.symbols = options.symbols;
  request.root = options.root;
  request.out = options.out;
  request.repair = options.repair;
  request.ask_closed = options.ask_closed;
  request.instruments = options.instruments;
  request.threads = options.threads > 0 ? options.threads : kDefaultThreads;
  TICKHOUSE_ASSIGN(request.feed, ingest::ParseFeedKind(options.feed));
  if (options.from.empty() != options.to.empty()) {
    return Fail(ErrorKind::kInvalidArgument, "--from and --to go together");
  }
  if (options.from.empty()) return request;
  TICKHOUSE_ASSIGN(const UtcTime from, ParseUtc(options.from));
  TICKHOUSE_ASSIGN(const UtcTime to, ParseUtc(options.to));
  request.range = UtcRange{from, to};
  return request;
}

std::string StatesText(const FetchedSymbol& symbol) {
  int64_t hours = 0;
  std::string parts;
  for (const HourState state : kStates) {
    const int64_t count = Count(symbol, state);
    hours += count;
    if (count == 0) continue;
    parts += fmt::format("{}{} {}", parts.empty() ? "" : ", ", count, HourStateName(state));
  }
  return fmt::format("{} {}: {} hours{}{}\n", symbol.symbol, FeedKindName(symbol.feed), hours,
                     parts.empty() ? "" : ": ", parts);
}

std::string SymbolText(const FetchedSymbol& symbol, bool verify, bool repair) {
  std::string text = StatesText(symbol);
  text += fmt::format("  {} ticks in {} bytes", Grouped(symbol.ticks), Grouped(symbol.bytes));
  text += verify ? fmt::format("; {} files read and hashed\n", symbol.present)
                 : fmt::format("; asked for {} hours, {} were there before\n", symbol.asked,
                               symbol.present);
  if (!symbol.running.empty()) {
    text += fmt::format("  not over yet, so nothing is stored for {}{}\n",
                        HourText(symbol.running.front()),
                        symbol.running.size() == 1
                            ? std::string()
                            : fmt::format(" and what follows ({} in all)", symbol.running.size()));
  }
  if (!verify && !repair && Count(symbol, HourState::kMissingAtSource) > 0) {
    text += "  --repair asks again for what was missing at the source\n";
  }
  return text;
}

std::string SymbolsJson(const FetchSummary& summary) {
  nlohmann::ordered_json symbols = nlohmann::ordered_json::array();
  for (const FetchedSymbol& symbol : summary.symbols) {
    nlohmann::ordered_json one;
    one["symbol"] = symbol.symbol;
    one["feed"] = FeedKindName(symbol.feed);
    for (const HourState state : kStates) {
      one["hours"][std::string(HourStateName(state))] = Count(symbol, state);
    }
    one["ticks"] = symbol.ticks;
    one["bytes"] = symbol.bytes;
    one["asked"] = symbol.asked;
    one["present"] = symbol.present;
    one["running"] = nlohmann::ordered_json::array();
    for (const int64_t hour_ns : symbol.running) one["running"].push_back(HourText(hour_ns));
    symbols.push_back(std::move(one));
  }
  return symbols.dump();
}

void AddCounts(const FetchSummary& summary, RunReport* report) {
  std::array<int64_t, kStates.size()> hours{};
  int64_t all = 0;
  int64_t ticks = 0;
  int64_t bytes = 0;
  int64_t asked = 0;
  int64_t present = 0;
  int64_t running = 0;
  for (const FetchedSymbol& symbol : summary.symbols) {
    for (std::size_t i = 0; i < kStates.size(); ++i) {
      hours[i] += Count(symbol, kStates[i]);
      all += Count(symbol, kStates[i]);
    }
    ticks += symbol.ticks;
    bytes += symbol.bytes;
    asked += symbol.asked;
    present += symbol.present;
    running += static_cast<int64_t>(symbol.running.size());
  }
  report->counts = {
      {"hours", all},   {"asked", asked}, {"present", present},        {"running", running},
      {"ticks", ticks}, {"bytes", bytes}, {"retries", summary.retries}};
  for (std::size_t i = 0; i < kStates.size(); ++i) {
    report->counts.emplace_back("hours_" + std::string(HourStateName(kStates[i])), hours[i]);
  }
}

}  // namespace

Result<RunReport> Fetch(const FetchOptions& options, Environment& environment) {
  TICKHOUSE_TRY(Zone::CheckDatabase());
  TICKHOUSE_ASSIGN(const FetchRequest request, ToRequest(options));
  const int64_t started_ns = environment.clock->MonotonicNanos();
  const ingest::FetchContext context{environment.files, environment.http, environment.clock,
                                     environment.progress, environment.cancel};
  const bool verify = options.verify && !options.repair;
  TICKHOUSE_ASSIGN(const FetchSummary summary, verify ? ingest::RunFetchVerify(request, context)
                                                      : ingest::RunFetch(request, context));
  RunReport report;
  report.command = "fetch";
  AddCounts(summary, &report);
  const int64_t took_ns = environment.clock->MonotonicNanos() - started_ns;
  report.durations_s = {{"total", static_cast<double>(took_ns) / 1e9}};
  report.outputs = summary.outputs;
  report.details.emplace_back("symbols", SymbolsJson(summary));
  for (const FetchProblem& problem : summary.problems) {
    report.problems.push_back({fmt::format("{} {} {}", problem.symbol, FeedKindName(problem.feed),
                                           HourText(problem.hour_ns)),
                               problem.kind, fmt::format("{}: {}", problem.kind, problem.message)});
  }
  for (const FetchedSymbol& symbol : summary.symbols) {
    report.text += SymbolText(symbol, verify, options.repair);
  }
  for (const std::string& path : summary.outputs) report.text += "manifest: " + path + "\n";
  return report;
}

}  // namespace tickhouse::app
