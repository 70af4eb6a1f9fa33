#include "stage.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "tickhouse/core/check.h"
#include "tickhouse/lake/maintenance/check.h"
#include "tickhouse/lake/maintenance/reachable.h"
#include "tickhouse/lake/maintenance/receipt.h"

namespace tickhouse::sim {
namespace {

TableShape Usual(TableShape shape) {
  if (!shape.fields.empty()) return shape;
  lake::Field time{.id = 1, .name = "datetime", .required = false, .type = {}};
  time.type.kind = lake::TypeKind::kTimestamp;
  shape.fields = {time};
  shape.spec = {{.source_id = 1,
                 .field_id = 1000,
                 .name = "datetime_year",
                 .transform = {.kind = lake::TransformKind::kYear}}};
  return shape;
}

}  // namespace

void MakeTable(World& world, Random random, const TableShape& given) {
  const TableShape shape = Usual(given);
  const auto files = FilesOf(world, 0);
  const auto catalog = lake::MakeStoredCatalog(RowsOf(world, 0), {.name = "sim",
                                                                  .warehouse = "/lake",
                                                                  .files = files.get(),
                                                                  .clock = &world.clock,
                                                                  .random = random.Fork(7)});
  TICKHOUSE_CHECK(catalog->CreateNamespace({"gold"}, {}).has_value(), "a namespace in memory");
  lake::CreateTableRequest request{.identifier = kTable, .schema = {}};
  request.schema.fields = shape.fields;
  request.spec.fields = shape.spec;
  request.properties = shape.properties;
  TICKHOUSE_CHECK(catalog->CreateTable(request).has_value(), "a table in memory");
}

std::function<bool(const Call&)> CallOf(int actor, CallKind kind, bool happened) {
  return [=](const Call& call) {
    return call.actor == actor && call.kind == kind && call.happened == happened;
  };
}

std::function<bool(const Call&)> ChangeOf(int actor, bool happened) {
  return [=](const Call& call) {
    const bool changes = call.kind == CallKind::kWrite || call.kind == CallKind::kRemove ||
                         call.kind == CallKind::kSwap;
    return changes && call.actor == actor && call.happened == happened;
  };
}

Stage::Stage(Scheduler& turns, const TableShape& shape)
    : scheduler(turns), world(1, turns), model(world, kTable) {
  world.quiet = true;
  MakeTable(world, Random(1), shape);
  world.quiet = false;
  world.script = [this](const Call& call) { return Play(call); };
}

Fate Stage::Play(const Call& call) {
  calls.push_back(call);
  for (Cue& cue : cues_) {
    if (cue.times == 0 || !cue.when(call) || --cue.nth > 0) continue;
    --cue.times;
    const Cue taken = cue;  // What is done within the call may place other cues.
    if (taken.act) taken.act();
    return taken.fate;
  }
  return Fate::kPasses;
}

Process& Stage::Actor(int number) {
  auto& actor = actors_[number];
  if (!actor) {
    actor = std::make_unique<Process>(world, model, number,
                                      Random(7).Fork(static_cast<uint64_t>(number)), kTable);
  }
  return *actor;
}

bool Stage::Dies(const std::function<void()>& act) {
  try {
    act();
    return false;
  } catch (const Killed&) {
    return true;
  }
}

void Stage::Expect(bool holds, const std::string& what) {
  if (!holds) model.Blame("expected: " + what);
}

void Stage::ExpectDone(const Process::Outcome& outcome, const std::string& what) {
  Expect(outcome && outcome->changed,
         fmt::format("{} is done, but was answered: {}", what,
                     outcome ? "nothing to do" : outcome.error().ToString()));
}

void Stage::ExpectError(const Process::Outcome& outcome, ErrorKind kind, const std::string& what) {
  const bool as_expected = !outcome && outcome.error().kind == kind;
  Expect(as_expected, fmt::format("{} is answered {}, not {}", what, ErrorKindName(kind),
                                  outcome ? "done" : outcome.error().ToString()));
}

void Stage::ExpectRows(const Rows& rows) {
  const Rows visible = model.Visible();
  Expect(visible == rows, fmt::format("rows [{}], the table shows [{}]", fmt::join(rows, " "),
                                      fmt::join(visible, " ")));
}

void Stage::ExpectNo(const std::function<bool(const Call&)>& call, const std::string& what,
                     std::size_t after) {
  const auto begin = calls.begin() + static_cast<std::ptrdiff_t>(std::min(after, calls.size()));
  const auto found = std::find_if(begin, calls.end(), call);
  if (found != calls.end()) model.Blame(fmt::format("{}: {}", what, found->what));
}

lake::LoadedTable Stage::Table() {
  const auto location = world.rows->Find(kTable);
  TICKHOUSE_CHECK(location.has_value(), "the table has a name");
  const auto text = world.files->ReadWhole(*location);
  auto metadata = text ? lake::ParseTableMetadata(*text) : Fail(text.error());
  if (!metadata) {
    model.Blame("the pointer: " + metadata.error().ToString());
    return {kTable, *location, std::make_shared<const lake::TableMetadata>()};
  }
  return {kTable, *location, std::make_shared<const lake::TableMetadata>(std::move(*metadata))};
}

void Stage::Judge() {
  const bool was = std::exchange(world.quiet, true);
  model.CheckAll();
  const auto report = lake::CheckTable(*world.files, Table(), {.footers = false});
  Expect(report.has_value(), "the table can be checked");
  if (report && !report->faults.empty()) {
    const lake::Fault& fault = report->faults.front();
    model.Blame(
        fmt::format("fsck: {} {}: {}", FaultKindName(fault.kind), fault.location, fault.text));
  }
  world.quiet = was;
}

std::set<std::string> Stage::Unreachable() {
  const lake::LoadedTable table = Table();
  const auto needed = lake::ReachableFiles(*world.files, table);
  const auto listed = world.files->ListFiles("/lake");
  Expect(needed && listed, "the table's files can be listed");
  std::set<std::string> left;
  if (!needed || !listed) return left;
  const std::string receipts = lake::ReceiptFolder(*table.metadata);
  for (const io::FileInfo& info : *listed) {
    if (!needed->contains(info.path) && !info.path.starts_with(receipts)) left.insert(info.path);
  }
  return left;
}

}  // namespace tickhouse::sim
