// Case 7: a crash at every write, removal and swap of every operation, before it and after it.
#include <fmt/format.h>

#include <algorithm>
#include <tuple>

#include "scenario.h"

namespace tickhouse::sim {
namespace {

struct Act {
  const char* name;
  int least;  ///< Places to crash at.
  void (*run)(Stage& stage, Process& process);
};

const TableShape kShape{.properties = {{"commit.manifest.min-count-to-merge", "5"},
                                       {"write.metadata.delete-after-commit.enabled", "true"},
                                       {"write.metadata.previous-versions-max", "2"}}};

/// Several files, a delete, a replaced partition, a tag, and a file that nobody needs.
void Prepare(Stage& stage) {
  Process& first = stage.Actor(1);
  stage.ExpectDone(first.Append(51, {"51:a", "51:b"}), "rows");
  stage.ExpectDone(first.Tag("start"), "a tag");
  stage.ExpectDone(first.Append(52, {"52:c"}), "rows");
  stage.ExpectDone(first.Replace(52, {"52:d"}), "a replacement");
  stage.ExpectDone(first.Append(51, {"51:e"}), "rows");
  stage.ExpectDone(first.DeleteRow("51:b"), "a deleted row");
  stage.Expect(first.WriteRows({"51:nobody's"}, 51).has_value(), "a file that nobody needs");
  stage.world.clock.Advance(std::chrono::hours(24 * 4));
}

const Act kActs[] = {
    {"append", 4, [](Stage&, Process& p) { std::ignore = p.Append(51, {"51:new"}); }},
    {"replacement", 4, [](Stage&, Process& p) { std::ignore = p.Replace(51, {"51:new"}); }},
    {"deletion", 3, [](Stage&, Process& p) { std::ignore = p.Delete(52); }},
    {"row delta", 4, [](Stage&, Process& p) { std::ignore = p.DeleteRow("51:a"); }},
    {"rollback", 2,
     [](Stage& stage, Process& p) {
       std::ignore = p.RollBack(stage.Table().metadata->snapshots[0].id);
     }},
    {"compaction", 5, [](Stage&, Process& p) { std::ignore = p.Compact(); }},
    {"manifest rewrite", 4, [](Stage&, Process& p) { std::ignore = p.RewriteManifests(); }},
    {"expiry", 5,
     [](Stage& stage, Process& p) {
       std::ignore =
           p.Expire({.older_than_ms = lake::NowMillis(stage.world.clock), .keep_last = 1});
     }},
    {"orphan removal", 3, [](Stage&, Process& p) { std::ignore = p.RemoveOrphans(); }},
};

/// Others find a table that is whole, and nothing but what they can clean away.
void GoOn(Stage& stage) {
  stage.Judge();
  stage.ExpectDone(stage.Actor(3).Append(52, {"52:later"}), "an append after the crash");
  stage.world.clock.Advance(std::chrono::hours(24 * 4));
  stage.Expect(stage.Actor(3).RemoveOrphans().has_value(), "orphans are removed");
  const auto left = stage.Unreachable();
  stage.Expect(left.empty(), "nothing is left behind, not " + (left.empty() ? "" : *left.begin()));
  stage.Judge();
}

/// False when the act was over before its nth change.
bool CrashAt(Stage& parent, const Act& act, int nth, bool happened) {
  Stage stage(parent.scheduler, kShape);
  Prepare(stage);
  stage.On({.when = ChangeOf(2, happened), .nth = nth, .fate = Fate::kDies});
  const bool died = stage.Dies([&] { act.run(stage, stage.Actor(2)); });
  GoOn(stage);
  if (!stage.model.fault().empty()) {
    parent.model.Blame(fmt::format("{}, killed {} its change {}: {}", act.name,
                                   happened ? "after" : "before", nth, stage.model.fault()));
  }
  return died;
}

template <std::size_t kIndex>
void CrashEverywhere(Stage& stage) {
  const Act& act = kActs[kIndex];
  for (const bool happened : {false, true}) {
    int nth = 1;
    while (stage.model.fault().empty() && CrashAt(stage, act, nth, happened)) ++nth;
    stage.Expect(nth > act.least,
                 fmt::format("{}: at least {} changes, not {}", act.name, act.least, nth - 1));
  }
}

template <std::size_t... kIndices>
std::vector<Part> AllParts(std::index_sequence<kIndices...>) {
  return {{kActs[kIndices].name, CrashEverywhere<kIndices>}...};
}

}  // namespace

Scenario CrashScenario() {
  return {7, "crash-at-every-write",
          "a process dies before and after each of its writes, removals and swaps",
          AllParts(std::make_index_sequence<std::size(kActs)>())};
}

}  // namespace tickhouse::sim
