#include "tickhouse/lake/update/append.h"

#include "tickhouse/lake/update/update_testing.h"

namespace tickhouse::lake {
namespace {

using Names = std::multiset<std::string>;

TEST(AppendFiles, WritesTheSummaryOfTheReferenceImplementation) {
  TestLake lake;
  ASSERT_OK(AppendFiles(lake.session, lake.id,
                        {TestLake::File("a", 51, 10), TestLake::File("b", 52, 30)}));
  ASSERT_OK_AND_ASSIGN(const auto outcome,
                       AppendFiles(lake.session, lake.id, {TestLake::File("c", 52, 5)}));
  const std::map<std::string, std::string> expected = {
      {"operation", "append"},         {"engine-name", "tickhouse"},
      {"added-data-files", "1"},       {"added-records", "5"},
      {"added-files-size", "1005"},    {"changed-partition-count", "1"},
      {"total-data-files", "3"},       {"total-delete-files", "0"},
      {"total-records", "45"},         {"total-files-size", "3045"},
      {"total-position-deletes", "0"}, {"total-equality-deletes", "0"}};
  EXPECT_EQ(outcome.table.metadata->CurrentSnapshot()->summary, expected);
}

TEST(AppendFiles, OfNothingIsNothing) {
  TestLake lake;
  ASSERT_OK_AND_ASSIGN(const auto outcome, AppendFiles(lake.session, lake.id, {}));
  EXPECT_FALSE(outcome.changed);
  EXPECT_EQ(lake.catalog->commit_calls, 0);
}

TEST(AppendFiles, RefusesFilesThatDoNotFit) {
  TestLake lake;
  DataFile no_path = TestLake::File("a");
  no_path.path.clear();
  DataFile no_partition = TestLake::File("a");
  no_partition.partition.clear();
  DataFile other_spec = TestLake::File("a");
  other_spec.spec_id = 7;
  DataFile negative = TestLake::File("a");
  negative.record_count = -1;
  for (const DataFile& bad :
       {no_path, no_partition, other_spec, negative, TestLake::Deletes("a")}) {
    EXPECT_THAT(AppendFiles(lake.session, lake.id, {bad}), IsError(ErrorKind::kInvalidArgument));
  }
  EXPECT_THAT(AppendFiles(lake.session, lake.id, {TestLake::File("a"), TestLake::File("a")}),
              HasErrorMessage("twice"));
  EXPECT_TRUE(lake.MetadataAvro().empty());
}

TEST(AppendFiles, RefusesTablesOfVersion3) {
  TestLake lake(Properties(), 3);
  EXPECT_THAT(AppendFiles(lake.session, lake.id, {TestLake::File("a")}),
              IsError(ErrorKind::kUnsupported));
}

TEST(AppendFiles, WritesTablesOfVersion1) {
  TestLake lake(Properties(), 1);
  ASSERT_OK(AppendFiles(lake.session, lake.id, {TestLake::File("a")}));
  ASSERT_OK(AppendFiles(lake.session, lake.id, {TestLake::File("b")}));
  EXPECT_EQ(lake.LiveNames(), (Names{"a", "b"}));
  EXPECT_EQ(lake.Load().metadata->CurrentSnapshot()->sequence_number, 0);
}

TEST(AppendFiles, TimeDoesNotRunBackwardsWithTheClock) {
  TestLake lake;
  ASSERT_OK(AppendFiles(lake.session, lake.id, {TestLake::File("a")}));
  const int64_t before = lake.Load().metadata->CurrentSnapshot()->timestamp_ms;
  lake.clock.JumpTo(FromNanos(1'600'000'000 * kNanosPerSecond));
  ASSERT_OK(AppendFiles(lake.session, lake.id, {TestLake::File("b")}));
  EXPECT_GE(lake.Load().metadata->CurrentSnapshot()->timestamp_ms, before);
}

TEST(AppendFiles, MergesManifestsAndKeepsWhenEachFileCame) {
  TestLake lake(Properties{{"commit.manifest.min-count-to-merge", "10"}});
  constexpr int kCommits = 45;
  std::optional<LoadedTable> table;
  for (int i = 0; i < kCommits; ++i) {
    ASSERT_OK_AND_ASSIGN(
        const auto outcome,
        AppendFiles(lake.session, lake.id, {TestLake::File(fmt::format("f{}", i))}, {}, table));
    table = outcome.table;
  }
  const Snapshot& head = *table->metadata->CurrentSnapshot();
  ASSERT_OK_AND_ASSIGN(const auto list, ReadManifestList(*lake.files, head));
  EXPECT_LT(list.size(), 20);
  ASSERT_OK_AND_ASSIGN(const auto entries, LiveEntries(*lake.files, *table->metadata, head));
  ASSERT_EQ(entries.size(), kCommits);
  for (const ManifestEntry& entry : entries) {
    const auto of = std::ranges::find_if(table->metadata->snapshots, [&](const Snapshot& each) {
      return each.sequence_number == entry.sequence_number;
    });
    ASSERT_NE(of, table->metadata->snapshots.end());
    EXPECT_EQ(entry.snapshot_id, of->id);
    EXPECT_EQ(io::BaseName(entry.file.path), fmt::format("f{}.parquet", of->sequence_number - 1));
  }
  EXPECT_EQ(lake.MetadataAvro(), lake.ReachableAvro());
}

TEST(AppendFiles, DoesNotMergeWhenTheTableSaysSo) {
  TestLake lake(Properties{{"commit.manifest.min-count-to-merge", "2"},
                           {"commit.manifest-merge.enabled", "false"}});
  for (int i = 0; i < 5; ++i) {
    ASSERT_OK(AppendFiles(lake.session, lake.id, {TestLake::File(fmt::format("f{}", i))}));
  }
  const LoadedTable table = lake.Load();
  ASSERT_OK_AND_ASSIGN(const auto list,
                       ReadManifestList(*lake.files, *table.metadata->CurrentSnapshot()));
  EXPECT_EQ(list.size(), 5);
}

TEST(AppendFiles, StagesForAnAuditWithoutMovingABranch) {
  TestLake lake;
  ASSERT_OK_AND_ASSIGN(const auto outcome, AppendFiles(lake.session, lake.id, {TestLake::File("a")},
                                                       {.wap_id = "run 1"}));
  EXPECT_EQ(outcome.table.metadata->CurrentSnapshot(), nullptr);
  const Snapshot* staged = outcome.table.metadata->FindSnapshot(*outcome.snapshot_id);
  ASSERT_NE(staged, nullptr);
  EXPECT_EQ(staged->summary.at("wap.id"), "run 1");
  EXPECT_EQ(lake.MetadataAvro(), lake.ReachableAvro());
}

TEST(AppendFiles, MakesABranchFromTheCurrentSnapshot) {
  TestLake lake;
  ASSERT_OK(AppendFiles(lake.session, lake.id, {TestLake::File("a")}));
  ASSERT_OK(AppendFiles(lake.session, lake.id, {TestLake::File("b")}, {.branch = "audit"}));
  EXPECT_EQ(lake.LiveNames(), Names{"a"});
  const LoadedTable table = lake.Load();
  const Snapshot* audit = table.metadata->FindRef("audit");
  ASSERT_NE(audit, nullptr);
  EXPECT_EQ(audit->parent_id, table.metadata->current_snapshot_id);
}

}  // namespace
}  // namespace tickhouse::lake
