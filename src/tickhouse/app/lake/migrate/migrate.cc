#include "tickhouse/app/lake/migrate/migrate.h"

#include <fmt/format.h>

#include <algorithm>
#include <deque>
#include <mutex>
#include <nlohmann/json.hpp>
#include <utility>
#include <vector>

#include "tickhouse/app/lake/migrate/sources.h"
#include "tickhouse/app/lake/migrate/symbol_migration.h"
#include "tickhouse/app/lake/migrate/years.h"
#include "tickhouse/core/parallel.h"
#include "tickhouse/report/text/display_text.h"
#include "tickhouse/report/text/text_table.h"

namespace tickhouse::app {

namespace {

using Json = nlohmann::ordered_json;

// More groups at once need more memory than 400 MB; further threads encode columns.
constexpr int kMostWorkers = 4;
constexpr int kMostRounds = 20;

struct Task {
  SymbolMigration* of;
  std::size_t group;
};

// Plans, loads and commits whatever still wants it.
Status RunRound(const MigrateRequest& request, std::deque<SymbolMigration>& symbols,
                Workspace& workspace, Environment& environment) {
  std::vector<Task> tasks;
  lake::UpdateSession session = SessionOf(workspace, environment);
  for (SymbolMigration& symbol : symbols) {
    if (!symbol.wants_plan()) continue;
    TICKHOUSE_TRY(environment.cancel.Check());
    symbol.Plan(environment, *workspace.catalog, request.partition);
    if (symbol.in_place() && symbol.has_work()) symbol.Commit(environment, session);
    for (std::size_t i = 0; i < symbol.groups() && symbol.has_work(); ++i) {
      tasks.push_back({&symbol, i});
    }
  }
  const int workers = std::min({environment.threads, kMostWorkers});
  const int column_threads = std::max(1, environment.threads / std::max(1, workers));
  std::mutex mutex;
  return ParallelFor(tasks.size(), workers, environment.cancel, [&](std::size_t i) -> Status {
    const Task& task = tasks[i];
    {
      const std::lock_guard lock(mutex);
      if (!task.of->has_work() || task.of->wants_plan()) return {};
    }
    auto loaded = task.of->Load(environment, task.group, column_threads);
    if (!loaded && loaded.error().error.kind == ErrorKind::kCancelled) {
      return Fail(std::move(loaded.error().error));
    }
    const std::lock_guard lock(mutex);
    if (task.of->Take(task.group, std::move(loaded))) task.of->Commit(environment, session);
    return {};
  });
}

struct Shown {
  report::TextTable tables{{{"table"},
                            {"files", true},
                            {"new", true},
                            {"rows in", true},
                            {"no time", true},
                            {"rows added", true},
                            {"rows now", true},
                            {"snapshot", true}}};
  report::TextTable years{{{"table"}, {"year"}, {"rows", true}}};
  Json json = Json::array();
};

void AddCounts(const MigrationOutcome& outcome, RunReport* run) {
  for (auto& [name, count] : run->counts) {
    if (name == "files_added") count += outcome.files_loaded;
    if (name == "files_known") count += outcome.files_known;
    if (name == "rows_in") count += outcome.rows_in;
    if (name == "rows_added") count += outcome.rows_out;
    if (name == "null_times") count += outcome.null_times;
  }
}

Status ShowSymbol(const SymbolMigration& symbol, Environment& environment, Shown* shown,
                  RunReport* run) {
  const MigrationOutcome& outcome = symbol.outcome();
  const std::string name = symbol.id().ToString();
  for (const auto& [path, error] : outcome.problems) run->AddProblem(path, error);
  if (outcome.failure) run->AddProblem(name, *outcome.failure);
  if (!symbol.table()) return {};
  TICKHOUSE_ASSIGN(const TableRows rows, CountTableRows(environment, *symbol.table()));
  AddCounts(outcome, run);
  Json json = {{"table", name},
               {"files", symbol.files()},
               {"files_added", outcome.files_loaded},
               {"files_known", outcome.files_known},
               {"rows_in", outcome.rows_in},
               {"null_times", outcome.null_times},
               {"rows_added", outcome.rows_out},
               {"total_rows", rows.total},
               {"delete_files", rows.delete_files},
               {"groups_found_again", outcome.groups_found_again},
               {"snapshot_id", nullptr},
               {"rows_per_year", rows.by_year}};
  if (outcome.snapshot_id) json["snapshot_id"] = *outcome.snapshot_id;
  shown->json.push_back(std::move(json));
  shown->tables.AddRow({name, report::GroupDigits(static_cast<int64_t>(symbol.files())),
                        report::GroupDigits(outcome.files_loaded),
                        report::GroupDigits(outcome.rows_in),
                        report::GroupDigits(outcome.null_times),
                        report::GroupDigits(outcome.rows_out), report::GroupDigits(rows.total),
                        outcome.snapshot_id ? std::to_string(*outcome.snapshot_id) : ""});
  int64_t sum = 0;
  for (const auto& [year, count] : rows.by_year) {
    shown->years.AddRow({name, year, report::GroupDigits(count)});
    sum += count;
  }
  if (sum != rows.total) {
    run->problems.push_back(
        {name, "corrupt",
         fmt::format("its manifests promise {} rows and its files hold {}",
                     report::GroupDigits(rows.total), report::GroupDigits(sum))});
  }
  return {};
}

std::string ProofLine(const RunReport& run) {
  return fmt::format("rows in {} = rows added {} + rows without a time {}\n",
                     report::GroupDigits(run.Count("rows_in")),
                     report::GroupDigits(run.Count("rows_added")),
                     report::GroupDigits(run.Count("null_times")));
}

}  // namespace

Result<RunReport> LakeMigrate(const MigrateRequest& request, std::size_t width,
                              Environment& environment) {
  const int64_t begin_ns = environment.clock->MonotonicNanos();
  TICKHOUSE_ASSIGN(const FoundSources sources,
                   FindMigrateSources(environment, request.src, request.symbol));
  WorkspaceRequest making = request.workspace;
  making.must_exist = false;
  TICKHOUSE_ASSIGN(Workspace workspace, OpenWorkspace(making, environment));
  std::deque<SymbolMigration> symbols;
  int64_t rows = 0, files = static_cast<int64_t>(sources.failed.size());
  for (const SymbolSources& symbol : sources.symbols) {
    symbols.emplace_back(symbol, request.in_place);
    files += static_cast<int64_t>(symbol.files.size());
    for (const MigrateSource& source : symbol.files) rows += source.rows;
  }
  environment.progress->Start("migrate", rows, "rows");
  const auto unsettled = [&] {
    return std::ranges::any_of(symbols, [](const auto& s) { return s.wants_plan(); });
  };
  for (int round = 0; round < kMostRounds && unsettled(); ++round) {
    TICKHOUSE_TRY(RunRound(request, symbols, workspace, environment));
  }
  environment.progress->Finish();
  RunReport run;
  run.command = "lake migrate";
  run.counts = {{"tables", static_cast<int64_t>(symbols.size())},
                {"files", files},
                {"files_added", 0},
                {"files_known", 0},
                {"rows_in", 0},
                {"rows_added", 0},
                {"null_times", 0}};
  for (const auto& [path, error] : sources.failed) run.AddProblem(path, error);
  Shown shown;
  for (SymbolMigration& symbol : symbols) {
    if (symbol.wants_plan()) {
      symbol.GiveUp({ErrorKind::kConflict, "other migrations were first each time; run again"});
    }
    // Committed is committed: what cannot be counted afterwards does not hide it.
    if (const Status status = ShowSymbol(symbol, environment, &shown, &run); !status) {
      run.AddProblem(symbol.id().ToString(), status.error());
    }
  }
  run.durations_s = {
      {"total", static_cast<double>(environment.clock->MonotonicNanos() - begin_ns) / 1e9}};
  run.details.emplace_back("tables", shown.json.dump());
  run.text =
      shown.tables.ToString(width) + "\n" + shown.years.ToString(width) + "\n" + ProofLine(run);
  return run;
}

}  // namespace tickhouse::app
