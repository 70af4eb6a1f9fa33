#include "tickhouse/app/lake/upkeep/upkeep.h"

#include <algorithm>

#include "tickhouse/app/lake/lake_testing.h"
#include "tickhouse/app/lake/rows/rewrite_rows.h"

namespace tickhouse::app {
namespace {

std::size_t ParquetFiles(LakeFolder& lake) {
  const auto listed = lake.files->ListFiles(lake.folder.path());
  EXPECT_OK(listed);
  return static_cast<std::size_t>(std::ranges::count_if(
      *listed, [](const io::FileInfo& info) { return info.path.ends_with(".parquet"); }));
}

TEST(LakeCompact, FewSortedFilesWithTheSameRows) {
  LakeFolder lake;
  for (int i = 0; i < 6; ++i) lake.Append(TickRows(i * 3, 5, i * 10));
  lake.Append(TickRows(0, 2, 7, 2021));
  const auto before = LinesOf(lake.Read());
  ASSERT_OK_AND_ASSIGN(
      const RunReport plan,
      LakeCompact(lake.request, {.table = "eurusd", .dry_run = true}, lake.environment));
  EXPECT_EQ(plan.Count("files-before"), 6);
  EXPECT_THAT(plan.text, testing::HasSubstr("datetime_year=2020      6"));
  EXPECT_THAT(plan.text, testing::Not(testing::HasSubstr("datetime_year=2021")));
  EXPECT_EQ(plan.Count("changed"), 0);
  EXPECT_EQ(lake.DataFiles().size(), 7U);
  ASSERT_OK_AND_ASSIGN(const RunReport done,
                       LakeCompact(lake.request, {.table = "eurusd"}, lake.environment));
  EXPECT_EQ(done.Count("files-after"), 1);
  EXPECT_EQ(done.Count("rows-after"), 30);
  EXPECT_EQ(done.ExitCode(), 0);
  EXPECT_EQ(LinesOf(lake.Read()), before);
  const auto files = lake.DataFiles();
  ASSERT_EQ(files.size(), 2U);
  for (const lake::DataFile& file : files) {
    if (file.record_count == 30) {
      EXPECT_EQ(file.sort_order_id, 1);
    }
  }
  // In order: the file's rows as they lie.
  const std::string read = lake.Read({.filter = "datetime < 2021-01-01", .columns = {"datetime"}});
  std::vector<std::string> times;
  for (std::size_t at = 0; at < read.size(); at = read.find('\n', at) + 1) {
    times.push_back(read.substr(at, read.find('\n', at) - at));
  }
  EXPECT_TRUE(std::ranges::is_sorted(times));
  ASSERT_OK_AND_ASSIGN(const RunReport again,
                       LakeCompact(lake.request, {.table = "eurusd"}, lake.environment));
  EXPECT_EQ(again.Count("groups"), 0);
  EXPECT_EQ(again.Count("changed"), 0);
}

TEST(LakeCompact, DeletedRowsAreGoneFromTheFiles) {
  LakeFolder lake;
  lake.Append(TickRows(0, 6));
  lake.DeletePositions({0, 5}, "d");
  const std::string before = lake.Read();
  ASSERT_OK_AND_ASSIGN(const RunReport done,
                       LakeCompact(lake.request, {.table = "eurusd"}, lake.environment));
  EXPECT_EQ(done.Count("rows-before"), 6);
  EXPECT_EQ(done.Count("rows-after"), 4);
  EXPECT_THAT(done.text, testing::HasSubstr("2 deleted ones"));
  EXPECT_EQ(lake.Read(), before);
}

TEST(LakeCompact, RowsThatAreNotAsPromisedAreLeftAlone) {
  LakeFolder lake;
  lake.Append(TickRows(0, 6));
  const auto opened = lake.Open();
  lake::CompactGroup group{.partition = lake::PartitionOf(lake.DataFiles()[0]), .inputs = {}};
  group.inputs.push_back({.data = lake.Live().at(0), .deletes = {}});
  group.inputs[0].data.file.record_count = 7;
  group.target_bytes = 1 << 20;
  SpillSpace spill(*lake.files);
  Random random(1);
  const std::size_t files = ParquetFiles(lake);
  EXPECT_THAT(MakeSortedRewrite(lake.environment, random, spill)(opened->loaded, group),
              HasErrorMessage("promise 7 rows and the files have 6"));
  EXPECT_EQ(ParquetFiles(lake), files) << "what was written is gone";
}

TEST(LakeCompact, WhatItCannotDoIsSaid) {
  LakeFolder lake;
  EXPECT_THAT(LakeCompact(lake.request, {.table = "eurusd", .min_files = 1}, lake.environment),
              HasErrorMessage("--min-files"));
  EXPECT_THAT(LakeCompact(lake.request, {.table = "nobody"}, lake.environment),
              IsError(ErrorKind::kNotFound));
  ASSERT_OK_AND_ASSIGN(const RunReport empty,
                       LakeCompact(lake.request, {.table = "eurusd"}, lake.environment));
  EXPECT_EQ(empty.Count("changed"), 0);
}

TEST(LakeExpire, OldSnapshotsGoAndTheirFilesWithThem) {
  LakeFolder lake;
  lake.Append(TickRows(0, 3));
  lake.Delete("bid = 1");
  lake.Append(TickRows(9, 1));
  const std::string rows = lake.Read();
  ExpireCommand command{.table = "eurusd", .dry_run = true};
  command.older_than_ms = ToNanos(lake.clock.Now()) / kNanosPerMilli;
  const std::size_t files = ParquetFiles(lake);
  ASSERT_OK_AND_ASSIGN(const RunReport plan, LakeExpire(lake.request, command, lake.environment));
  EXPECT_EQ(plan.Count("snapshots-removed"), 2);
  EXPECT_THAT(plan.text, testing::HasSubstr("dry run"));
  EXPECT_THAT(plan.text, testing::HasSubstr("only in expired snapshots"));
  EXPECT_THAT(plan.text, testing::HasSubstr("append, 3 rows\n"));
  EXPECT_EQ(ParquetFiles(lake), files);
  command.dry_run = false;
  ASSERT_OK_AND_ASSIGN(const RunReport done, LakeExpire(lake.request, command, lake.environment));
  EXPECT_EQ(done.Count("files-removed"), plan.Count("files-removed"));
  EXPECT_EQ(ParquetFiles(lake), files - 1);
  EXPECT_EQ(lake.Metadata().snapshots.size(), 1U);
  EXPECT_EQ(lake.Read(), rows);
  EXPECT_THAT(done.text, testing::HasSubstr("receipts"));
}

TEST(LakeExpire, ASnapshotByNameUnlessARefNeedsIt) {
  LakeFolder lake;
  const int64_t first = lake.Append(TickRows(0, 3));
  lake.Append(TickRows(9, 1));
  ExpireCommand command{.table = "eurusd", .snapshots = {std::to_string(first)}};
  command.older_than_ms = 0;
  command.keep_files = true;
  ASSERT_OK_AND_ASSIGN(const RunReport done, LakeExpire(lake.request, command, lake.environment));
  EXPECT_EQ(done.Count("snapshots-removed"), 1);
  EXPECT_EQ(done.Count("files-removed"), 0);
  command.snapshots = {"main"};
  EXPECT_THAT(LakeExpire(lake.request, command, lake.environment), HasErrorMessage("main"));
}

TEST(LakeOrphans, LeftoversGoAndWhatIsReachableStays) {
  LakeFolder lake;
  lake.Append(TickRows(0, 3));
  const std::string location = lake.Metadata().location.substr(7);
  ASSERT_OK(lake.files->WriteWhole(location + "/data/left.parquet", "x"));
  OrphansCommand command{.table = "eurusd"};
  // Files have the machine's time, which the clock of this test does not follow.
  command.older_than_ms = int64_t{4'000'000'000'000};
  EXPECT_THAT(LakeOrphans(lake.request, command, lake.environment), HasErrorMessage("--any-age"));
  command.any_age = true;
  command.dry_run = true;
  ASSERT_OK_AND_ASSIGN(const RunReport plan, LakeOrphans(lake.request, command, lake.environment));
  EXPECT_EQ(plan.Count("files-removed"), 1);
  EXPECT_THAT(plan.text, testing::HasSubstr("left.parquet"));
  command.dry_run = false;
  ASSERT_OK_AND_ASSIGN(const RunReport done, LakeOrphans(lake.request, command, lake.environment));
  EXPECT_EQ(done.Count("files-removed"), 1);
  EXPECT_THAT(lake.files->Stat(location + "/data/left.parquet"), IsError(ErrorKind::kNotFound));
  EXPECT_EQ(LinesOf(lake.Read()).size(), 3U);
}

TEST(LakeRewriteManifests, ManyBecomeOne) {
  LakeFolder lake;
  for (int i = 0; i < 4; ++i) lake.Append(TickRows(i, 1));
  ASSERT_OK_AND_ASSIGN(
      const RunReport plan,
      LakeRewriteManifests(lake.request, {.table = "eurusd", .dry_run = true}, lake.environment));
  EXPECT_EQ(plan.Count("manifests-before"), 4);
  EXPECT_EQ(plan.Count("changed"), 0);
  ASSERT_OK_AND_ASSIGN(const RunReport done,
                       LakeRewriteManifests(lake.request, {.table = "eurusd"}, lake.environment));
  EXPECT_EQ(done.Count("manifests-after"), 1);
  EXPECT_EQ(done.Count("changed"), 1);
  EXPECT_EQ(LinesOf(lake.Read()).size(), 4U);
  ASSERT_OK_AND_ASSIGN(const RunReport again,
                       LakeRewriteManifests(lake.request, {.table = "eurusd"}, lake.environment));
  EXPECT_EQ(again.Count("changed"), 0);
}

}  // namespace
}  // namespace tickhouse::app
