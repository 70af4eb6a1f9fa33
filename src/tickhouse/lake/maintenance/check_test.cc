#include "tickhouse/lake/maintenance/check.h"

#include "tickhouse/io/parquet/parquet_tick_writer.h"
#include "tickhouse/lake/data/parquet_metrics.h"
#include "tickhouse/lake/maintenance/maintenance_testing.h"

namespace tickhouse::lake {
namespace {

constexpr CheckOptions kNoFooters{.footers = false};

std::multiset<FaultKind> KindsOf(const CheckReport& report) {
  std::multiset<FaultKind> kinds;
  for (const Fault& fault : report.faults) kinds.insert(fault.kind);
  return kinds;
}

CheckReport Check(FiledLake& lake, const CheckOptions& options) {
  auto report = CheckTable(*lake.files, lake.Load(), options);
  EXPECT_OK(report);
  return report ? *report : CheckReport();
}

TEST(CheckTable, ASoundTableHasNoFault) {
  FiledLake lake;
  EXPECT_TRUE(Check(lake, kNoFooters).IsSound());
  lake.Append("a");
  lake.Append("b");
  const CheckReport report = Check(lake, kNoFooters);
  EXPECT_TRUE(report.IsSound());
  EXPECT_EQ(report.snapshots, 2);
  EXPECT_EQ(report.manifests, 2);
  EXPECT_EQ(report.files, 2);
  EXPECT_EQ(report.rows, 20);
  EXPECT_EQ(report.bytes, 2020);
}

TEST(CheckTable, NamesMissingAndCutFiles) {
  FiledLake lake;
  const int64_t first = lake.Append("a");
  const int64_t second = lake.Append("b");
  ASSERT_OK(lake.files->Remove(TestLake::File("a").path));
  ASSERT_OK(lake.files->WriteWhole(TestLake::File("b").path, "short"));
  const CheckReport report = Check(lake, kNoFooters);
  EXPECT_EQ(KindsOf(report), (std::multiset<FaultKind>{FaultKind::kMissing, FaultKind::kCount}));
  EXPECT_EQ(report.faults[0].location, TestLake::File("a").path);
  EXPECT_EQ(report.faults[0].snapshots, (std::vector<int64_t>{first, second}));
  EXPECT_TRUE(report.Harms(first));
}

TEST(CheckTable, NamesBrokenListsAndManifestsAndWhomTheyHarm) {
  FiledLake lake;
  const int64_t first = lake.Append("a");
  const int64_t second = lake.Append("b");
  const LoadedTable table = lake.Load();
  ASSERT_OK(lake.files->WriteWhole(table.metadata->FindSnapshot(second)->manifest_list, "?"));
  const CheckReport lists = Check(lake, kNoFooters);
  EXPECT_EQ(KindsOf(lists), std::multiset<FaultKind>{FaultKind::kUnreadable});
  EXPECT_TRUE(lists.Harms(second));
  EXPECT_FALSE(lists.Harms(first));
  ASSERT_OK_AND_ASSIGN(const auto list,
                       ReadManifestList(*lake.files, *table.metadata->FindSnapshot(first)));
  ASSERT_OK(lake.files->Remove(list.at(0).path));
  const CheckReport manifests = Check(lake, kNoFooters);
  EXPECT_EQ(KindsOf(manifests),
            (std::multiset<FaultKind>{FaultKind::kUnreadable, FaultKind::kMissing}));
  EXPECT_TRUE(manifests.Harms(first));
}

TEST(CheckTable, LooksOnlyAtHeadsWhenToldTo) {
  FiledLake lake;
  const int64_t first = lake.Append("a");
  lake.Append("b");
  ASSERT_OK(lake.files->Remove(lake.Load().metadata->FindSnapshot(first)->manifest_list));
  EXPECT_FALSE(Check(lake, kNoFooters).IsSound());
  EXPECT_TRUE(Check(lake, {.all_snapshots = false, .footers = false}).IsSound());
}

TEST(CheckTable, AFileThatIsListedTwiceIsReadTwice) {
  FiledLake lake;
  const DataFile file = lake.Write("a");
  ASSERT_OK(AppendFiles(lake.session, lake.id, {file}));
  ASSERT_OK(AppendFiles(lake.session, lake.id, {file}));
  EXPECT_EQ(KindsOf(Check(lake, kNoFooters)).count(FaultKind::kReference), 1U);
}

/// Three ticks as a Parquet file, and what a manifest should say of it.
DataFile WriteTicks(FiledLake& lake, const std::string& name) {
  const std::string path = "/lake/gold/eurusd/data/" + name + ".parquet";
  auto out = lake.files->Create(path);
  EXPECT_OK(out);
  io::ParquetTickWriter::Options options;
  options.field_ids = {1, 2, 3};
  auto writer = io::ParquetTickWriter::Open(std::move(*out), options);
  EXPECT_OK(writer);
  TickBatch ticks;
  ticks.time_ns = {1'609'459'200'000'000'000, 1'609'459'201'000'000'000};
  ticks.bid = {1.5, 1.25};
  ticks.ask = {2.5, 2.75};
  EXPECT_OK((*writer)->Write(ticks));
  EXPECT_OK((*writer)->Close());
  auto opened = lake.files->OpenRead(path);
  EXPECT_OK(opened);
  const auto footer = io::ReadParquetFooter(**opened);
  EXPECT_OK(footer);
  auto file = MetricsFromFooter(*footer, (*opened)->size(), lake.Load().metadata->CurrentSchema());
  EXPECT_OK(file);
  file->path = path;
  file->partition = {Value{int32_t{51}}};
  return *file;
}

TEST(CheckTable, ComparesFootersWithManifests) {
  FiledLake lake;
  const DataFile right = WriteTicks(lake, "right");
  ASSERT_OK(AppendFiles(lake.session, lake.id, {right}));
  EXPECT_TRUE(Check(lake, {}).IsSound());
  DataFile rows = WriteTicks(lake, "rows");
  rows.record_count = 3;
  DataFile bounds = WriteTicks(lake, "bounds");
  bounds.upper_bounds = right.lower_bounds;
  bounds.lower_bounds = right.upper_bounds;
  ASSERT_OK(AppendFiles(lake.session, lake.id, {rows, bounds}));
  const CheckReport report = Check(lake, {});
  EXPECT_EQ(KindsOf(report).count(FaultKind::kCount), 1U);
  EXPECT_EQ(KindsOf(report).count(FaultKind::kBounds), 3U);
  EXPECT_TRUE(Check(lake, kNoFooters).IsSound());
}

TEST(CheckTable, WhatIsNoParquetIsUnreadable) {
  FiledLake lake;
  lake.Append("a");
  EXPECT_EQ(KindsOf(Check(lake, {})), std::multiset<FaultKind>{FaultKind::kUnreadable});
}

TEST(CheckTable, StopsWhenInterrupted) {
  FiledLake lake;
  lake.Append("a");
  CancelToken cancel;
  cancel.Cancel();
  EXPECT_THAT(CheckTable(*lake.files, lake.Load(), {}, cancel), IsError(ErrorKind::kCancelled));
}

}  // namespace
}  // namespace tickhouse::lake
