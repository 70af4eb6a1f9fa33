// Cases 8 and 9: what PostgreSQL and S3 do to a commit. Their protocols are not simulated; what
// comes through their clients is.
#include <fmt/format.h>

#include <algorithm>
#include <tuple>

#include "scenario.h"
#include "tickhouse/lake/update/append.h"

namespace tickhouse::sim {
namespace {

// Case 8.

/// Serialization failures, deadlocks and servers that start come through as "did not happen".
void ARefusedSwapIsTriedAgain(Stage& stage) {
  stage.On({.when = CallOf(1, CallKind::kSwap), .times = 3, .fate = Fate::kRefused});
  const auto outcome = stage.Actor(1).Append(51, {"51:a"});
  stage.ExpectDone(outcome, "the append");
  stage.Expect(outcome && outcome->attempts == 4, "the fourth attempt is the one");
  stage.ExpectRows({"51:a"});
}

/// The server is away from the swap on, and comes back with what was committed.
void AFailOverIsWaitedFor(Stage& stage) {
  for (const bool happened : {false, true}) {
    stage.ForgetCues();
    stage.On({.when = CallOf(1, CallKind::kSwap, happened), .fate = Fate::kLost, .act = [&stage] {
                stage.On({.when = CallOf(1, CallKind::kFind), .times = 3, .fate = Fate::kRefused});
              }});
    const std::string row = fmt::format("51:{}", happened ? "after" : "before");
    stage.ExpectDone(stage.Actor(1).Append(51, {row}), "an append over a fail-over");
  }
  stage.ExpectRows({"51:after", "51:before"});
}

/// Each of two writers is killed off its connection in turn, before and after its COMMIT.
void KilledBackendsLoseAndDoubleNothing(Stage& stage) {
  Rows rows;
  for (int i = 0; i < 8; ++i) {
    stage.ForgetCues();
    const int loser = 1 + i % 2;
    const bool happened = i % 4 < 2;
    stage.On({.when = CallOf(loser, CallKind::kSwap, happened), .fate = Fate::kLost});
    stage.On({.when = CallOf(1, CallKind::kSwap), .act = [&stage, i] {
                stage.ExpectDone(stage.Actor(2).Append(51, {fmt::format("51:b{}", i)}), "a rival");
              }});
    stage.ExpectDone(stage.Actor(1).Append(51, {fmt::format("51:a{}", i)}), "an append");
    rows.insert({fmt::format("51:a{}", i), fmt::format("51:b{}", i)});
  }
  stage.ExpectRows(rows);
}

// Case 9.

/// One call after the other meets `fate`: the append is done or has failed, and a failed one
/// leaves nothing but the data file, which is the caller's.
void MeetAtEveryCall(Stage& parent, Fate fate, bool happened) {
  int done = 0, failed = 0;
  for (int nth = 1;; ++nth) {
    Stage stage(parent.scheduler);
    stage.ExpectDone(stage.Actor(1).Append(51, {"51:a"}), "the first rows");
    const auto file = stage.Actor(2).WriteRows({"51:b"}, 51);
    bool met = false;
    stage.On(
        {.when = [=](const Call& call) { return call.actor == 2 && call.happened == happened; },
         .nth = nth,
         .fate = fate,
         .act = [&met] { met = true; }});
    Process& writer = stage.Actor(2);
    const auto outcome =
        writer.Commit({.name = "append", .verb = Verb::kAppend, .added = {"51:b"}},
                      [&] { return lake::AppendFiles(writer.session(), kTable, {*file}); });
    ++(outcome ? done : failed);
    stage.ExpectRows(outcome ? Rows{"51:a", "51:b"} : Rows{"51:a"});
    stage.Judge();
    for (const std::string& path : stage.Unreachable()) {
      // A write whose answer is lost may have left its file; it stays for orphan removal.
      stage.Expect(fate == Fate::kLost || path == file->path, "nothing is left behind: " + path);
    }
    if (!stage.model.fault().empty()) {
      parent.model.Blame(fmt::format("call {}: {}", nth, stage.model.fault()));
    }
    if (!met || !parent.model.fault().empty()) break;
  }
  parent.Expect(done > 1, "some commits are done all the same");
}

void EveryCallIsToldToSlowDown(Stage& stage) {
  MeetAtEveryCall(stage, Fate::kRefused, false);
}
void EveryCallIsReset(Stage& stage) {
  MeetAtEveryCall(stage, Fate::kLost, false);
}
void EveryAnswerIsLost(Stage& stage) {
  MeetAtEveryCall(stage, Fate::kLost, true);
}

/// Where conditions are ignored nothing keeps a name but its being nobody else's.
void NamesAreNobodyElses(Stage& stage) {
  for (int nth = 1, met = 1; met == 1; ++nth) {
    met = 0;
    Stage again(stage.scheduler);
    again.world.ignores_conditions = true;
    again.ExpectDone(again.Actor(1).Append(51, {"51:a"}), "the first rows");
    again.On({.when = ChangeOf(1, false), .nth = nth, .act = [&] {
                met = 1;
                again.ExpectDone(again.Actor(2).Append(51, {"51:c"}), "the append between");
              }});
    again.ExpectDone(again.Actor(1).Append(51, {"51:b"}), "the append around");
    again.ExpectRows(met == 1 ? Rows{"51:a", "51:b", "51:c"} : Rows{"51:a", "51:b"});
    std::set<std::string> written;
    for (const Call& call : again.calls) {
      if (call.kind != CallKind::kWrite || !call.happened) continue;
      again.Expect(written.insert(call.what).second, "each name is written once: " + call.what);
    }
    again.Judge();
    if (!again.model.fault().empty()) stage.model.Blame(again.model.fault());
  }
}

void ClocksThatAreWrong(Stage& stage) {
  stage.Actor(1).clock().wrong_by = std::chrono::hours(30);
  stage.Actor(2).clock().wrong_by = -std::chrono::hours(30);
  for (const int actor : {1, 2, 1, 2, 3}) {
    stage.ExpectDone(stage.Actor(actor).Append(51, {fmt::format("51:{}", stage.calls.size())}),
                     "an append");
  }
  const lake::MetadataPtr metadata = stage.Table().metadata;
  stage.Expect(std::ranges::is_sorted(metadata->snapshots, {}, &lake::Snapshot::timestamp_ms),
               "the history does not run backwards");
  // A writer at work has a file that no snapshot knows, when maintenance with a fast clock comes.
  stage.On({.when = CallOf(3, CallKind::kSwap), .act = [&stage] {
              stage.Actor(4).clock().wrong_by = std::chrono::hours(48);
              stage.Expect(stage.Actor(4).RemoveOrphans().has_value(), "orphans are looked for");
            }});
  stage.ExpectDone(stage.Actor(3).Append(52, {"52:x"}), "the append of the writer at work");
}

}  // namespace

std::vector<Scenario> ServiceScenarios() {
  return {
      {8,
       "postgres-refuses-and-dies",
       "serialization failures, fail-over, killed backends: tried again, nothing lost or doubled",
       {{"refused swaps", ARefusedSwapIsTriedAgain},
        {"a fail-over", AFailOverIsWaitedFor},
        {"killed backends", KilledBackendsLoseAndDoubleNothing}},
       {{"src/tickhouse/lake/catalog/table_store_test.cc",
         "PostgresStore.LosesNoSwapAtAnyIsolationLevel"},
        {"src/tickhouse/lake/catalog/table_store_test.cc",
         "PostgresStore.SettlesDeadlocksOfSeveralTables"},
        {"src/tickhouse/lake/catalog/table_store_test.cc",
         "PostgresStore.TellsTheTruthWhileBackendsAreKilled"},
        {"src/tickhouse/lake/catalog/table_store_test.cc",
         "TableStoreContract.LosesNoSwapAmongEightWriters"}}},
      {9,
       "s3-refuses-and-forgets",
       "slow down, resets after the upload, no conditional writes, wrong clocks",
       {{"503 at every call", EveryCallIsToldToSlowDown},
        {"a reset before every call", EveryCallIsReset},
        {"a reset after every call", EveryAnswerIsLost},
        {"conditions that are ignored", NamesAreNobodyElses},
        {"clocks that are wrong", ClocksThatAreWrong}},
       {{"src/tickhouse/io/s3/s3_client_test.cc",
         "S3Client.AnErrorInsideASuccessfulCompletionIsAnError"},
        {"src/tickhouse/io/s3/s3_client_test.cc",
         "S3Client.ACompletionWhoseAnswerWasLostIsRecognised"},
        {"src/tickhouse/io/s3/s3_client_test.cc", "S3Client.SaysHowWrongTheClockIs"},
        {"src/tickhouse/io/s3/s3_client_test.cc",
         "S3FileSystem.AStoreThatIgnoresConditionsIsFoundOut"},
        {"src/tickhouse/io/s3/s3_server_test.cc", "S3Server.LostAnswersDoNotChangeWhatHappened"}}}};
}

}  // namespace tickhouse::sim
