// Case 6: expiry beside readers, tags, rollbacks and cherry-picks.
#include <fmt/format.h>

#include <algorithm>

#include "scenario.h"
#include "tickhouse/lake/update/evolution/snapshot_refs.h"

namespace tickhouse::sim {
namespace {

/// Everything but the last snapshot of each branch, and what refs need.
lake::ExpireRequest AllButTheLast(Stage& stage) {
  return {.older_than_ms = lake::NowMillis(stage.world.clock) + 1, .keep_last = 1};
}

/// Three snapshots: a; then b in its place; then c besides.
void ThreeSnapshots(Stage& stage) {
  stage.ExpectDone(stage.Actor(1).Append(51, {"51:a"}), "the first");
  stage.ExpectDone(stage.Actor(1).Replace(51, {"51:b"}), "the second");
  stage.ExpectDone(stage.Actor(1).Append(52, {"52:c"}), "the third");
}

std::size_t ReadCalls(Stage& stage, int reader) {
  return static_cast<std::size_t>(std::ranges::count_if(
      stage.calls, [&](const Call& call) { return call.actor == reader && !call.happened; }));
}

/// Expires at the reader's nth call, for each of them: what the reader finds is whole, or it is
/// told that a file is gone; never less than there was.
void ExpireWhileAReaderPlans(Stage& stage) {
  ThreeSnapshots(stage);
  const int64_t old = stage.Table().metadata->snapshots[0].id;
  std::ignore = stage.Actor(9).Read();
  const std::size_t calls = ReadCalls(stage, 9);
  stage.Expect(calls >= 5, "a reader makes several calls");
  std::size_t interrupted = 0;
  for (std::size_t nth = 1; nth <= calls; ++nth) {
    for (const bool of_the_past : {false, true}) {
      Stage again(stage.scheduler);
      ThreeSnapshots(again);
      again.On({.when = [](const Call& call) { return call.actor == 9 && !call.happened; },
                .nth = static_cast<int>(nth),
                .act =
                    [&again] {
                      const auto receipt = again.Actor(2).Expire(AllButTheLast(again));
                      again.Expect(receipt && receipt->snapshots_removed.size() == 2, "two expire");
                    }});
      const auto rows = again.Actor(9).Read(of_the_past ? fmt::to_string(old) : "");
      if (of_the_past && !rows) {
        again.Expect(rows.error().kind == ErrorKind::kNotFound,
                     "a reader of the past is told that it is gone: " + rows.error().ToString());
        ++interrupted;
      } else {
        const Rows whole = of_the_past ? Rows{"51:a"} : Rows{"51:b", "52:c"};
        again.Expect(rows && *rows == whole, fmt::format("whole rows at call {}", nth));
      }
      again.Judge();
      if (!again.model.fault().empty()) stage.model.Blame(again.model.fault());
    }
  }
  stage.Expect(interrupted > 0, "some reader of the past is late");
}

void ATagKeepsItsSnapshot(Stage& stage) {
  ThreeSnapshots(stage);
  const int64_t first = stage.Table().metadata->snapshots[0].id;
  const auto tag = stage.Actor(1).Commit({.name = "a tag"}, [&] {
    return lake::CreateTag(stage.Actor(1).session(), kTable, "audit", first);
  });
  stage.ExpectDone(tag, "the tag");
  const auto receipt = stage.Actor(2).Expire(AllButTheLast(stage));
  stage.Expect(receipt && receipt->snapshots_removed.size() == 1, "the second alone expires");
  const auto rows = stage.Actor(3).Read("audit");
  stage.Expect(rows && *rows == Rows{"51:a"}, "the tag reads as it was");
}

void ATagMadeMeanwhileKeepsItsSnapshot(Stage& stage) {
  ThreeSnapshots(stage);
  const int64_t first = stage.Table().metadata->snapshots[0].id;
  stage.On({.when = CallOf(2, CallKind::kSwap), .act = [&stage, first] {
              const auto tag = stage.Actor(3).Commit({.name = "a tag"}, [&] {
                return lake::CreateTag(stage.Actor(3).session(), kTable, "audit", first);
              });
              stage.ExpectDone(tag, "the tag made meanwhile");
            }});
  const auto receipt = stage.Actor(2).Expire(AllButTheLast(stage));
  stage.Expect(receipt && receipt->snapshots_removed.size() == 1, "the second alone expires");
  const auto rows = stage.Actor(3).Read("audit");
  stage.Expect(rows && *rows == Rows{"51:a"}, "the tag reads as it was");
}

/// Files of expired snapshots that a manifest of later ones lists again.
void FilesInMergedManifestsStay(Stage& stage) {
  for (const char* row : {"51:a", "51:b", "51:c", "51:d"}) {
    stage.ExpectDone(stage.Actor(1).Append(51, {row}), "an append");
  }
  const auto receipt = stage.Actor(2).Expire(AllButTheLast(stage));
  stage.Expect(receipt && receipt->snapshots_removed.size() == 3, "three expire");
  stage.ExpectRows({"51:a", "51:b", "51:c", "51:d"});
}

void RollbackThenExpire(Stage& stage) {
  ThreeSnapshots(stage);
  const int64_t first = stage.Table().metadata->snapshots[0].id;
  stage.ExpectDone(stage.Actor(1).RollBack(first), "the rollback");
  const auto receipt = stage.Actor(2).Expire(AllButTheLast(stage));
  stage.Expect(receipt && receipt->snapshots_removed.size() == 2, "what was left behind expires");
  stage.ExpectRows({"51:a"});
  const auto left = stage.Unreachable();
  stage.Expect(std::ranges::none_of(left, [](const auto& p) { return p.ends_with(".parquet"); }),
               "no data file of the other line is left");
}

void ARollbackMeanwhileKeepsWhatItNeeds(Stage& stage) {
  ThreeSnapshots(stage);
  const int64_t first = stage.Table().metadata->snapshots[0].id;
  stage.On({.when = CallOf(2, CallKind::kSwap), .act = [&stage, first] {
              stage.ExpectDone(stage.Actor(3).RollBack(first), "the rollback meanwhile");
            }});
  stage.Expect(stage.Actor(2).Expire(AllButTheLast(stage)).has_value(), "the expiry is done");
  stage.ExpectRows({"51:a"});
  const auto rows = stage.Actor(3).Read();
  stage.Expect(rows && *rows == Rows{"51:a"}, "the table reads as rolled back");
}

Process::Outcome Pick(Stage& stage, int actor, int64_t id) {
  Process& process = stage.Actor(actor);
  return process.Commit({.name = "a cherry-pick", .verb = Verb::kAppend, .added = {"51:staged"}},
                        [&] { return lake::CherryPick(process.session(), kTable, id); });
}

/// Stages rows, then moves main on, so that picking adds the files again under a new snapshot.
int64_t StagedBesideMain(Stage& stage) {
  stage.ExpectDone(stage.Actor(1).Append(51, {"51:a"}), "the first rows");
  const auto staged = stage.Actor(1).Append(51, {"51:staged"}, {.wap_id = "w1"});
  stage.ExpectDone(staged, "the staged rows");
  stage.ExpectRows({"51:a"});
  stage.ExpectDone(stage.Actor(1).Append(52, {"52:b"}), "main goes on");
  return staged && staged->snapshot_id ? *staged->snapshot_id : 0;
}

void CherryPickTwice(Stage& stage) {
  const int64_t id = StagedBesideMain(stage);
  stage.ExpectDone(Pick(stage, 1, id), "the first pick");
  for (const int actor : {1, 2}) {
    const auto again = Pick(stage, actor, id);
    stage.Expect(again && !again->changed, "the second pick changes nothing");
  }
  stage.ExpectRows({"51:a", "51:staged", "52:b"});
}

void CherryPickAtTheSameTime(Stage& stage) {
  const int64_t id = StagedBesideMain(stage);
  stage.On({.when = CallOf(1, CallKind::kSwap),
            .act = [&stage, id] { stage.ExpectDone(Pick(stage, 2, id), "the pick between"); }});
  const auto outcome = Pick(stage, 1, id);
  stage.Expect(outcome && !outcome->changed, "the pick that is late changes nothing");
  stage.ExpectRows({"51:a", "51:staged", "52:b"});
}

}  // namespace

Scenario UpkeepScenario() {
  return {6,
          "expiry-beside-others",
          "expiry beside a reader, tags and rollbacks; a cherry-pick made twice",
          {{"a reader plans", ExpireWhileAReaderPlans},
           {"a tag", ATagKeepsItsSnapshot},
           {"a tag made meanwhile", ATagMadeMeanwhileKeepsItsSnapshot},
           {"merged manifests",
            FilesInMergedManifestsStay,
            {.properties = {{"commit.manifest.min-count-to-merge", "2"}}}},
           {"rollback, then expiry", RollbackThenExpire},
           {"a rollback meanwhile", ARollbackMeanwhileKeepsWhatItNeeds},
           {"a cherry-pick twice", CherryPickTwice},
           {"two cherry-picks at once", CherryPickAtTheSameTime}}};
}

}  // namespace tickhouse::sim
