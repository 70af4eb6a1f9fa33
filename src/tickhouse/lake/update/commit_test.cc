#include "tickhouse/lake/update/commit.h"

#include <algorithm>

#include "tickhouse/io/fs/faulty_file_system.h"
#include "tickhouse/lake/update/append.h"
#include "tickhouse/lake/update/evolution/snapshot_refs.h"
#include "tickhouse/lake/update/update_testing.h"

namespace tickhouse::lake {
namespace {

using Names = std::multiset<std::string>;

void RivalAppends(TestLake& lake, const std::string& name) {
  UpdateSession rival = lake.Rival();
  ASSERT_OK(AppendFiles(rival, lake.id, {TestLake::File(name)}));
}

TEST(HardCase1, AReplyLostAfterTheSwapIsRecognisedAndNothingIsRemoved) {
  TestLake lake;
  lake.catalog->commits = {CommitFault::kLostAfter};
  ASSERT_OK_AND_ASSIGN(const auto outcome,
                       AppendFiles(lake.session, lake.id, {TestLake::File("a")}));
  EXPECT_TRUE(outcome.answer_was_lost);
  EXPECT_EQ(lake.catalog->commit_calls, 1);
  EXPECT_EQ(outcome.table.metadata->CurrentSnapshot()->id, outcome.snapshot_id);
  EXPECT_EQ(lake.LiveNames(), Names{"a"});
  EXPECT_EQ(lake.MetadataAvro(), lake.ReachableAvro());
}

TEST(HardCase1, TheOwnCommitIsRecognisedUnderTheCommitsOfOthers) {
  TestLake lake;
  lake.catalog->commits = {CommitFault::kLostAfter};
  lake.catalog->after_commit = [&] { RivalAppends(lake, "rival"); };
  ASSERT_OK_AND_ASSIGN(const auto outcome,
                       AppendFiles(lake.session, lake.id, {TestLake::File("a")}));
  EXPECT_TRUE(outcome.answer_was_lost);
  EXPECT_EQ(lake.LiveNames(), (Names{"a", "rival"}));
  EXPECT_EQ(lake.MetadataAvro(), lake.ReachableAvro());
}

TEST(HardCase2, AReplyLostBeforeTheSwapIsSettledByTheSameRequest) {
  TestLake lake;
  lake.catalog->commits = {CommitFault::kLostBefore};
  ASSERT_OK_AND_ASSIGN(const auto outcome,
                       AppendFiles(lake.session, lake.id, {TestLake::File("a")}));
  EXPECT_EQ(lake.catalog->commit_calls, 2);
  EXPECT_EQ(outcome.attempts, 1);
  EXPECT_EQ(lake.LiveNames(), Names{"a"});
}

TEST(HardCase2, FilesOfALostAttemptGoOnlyWhenAnotherWritersSwapProvesThatItFailed) {
  TestLake lake;
  ASSERT_OK(AppendFiles(lake.session, lake.id, {TestLake::File("first")}));
  lake.catalog->commits = {CommitFault::kLostBefore};
  lake.catalog->after_commit = [&] { RivalAppends(lake, "rival"); };
  ASSERT_OK_AND_ASSIGN(const auto outcome,
                       AppendFiles(lake.session, lake.id, {TestLake::File("a")}));
  EXPECT_EQ(outcome.attempts, 2);
  EXPECT_EQ(lake.LiveNames(), (Names{"a", "first", "rival"}));
  EXPECT_EQ(lake.MetadataAvro(), lake.ReachableAvro());
}

TEST(HardCase2, ARequestThatArrivesLateIsNotDoneTwice) {
  TestLake lake;
  lake.catalog->commits = {CommitFault::kLate};
  ASSERT_OK_AND_ASSIGN(const auto outcome,
                       AppendFiles(lake.session, lake.id, {TestLake::File("a")}));
  EXPECT_TRUE(outcome.answer_was_lost);
  EXPECT_EQ(lake.LiveNames(), Names{"a"});
  EXPECT_EQ(lake.Load().metadata->snapshots.size(), 1);
}

TEST(CommitChange, SaysUnknownWhenLookingFailsTooAndRemovesNothing) {
  TestLake lake;
  lake.catalog->commits = {CommitFault::kLostAfter};
  lake.catalog->after_commit = [&] { lake.catalog->loads_fail.assign(20, true); };
  const auto outcome = AppendFiles(lake.session, lake.id, {TestLake::File("a")});
  EXPECT_THAT(outcome, IsError(ErrorKind::kUnknownOutcome));
  EXPECT_THAT(outcome, HasErrorMessage("nothing was removed"));
  lake.catalog->loads_fail.clear();
  EXPECT_EQ(lake.LiveNames(), Names{"a"});
}

TEST(CommitChange, ALateRequestOfANewerStateIsWaitedFor) {
  // A rival moved the pointer, but nothing that the change stands on: the request that was lost
  // swaps from where the rival left it, so that the moved pointer proves nothing.
  TestLake lake;
  ASSERT_OK(AppendFiles(lake.session, lake.id, {TestLake::File("first")}));
  lake.catalog->before_commit = [&] {
    UpdateSession rival = lake.Rival();
    ASSERT_OK(CreateTag(rival, lake.id, "eoy"));
  };
  lake.catalog->commits = {CommitFault::kLate};
  ASSERT_OK_AND_ASSIGN(const auto outcome,
                       AppendFiles(lake.session, lake.id, {TestLake::File("a")}));
  EXPECT_TRUE(outcome.answer_was_lost);
  EXPECT_EQ(lake.LiveNames(), (std::multiset<std::string>{"a", "first"}));
  EXPECT_EQ(lake.Load().metadata->snapshots.size(), 2U);
}

TEST(CommitChange, SaysUnknownWhenTheHistoryHasAGap) {
  // The rival's snapshot hides whether ours came before it: what lies between has expired.
  TestLake lake;
  ASSERT_OK(AppendFiles(lake.session, lake.id, {TestLake::File("first")}));
  lake.catalog->commits = {CommitFault::kLostBefore};
  lake.catalog->after_commit = [&] {
    RivalAppends(lake, "b");
    const auto between = lake.Load();
    RivalAppends(lake, "c");
    const int64_t gone = between.metadata->CurrentSnapshot()->id;
    ASSERT_OK(lake.plain_catalog().CommitTable(lake.id, {}, {RemoveSnapshots{{gone}}}));
  };
  const auto before = lake.MetadataAvro().size();
  const auto outcome = AppendFiles(lake.session, lake.id, {TestLake::File("a")});
  EXPECT_THAT(outcome, IsError(ErrorKind::kUnknownOutcome));
  EXPECT_GE(lake.MetadataAvro().size(), before + 2);
}

TEST(HardCase3, TwoAppendsAtOnceBothSurvive) {
  TestLake lake;
  lake.catalog->before_commit = [&] { RivalAppends(lake, "rival"); };
  ASSERT_OK_AND_ASSIGN(const auto outcome,
                       AppendFiles(lake.session, lake.id, {TestLake::File("a")}));
  EXPECT_EQ(outcome.attempts, 2);
  EXPECT_EQ(lake.LiveNames(), (Names{"a", "rival"}));
  const auto table = lake.Load();
  EXPECT_EQ(table.metadata->CurrentSnapshot()->sequence_number, 2);
  EXPECT_EQ(lake.MetadataAvro(), lake.ReachableAvro());
}

TEST(HardCase7, ACrashAtAnyWriteLeavesTheTableAsBeforeOrChanged) {
  for (int survive = 0; survive < 6; ++survive) {
    TestLake lake;
    ASSERT_OK(AppendFiles(lake.session, lake.id, {TestLake::File("first")}));
    int commits = 0;
    auto dying = io::MakeFaultyFileSystem(
        lake.files.get(), [&](io::FsCall call, const std::string&, int) -> std::optional<Error> {
          if (call == io::FsCall::kCommit) ++commits;
          if (commits <= survive) return {};
          return Error{ErrorKind::kIo, "the machine is gone"};
        });
    auto catalog = MakeMemoryCatalog({.name = "dying",
                                      .warehouse = "/lake",
                                      .files = dying.get(),
                                      .clock = &lake.clock,
                                      .random = Random(11)});
    ASSERT_OK(catalog->CreateNamespace({"gold"}, {}));
    const std::string before = lake.Load().metadata_location;
    ASSERT_OK(catalog->RegisterTable(lake.id, before));
    UpdateSession session = lake.MakeSession(dying.get(), catalog.get(), &lake.random);
    const auto outcome = AppendFiles(session, lake.id, {TestLake::File("a")});
    if (outcome) {
      ASSERT_OK(lake.plain_catalog().DropTable(lake.id));
      ASSERT_OK(lake.plain_catalog().RegisterTable(lake.id, outcome->table.metadata_location));
    }
    EXPECT_EQ(outcome.has_value(), survive >= 3) << survive;
    EXPECT_EQ(lake.LiveNames(), outcome ? (Names{"a", "first"}) : Names{"first"}) << survive;
    // The next run does what the crashed one did not, whatever that left behind.
    ASSERT_OK(AppendFiles(lake.session, lake.id, {TestLake::File("b")}));
    EXPECT_EQ(lake.LiveNames().count("b"), 1);
  }
}

TEST(CommitChange, GivesUpAfterItsRetriesAndTakesItsFilesAway) {
  TestLake lake(Properties{{"commit.retry.num-retries", "2"}});
  lake.catalog->commits.assign(10, CommitFault::kUnavailable);
  const auto outcome = AppendFiles(lake.session, lake.id, {TestLake::File("a")});
  EXPECT_THAT(outcome, IsError(ErrorKind::kUnavailable));
  EXPECT_THAT(outcome, HasErrorMessage("gave up after 3 attempts"));
  EXPECT_EQ(lake.catalog->commit_calls, 3);
  EXPECT_TRUE(lake.MetadataAvro().empty());
}

TEST(CommitChange, StopsWhenItsTimeIsOver) {
  TestLake lake(Properties{{"commit.retry.num-retries", "1000"},
                           {"commit.retry.min-wait-ms", "1000"},
                           {"commit.retry.max-wait-ms", "1000"},
                           {"commit.retry.total-timeout-ms", "5000"}});
  lake.catalog->commits.assign(100, CommitFault::kUnavailable);
  EXPECT_THAT(AppendFiles(lake.session, lake.id, {TestLake::File("a")}),
              IsError(ErrorKind::kUnavailable));
  EXPECT_LT(lake.catalog->commit_calls, 15);
}

TEST(CommitChange, IsInterruptedBetweenAttempts) {
  TestLake lake;
  lake.catalog->commits.assign(10, CommitFault::kUnavailable);
  lake.catalog->after_commit = [&] { lake.session.cancel.Cancel(); };
  EXPECT_THAT(AppendFiles(lake.session, lake.id, {TestLake::File("a")}),
              IsError(ErrorKind::kCancelled));
  EXPECT_TRUE(lake.MetadataAvro().empty());
}

TEST(CommitChange, AStaleStateToBeginWithIsOnlyAnAttemptMore) {
  TestLake lake;
  const LoadedTable stale = lake.Load();
  RivalAppends(lake, "rival");
  ASSERT_OK_AND_ASSIGN(const auto outcome,
                       AppendFiles(lake.session, lake.id, {TestLake::File("a")}, {}, stale));
  EXPECT_EQ(outcome.attempts, 2);
  EXPECT_EQ(lake.LiveNames(), (Names{"a", "rival"}));
}

TEST(CommitChange, ASequenceNumberUsedOnAnotherBranchIsAConflictAndNotAWrongRequest) {
  TestLake lake;
  ASSERT_OK(AppendFiles(lake.session, lake.id, {TestLake::File("first")}));
  lake.catalog->before_commit = [&] {
    UpdateSession rival = lake.Rival();
    ASSERT_OK(AppendFiles(rival, lake.id, {TestLake::File("b")}, {.branch = "audit"}));
  };
  ASSERT_OK_AND_ASSIGN(const auto outcome,
                       AppendFiles(lake.session, lake.id, {TestLake::File("a")}));
  EXPECT_EQ(outcome.attempts, 2);
  EXPECT_EQ(lake.LiveNames(), (Names{"a", "first"}));
}

TEST(CommitChange, FailsOnATableThatIsNotThere) {
  TestLake lake;
  EXPECT_THAT(AppendFiles(lake.session, {{"gold"}, "none"}, {TestLake::File("a")}),
              IsError(ErrorKind::kNotFound));
}

TEST(CommitPolicy, RefusesWhatIsNoNumber) {
  for (const char* bad : {"", "-1", "4x", "many"}) {
    TableMetadata metadata;
    metadata.properties["commit.retry.num-retries"] = bad;
    EXPECT_THAT(ParseCommitPolicy(metadata), IsError(ErrorKind::kInvalidArgument)) << bad;
  }
  TableMetadata metadata;
  metadata.properties["commit.retry.max-wait-ms"] = "250";
  ASSERT_OK_AND_ASSIGN(const CommitPolicy policy, ParseCommitPolicy(metadata));
  EXPECT_EQ(policy.max_wait, std::chrono::milliseconds(250));
  EXPECT_EQ(policy.retries, 4);
}

}  // namespace
}  // namespace tickhouse::lake
