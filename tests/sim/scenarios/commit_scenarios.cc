// Cases 1 to 3: lost answers, and writers at the same time.
#include <fmt/format.h>

#include "scenario.h"

namespace tickhouse::sim {
namespace {

/// What is told of a commit whose answer was lost.
void ExpectSettled(Stage& stage, const Process::Outcome& outcome, int attempts) {
  stage.ExpectDone(outcome, "the append");
  if (!outcome) return;
  stage.Expect(outcome->answer_was_lost == (attempts == 1), "what was settled by looking is told");
  stage.Expect(outcome->attempts == attempts,
               fmt::format("{} attempts, not {}", attempts, outcome->attempts));
}

// Case 1.

void RecognisesItsOwnCommit(Stage& stage) {
  stage.On({.when = CallOf(1, CallKind::kSwap, true), .fate = Fate::kLost});
  ExpectSettled(stage, stage.Actor(1).Append(51, {"51:a"}), 1);
  stage.ExpectRows({"51:a"});
  stage.ExpectNo(CallOf(1, CallKind::kRemove), "removed after a lost answer");
}

void RecognisesItUnderThoseOfOthers(Stage& stage) {
  stage.On({.when = CallOf(1, CallKind::kSwap, true), .fate = Fate::kLost, .act = [&stage] {
              stage.ExpectDone(stage.Actor(2).Append(51, {"51:b"}), "the first append above");
              stage.ExpectDone(stage.Actor(3).Append(52, {"52:c"}), "the second append above");
            }});
  ExpectSettled(stage, stage.Actor(1).Append(51, {"51:a"}), 1);
  stage.ExpectRows({"51:a", "51:b", "52:c"});
  stage.ExpectNo(CallOf(1, CallKind::kRemove), "removed after a lost answer");
}

void RecognisesItAfterARollback(Stage& stage) {
  stage.ExpectDone(stage.Actor(1).Append(51, {"51:a"}), "the first append");
  const int64_t before = stage.Head();
  stage.On({.when = CallOf(1, CallKind::kSwap, true), .fate = Fate::kLost, .act = [&stage, before] {
              stage.ExpectDone(stage.Actor(2).RollBack(before), "the rollback");
            }});
  ExpectSettled(stage, stage.Actor(1).Append(51, {"51:b"}), 1);
  stage.ExpectRows({"51:a"});
}

void SaysUnknownAndTheTableTells(Stage& stage) {
  stage.On({.when = CallOf(1, CallKind::kSwap, true), .fate = Fate::kLost, .act = [&stage] {
              stage.On(
                  {.when = CallOf(1, CallKind::kFind), .times = kAlways, .fate = Fate::kRefused});
            }});
  stage.ExpectError(stage.Actor(1).Append(51, {"51:a"}), ErrorKind::kUnknownOutcome,
                    "an append of which nothing can be learnt");
  stage.ExpectNo(CallOf(1, CallKind::kRemove), "removed on doubt");
  stage.ExpectRows({"51:a"});
  const auto rows = stage.Actor(2).Read();
  stage.Expect(rows && *rows == Rows{"51:a"}, "the next process finds the rows");
}

// Case 2.

void AsksAgainForWhatDidNotHappen(Stage& stage) {
  stage.On({.when = CallOf(1, CallKind::kSwap), .fate = Fate::kLost});
  ExpectSettled(stage, stage.Actor(1).Append(51, {"51:a"}), 1);
  stage.ExpectRows({"51:a"});
}

void CleansUpOnlyAfterProof(Stage& stage) {
  stage.On({.when = CallOf(1, CallKind::kSwap), .fate = Fate::kLost, .act = [&stage] {
              stage.ExpectNo(CallOf(1, CallKind::kRemove), "removed before anything was known");
              stage.ExpectDone(stage.Actor(2).Append(51, {"51:b"}), "the rival");
              stage.ExpectNo(CallOf(1, CallKind::kRemove), "removed before it was proven lost");
            }});
  ExpectSettled(stage, stage.Actor(1).Append(51, {"51:a"}), 2);
  stage.ExpectRows({"51:a", "51:b"});
  for (const std::string& path : stage.Unreachable()) {
    stage.Expect(!path.ends_with(".avro"), "no file of the lost attempt is left: " + path);
  }
}

void ARequestThatArrivesLateIsNotDoneTwice(Stage& stage) {
  stage.On({.when = CallOf(1, CallKind::kSwap), .fate = Fate::kLate, .act = [&stage] {
              stage.On({.when = CallOf(1, CallKind::kSwap),
                        .act = [&stage] { stage.world.LetLateOnesArrive(); }});
            }});
  ExpectSettled(stage, stage.Actor(1).Append(51, {"51:a"}), 1);
  stage.ExpectRows({"51:a"});
}

void WhatArrivesAfterUnknownFindsItsFiles(Stage& stage) {
  stage.On({.when = CallOf(1, CallKind::kSwap), .fate = Fate::kLate, .act = [&stage] {
              stage.On(
                  {.when = CallOf(1, CallKind::kFind), .times = kAlways, .fate = Fate::kRefused});
            }});
  stage.ExpectError(stage.Actor(1).Append(51, {"51:a"}), ErrorKind::kUnknownOutcome,
                    "an append of which nothing can be learnt");
  stage.ExpectRows({});
  stage.world.LetLateOnesArrive();
  stage.ExpectRows({"51:a"});
}

void WhatArrivesAfterARivalIsRefused(Stage& stage) {
  stage.On({.when = CallOf(1, CallKind::kSwap), .fate = Fate::kLate, .act = [&stage] {
              stage.ExpectDone(stage.Actor(2).Append(52, {"52:b"}), "the rival");
            }});
  ExpectSettled(stage, stage.Actor(1).Append(51, {"51:a"}), 2);
  stage.world.LetLateOnesArrive();
  stage.ExpectRows({"51:a", "52:b"});
}

// Case 3.

void TwoAppendsBothSurvive(Stage& stage) {
  stage.On({.when = CallOf(1, CallKind::kSwap), .act = [&stage] {
              stage.ExpectDone(stage.Actor(2).Append(51, {"51:b"}), "the append between");
            }});
  const auto outcome = stage.Actor(1).Append(51, {"51:a"});
  stage.ExpectDone(outcome, "the append around");
  stage.Expect(outcome && outcome->attempts == 2, "it took two attempts");
  stage.ExpectRows({"51:a", "51:b"});
}

/// The other acts within each call of the one in turn: before it loads, while it writes, between
/// the check of its requirements and the swap.
void AnAppendWithinEveryCall(Stage& stage) {
  for (int nth = 1, met = 1; met == 1 && stage.model.fault().empty(); ++nth) {
    met = 0;
    Stage again(stage.scheduler);
    again.ExpectDone(again.Actor(1).Append(51, {"51:old"}), "the first rows");
    again.On({.when = [](const Call& call) { return call.actor == 1 && !call.happened; },
              .nth = nth,
              .act =
                  [&] {
                    met = 1;
                    again.ExpectDone(again.Actor(2).Append(51, {"51:b"}), "the append between");
                  }});
    again.ExpectDone(again.Actor(1).Append(51, {"51:a"}), "the append around");
    again.ExpectRows(met == 1 ? Rows{"51:a", "51:b", "51:old"} : Rows{"51:a", "51:old"});
    again.Judge();
    if (!again.model.fault().empty()) {
      stage.model.Blame(fmt::format("call {}: {}", nth, again.model.fault()));
    }
    stage.Expect(met == 1 || nth > 6, "an append makes several calls");
  }
}

void OfTwoReplacementsOneFails(Stage& stage) {
  stage.ExpectDone(stage.Actor(1).Append(51, {"51:old"}), "the first rows");
  stage.On({.when = CallOf(1, CallKind::kSwap), .act = [&stage] {
              stage.ExpectDone(stage.Actor(2).Replace(51, {"51:b"}), "the one that is first");
            }});
  stage.ExpectError(stage.Actor(1).Replace(51, {"51:a"}), ErrorKind::kConflict,
                    "the one that planned on rows that are gone");
  stage.ExpectRows({"51:b"});
  stage.ForgetCues();
  stage.ExpectDone(stage.Actor(1).Replace(51, {"51:a"}), "it, planned again");
  stage.ExpectRows({"51:a"});
}

void ReplacementsOfTwoPartitionsBothSurvive(Stage& stage) {
  stage.ExpectDone(stage.Actor(1).Append(51, {"51:old"}), "the first rows");
  stage.On({.when = CallOf(1, CallKind::kSwap), .act = [&stage] {
              stage.ExpectDone(stage.Actor(2).Replace(52, {"52:b"}), "the other partition");
            }});
  stage.ExpectDone(stage.Actor(1).Replace(51, {"51:a"}), "the replacement");
  stage.ExpectRows({"51:a", "52:b"});
}

void AnAppendConflictsUnderSerializableOnly(Stage& stage) {
  for (const auto isolation : {lake::Isolation::kSerializable, lake::Isolation::kSnapshot}) {
    stage.ForgetCues();
    stage.On({.when = CallOf(1, CallKind::kSwap), .act = [&stage] {
                stage.ExpectDone(stage.Actor(2).Append(51, {"51:b"}), "the append between");
              }});
    const auto outcome = stage.Actor(1).Replace(51, {"51:a"}, isolation);
    if (isolation == lake::Isolation::kSnapshot) {
      stage.ExpectDone(outcome, "a replacement under snapshot isolation");
    } else {
      stage.ExpectError(outcome, ErrorKind::kConflict, "a serializable replacement");
    }
  }
  stage.ExpectRows({"51:a"});
}

}  // namespace

std::vector<Scenario> CommitScenarios() {
  return {{1,
           "lost-answer-of-a-swap",
           "the swap happened and its answer is lost: the own commit is recognised, its files stay",
           {{"at once", RecognisesItsOwnCommit},
            {"under commits of others", RecognisesItUnderThoseOfOthers},
            {"after a rollback", RecognisesItAfterARollback},
            {"when nobody answers any more", SaysUnknownAndTheTableTells}}},
          {2,
           "lost-answer-and-no-swap",
           "the answer is lost and the swap failed: asked again, cleaned up only after proof",
           {{"the same request again", AsksAgainForWhatDidNotHappen},
            {"a rival was first", CleansUpOnlyAfterProof},
            {"the request arrives late", ARequestThatArrivesLateIsNotDoneTwice},
            {"it arrives after the answer unknown", WhatArrivesAfterUnknownFindsItsFiles},
            {"it arrives after a rival", WhatArrivesAfterARivalIsRefused}}},
          {3,
           "writers-at-once",
           "two appends both survive; of two overwrites of one partition one fails",
           {{"two appends", TwoAppendsBothSurvive},
            {"an append within every call", AnAppendWithinEveryCall},
            {"two replacements of one partition", OfTwoReplacementsOneFails},
            {"replacements of two partitions", ReplacementsOfTwoPartitionsBothSurvive},
            {"a replacement and an append", AnAppendConflictsUnderSerializableOnly}}}};
}

}  // namespace tickhouse::sim
