#include "tickhouse/app/lake/menu/menu.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <utility>
#include <vector>

#include "tickhouse/app/lake/diff/diff.h"
#include "tickhouse/app/lake/partitions.h"
#include "tickhouse/app/lake/read.h"
#include "tickhouse/app/lake/refs.h"
#include "tickhouse/app/lake/table_change.h"
#include "tickhouse/report/text/display_text.h"
#include "tickhouse/report/text/text_table.h"

namespace tickhouse::app {

namespace {

constexpr int64_t kRowsShown = 20;
constexpr std::size_t kSnapshotsShown = 40;
constexpr std::size_t kMostCellColumns = 40;

std::string_view Trimmed(std::string_view text) {
  const auto is_space = [](char c) { return c == ' ' || c == '\t' || c == '\r'; };
  while (!text.empty() && is_space(text.front())) text.remove_prefix(1);
  while (!text.empty() && is_space(text.back())) text.remove_suffix(1);
  return text;
}

std::optional<std::size_t> SmallNumber(std::string_view text) {
  std::size_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return number;
}

class Menu {
 public:
  Menu(const WorkspaceRequest& workspace, const MenuRequest& request, Environment& environment)
      : workspace_(workspace), talk_(request.talk), environment_(environment) {
    table_ = request.table;
  }

  Result<RunReport> Run() {
    TICKHOUSE_TRY(ChooseFirst());
    if (!done_) {
      TICKHOUSE_TRY(ShowState());
      TICKHOUSE_TRY(ShowWishes());
    }
    while (!done_) {
      TICKHOUSE_TRY(ShowState());
      TICKHOUSE_ASSIGN(const auto word, Ask(fmt::format("{} (? for help) > ", table_)));
      if (!word) break;
      TICKHOUSE_TRY(Obey(*word));
    }
    RunReport run;
    run.command = "lake menu";
    run.counts = {{"rollbacks", rollbacks_}, {"tags", tags_}};
    return run;
  }

 private:
  struct Wish {
    std::string_view key;
    std::string_view text;
    Status (Menu::*run)();
  };
  static constexpr std::size_t kWishes = 8;
  static const std::array<Wish, kWishes>& Wishes() {
    static constexpr std::array<Wish, kWishes> wishes = {{
        {"s", "snapshots", &Menu::ShowSnapshots},
        {"p", "partitions", &Menu::ShowPartitions},
        {"r", "rows at a snapshot or time", &Menu::ShowRows},
        {"d", "differences of two", &Menu::ShowDifference},
        {"b", "back to one (rollback)", &Menu::GoBack},
        {"n", "name one (tag)", &Menu::Name},
        {"t", "another table", &Menu::SwitchTable},
        {"q", "quit", &Menu::Quit},
    }};
    return wishes;
  }

  Status Print(std::string_view text) { return talk_.print(text); }

  // A line without outer blanks.
  Result<std::optional<std::string>> Ask(std::string_view prompt) {
    TICKHOUSE_ASSIGN(const auto line, talk_.ask(prompt));
    if (!line) {
      done_ = true;
      return std::nullopt;
    }
    return std::string(Trimmed(*line));
  }

  // What went wrong is told and forgotten; being told to stop is not.
  Status Tell(const Error& error) {
    if (error.kind == ErrorKind::kCancelled) return Fail(error);
    return Print("  " + error.message + "\n");
  }

  Result<std::unique_ptr<OpenedTable>> Open() {
    return OpenTable(workspace_, table_, environment_);
  }

  // Where the table is, when that is not what was told last.
  Status ShowState() {
    const auto opened = Open();
    if (!opened) return Tell(opened.error());
    std::string state =
        fmt::format("\n{}: {}\n", (*opened)->id.ToString(),
                    DescribeSnapshot((*opened)->loaded.metadata->CurrentSnapshot()));
    if (state == told_state_) return {};
    told_state_ = std::move(state);
    return Print(told_state_);
  }

  Status ShowWishes() {
    std::string line;
    for (const Wish& wish : Wishes()) {
      const std::string part = fmt::format("  [{}] {}", wish.key, wish.text);
      if (line.size() + part.size() > talk_.width) {
        TICKHOUSE_TRY(Print(line + "\n"));
        line.clear();
      }
      line += part;
    }
    return Print(line + "\n");
  }

  Status Obey(const std::string& word) {
    if (word.empty() || word == "?" || word == "help") return ShowWishes();
    for (const Wish& wish : Wishes()) {
      const bool by_name = word.size() > 1 && wish.text.starts_with(word);
      if (word == wish.key || by_name) return (this->*wish.run)();
    }
    TICKHOUSE_TRY(Print(fmt::format("  no wish \"{}\": say one of the letters in brackets\n",
                                    report::OneLine(word))));
    return ShowWishes();
  }

  // Snapshots by their numbers in the list, the latest first as people look for them.
  static std::vector<const lake::Snapshot*> Listed(const lake::TableMetadata& metadata) {
    std::vector<const lake::Snapshot*> snapshots;
    for (const lake::Snapshot& snapshot : metadata.snapshots) snapshots.push_back(&snapshot);
    std::ranges::reverse(snapshots);
    return snapshots;
  }

  // A number of the list, or whatever else stands for a state.
  static std::string Meant(const lake::TableMetadata& metadata, const std::string& word) {
    const auto listed = Listed(metadata);
    const auto number = SmallNumber(word);
    if (!number || *number == 0 || *number > listed.size() || metadata.refs.contains(word)) {
      return word;
    }
    return std::to_string(listed[*number - 1]->id);
  }

  Status ShowSnapshots() {
    const auto opened = Open();
    if (!opened) return Tell(opened.error());
    const lake::TableMetadata& metadata = *(*opened)->loaded.metadata;
    report::TextTable table({{"#", true},
                             {""},
                             {"time"},
                             {"operation"},
                             {"rows", true},
                             {"names", false, true},
                             {"snapshot", true}});
    std::size_t number = 0;
    for (const lake::Snapshot* snapshot : Listed(metadata)) {
      if (number == kSnapshotsShown) break;
      std::string names;
      for (const auto& [name, ref] : metadata.refs) {
        if (ref.snapshot_id == snapshot->id) names += (names.empty() ? "" : ", ") + name;
      }
      const auto rows = snapshot->summary.find("total-records");
      const auto count = rows == snapshot->summary.end() ? std::nullopt : SmallNumber(rows->second);
      table.AddRow({std::to_string(++number),
                    metadata.current_snapshot_id == snapshot->id ? "*" : "",
                    FormatUtc(FromNanos(snapshot->timestamp_ms * kNanosPerMilli)),
                    std::string(snapshot->operation()),
                    count ? report::GroupDigits(static_cast<int64_t>(*count)) : "", names,
                    std::to_string(snapshot->id)});
    }
    if (number == 0) return Print("  no snapshot yet\n");
    TICKHOUSE_TRY(Print(table.ToString(talk_.width)));
    if (metadata.snapshots.size() <= kSnapshotsShown) return {};
    return Print(fmt::format("  ... and {} older; `tickhouse lake snapshots` gives all\n",
                             metadata.snapshots.size() - kSnapshotsShown));
  }

  // Asks for a state: empty is the current one, nothing is the end of the conversation.
  Result<std::optional<std::string>> AskState(std::string_view question) {
    TICKHOUSE_ASSIGN(
        auto word,
        Ask(fmt::format("{} (number, id, name or time; nothing: the current one)? ", question)));
    if (!word || word->empty()) return word;
    const auto opened = Open();
    if (!opened) return word;
    return Meant(*(*opened)->loaded.metadata, *word);
  }

  Status PrintReport(const Result<RunReport>& run) {
    if (!run) return Tell(run.error());
    TICKHOUSE_TRY(Print(run->text));
    for (const Problem& problem : run->problems) {
      TICKHOUSE_TRY(Print(fmt::format("  {}: {}\n", problem.item, problem.message)));
    }
    return {};
  }

  Status ShowPartitions() {
    TICKHOUSE_ASSIGN(const auto at, AskState("Partitions at"));
    if (!at) return {};
    return PrintReport(LakePartitions(workspace_, table_, *at, talk_.width, environment_));
  }

  Status ShowRows() {
    TICKHOUSE_ASSIGN(const auto at, AskState("Rows at"));
    if (!at) return {};
    TICKHOUSE_ASSIGN(const auto filter, Ask("Filter, as bid > 1.25 (nothing: all)? "));
    if (!filter) return {};
    ReadRequest request{.table = table_, .at = *at, .filter = *filter, .limit = kRowsShown};
    request.delivery = {
        .format = "table", .most_cell_columns = kMostCellColumns, .print = talk_.print};
    const auto run = LakeRead(workspace_, request, environment_);
    if (!run) return Tell(run.error());
    if (run->Count("rows") < kRowsShown) return {};
    return Print(fmt::format("  the first {} rows; `tickhouse lake read` gives all\n", kRowsShown));
  }

  Status ShowDifference() {
    TICKHOUSE_ASSIGN(const auto from, AskState("From"));
    if (!from) return {};
    TICKHOUSE_ASSIGN(const auto to, AskState("To"));
    if (!to) return {};
    return PrintReport(LakeDiff(workspace_,
                                {.table = table_, .from = *from, .to = *to, .width = talk_.width},
                                environment_));
  }

  Status GoBack() {
    TICKHOUSE_ASSIGN(const auto to, AskState("Back to"));
    if (!to) return {};
    if (to->empty()) return Print("  that is where the table is\n");
    RollbackRequest request{.table = table_, .to = *to, .any = true};
    const auto plan = LakeRollback(workspace_, request, environment_);
    if (!plan) return Tell(plan.error());
    if (plan->Count("to-change") == 0) return Print("  that is where the table is\n");
    // Its first line speaks of an option of the command line.
    TICKHOUSE_TRY(Print(plan->text.substr(plan->text.find('\n') + 1)));
    TICKHOUSE_ASSIGN(const auto said, Ask("Roll back (yes or no)? "));
    if (!said || *said != "yes") return Print("  nothing was changed\n");
    request.confirmed = true;
    const auto done = LakeRollback(workspace_, request, environment_);
    if (done) rollbacks_ += done->Count("changed");
    return PrintReport(done);
  }

  Status Name() {
    TICKHOUSE_ASSIGN(const auto at, AskState("Name"));
    if (!at) return {};
    TICKHOUSE_ASSIGN(const auto name, Ask("Its name? "));
    if (!name || name->empty()) return {};
    const auto done =
        LakeTag(workspace_, {.table = table_, .name = *name, .at = *at}, environment_);
    if (done) tags_ += done->Count("changed");
    return PrintReport(done);
  }

  Result<std::vector<std::string>> Tables() {
    TICKHOUSE_ASSIGN(const Workspace workspace, OpenWorkspace(workspace_, environment_));
    std::vector<std::string> names;
    TICKHOUSE_ASSIGN(const auto namespaces, workspace.catalog->ListNamespaces({}));
    for (const lake::Namespace& ns : namespaces) {
      TICKHOUSE_ASSIGN(const auto tables, workspace.catalog->ListTables(ns));
      for (const lake::TableIdentifier& table : tables) names.push_back(table.ToString());
    }
    return names;
  }

  // By number or name; stays on an empty answer where there is a table to stay at.
  Status Choose(const std::vector<std::string>& names) {
    std::string text;
    for (std::size_t i = 0; i < names.size(); ++i) {
      text += fmt::format("  {:>3}  {}\n", i + 1, report::OneLine(names[i]));
    }
    TICKHOUSE_TRY(Print(text));
    while (!done_) {
      TICKHOUSE_ASSIGN(const auto word, Ask("Which table (number or name)? "));
      if (!word || (word->empty() && !table_.empty())) return {};
      const auto number = SmallNumber(*word);
      const std::string name =
          number && *number > 0 && *number <= names.size() ? names[*number - 1] : *word;
      const auto opened = OpenTable(workspace_, name, environment_);
      if (opened) {
        table_ = (*opened)->id.ToString();
        return {};
      }
      TICKHOUSE_TRY(Tell(opened.error()));
    }
    return {};
  }

  Status ChooseFirst() {
    if (!table_.empty()) {
      TICKHOUSE_ASSIGN(const auto opened, Open());
      table_ = opened->id.ToString();
      return {};
    }
    TICKHOUSE_ASSIGN(const auto names, Tables());
    if (names.empty()) {
      return Fail(ErrorKind::kNotFound,
                  "no tables; `tickhouse lake migrate SRC` loads Parquet into gold");
    }
    if (names.size() > 1) return Choose(names);
    table_ = names.front();
    return {};
  }

  Status SwitchTable() {
    const auto names = Tables();
    if (!names) return Tell(names.error());
    return Choose(*names);
  }

  Status Quit() {
    done_ = true;
    return {};
  }

  const WorkspaceRequest& workspace_;
  const Conversation& talk_;
  Environment& environment_;
  std::string table_;
  std::string told_state_;
  bool done_ = false;
  int64_t rollbacks_ = 0;
  int64_t tags_ = 0;
};

}  // namespace

Result<RunReport> LakeMenu(const WorkspaceRequest& workspace, const MenuRequest& request,
                           Environment& environment) {
  return Menu(workspace, request, environment).Run();
}

}  // namespace tickhouse::app
