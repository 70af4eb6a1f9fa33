#include "tickhouse/lake/scan/plan_scan.h"

#include <algorithm>
#include <set>

#include "tickhouse/lake/expression/bind.h"
#include "tickhouse/lake/scan/resolve_snapshot.h"
#include "tickhouse/lake/update/append.h"
#include "tickhouse/lake/update/evolution/schema_update.h"
#include "tickhouse/lake/update/evolution/snapshot_refs.h"
#include "tickhouse/lake/update/evolution/spec_update.h"
#include "tickhouse/lake/update/file_changes.h"
#include "tickhouse/lake/update/update_testing.h"

namespace tickhouse::lake {
namespace {

using Names = std::vector<std::string>;

std::string NameOf(const DataFile& file) {
  const std::string name(io::BaseName(file.path));
  return name.substr(0, name.find('.'));
}

Names NamesOf(const ScanPlan& plan) {
  Names names;
  for (const ScanTask& task : plan.tasks) names.push_back(NameOf(task.data));
  std::ranges::sort(names);
  return names;
}

Names DeletesOf(const ScanPlan& plan, const std::string& name) {
  Names names;
  for (const ScanTask& task : plan.tasks) {
    if (NameOf(task.data) != name) continue;
    for (const DataFile& file : task.deletes) names.push_back(NameOf(file));
  }
  return names;
}

/// Bids from `lower` to `upper`.
DataFile WithBids(DataFile file, double lower, double upper) {
  const Type type{.kind = TypeKind::kDouble};
  file.value_counts = {{2, file.record_count}};
  file.null_counts = {{2, 0}};
  file.nan_counts = {{2, 0}};
  file.lower_bounds = {{2, ValueToBytes(type, Value{lower})}};
  file.upper_bounds = {{2, ValueToBytes(type, Value{upper})}};
  return file;
}

class PlanScanTest : public testing::Test {
 protected:
  void Append(std::vector<DataFile> files) {
    ASSERT_OK(AppendFiles(lake.session, lake.id, std::move(files)));
  }
  ScanPlan Plan(std::string_view filter = "", std::string_view at = "", int threads = 1) {
    table = lake.Load();
    auto point = ResolveReadPoint(*table.metadata, at);
    EXPECT_OK(point);
    if (!point) return {};
    auto bound = BindText(filter, *point->schema);
    EXPECT_OK(bound);
    if (!bound) return {};
    auto plan = PlanScan(*lake.files, *table.metadata,
                         {.snapshot = point->snapshot,
                          .schema = point->schema,
                          .filter = *bound,
                          .threads = threads});
    EXPECT_OK(plan);
    return plan ? *plan : ScanPlan{};
  }

  TestLake lake;
  LoadedTable table;
};

TEST_F(PlanScanTest, AnEmptyTableHasNoTasks) {
  const ScanPlan plan = Plan("bid > 1");
  EXPECT_TRUE(plan.tasks.empty());
  EXPECT_EQ(plan.schema.fields.size(), 3U);
  EXPECT_EQ(plan.counters, ScanCounters{});
}

TEST_F(PlanScanTest, WithoutAFilterEverythingIsReadWithoutAsking) {
  Append({TestLake::File("a", 51, 3), TestLake::File("b", 52, 4)});
  Append({TestLake::File("c", 53, 5)});
  const ScanPlan plan = Plan();
  EXPECT_EQ(NamesOf(plan), (Names{"a", "b", "c"}));
  for (const ScanTask& task : plan.tasks) EXPECT_TRUE(task.residual.IsTrue());
  EXPECT_EQ(plan.counters.files_selected, 3);
  EXPECT_EQ(plan.counters.rows_selected, 12);
  EXPECT_EQ(plan.counters.bytes_selected, 3012);
  EXPECT_EQ(plan.counters.manifests, 2);
  EXPECT_EQ(plan.counters.manifests_skipped, 0);
}

TEST_F(PlanScanTest, ManifestsOfOtherPartitionsAreNotOpened) {
  Append({TestLake::File("a", 50), TestLake::File("b", 51)});
  Append({TestLake::File("c", 53)});
  // What is not there cannot be opened.
  auto list = ReadManifestList(*lake.files, *lake.Load().metadata->CurrentSnapshot());
  ASSERT_OK(list);
  for (const ManifestFile& manifest : *list) {
    if (manifest.added_files != 2) continue;
    ASSERT_OK(lake.files->Remove(manifest.path));
  }
  const ScanPlan plan = Plan("datetime >= '2023-06-01'");
  EXPECT_EQ(NamesOf(plan), Names{"c"});
  EXPECT_EQ(ToText(plan.tasks[0].residual), "datetime >= '2023-06-01T00:00:00.000000'");
  EXPECT_EQ(plan.counters.manifests, 2);
  EXPECT_EQ(plan.counters.manifests_skipped, 1);
  EXPECT_EQ(plan.counters.files, 1);
  const Schema& schema = table.metadata->CurrentSchema();
  ASSERT_OK_AND_ASSIGN(const Predicate all, BindText("", schema));
  EXPECT_THAT(PlanScan(*lake.files, *table.metadata,
                       {.snapshot = table.metadata->CurrentSnapshot(), .filter = all}),
              IsError(ErrorKind::kNotFound));
}

TEST_F(PlanScanTest, FilesAreLeftOutByPartitionAndByValues) {
  Append({WithBids(TestLake::File("a", 50), 1, 2), WithBids(TestLake::File("b", 51), 1, 2),
          WithBids(TestLake::File("c", 51), 3, 4), TestLake::File("d", 51)});
  const ScanPlan plan = Plan("datetime >= '2021-01-01' and bid > 2.5");
  EXPECT_EQ(NamesOf(plan), (Names{"c", "d"}));
  EXPECT_EQ(plan.counters.files_skipped_by_partition, 1);
  EXPECT_EQ(plan.counters.files_skipped_by_values, 1);
  EXPECT_EQ(plan.counters.bytes_skipped, 2020);
  for (const ScanTask& task : plan.tasks) {
    EXPECT_EQ(ToText(task.residual), NameOf(task.data) == "c" ? "true" : "bid > 2.5");
  }
}

TEST_F(PlanScanTest, AConditionOfTwoHalvesThatNoRowMeetsLeavesTheFileOut) {
  Append({WithBids(TestLake::File("a", 50), 5, 6), WithBids(TestLake::File("b", 53), 1, 2)});
  // Each file meets one side of each `or`: partition and values say no only together.
  const ScanPlan plan = Plan("(datetime >= '2023-01-01' and bid > 4) or bid > 100");
  EXPECT_EQ(NamesOf(plan), Names{});
  EXPECT_EQ(NamesOf(Plan("false")), Names{});
}

TEST_F(PlanScanTest, SpecsAreMixedInOneScan) {
  Append({TestLake::File("year51", 51), TestLake::File("year52", 52)});
  ASSERT_OK(
      UpdateSpec(lake.session, lake.id,
                 {RemovePartitionField{"datetime_year"},
                  AddPartitionField{.source = "datetime", .transform = ParseTransform("month")}}));
  const int spec_id = lake.Load().metadata->default_spec_id;
  DataFile january = TestLake::File("jan22", 52 * 12);
  DataFile march = TestLake::File("mar22", 52 * 12 + 2);
  january.spec_id = march.spec_id = spec_id;
  Append({january, march});
  const ScanPlan plan = Plan("datetime >= '2022-03-01' and datetime < '2022-04-01'");
  EXPECT_EQ(NamesOf(plan), (Names{"mar22", "year52"}));
  for (const ScanTask& task : plan.tasks) {
    EXPECT_EQ(task.residual.IsTrue(), NameOf(task.data) == "mar22") << NameOf(task.data);
  }
}

TEST_F(PlanScanTest, TimeTravelReadsFilesAndSchemaOfThen) {
  Append({TestLake::File("a")});
  ASSERT_OK(CreateTag(lake.session, lake.id, "before"));
  lake.clock.Advance(std::chrono::hours(1));
  ASSERT_OK(UpdateSchema(lake.session, lake.id, {RenameColumn{"bid", "price"}}));
  Append({TestLake::File("b")});
  EXPECT_EQ(NamesOf(Plan("price > 1")), (Names{"a", "b"}));
  const ScanPlan then = Plan("bid > 1", "before");
  EXPECT_EQ(NamesOf(then), Names{"a"});
  EXPECT_EQ(then.schema.fields[1].name, "bid");
  EXPECT_EQ(NamesOf(Plan("bid > 1", "2023-11-14T22:30")), Names{"a"});
}

TEST_F(PlanScanTest, DeletesComeWithTheFilesTheyApplyTo) {
  Append({TestLake::File("a", 51), TestLake::File("b", 51), TestLake::File("c", 52)});
  RowDelta delta{
      .added_deletes = {TestLake::Deletes("pos51", 51), TestLake::Deletes("pos-b", 51, "b")}};
  ASSERT_OK(CommitRowDelta(lake.session, lake.id, delta, PlannedOnHead(*lake.Load().metadata)));
  Append({TestLake::File("later", 51)});
  const ScanPlan plan = Plan();
  EXPECT_EQ(DeletesOf(plan, "a"), Names{"pos51"});
  EXPECT_EQ(DeletesOf(plan, "b"), (Names{"pos-b", "pos51"}));
  EXPECT_EQ(DeletesOf(plan, "c"), Names{});
  EXPECT_EQ(DeletesOf(plan, "later"), Names{});
  EXPECT_EQ(plan.counters.delete_files, 2);
  const ScanPlan other = Plan("datetime >= '2022-01-01'");
  EXPECT_EQ(NamesOf(other), Names{"c"});
  EXPECT_EQ(other.counters.delete_files, 0) << "the delete manifest is of another partition";
}

TEST_F(PlanScanTest, DeletedFilesAndEmptyManifestsAreNotRead) {
  Append({TestLake::File("a", 51), TestLake::File("b", 52)});
  ASSERT_OK(ReplacePartitions(lake.session, lake.id, {TestLake::File("n", 51)},
                              PlannedOnHead(*lake.Load().metadata)));
  EXPECT_EQ(NamesOf(Plan()), (Names{"b", "n"}));
}

TEST_F(PlanScanTest, ThePlanIsTheSameForAnyNumberOfThreads) {
  for (int i = 0; i < 30; ++i) {
    Append({TestLake::File("x" + std::to_string(i), 40 + i % 9), TestLake::File("y", 51)});
  }
  const ScanPlan one = Plan("datetime < '2019-01-01'");
  EXPECT_FALSE(one.tasks.empty());
  for (const int threads : {0, 2, 8, 64}) {
    const ScanPlan many = Plan("datetime < '2019-01-01'", "", threads);
    EXPECT_EQ(many.counters, one.counters);
    ASSERT_EQ(many.tasks.size(), one.tasks.size());
    for (std::size_t i = 0; i < one.tasks.size(); ++i) {
      EXPECT_EQ(many.tasks[i].data.path, one.tasks[i].data.path);
    }
  }
}

TEST_F(PlanScanTest, ACancelledPlanStops) {
  Append({TestLake::File("a")});
  table = lake.Load();
  CancelToken cancel;
  cancel.Cancel();
  EXPECT_THAT(PlanScan(*lake.files, *table.metadata,
                       {.snapshot = table.metadata->CurrentSnapshot(), .cancel = cancel}),
              IsError(ErrorKind::kCancelled));
}

TEST_F(PlanScanTest, DamageIsNamed) {
  Append({TestLake::File("a")});
  table = lake.Load();
  const Snapshot* const snapshot = table.metadata->CurrentSnapshot();
  ASSERT_OK_AND_ASSIGN(const auto list, ReadManifestList(*lake.files, *snapshot));
  ASSERT_OK_AND_ASSIGN(const std::string bytes, lake.files->ReadWhole(list[0].path));
  for (const std::size_t size : {std::size_t{0}, std::size_t{10}, bytes.size() - 1}) {
    ASSERT_OK(lake.files->WriteWhole(list[0].path, bytes.substr(0, size)));
    const auto plan = PlanScan(*lake.files, *table.metadata, {.snapshot = snapshot});
    EXPECT_THAT(plan, IsError(ErrorKind::kCorrupt));
    EXPECT_THAT(plan, HasErrorMessage(list[0].path));
  }
  ASSERT_OK(lake.files->Remove(snapshot->manifest_list));
  EXPECT_THAT(PlanScan(*lake.files, *table.metadata, {.snapshot = snapshot}),
              IsError(ErrorKind::kNotFound));
}

TEST(SelectColumns, FindsByNameThenByAnotherCase) {
  Schema schema{.id = 4};
  for (const char* name : {"datetime", "Bid", "bid", "ASK"}) {
    schema.fields.push_back({.id = static_cast<int>(schema.fields.size()) + 1, .name = name});
  }
  ASSERT_OK_AND_ASSIGN(const Schema chosen,
                       SelectColumns(schema, {"ask", "bid", "DateTime"}, false));
  EXPECT_EQ(chosen.id, 4);
  ASSERT_EQ(chosen.fields.size(), 3U);
  EXPECT_EQ(chosen.fields[0].id, 4);
  EXPECT_EQ(chosen.fields[1].id, 3);
  EXPECT_EQ(chosen.fields[2].name, "datetime");
  const auto missing = SelectColumns(schema, {"mid"}, false);
  EXPECT_THAT(missing, IsError(ErrorKind::kInvalidArgument));
  EXPECT_THAT(missing, HasErrorMessage("datetime, Bid, bid, ASK"));
  EXPECT_THAT(SelectColumns(schema, {"BID"}, false), HasErrorMessage("more than one"));
  EXPECT_THAT(SelectColumns(schema, {"ask"}, true), IsError(ErrorKind::kInvalidArgument));
  ASSERT_OK_AND_ASSIGN(const Schema all, SelectColumns(schema, {}, true));
  EXPECT_EQ(all.fields.size(), 4U);
}

}  // namespace
}  // namespace tickhouse::lake
