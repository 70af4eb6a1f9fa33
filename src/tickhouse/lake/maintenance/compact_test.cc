#include "tickhouse/lake/maintenance/compact.h"

#include "tickhouse/lake/maintenance/maintenance_testing.h"
#include "tickhouse/lake/maintenance/rewrite_manifests.h"
#include "tickhouse/lake/update/evolution/spec_update.h"
#include "tickhouse/lake/update/file_changes.h"

namespace tickhouse::lake {
namespace {

using Names = std::multiset<std::string>;

/// Joins a group into one file named after its first input; rows that deletes take away: one each.
RewriteGroup JoinInto(FiledLake& lake, std::vector<std::size_t>* sizes = nullptr) {
  return [&lake, sizes](const LoadedTable&,
                        const CompactGroup& group) -> Result<std::vector<DataFile>> {
    if (sizes != nullptr) sizes->push_back(group.inputs.size());
    int64_t rows = 0;
    for (const CompactInput& input : group.inputs) {
      rows += input.data.file.record_count - static_cast<int64_t>(input.deletes.size());
    }
    const int year = std::get<int32_t>(group.partition.values.at(0)->data);
    const std::string name(io::BaseName(group.inputs[0].data.file.path));
    DataFile joined = TestLake::File("joined-" + name.substr(0, name.find('.')), year, rows);
    TICKHOUSE_TRY(lake.files->WriteWhole(joined.path, "rows"));
    return std::vector<DataFile>{joined};
  };
}

TEST(CompactFiles, JoinsTheSmallFilesOfAPartition) {
  FiledLake lake;
  for (const char* name : {"a", "b", "c"}) lake.Append(name, {}, 51);
  for (const char* name : {"d", "e", "f"}) lake.Append(name, {}, 52);
  lake.Append("alone", {}, 53);
  std::vector<std::size_t> sizes;
  const CompactRequest request{.min_files = 3};
  CompactRequest dry = request;
  dry.dry_run = true;
  ASSERT_OK_AND_ASSIGN(const Receipt plan,
                       CompactFiles(lake.session, lake.id, JoinInto(lake, &sizes), dry));
  EXPECT_EQ(plan.figures.at("groups"), 2);
  EXPECT_EQ(plan.figures.at("files-before"), 6);
  EXPECT_TRUE(sizes.empty());
  ASSERT_OK_AND_ASSIGN(const Receipt receipt,
                       CompactFiles(lake.session, lake.id, JoinInto(lake, &sizes), request));
  EXPECT_EQ(sizes, (std::vector<std::size_t>{3, 3}));
  EXPECT_EQ(lake.LiveNames().size(), 3U);
  EXPECT_EQ(receipt.figures.at("rows-before"), receipt.figures.at("rows-after"));
  EXPECT_EQ(receipt.figures.at("files-after"), 2);
  EXPECT_EQ(lake.Load().metadata->CurrentSnapshot()->operation(), "replace");
  lake.ExpectWhole();
  ASSERT_OK_AND_ASSIGN(const Receipt again,
                       CompactFiles(lake.session, lake.id, JoinInto(lake), request));
  EXPECT_EQ(again.figures.at("groups"), 0);
}

TEST(CompactFiles, CutsGroupsByBytes) {
  FiledLake lake;
  for (const char* name : {"a", "b", "c", "d"}) lake.Append(name);
  std::vector<std::size_t> sizes;
  ASSERT_OK(CompactFiles(lake.session, lake.id, JoinInto(lake, &sizes),
                         {.min_files = 2, .group_bytes = 2100}));
  EXPECT_EQ(sizes, (std::vector<std::size_t>{2, 2}));
  EXPECT_EQ(lake.LiveNames().size(), 2U);
}

TEST(CompactFiles, FilesOfTheRightSizeAreLeftAloneUnlessTheyHaveDeletes) {
  FiledLake lake;
  for (const char* name : {"a", "b", "c", "d", "e"}) lake.Append(name);
  const CompactRequest request{.target_bytes = 1010};
  ASSERT_OK_AND_ASSIGN(const Receipt none,
                       CompactFiles(lake.session, lake.id, JoinInto(lake), request));
  EXPECT_EQ(none.figures.at("groups"), 0);
  ASSERT_OK(CommitRowDelta(lake.session, lake.id,
                           {.added_deletes = {TestLake::Deletes("del", 51, "c")},
                            .referenced_files = {TestLake::File("c").path}},
                           PlannedOnHead(*lake.Load().metadata)));
  std::vector<std::size_t> sizes;
  ASSERT_OK_AND_ASSIGN(const Receipt receipt,
                       CompactFiles(lake.session, lake.id, JoinInto(lake, &sizes), request));
  EXPECT_EQ(sizes, std::vector<std::size_t>{1});
  EXPECT_EQ(receipt.figures.at("rows-after"), receipt.figures.at("rows-before") - 1);
  // Its deletes went with it.
  EXPECT_EQ(lake.LiveNames(), (Names{"a", "b", "d", "e", "joined-c"}));
}

TEST(CompactFiles, FindsTheDeletesThatAScanFinds) {
  // A partitioning dropped in version 1 leaves a void field: equality deletes under it are of all
  // rows.
  FiledLake lake({}, 1);
  lake.Append("a");
  ASSERT_OK(UpdateSpec(lake.session, lake.id, {RemovePartitionField{"datetime_year"}}));
  ASSERT_OK(UpgradeTable(lake.session, lake.id, 2));
  const TableMetadata metadata = *lake.Load().metadata;
  DataFile everywhere = TestLake::Deletes("everywhere");
  everywhere.content = FileContent::kEqualityDeletes;
  everywhere.equality_ids = {2};
  everywhere.spec_id = metadata.default_spec_id;
  ASSERT_EQ(metadata.DefaultSpec().fields.size(), 1U);
  everywhere.partition.assign(metadata.DefaultSpec().fields.size(), std::nullopt);
  ASSERT_OK(CommitRowDelta(lake.session, lake.id, {.added_deletes = {everywhere}},
                           PlannedOnHead(metadata)));
  const LoadedTable table = lake.Load();
  ASSERT_OK_AND_ASSIGN(const auto groups, PlanCompaction(*lake.files, *table.metadata,
                                                         *table.metadata->CurrentSnapshot(), {}));
  ASSERT_EQ(groups.size(), 1U);
  ASSERT_EQ(groups[0].inputs.size(), 1U);
  ASSERT_EQ(groups[0].inputs[0].deletes.size(), 1U);
  EXPECT_EQ(groups[0].inputs[0].deletes[0].path, everywhere.path);
}

TEST(CompactFiles, DeletesThatArriveMeanwhileWinAndTheNewFilesGo) {
  FiledLake lake;
  for (const char* name : {"a", "b", "c"}) lake.Append(name);
  lake.catalog->before_commit = [&] {
    UpdateSession rival = lake.Rival();
    ASSERT_OK(CommitRowDelta(rival, lake.id,
                             {.added_deletes = {TestLake::Deletes("del", 51, "b")},
                              .referenced_files = {TestLake::File("b").path}},
                             PlannedOnHead(*lake.Load().metadata)));
  };
  ASSERT_OK_AND_ASSIGN(const Receipt receipt,
                       CompactFiles(lake.session, lake.id, JoinInto(lake), {.min_files = 3}));
  EXPECT_FALSE(receipt.figures.contains("groups-done"));
  ASSERT_EQ(receipt.notes.size(), 1U);
  EXPECT_EQ(lake.LiveNames(), (Names{"a", "b", "c", "del"}));
  EXPECT_FALSE(lake.Paths().contains(TestLake::File("joined-a").path));
}

TEST(CompactFiles, GroupsAreCommittedTogetherAndAConflictCostsOnlyItsOwn) {
  FiledLake lake;
  for (const char* name : {"a", "b", "c"}) lake.Append(name, {}, 51);
  for (const char* name : {"d", "e", "f"}) lake.Append(name, {}, 52);
  const std::size_t snapshots = lake.Load().metadata->snapshots.size();
  ASSERT_OK_AND_ASSIGN(const Receipt done,
                       CompactFiles(lake.session, lake.id, JoinInto(lake), {.min_files = 3}));
  EXPECT_EQ(lake.Load().metadata->snapshots.size(), snapshots + 1);
  ASSERT_EQ(done.groups.size(), 2U);
  EXPECT_EQ(done.groups[0].partition, "datetime_year=2021");
  EXPECT_EQ(done.groups[0].files, 3);
  EXPECT_THAT(ReceiptToJson(done), testing::HasSubstr("\"partition\": \"datetime_year=2022\""));
  for (const char* name : {"g", "h"}) lake.Append(name, {}, 51);
  for (const char* name : {"i", "j"}) lake.Append(name, {}, 52);
  lake.catalog->before_commit = [&] {
    UpdateSession rival = lake.Rival();
    ASSERT_OK(CommitRowDelta(rival, lake.id,
                             {.added_deletes = {TestLake::Deletes("del", 51, "g")},
                              .referenced_files = {TestLake::File("g").path}},
                             PlannedOnHead(*lake.Load().metadata)));
  };
  ASSERT_OK_AND_ASSIGN(const Receipt receipt,
                       CompactFiles(lake.session, lake.id, JoinInto(lake), {.min_files = 3}));
  EXPECT_EQ(receipt.figures.at("groups"), 2);
  EXPECT_EQ(receipt.figures.at("groups-done"), 1);
  EXPECT_EQ(receipt.notes.size(), 1U);
  const Names live = lake.LiveNames();
  EXPECT_TRUE(live.contains("g") && live.contains("h") && live.contains("del"));
  EXPECT_FALSE(live.contains("i") || live.contains("j"));
}

TEST(CompactFiles, WhatWasRewrittenBeforeAFailureIsCommitted) {
  FiledLake lake;
  for (const char* name : {"a", "b", "c"}) lake.Append(name, {}, 51);
  for (const char* name : {"d", "e", "f"}) lake.Append(name, {}, 52);
  const RewriteGroup join = JoinInto(lake);
  int groups = 0;
  const RewriteGroup once = [&](const LoadedTable& table,
                                const CompactGroup& group) -> Result<std::vector<DataFile>> {
    if (++groups == 2) return Fail(ErrorKind::kCorrupt, "a broken file");
    return join(table, group);
  };
  EXPECT_THAT(CompactFiles(lake.session, lake.id, once, {.min_files = 3}),
              HasErrorMessage("a broken file"));
  EXPECT_EQ(lake.LiveNames(), (Names{"d", "e", "f", "joined-a"}));
  lake.ExpectWhole();
}

TEST(CompactFiles, AppendsThatArriveMeanwhileSurvive) {
  FiledLake lake;
  for (const char* name : {"a", "b", "c"}) lake.Append(name);
  lake.catalog->before_commit = [&] {
    UpdateSession rival = lake.Rival();
    ASSERT_OK(AppendFiles(rival, lake.id, {lake.Write("late")}));
  };
  ASSERT_OK(CompactFiles(lake.session, lake.id, JoinInto(lake), {.min_files = 3}));
  EXPECT_EQ(lake.LiveNames(), (Names{"joined-a", "late"}));
}

TEST(CompactFiles, AfterAnUnknownOutcomeNothingIsRemoved) {
  FiledLake lake(Properties{{"commit.status-check.num-retries", "0"}});
  for (const char* name : {"a", "b", "c"}) lake.Append(name);
  lake.catalog->commits = {CommitFault::kLostAfter};
  // The rewrite loads the table once more before its commit; then the catalog is away.
  lake.catalog->after_commit = [&] { lake.catalog->loads_fail = {true, true, true}; };
  EXPECT_THAT(CompactFiles(lake.session, lake.id, JoinInto(lake), {.min_files = 3}),
              IsError(ErrorKind::kUnknownOutcome));
  lake.catalog->loads_fail.clear();
  EXPECT_TRUE(lake.Paths().contains(TestLake::File("joined-a").path));
  EXPECT_EQ(lake.LiveNames(), Names{"joined-a"});
}

TEST(CompactFiles, AnEmptyTableHasNothingToDo) {
  FiledLake lake;
  ASSERT_OK_AND_ASSIGN(const Receipt receipt, CompactFiles(lake.session, lake.id, JoinInto(lake)));
  EXPECT_TRUE(receipt.figures.empty());
}

TEST(RewriteManifests, MakesFewOfManyAndKeepsFilesAndNumbers) {
  FiledLake lake(Properties{{"commit.manifest-merge.enabled", "false"}});
  for (int i = 0; i < 8; ++i) lake.Append("f" + std::to_string(i), {}, 51 + i % 2);
  const LoadedTable before = lake.Load();
  ASSERT_OK_AND_ASSIGN(const auto old, LiveEntries(*lake.files, *before.metadata,
                                                   *before.metadata->CurrentSnapshot()));
  ASSERT_OK_AND_ASSIGN(const Receipt plan,
                       RewriteManifests(lake.session, lake.id, {.dry_run = true}));
  EXPECT_EQ(plan.figures.at("manifests-before"), 8);
  EXPECT_EQ(plan.figures.at("manifests-after"), 1);
  EXPECT_EQ(lake.Load().metadata_location, before.metadata_location);
  ASSERT_OK_AND_ASSIGN(const Receipt receipt, RewriteManifests(lake.session, lake.id));
  EXPECT_EQ(receipt.figures.at("manifests-after"), 1);
  EXPECT_EQ(receipt.figures.at("files"), 8);
  const LoadedTable after = lake.Load();
  const Snapshot& head = *after.metadata->CurrentSnapshot();
  EXPECT_EQ(head.operation(), "replace");
  EXPECT_EQ(head.summary.at("manifests-replaced"), "8");
  EXPECT_EQ(head.summary.at("total-data-files"), "8");
  ASSERT_OK_AND_ASSIGN(const auto now, LiveEntries(*lake.files, *after.metadata, head));
  std::map<std::string, std::optional<int64_t>> numbers;
  for (const ManifestEntry& entry : old) numbers[entry.file.path] = entry.sequence_number;
  ASSERT_EQ(now.size(), old.size());
  for (const ManifestEntry& entry : now) {
    EXPECT_EQ(entry.sequence_number, numbers.at(entry.file.path)) << entry.file.path;
  }
  for (std::size_t i = 1; i < now.size(); ++i) {
    EXPECT_FALSE(PartitionOf(now[i].file) < PartitionOf(now[i - 1].file));
  }
  ASSERT_OK_AND_ASSIGN(const Receipt again, RewriteManifests(lake.session, lake.id));
  EXPECT_TRUE(again.metadata_after.empty());
}

TEST(RewriteManifests, AnAppendMeanwhileIsKept) {
  FiledLake lake(Properties{{"commit.manifest-merge.enabled", "false"}});
  for (const char* name : {"a", "b", "c"}) lake.Append(name);
  lake.catalog->before_commit = [&] {
    UpdateSession rival = lake.Rival();
    ASSERT_OK(AppendFiles(rival, lake.id, {lake.Write("late")}));
  };
  ASSERT_OK_AND_ASSIGN(const Receipt receipt, RewriteManifests(lake.session, lake.id));
  EXPECT_EQ(receipt.figures.at("manifests-after"), 2);
  EXPECT_EQ(lake.LiveNames(), (Names{"a", "b", "c", "late"}));
  lake.ExpectWhole();
  EXPECT_THAT(RewriteManifests(lake.session, lake.id, {.target_bytes = 0}),
              IsError(ErrorKind::kInvalidArgument));
}

TEST(RewriteManifests, ManifestsOfNothingButRemovedFilesGo) {
  FiledLake lake(Properties{{"commit.manifest-merge.enabled", "false"}});
  for (const char* name : {"a", "b", "c"}) lake.Append(name, {}, name[0] == 'c' ? 52 : 51);
  ASSERT_OK(ReplacePartitions(lake.session, lake.id, {lake.Write("new", 51)},
                              PlannedOnHead(*lake.Load().metadata)));
  const LoadedTable before = lake.Load();
  const Snapshot& removal = *before.metadata->CurrentSnapshot();
  ASSERT_OK_AND_ASSIGN(const Receipt plan,
                       RewriteManifests(lake.session, lake.id, {.dry_run = true}));
  ASSERT_OK_AND_ASSIGN(const Receipt receipt, RewriteManifests(lake.session, lake.id));
  EXPECT_EQ(receipt.figures.at("manifests-after"), 1);
  EXPECT_EQ(plan.figures.at("manifests-after"), 1);
  EXPECT_EQ(lake.LiveNames(), (Names{"c", "new"}));
  // The snapshot that removed them still tells so.
  ASSERT_OK_AND_ASSIGN(const auto list, ReadManifestList(*lake.files, removal));
  EXPECT_TRUE(std::ranges::any_of(
      list, [](const ManifestFile& manifest) { return manifest.deleted_files.value_or(0) > 0; }));
  ASSERT_OK_AND_ASSIGN(const Receipt again, RewriteManifests(lake.session, lake.id));
  EXPECT_TRUE(again.metadata_after.empty());
}

TEST(RewriteManifests, ARemovalMeanwhileMakesItReadAgain) {
  FiledLake lake(Properties{{"commit.manifest-merge.enabled", "false"}});
  for (const char* name : {"a", "b", "c"}) lake.Append(name, {}, name[0] == 'a' ? 52 : 51);
  lake.catalog->before_commit = [&] {
    UpdateSession rival = lake.Rival();
    ASSERT_OK(ReplacePartitions(rival, lake.id, {lake.Write("new", 52)},
                                PlannedOnHead(*lake.Load().metadata)));
  };
  ASSERT_OK(RewriteManifests(lake.session, lake.id));
  EXPECT_EQ(lake.LiveNames(), (Names{"b", "c", "new"}));
  EXPECT_EQ(lake.MetadataAvro(), lake.ReachableAvro());
}

}  // namespace
}  // namespace tickhouse::lake
