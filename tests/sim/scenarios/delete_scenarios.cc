// Cases 4 and 5: deletes of rows against files that are rewritten.
#include <algorithm>

#include "scenario.h"
#include "tickhouse/lake/update/evolution/spec_update.h"

namespace tickhouse::sim {
namespace {

void TwoFiles(Stage& stage) {
  stage.ExpectDone(stage.Actor(1).Append(51, {"51:a", "51:b"}), "the first file");
  stage.ExpectDone(stage.Actor(1).Append(51, {"51:c"}), "the second file");
}

bool GaveUp(const Result<lake::Receipt>& receipt) {
  return receipt && std::ranges::any_of(receipt->notes, [](const std::string& note) {
           return note.starts_with("a group was given up");
         });
}

int64_t GroupsDone(const Result<lake::Receipt>& receipt) {
  if (!receipt) return -1;
  const auto found = receipt->figures.find("groups-done");
  return found == receipt->figures.end() ? 0 : found->second;
}

// Case 4.

void ADeleteOfAFileThatIsCompactedAwayFails(Stage& stage) {
  TwoFiles(stage);
  stage.On({.when = CallOf(1, CallKind::kSwap), .act = [&stage] {
              stage.Expect(GroupsDone(stage.Actor(2).Compact()) == 1, "the files are joined");
            }});
  stage.ExpectError(stage.Actor(1).DeleteRow("51:a"), ErrorKind::kConflict,
                    "a delete that points at a file that is gone");
  stage.ExpectRows({"51:a", "51:b", "51:c"});
  stage.ForgetCues();
  stage.ExpectDone(stage.Actor(1).DeleteRow("51:a"), "the delete, planned again");
  stage.ExpectRows({"51:b", "51:c"});
  const auto read = stage.Actor(2).Read();
  stage.Expect(read && *read == Rows{"51:b", "51:c"}, "a scan finds what is left");
}

void ADeleteOfAnotherFileGoesWithARewrite(Stage& stage) {
  TwoFiles(stage);
  stage.ExpectDone(stage.Actor(1).Append(52, {"52:d", "52:e"}), "a file of another partition");
  stage.On({.when = CallOf(1, CallKind::kSwap), .act = [&stage] {
              stage.Expect(GroupsDone(stage.Actor(2).Compact()) == 1, "the files are joined");
            }});
  stage.ExpectDone(stage.Actor(1).DeleteRow("52:d"), "a delete of a file that stays");
  stage.ExpectRows({"51:a", "51:b", "51:c", "52:e"});
}

void ADeleteThatWaitedIsNotDoneToAFileThatIsGone(Stage& stage) {
  TwoFiles(stage);
  // The delete's request lies on the wire while compaction commits.
  stage.On({.when = CallOf(1, CallKind::kSwap), .fate = Fate::kLate, .act = [&stage] {
              stage.Expect(GroupsDone(stage.Actor(2).Compact()) == 1, "the files are joined");
            }});
  stage.ExpectError(stage.Actor(1).DeleteRow("51:a"), ErrorKind::kConflict, "the delete");
  stage.world.LetLateOnesArrive();
  stage.ExpectRows({"51:a", "51:b", "51:c"});
}

// Case 5.

void NewDeletesStopACompaction(Stage& stage) {
  TwoFiles(stage);
  stage.On({.when = CallOf(1, CallKind::kSwap), .act = [&stage] {
              stage.ExpectDone(stage.Actor(2).DeleteRow("51:a"), "the delete between");
            }});
  stage.Expect(GaveUp(stage.Actor(1).Compact()), "the group is given up");
  stage.ExpectRows({"51:b", "51:c"});
  stage.ForgetCues();
  stage.Expect(GroupsDone(stage.Actor(1).Compact()) == 1, "the next run joins the files");
  stage.ExpectRows({"51:b", "51:c"});
  const lake::LoadedTable table = stage.Table();
  const auto live =
      lake::LiveEntries(*stage.world.files, *table.metadata, *table.metadata->CurrentSnapshot());
  stage.Expect(live && live->size() == 1, "one file is left, and no delete");
}

void NewRowsDoNotStopACompaction(Stage& stage) {
  TwoFiles(stage);
  stage.On({.when = CallOf(1, CallKind::kSwap), .act = [&stage] {
              stage.ExpectDone(stage.Actor(2).Append(51, {"51:d"}), "the append between");
            }});
  stage.Expect(GroupsDone(stage.Actor(1).Compact()) == 1, "the files are joined");
  stage.ExpectRows({"51:a", "51:b", "51:c", "51:d"});
}

void ASecondDeleteOfACoveredFileCountsOnce(Stage& stage) {
  TwoFiles(stage);
  stage.ExpectDone(stage.Actor(1).DeleteRow("51:a"), "the first delete");
  // Two processes planned the same delete: the second is done too, and changes no row.
  stage.On({.when = CallOf(1, CallKind::kSwap), .act = [&stage] {
              stage.ExpectDone(stage.Actor(2).DeleteRow("51:b"), "the one between");
            }});
  stage.ExpectDone(stage.Actor(1).DeleteRow("51:b"), "the second of the same row");
  stage.ExpectRows({"51:c"});
  const auto read = stage.Actor(3).Read();
  stage.Expect(read && *read == Rows{"51:c"}, "a scan finds what is left");
}

/// Deletion vectors take the place of position deletes in version 3 only, which this version reads
/// and does not write: it says so and leaves the table alone.
void ADeletionVectorIsRefused(Stage& stage) {
  TwoFiles(stage);
  stage.ExpectDone(stage.Actor(1).DeleteRow("51:a"), "the file is covered already");
  Process& process = stage.Actor(1);
  const auto table = process.Load();
  const auto data = process.FileOf(*table->metadata, "51:b");
  auto vector = process.WriteDelete(*data, "51:b");
  stage.Expect(vector.has_value(), "a file for the vector");
  vector->format = "PUFFIN";
  vector->content_offset = 4;
  vector->content_size = 40;
  const auto outcome = process.Commit({.name = "a vector", .verb = Verb::kRowDelta}, [&] {
    return lake::CommitRowDelta(process.session(), kTable, {.added_deletes = {*vector}},
                                lake::PlannedOnHead(*table->metadata));
  });
  stage.ExpectError(outcome, ErrorKind::kInvalidArgument, "a deletion vector in version 2");
  const auto upgrade = process.Commit(
      {.name = "an upgrade"}, [&] { return lake::UpgradeTable(process.session(), kTable, 3); });
  stage.ExpectError(upgrade, ErrorKind::kUnsupported, "an upgrade to version 3");
  stage.ExpectRows({"51:b", "51:c"});
}

}  // namespace

std::vector<Scenario> DeleteScenarios() {
  return {{4,
           "row-delta-against-rewrite",
           "a delete points at a file that a compaction takes away meanwhile",
           {{"of the same file", ADeleteOfAFileThatIsCompactedAwayFails},
            {"of another file", ADeleteOfAnotherFileGoesWithARewrite},
            {"on the wire while the file goes", ADeleteThatWaitedIsNotDoneToAFileThatIsGone}}},
          {5,
           "deletes-during-compaction",
           "deletes arrive for a file that is being compacted, or that has deletes already",
           {{"deletes arrive", NewDeletesStopACompaction},
            {"rows arrive", NewRowsDoNotStopACompaction},
            {"a second delete of a covered file", ASecondDeleteOfACoveredFileCountsOnce},
            {"a deletion vector", ADeletionVectorIsRefused}},
           {{"src/tickhouse/lake/scan/delete_index_test.cc",
             "DeleteIndexTest.ADeletionVectorTakesThePlaceOfPositions"},
            {"src/tickhouse/lake/scan/delete_index_test.cc",
             "DeleteIndexTest.TwoVectorsOfOneFileAreDamage"},
            {"src/tickhouse/lake/update/file_changes_test.cc",
             "FileChangesTest.HardCase5EqualityDeletesGoOnToApplyToCompactedRows"}}}};
}

}  // namespace tickhouse::sim
