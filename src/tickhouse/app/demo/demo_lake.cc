#include "tickhouse/app/demo/demo_lake.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <utility>

#include "tickhouse/app/demo/day_files.h"
#include "tickhouse/app/lake/migrate/migrate.h"
#include "tickhouse/app/lake/migrate/sources.h"
#include "tickhouse/app/lake/refs.h"
#include "tickhouse/app/lake/tables.h"
#include "tickhouse/app/sql/run_sql.h"
#include "tickhouse/report/text/display_text.h"

namespace tickhouse::app {

namespace {

using report::GroupDigits;
using report::PageTable;
using Json = nlohmann::ordered_json;

constexpr char kTag[] = "first-load";
constexpr std::size_t kWidth = 100;

/// What a statement answered: its rows as shown, and the sum of column "ticks".
struct Answer {
  PageTable table;
  int64_t ticks = 0;
};

std::string CellText(const Json& cell) {
  if (cell.is_null()) return "";
  if (cell.is_number_integer()) return GroupDigits(cell.get<int64_t>());
  return cell.is_string() ? cell.get<std::string>() : cell.dump();
}

Answer AnswerOf(const std::string& rows_json, std::string caption) {
  Answer answer;
  answer.table.caption = std::move(caption);
  answer.table.when_empty = "no row";
  for (const Json& row : Json::parse(rows_json)) {
    std::vector<std::string> cells;
    for (const auto& [name, cell] : row.items()) {
      if (answer.table.rows.empty()) answer.table.columns.push_back({name, cell.is_number()});
      if (name == "ticks") answer.ticks += cell.get<int64_t>();
      cells.push_back(CellText(cell));
    }
    answer.table.rows.push_back(std::move(cells));
  }
  return answer;
}

std::string Statement(const std::vector<std::string>& tables) {
  std::vector<std::string> parts;
  for (const std::string& table : tables) {
    parts.push_back(
        fmt::format("select '{0}' as \"table\", count(*) as ticks, min(datetime) as first_tick, "
                    "max(datetime) as last_tick, round(avg(ask - bid), 6) as mean_spread from {0}",
                    table));
  }
  return fmt::format("{} order by 1", fmt::join(parts, " union all "));
}

class LakeRun {
 public:
  LakeRun(const DemoLakeRequest& request, Environment& environment)
      : request_(request), environment_(environment) {
    workspace_.folder = request.folder;
  }

  Result<DemoLake> Run() {
    const Status done = Steps();
    if (!done && done.error().kind == ErrorKind::kCancelled) return Fail(done.error());
    if (!done) {
      RunReport failed;
      failed.AddProblem("lakehouse", done.error());
      demo_.problems.push_back(std::move(failed.problems.front()));
    }
    demo_.section.title = "Lakehouse";
    demo_.json = json_.dump();
    return std::move(demo_);
  }

 private:
  Status Steps() {
    TICKHOUSE_ASSIGN(days_, SplitLastDay(environment_, request_.clean, request_.incoming));
    if (days_.symbols.empty()) {
      demo_.section.text = "There is no clean tick, and so no table.";
      return {};
    }
    demo_.section.text =
        "The clean ticks as Apache Iceberg tables over a SQLite catalog, for every engine that "
        "reads them. They came in two loads: everything before " +
        FormatUtc(FromNanos(days_.cut_ns)) + ", then the rest. In the demo's folder: tickhouse " +
        "lake snapshots " + (days_.symbols.empty() ? "" : GoldTableName(days_.symbols.front())) +
        ".";
    TICKHOUSE_TRY(Migrate("migrate", "all but the last day", days_.first, days_.first_rows));
    TICKHOUSE_ASSIGN(then_, Tables());
    TICKHOUSE_TRY(TagThem());
    if (days_.second_rows > 0) {
      TICKHOUSE_TRY(Migrate("next day", "the last day, into the same tables", days_.second,
                            days_.second_rows));
    }
    TICKHOUSE_ASSIGN(now_, Tables());
    if (then_.empty()) return {};  // Nothing could be loaded: each file is a problem already.
    TICKHOUSE_TRY(Ask());
    TICKHOUSE_TRY(RollBack());
    return ShowSnapshots();
  }

  /// Each step is a run of its own: with the same seed two loads would name their files alike.
  Environment& NextEnvironment() {
    step_ = environment_;
    step_.seed = environment_.seed + ++steps_;
    return step_;
  }

  double SecondsSince(int64_t start_ns) const {
    return static_cast<double>(environment_.clock->MonotonicNanos() - start_ns) * 1e-9;
  }
  int64_t Now() const { return environment_.clock->MonotonicNanos(); }

  void Take(const RunReport& run) {
    for (Problem problem : run.problems) {
      problem.item = run.command + ": " + problem.item;
      demo_.problems.push_back(std::move(problem));
    }
  }

  Status Migrate(const std::string& name, const std::string& what, const std::string& folder,
                 int64_t rows) {
    MigrateRequest migrate;
    migrate.workspace = workspace_;
    migrate.src = folder;
    const int64_t start = Now();
    TICKHOUSE_ASSIGN(const RunReport done, LakeMigrate(migrate, kWidth, NextEnvironment()));
    Take(done);
    const int64_t added = done.Count("rows_added");
    loaded_ += added;
    demo_.stages.push_back(
        {name, what, rows, added, 0, done.Count("null_times"), SecondsSince(start)});
    json_["loads"].push_back({{"tables", done.Count("tables")}, {"rows_added", added}});
    return {};
  }

  /// "gold.eurusd", of those the catalog has.
  Result<std::vector<std::string>> Tables() {
    TICKHOUSE_ASSIGN(const RunReport listed, LakeTables(workspace_, kWidth, NextEnvironment()));
    std::vector<std::string> tables;
    for (const auto& [name, text] : listed.details) {
      if (name != "tables") continue;
      for (const Json& table : Json::parse(text))
        tables.push_back(table.at("table").get<std::string>());
    }
    std::ranges::sort(tables);
    return tables;
  }

  Status TagThem() {
    for (const std::string& table : then_) {
      TICKHOUSE_TRY(LakeTag(workspace_, {.table = table, .name = kTag}, NextEnvironment()));
    }
    return {};
  }

  Result<Answer> Query(const std::vector<std::string>& tables, const std::string& at,
                       const std::string& title) {
    SqlRequest sql;
    sql.statement = Statement(tables);
    sql.at = at;
    sql.workspace = workspace_;
    sql.delivery.rows_in_report = true;
    TICKHOUSE_ASSIGN(const RunReport done, RunSql(sql, NextEnvironment()));
    const auto rows =
        std::ranges::find(done.details, "rows", &std::pair<std::string, std::string>::first);
    if (rows == done.details.end()) return Fail(ErrorKind::kIo, "sql gave no rows");
    return AnswerOf(rows->second, fmt::format("{}: tickhouse sql{} \"{}\"", title,
                                              at.empty() ? "" : " --at " + at, sql.statement));
  }

  Status Ask() {
    int64_t start = Now();
    TICKHOUSE_ASSIGN(Answer now, Query(now_, "", "Now"));
    demo_.stages.push_back({"query", fmt::format("one statement over {} tables", now_.size()),
                            now.ticks, std::nullopt, std::nullopt, std::nullopt,
                            SecondsSince(start)});
    start = Now();
    TICKHOUSE_ASSIGN(Answer then, Query(then_, kTag, "Time travel"));
    demo_.stages.push_back({"time travel", fmt::format("the same --at {}", kTag), then.ticks,
                            std::nullopt, std::nullopt, std::nullopt, SecondsSince(start)});
    demo_.checks.push_back(
        {"clean ticks = ticks in the lakehouse", days_.first_rows + days_.second_rows, now.ticks});
    demo_.checks.push_back({"ticks of both loads = ticks in the lakehouse", loaded_, now.ticks});
    demo_.checks.push_back({fmt::format("ticks of the first load = ticks --at {}", kTag),
                            days_.first_rows, then.ticks});
    demo_.text +=
        fmt::format("lakehouse: {}, {} ticks in {} tables; --at {}: {}\n", request_.folder,
                    GroupDigits(now.ticks), now_.size(), kTag, GroupDigits(then.ticks));
    json_["ticks"] = now.ticks;
    json_["ticks_at_first_load"] = then.ticks;
    demo_.section.tables.push_back(std::move(now.table));
    demo_.section.tables.push_back(std::move(then.table));
    return {};
  }

  Result<Json> Snapshots(const std::string& table) {
    TICKHOUSE_ASSIGN(const RunReport listed,
                     LakeSnapshots(workspace_, table, kWidth, NextEnvironment()));
    for (const auto& [name, text] : listed.details) {
      if (name == "snapshots") return Json::parse(text);
    }
    return Json::array();
  }

  Status Move(const std::string& table, const std::string& to, bool any, const std::string& words,
              PageTable* moves) {
    TICKHOUSE_TRY(LakeRollback(
        workspace_, {.table = table, .to = to, .any = any, .confirmed = true}, NextEnvironment()));
    TICKHOUSE_ASSIGN(const Answer answer, Query({table}, "", words));
    moves->rows.push_back({words, to, GroupDigits(answer.ticks),
                           answer.table.rows.empty() ? "" : answer.table.rows[0][3]});
    moved_.push_back(answer.ticks);
    return {};
  }

  /// Back to the tag, and forward again: a rollback takes nothing away.
  Status RollBack() {
    const std::string& table = then_.front();
    TICKHOUSE_ASSIGN(const Json snapshots, Snapshots(table));
    std::string head;
    for (const Json& snapshot : snapshots) {
      if (snapshot.at("current") == true) head = snapshot.at("snapshot_id").dump();
    }
    const int64_t start = Now();
    PageTable moves;
    moves.caption = fmt::format("Rollback: tickhouse lake rollback {} {} --yes", table, kTag);
    moves.columns = {{"step"}, {"main at"}, {"ticks", true}, {"last tick"}};
    TICKHOUSE_ASSIGN(const Answer before, Query({table}, "", "before"));
    TICKHOUSE_ASSIGN(const Answer then, Query({table}, kTag, "then"));
    moves.rows.push_back({"before", head, GroupDigits(before.ticks), before.table.rows[0][3]});
    TICKHOUSE_TRY(Move(table, kTag, false, "rolled back", &moves));
    TICKHOUSE_TRY(Move(table, head, true, "forward again", &moves));
    demo_.stages.push_back({"rollback", fmt::format("{} to {}, and forward again", table, kTag),
                            before.ticks, moved_[0], std::nullopt, std::nullopt,
                            SecondsSince(start)});
    demo_.checks.push_back(
        {fmt::format("{} rolled back = --at {}", table, kTag), moved_[0], then.ticks});
    demo_.checks.push_back({table + " forward again = before", moved_[1], before.ticks});
    demo_.text +=
        fmt::format("{}: {} ticks, rolled back {}, forward again {}\n", table,
                    GroupDigits(before.ticks), GroupDigits(moved_[0]), GroupDigits(moved_[1]));
    json_["rollback"] = {{"table", table},
                         {"before", before.ticks},
                         {"rolled_back", moved_[0]},
                         {"forward_again", moved_[1]}};
    demo_.section.tables.push_back(std::move(moves));
    return {};
  }

  Status ShowSnapshots() {
    PageTable shown;
    shown.caption = "Snapshots: tickhouse lake snapshots TABLE";
    shown.columns = {{"table"},       {"snapshot"}, {"operation"}, {"ticks added", true},
                     {"ticks", true}, {"refs"}};
    json_["snapshots"] = Json::object();
    for (const std::string& table : now_) {
      TICKHOUSE_ASSIGN(const Json snapshots, Snapshots(table));
      json_["snapshots"][table] = snapshots.size();
      for (const Json& snapshot : snapshots) {
        const Json& summary = snapshot.at("summary");
        const auto figure = [&](const char* name) {
          return GroupDigits(std::stoll(summary.value(name, std::string("0"))));
        };
        std::vector<std::string> refs;
        for (const Json& ref : snapshot.at("refs")) refs.push_back(ref.get<std::string>());
        shown.rows.push_back({table, snapshot.at("snapshot_id").dump(),
                              snapshot.at("operation").get<std::string>(), figure("added-records"),
                              figure("total-records"), fmt::format("{}", fmt::join(refs, ", "))});
      }
    }
    demo_.section.tables.insert(demo_.section.tables.begin(), std::move(shown));
    return {};
  }

  const DemoLakeRequest& request_;
  Environment& environment_;
  Environment step_;
  uint64_t steps_ = 0;
  WorkspaceRequest workspace_;
  DayFiles days_;
  std::vector<std::string> then_, now_;
  std::vector<int64_t> moved_;
  int64_t loaded_ = 0;
  DemoLake demo_;
  Json json_ = Json::object();
};

}  // namespace

Result<DemoLake> MakeDemoLake(const DemoLakeRequest& request, Environment& environment) {
  return LakeRun(request, environment).Run();
}

}  // namespace tickhouse::app
