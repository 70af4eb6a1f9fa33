#include "tickhouse/lake/maintenance/expire.h"

#include "tickhouse/lake/maintenance/maintenance_testing.h"
#include "tickhouse/lake/update/evolution/snapshot_refs.h"
#include "tickhouse/lake/update/evolution/spec_update.h"
#include "tickhouse/lake/update/file_changes.h"

namespace tickhouse::lake {
namespace {

using Ids = std::vector<int64_t>;

std::set<std::string> DataOf(const Receipt& receipt) {
  std::set<std::string> names;
  for (const FileRemoval& removal : receipt.removals) {
    if (removal.role == FileRole::kData) names.insert(std::string(io::BaseName(removal.path)));
  }
  return names;
}

BindFilter Everything() {
  return [](const TableMetadata&) -> Result<FileFilter> {
    const auto yes = [](const DataFile&) -> Result<bool> { return true; };
    return FileFilter{.may_match = yes, .must_match = yes};
  };
}

/// Takes every file out, an hour after.
int64_t DeleteAll(FiledLake& lake) {
  lake.clock.Advance(std::chrono::hours(1));
  const auto outcome = DeleteByFilter(lake.session, lake.id, Everything(), {});
  EXPECT_OK(outcome);
  return outcome ? outcome->snapshot_id.value_or(0) : 0;
}

TEST(PlanExpire, KeepsWhatIsYoungAndTheLastOfABranch) {
  FiledLake lake;
  const int64_t first = lake.Append("a");
  const int64_t second = lake.Append("b");
  lake.Append("c");
  const TableMetadata table = *lake.Load().metadata;
  ASSERT_OK_AND_ASSIGN(const ExpirePlan young, PlanExpire(table, {}, lake.Now() + kDayMs));
  EXPECT_TRUE(young.empty());
  ASSERT_OK_AND_ASSIGN(const ExpirePlan old, PlanExpire(table, {}, lake.Now() + 6 * kDayMs));
  EXPECT_EQ(old.snapshots, (Ids{first, second}));
  ASSERT_OK_AND_ASSIGN(const ExpirePlan two,
                       PlanExpire(table, {.keep_last = 2}, lake.Now() + 6 * kDayMs));
  EXPECT_EQ(two.snapshots, Ids{first});
  ASSERT_OK_AND_ASSIGN(
      const ExpirePlan exact,
      PlanExpire(table, {.older_than_ms = table.FindSnapshot(second)->timestamp_ms}, lake.Now()));
  EXPECT_EQ(exact.snapshots, Ids{first});
  EXPECT_THAT(PlanExpire(table, {.keep_last = 0}, lake.Now()),
              IsError(ErrorKind::kInvalidArgument));
}

TEST(PlanExpire, HeedsTheTablesPropertiesAndTheRefsOwnRetention) {
  FiledLake lake({{"history.expire.max-snapshot-age-ms", "1000"},
                  {"history.expire.min-snapshots-to-keep", "2"}});
  const int64_t first = lake.Append("a");
  const int64_t second = lake.Append("b");
  const int64_t third = lake.Append("c");
  const int64_t later = lake.Now() + kHourMs;
  ASSERT_OK_AND_ASSIGN(const ExpirePlan plan, PlanExpire(*lake.Load().metadata, {}, later));
  EXPECT_EQ(plan.snapshots, Ids{first});
  ASSERT_OK(CreateTag(lake.session, lake.id, "eoy", first, {.max_ref_age_ms = 10 * kHourMs}));
  ASSERT_OK(CreateBranch(lake.session, lake.id, "audit", second, {.min_snapshots_to_keep = 9}));
  ASSERT_OK(SetRefRetention(lake.session, lake.id, "main", {.min_snapshots_to_keep = 1}));
  ASSERT_OK_AND_ASSIGN(const ExpirePlan held, PlanExpire(*lake.Load().metadata, {}, later));
  EXPECT_TRUE(held.empty());
  ASSERT_OK(RemoveRef(lake.session, lake.id, "audit"));
  ASSERT_OK_AND_ASSIGN(const ExpirePlan aged,
                       PlanExpire(*lake.Load().metadata, {}, later + 10 * kHourMs));
  EXPECT_EQ(aged.refs, std::vector<std::string>{"eoy"});
  EXPECT_EQ(aged.snapshots, (Ids{first, second}));
  EXPECT_NE(third, 0);
  ASSERT_OK(UpdateProperties(lake.session, lake.id,
                             {{"history.expire.max-snapshot-age-ms", "soon"}}, {}));
  EXPECT_THAT(PlanExpire(*lake.Load().metadata, {}, later), HasErrorMessage("soon"));
}

TEST(PlanExpire, RefusesASnapshotThatARefPointsTo) {
  FiledLake lake;
  const int64_t first = lake.Append("a");
  lake.Append("b");
  ASSERT_OK(CreateTag(lake.session, lake.id, "eoy", first));
  const TableMetadata table = *lake.Load().metadata;
  EXPECT_THAT(PlanExpire(table, {.snapshot_ids = {first}}, lake.Now()),
              HasErrorMessage("tag 'eoy'"));
  EXPECT_THAT(PlanExpire(table, {.snapshot_ids = {42}}, lake.Now()), IsError(ErrorKind::kNotFound));
}

TEST(ExpireSnapshots, RemovesWhatOnlyTheExpiredNeeded) {
  FiledLake lake;
  lake.Append("a");
  DeleteAll(lake);
  lake.Append("b");
  const auto before = lake.Paths();
  const ExpireRequest request{.older_than_ms = lake.Now()};
  ASSERT_OK_AND_ASSIGN(
      const Receipt plan,
      ExpireSnapshots(lake.session, lake.id, {.older_than_ms = lake.Now(), .dry_run = true}));
  EXPECT_EQ(DataOf(plan), std::set<std::string>{"a.parquet"});
  EXPECT_EQ(lake.Paths(), before);
  ASSERT_OK_AND_ASSIGN(const Receipt receipt, ExpireSnapshots(lake.session, lake.id, request));
  EXPECT_EQ(receipt.snapshots_removed.size(), 2U);
  EXPECT_EQ(DataOf(receipt), std::set<std::string>{"a.parquet"});
  EXPECT_EQ(receipt.Count(RemovalState::kRemoved), static_cast<int64_t>(receipt.removals.size()));
  EXPECT_EQ(receipt.removals.size(), plan.removals.size());
  EXPECT_TRUE(receipt.notes.empty());
  EXPECT_FALSE(lake.Paths().contains("/lake/gold/eurusd/data/a.parquet"));
  EXPECT_EQ(lake.LiveNames(), std::multiset<std::string>{"b"});
  lake.ExpectWhole();
  EXPECT_EQ(lake.MetadataAvro(), lake.ReachableAvro());
  ASSERT_OK_AND_ASSIGN(const Receipt again, ExpireSnapshots(lake.session, lake.id, request));
  EXPECT_TRUE(again.snapshots_removed.empty());
}

TEST(ExpireSnapshots, LeavesFilesThatATagStillNeeds) {
  FiledLake lake;
  const int64_t first = lake.Append("a");
  ASSERT_OK(CreateTag(lake.session, lake.id, "eoy", first));
  DeleteAll(lake);
  lake.Append("b");
  ASSERT_OK_AND_ASSIGN(const Receipt receipt,
                       ExpireSnapshots(lake.session, lake.id, {.older_than_ms = lake.Now()}));
  EXPECT_TRUE(DataOf(receipt).empty());
  lake.ExpectWhole();
}

TEST(ExpireSnapshots, AfterARollbackTheAbandonedFilesGo) {
  FiledLake lake;
  const int64_t first = lake.Append("a");
  lake.Append("b");
  ASSERT_OK(RollbackTo(lake.session, lake.id, first));
  ASSERT_OK_AND_ASSIGN(
      const Receipt receipt,
      ExpireSnapshots(lake.session, lake.id, {.older_than_ms = lake.Now() + kHourMs}));
  EXPECT_EQ(DataOf(receipt), std::set<std::string>{"b.parquet"});
  EXPECT_EQ(lake.LiveNames(), std::multiset<std::string>{"a"});
  lake.ExpectWhole();
}

TEST(ExpireSnapshots, AStagedSnapshotStaysWhileItIsYoung) {
  FiledLake lake;
  lake.Append("a");
  const int64_t staged = lake.Append("w", {.wap_id = "audit-1"});
  ASSERT_OK_AND_ASSIGN(const Receipt young, ExpireSnapshots(lake.session, lake.id));
  EXPECT_TRUE(young.snapshots_removed.empty());
  lake.clock.Advance(std::chrono::hours(24 * 6));
  ASSERT_OK_AND_ASSIGN(const Receipt old, ExpireSnapshots(lake.session, lake.id));
  EXPECT_EQ(old.snapshots_removed, Ids{staged});
  EXPECT_EQ(DataOf(old), std::set<std::string>{"w.parquet"});
}

TEST(ExpireSnapshots, ATagMadeMeanwhileIsKept) {
  FiledLake lake;
  const int64_t first = lake.Append("a");
  lake.Append("b");
  lake.catalog->before_commit = [&] {
    UpdateSession rival = lake.Rival();
    ASSERT_OK(CreateTag(rival, lake.id, "eoy", first));
  };
  ASSERT_OK_AND_ASSIGN(const Receipt receipt,
                       ExpireSnapshots(lake.session, lake.id, {.older_than_ms = lake.Now()}));
  EXPECT_TRUE(receipt.snapshots_removed.empty());
  EXPECT_TRUE(lake.Load().metadata->refs.contains("eoy"));
  lake.ExpectWhole();
}

TEST(ExpireSnapshots, ALostAnswerIsSettledBeforeAnythingGoes) {
  FiledLake lake;
  lake.Append("a");
  DeleteAll(lake);
  lake.Append("b");
  lake.catalog->commits = {CommitFault::kLostAfter};
  ASSERT_OK_AND_ASSIGN(const Receipt receipt,
                       ExpireSnapshots(lake.session, lake.id, {.older_than_ms = lake.Now()}));
  EXPECT_EQ(DataOf(receipt), std::set<std::string>{"a.parquet"});
  lake.ExpectWhole();
}

TEST(ExpireSnapshots, RemovesNothingWhenWhatStaysCannotBeRead) {
  FiledLake lake;
  lake.Append("a");
  DeleteAll(lake);
  lake.Append("b");
  const std::string list = lake.Load().metadata->CurrentSnapshot()->manifest_list;
  ASSERT_OK(lake.files->WriteWhole(list, "no list"));
  ASSERT_OK_AND_ASSIGN(const Receipt receipt,
                       ExpireSnapshots(lake.session, lake.id, {.older_than_ms = lake.Now()}));
  EXPECT_EQ(receipt.snapshots_removed.size(), 2U);
  EXPECT_TRUE(receipt.removals.empty());
  ASSERT_EQ(receipt.notes.size(), 1U);
  EXPECT_TRUE(lake.Paths().contains("/lake/gold/eurusd/data/a.parquet"));
}

TEST(ExpireSnapshots, AnUnreadableExpiredSnapshotGoesAndItsFilesAreLeft) {
  FiledLake lake;
  const int64_t first = lake.Append("a");
  DeleteAll(lake);
  lake.Append("b");
  ASSERT_OK(lake.files->Remove(lake.Load().metadata->FindSnapshot(first)->manifest_list));
  ASSERT_OK_AND_ASSIGN(const Receipt receipt,
                       ExpireSnapshots(lake.session, lake.id, {.older_than_ms = lake.Now()}));
  EXPECT_EQ(receipt.snapshots_removed.size(), 2U);
  ASSERT_EQ(receipt.notes.size(), 1U);
  EXPECT_NE(receipt.notes[0].find("orphan"), std::string::npos);
  lake.ExpectWhole();
}

TEST(ExpireSnapshots, LeavesAReceipt) {
  FiledLake lake;
  lake.Append("a");
  lake.Append("b");
  ASSERT_OK(ExpireSnapshots(lake.session, lake.id, {.older_than_ms = lake.Now()}));
  ASSERT_OK_AND_ASSIGN(const auto receipts,
                       lake.files->ListFiles(ReceiptFolder(*lake.Load().metadata)));
  ASSERT_EQ(receipts.size(), 1U);
  ASSERT_OK_AND_ASSIGN(const std::string text, lake.files->ReadWhole(receipts[0].path));
  EXPECT_NE(text.find("\"action\": \"expire\""), std::string::npos);
  EXPECT_NE(text.find("\"state\": \"removed\""), std::string::npos);
}

TEST(ExpireSnapshots, InterruptedBetweenFilesItSaysSoAndTheTableIsWhole) {
  FiledLake lake;
  lake.Append("a");
  DeleteAll(lake);
  lake.Append("b");
  lake.catalog->after_commit = [&] { lake.session.cancel.Cancel(); };
  EXPECT_THAT(ExpireSnapshots(lake.session, lake.id, {.older_than_ms = lake.Now()}),
              IsError(ErrorKind::kCancelled));
  EXPECT_EQ(lake.Load().metadata->snapshots.size(), 1U);
  lake.ExpectWhole();
}

}  // namespace
}  // namespace tickhouse::lake
