#include "tickhouse/lake/update/evolution/snapshot_refs.h"

#include "tickhouse/lake/update/append.h"
#include "tickhouse/lake/update/file_changes.h"
#include "tickhouse/lake/update/update_testing.h"

namespace tickhouse::lake {
namespace {

using Names = std::multiset<std::string>;

class SnapshotRefsTest : public testing::Test {
 protected:
  void SetUp() override {
    first = Append("a");
    lake.clock.Advance(std::chrono::hours(1));
    second = Append("b");
  }
  int64_t Append(const std::string& name, const SnapshotTarget& target = {}) {
    auto outcome = AppendFiles(lake.session, lake.id, {TestLake::File(name)}, target);
    EXPECT_OK(outcome);
    return outcome ? outcome->snapshot_id.value_or(0) : 0;
  }
  int64_t Current() { return lake.Load().metadata->current_snapshot_id.value_or(0); }

  TestLake lake;
  int64_t first = 0;
  int64_t second = 0;
};

TEST_F(SnapshotRefsTest, BranchesAndTagsAreMadeOnceAndRemoved) {
  ASSERT_OK(CreateTag(lake.session, lake.id, "eoy", first, {.max_ref_age_ms = 1000}));
  ASSERT_OK(CreateBranch(lake.session, lake.id, "audit", {},
                         {.max_snapshot_age_ms = 5, .min_snapshots_to_keep = 2}));
  ASSERT_OK_AND_ASSIGN(const auto again,
                       CreateTag(lake.session, lake.id, "eoy", first, {.max_ref_age_ms = 1000}));
  EXPECT_FALSE(again.changed);
  EXPECT_THAT(CreateTag(lake.session, lake.id, "eoy", second), IsError(ErrorKind::kAlreadyExists));
  EXPECT_THAT(CreateBranch(lake.session, lake.id, "eoy"), IsError(ErrorKind::kAlreadyExists));
  const LoadedTable table = lake.Load();
  EXPECT_EQ(table.metadata->refs.at("eoy").snapshot_id, first);
  EXPECT_EQ(table.metadata->refs.at("audit").min_snapshots_to_keep, 2);
  ASSERT_OK(RemoveRef(lake.session, lake.id, "eoy"));
  EXPECT_THAT(RemoveRef(lake.session, lake.id, "eoy"), IsError(ErrorKind::kNotFound));
  EXPECT_THAT(RemoveRef(lake.session, lake.id, "main"), IsError(ErrorKind::kInvalidArgument));
}

TEST_F(SnapshotRefsTest, RefusesWhatCannotBe) {
  EXPECT_THAT(CreateTag(lake.session, lake.id, "t", 42), IsError(ErrorKind::kNotFound));
  EXPECT_THAT(CreateTag(lake.session, lake.id, ""), IsError(ErrorKind::kInvalidArgument));
  EXPECT_THAT(CreateTag(lake.session, lake.id, "t", {}, {.min_snapshots_to_keep = 1}),
              IsError(ErrorKind::kInvalidArgument));
  EXPECT_THAT(CreateBranch(lake.session, lake.id, "b", {}, {.max_ref_age_ms = 0}),
              IsError(ErrorKind::kInvalidArgument));
  EXPECT_THAT(SetRefRetention(lake.session, lake.id, "none", {}), IsError(ErrorKind::kNotFound));
  ASSERT_OK(CreateTag(lake.session, lake.id, "t"));
  EXPECT_THAT(AppendFiles(lake.session, lake.id, {TestLake::File("x")}, {.branch = "t"}),
              IsError(ErrorKind::kInvalidArgument));
}

TEST_F(SnapshotRefsTest, RetentionIsChangedInPlace) {
  ASSERT_OK(SetRefRetention(lake.session, lake.id, "main", {.min_snapshots_to_keep = 7}));
  const LoadedTable table = lake.Load();
  EXPECT_EQ(table.metadata->refs.at("main").min_snapshots_to_keep, 7);
  EXPECT_EQ(table.metadata->refs.at("main").snapshot_id, second);
  ASSERT_OK(AppendFiles(lake.session, lake.id, {TestLake::File("c")}));
  EXPECT_EQ(lake.Load().metadata->refs.at("main").min_snapshots_to_keep, 7);
}

TEST_F(SnapshotRefsTest, RollsBackToASnapshotAndForwardAgain) {
  ASSERT_OK(RollbackTo(lake.session, lake.id, first));
  EXPECT_EQ(lake.LiveNames(), Names{"a"});
  EXPECT_THAT(RollbackTo(lake.session, lake.id, second), IsError(ErrorKind::kInvalidArgument));
  ASSERT_OK(SetCurrentSnapshot(lake.session, lake.id, second));
  EXPECT_EQ(lake.LiveNames(), (Names{"a", "b"}));
  EXPECT_THAT(SetCurrentSnapshot(lake.session, lake.id, 42), IsError(ErrorKind::kNotFound));
}

TEST_F(SnapshotRefsTest, RollsBackToATime) {
  const LoadedTable table = lake.Load();
  const int64_t at = table.metadata->FindSnapshot(second)->timestamp_ms;
  ASSERT_OK_AND_ASSIGN(const auto none, RollbackToTime(lake.session, lake.id, at));
  EXPECT_FALSE(none.changed);
  ASSERT_OK(RollbackToTime(lake.session, lake.id, at - 1));
  EXPECT_EQ(Current(), first);
  EXPECT_THAT(RollbackToTime(lake.session, lake.id, 0), IsError(ErrorKind::kNotFound));
}

TEST_F(SnapshotRefsTest, ALostAnswerOfARollbackIsSettled) {
  lake.catalog->commits = {CommitFault::kLostAfter};
  ASSERT_OK_AND_ASSIGN(const auto outcome, RollbackTo(lake.session, lake.id, first));
  EXPECT_TRUE(outcome.answer_was_lost);
  EXPECT_EQ(Current(), first);
}

TEST_F(SnapshotRefsTest, FastForwardsOnlyAlongTheHistory) {
  ASSERT_OK(CreateBranch(lake.session, lake.id, "audit"));
  const int64_t audited = Append("c", {.branch = "audit"});
  ASSERT_OK(FastForward(lake.session, lake.id, "main", "audit"));
  EXPECT_EQ(Current(), audited);
  Append("d");
  Append("e", {.branch = "audit"});
  EXPECT_THAT(FastForward(lake.session, lake.id, "main", "audit"), IsError(ErrorKind::kConflict));
  EXPECT_THAT(FastForward(lake.session, lake.id, "main", "none"), IsError(ErrorKind::kNotFound));
}

TEST_F(SnapshotRefsTest, HardCase6CherryPickedTwiceIsPickedOnce) {
  const int64_t staged = Append("w", {.wap_id = "run 7"});
  Append("c");
  ASSERT_OK_AND_ASSIGN(const auto picked, CherryPick(lake.session, lake.id, staged));
  EXPECT_TRUE(picked.changed);
  EXPECT_EQ(lake.LiveNames(), (Names{"a", "b", "c", "w"}));
  const auto& summary = picked.table.metadata->CurrentSnapshot()->summary;
  EXPECT_EQ(summary.at("source-snapshot-id"), fmt::to_string(staged));
  EXPECT_EQ(summary.at("published-wap-id"), "run 7");
  ASSERT_OK_AND_ASSIGN(const auto again, CherryPick(lake.session, lake.id, staged));
  EXPECT_FALSE(again.changed);
  ASSERT_OK_AND_ASSIGN(const auto published, PublishStaged(lake.session, lake.id, "run 7"));
  EXPECT_FALSE(published.changed);
  EXPECT_EQ(lake.LiveNames(), (Names{"a", "b", "c", "w"}));
}

TEST_F(SnapshotRefsTest, AStagedSnapshotThatFollowsTheHeadIsForwardedTo) {
  const int64_t staged = Append("w", {.wap_id = "run 8"});
  EXPECT_EQ(lake.LiveNames(), (Names{"a", "b"}));
  ASSERT_OK(PublishStaged(lake.session, lake.id, "run 8"));
  EXPECT_EQ(Current(), staged);
  EXPECT_THAT(PublishStaged(lake.session, lake.id, "run 9"), IsError(ErrorKind::kNotFound));
}

TEST_F(SnapshotRefsTest, AReplacementIsPickedUnlessItsPartitionChanged) {
  const PlannedOn planned = PlannedOnHead(*lake.Load().metadata);
  ASSERT_OK_AND_ASSIGN(const auto staged,
                       ReplacePartitions(lake.session, lake.id, {TestLake::File("r", 51)}, planned,
                                         {.wap_id = "run 1"}));
  ASSERT_OK(AppendFiles(lake.session, lake.id, {TestLake::File("other", 60)}));
  ASSERT_OK(CherryPick(lake.session, lake.id, *staged.snapshot_id));
  EXPECT_EQ(lake.LiveNames(), (Names{"other", "r"}));

  const PlannedOn later = PlannedOnHead(*lake.Load().metadata);
  ASSERT_OK_AND_ASSIGN(const auto second_staged,
                       ReplacePartitions(lake.session, lake.id, {TestLake::File("s", 51)}, later,
                                         {.wap_id = "run 2"}));
  ASSERT_OK(AppendFiles(lake.session, lake.id, {TestLake::File("late", 51)}));
  EXPECT_THAT(CherryPick(lake.session, lake.id, *second_staged.snapshot_id),
              IsError(ErrorKind::kConflict));
}

TEST_F(SnapshotRefsTest, HardCase6RollbackThenAppendKeepsTheOtherLineReachable) {
  ASSERT_OK(RollbackTo(lake.session, lake.id, first));
  Append("c");
  EXPECT_EQ(lake.LiveNames(), (Names{"a", "c"}));
  EXPECT_NE(lake.Load().metadata->FindSnapshot(second), nullptr);
  EXPECT_EQ(lake.MetadataAvro(), lake.ReachableAvro());
}

}  // namespace
}  // namespace tickhouse::lake
