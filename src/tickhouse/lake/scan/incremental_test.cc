#include "tickhouse/lake/scan/incremental.h"

#include <algorithm>
#include <functional>

#include "tickhouse/lake/expression/bind.h"
#include "tickhouse/lake/update/append.h"
#include "tickhouse/lake/update/evolution/snapshot_refs.h"
#include "tickhouse/lake/update/file_changes.h"
#include "tickhouse/lake/update/update_testing.h"

namespace tickhouse::lake {
namespace {

using Names = std::vector<std::string>;

std::string NameOf(const DataFile& file) {
  const std::string name(io::BaseName(file.path));
  return name.substr(0, name.find('.'));
}

/// "+a" added, "-a" removed, "~a" rows deleted, with "(before)" and "[added deletes]".
std::string Told(const FileChange& change) {
  constexpr const char* kSigns[] = {"+", "-", "~"};
  std::string text = kSigns[static_cast<int>(change.kind)] + NameOf(change.task.data);
  for (const DataFile& file : change.task.deletes) text += "(" + NameOf(file) + ")";
  for (const DataFile& file : change.added_deletes) text += "[" + NameOf(file) + "]";
  return text;
}

class IncrementalTest : public testing::Test {
 protected:
  int64_t Id(const Result<CommitOutcome>& outcome) {
    EXPECT_OK(outcome);
    return outcome ? outcome->snapshot_id.value_or(0) : 0;
  }
  int64_t Append(std::vector<DataFile> files, const SnapshotTarget& target = {}) {
    return Id(AppendFiles(lake.session, lake.id, std::move(files), target));
  }
  int64_t Replace(std::vector<DataFile> files) {
    return Id(ReplacePartitions(lake.session, lake.id, std::move(files), Planned()));
  }
  int64_t Delete(std::vector<DataFile> deletes, std::vector<DataFile> data = {}) {
    return Id(CommitRowDelta(lake.session, lake.id,
                             {.added_data = std::move(data), .added_deletes = std::move(deletes)},
                             Planned()));
  }
  PlannedOn Planned() { return PlannedOnHead(*lake.Load().metadata); }

  RangeRequest Range(std::optional<int64_t> from, std::optional<int64_t> to = {},
                     std::string_view filter = "") {
    table = lake.Load();
    auto bound = BindText(filter, table.metadata->CurrentSchema());
    EXPECT_OK(bound);
    return {.from_exclusive = from,
            .to = to ? table.metadata->FindSnapshot(*to) : table.metadata->CurrentSnapshot(),
            .filter = *bound};
  }
  Names Appended(const RangeRequest& range) {
    auto plan = PlanAppends(*lake.files, *table.metadata, range);
    EXPECT_OK(plan);
    Names names;
    if (!plan) return names;
    for (const ScanTask& task : plan->tasks) names.push_back(NameOf(task.data));
    return names;
  }
  std::vector<Names> Changed(const RangeRequest& range) {
    auto changes = PlanChanges(*lake.files, *table.metadata, range);
    EXPECT_OK(changes);
    std::vector<Names> told;
    if (!changes) return told;
    for (const SnapshotChange& change : *changes) {
      Names& names = told.emplace_back();
      for (const FileChange& file : change.files) names.push_back(Told(file));
    }
    return told;
  }
  /// Removes what the plan of `range` must not read.
  void RemoveManifestsNotAddedBy(const std::vector<int64_t>& snapshots) {
    auto list = ReadManifestList(*lake.files, *lake.Load().metadata->CurrentSnapshot());
    ASSERT_OK(list);
    for (const ManifestFile& manifest : *list) {
      if (std::ranges::find(snapshots, *manifest.added_snapshot_id) != snapshots.end()) continue;
      ASSERT_OK(lake.files->Remove(manifest.path));
    }
  }

  TestLake lake;
  LoadedTable table;
};

TEST_F(IncrementalTest, AppendsAreThoseAfterOneSnapshotUpToAnother) {
  const int64_t first = Append({TestLake::File("a")});
  const int64_t second = Append({TestLake::File("b"), TestLake::File("c", 52)});
  const int64_t third = Append({TestLake::File("d")});
  EXPECT_EQ(Appended(Range({})), (Names{"a", "b", "c", "d"}));
  EXPECT_EQ(Appended(Range(first)), (Names{"b", "c", "d"}));
  EXPECT_EQ(Appended(Range(first, second)), (Names{"b", "c"}));
  EXPECT_EQ(Appended(Range(third)), Names{});
  EXPECT_EQ(Appended(Range(first, {}, "datetime >= '2022-01-01'")), Names{"c"});
}

TEST_F(IncrementalTest, AppendsSkipOtherOperationsAndSayWhich) {
  const int64_t first = Append({TestLake::File("a")});
  const int64_t replaced = Replace({TestLake::File("b")});
  const int64_t last = Append({TestLake::File("c", 52)});
  const RangeRequest range = Range({});
  ASSERT_OK_AND_ASSIGN(const AppendPlan plan, PlanAppends(*lake.files, *table.metadata, range));
  EXPECT_EQ(plan.appended, (std::vector<int64_t>{first, last}));
  EXPECT_EQ(plan.skipped, std::vector<int64_t>{replaced});
  EXPECT_EQ(Appended(range), (Names{"a", "c"})) << "a as it was added, though it is gone by now";
}

TEST_F(IncrementalTest, MergedManifestsCountOnceForTheirOwnSnapshot) {
  TestLake merging(Properties{{"commit.manifest.min-count-to-merge", "2"}});
  std::vector<int64_t> ids;
  for (const char* name : {"a", "b", "c", "d", "e"}) {
    auto outcome = AppendFiles(merging.session, merging.id, {TestLake::File(name)});
    ASSERT_OK(outcome);
    ids.push_back(*outcome->snapshot_id);
  }
  const LoadedTable loaded = merging.Load();
  ASSERT_OK_AND_ASSIGN(
      const AppendPlan plan,
      PlanAppends(*merging.files, *loaded.metadata,
                  {.from_exclusive = ids[1], .to = loaded.metadata->CurrentSnapshot()}));
  Names names;
  for (const ScanTask& task : plan.tasks) names.push_back(NameOf(task.data));
  EXPECT_EQ(names, (Names{"c", "d", "e"}));
}

TEST_F(IncrementalTest, OnlyManifestsOfTheRangeAreRead) {
  const int64_t first = Append({TestLake::File("a", 50)});
  const int64_t second = Append({TestLake::File("b", 51)});
  const int64_t third = Append({TestLake::File("c", 52)});
  RemoveManifestsNotAddedBy({second, third});
  EXPECT_EQ(Appended(Range(first)), (Names{"b", "c"}));
  EXPECT_EQ(Changed(Range(first)), (std::vector<Names>{{"+b"}, {"+c"}}));
}

TEST_F(IncrementalTest, FromMustBeAnAncestor) {
  const int64_t first = Append({TestLake::File("a")});
  const int64_t beside = Append({TestLake::File("b")}, {.branch = "audit"});
  const int64_t second = Append({TestLake::File("c")});
  const RangeRequest range = Range(beside);
  EXPECT_THAT(PlanAppends(*lake.files, *table.metadata, range),
              IsError(ErrorKind::kInvalidArgument));
  EXPECT_THAT(PlanChanges(*lake.files, *table.metadata, Range(second, first)),
              IsError(ErrorKind::kInvalidArgument));
  EXPECT_THAT(PlanChanges(*lake.files, *table.metadata, Range(12345)),
              HasErrorMessage("nor in the table"));
  EXPECT_EQ(Appended(Range(first, beside)), Names{"b"}) << "of a branch";
}

TEST_F(IncrementalTest, AnExpiredBeginningIsNotTakenForTheWhole) {
  const int64_t first = Append({TestLake::File("a")});
  const int64_t second = Append({TestLake::File("b")});
  Append({TestLake::File("c")});
  RangeRequest range = Range({});
  TableMetadata expired = *table.metadata;
  expired.snapshots.EraseIf([&](const Snapshot& each) { return each.id == first; });
  EXPECT_THAT(PlanAppends(*lake.files, expired, range), IsError(ErrorKind::kNotFound));
  range.from_exclusive = 77;
  EXPECT_THAT(PlanAppends(*lake.files, expired, range), IsError(ErrorKind::kNotFound));
  range.from_exclusive = first;
  ASSERT_OK_AND_ASSIGN(const AppendPlan plan, PlanAppends(*lake.files, expired, range));
  EXPECT_EQ(plan.appended.front(), second) << "its child still names it";
  EXPECT_EQ(plan.tasks.size(), 2U);
}

TEST_F(IncrementalTest, AnEmptyTableHasNoChanges) {
  const RangeRequest range = Range({});
  ASSERT_OK_AND_ASSIGN(const AppendPlan plan, PlanAppends(*lake.files, *table.metadata, range));
  EXPECT_TRUE(plan.tasks.empty());
  EXPECT_EQ(Changed(range), std::vector<Names>{});
}

TEST_F(IncrementalTest, ChangesAreFilesAddedAndRemoved) {
  const int64_t first = Append({TestLake::File("a"), TestLake::File("b"), TestLake::File("c", 52)});
  Replace({TestLake::File("n")});
  Append({TestLake::File("d")});
  EXPECT_EQ(Changed(Range(first)), (std::vector<Names>{{"-a", "-b", "+n"}, {"+d"}}));
  EXPECT_EQ(Changed(Range({})).front(), (Names{"+a", "+b", "+c"}));
}

TEST_F(IncrementalTest, RewrittenFilesAreNoChange) {
  const int64_t first = Append({TestLake::File("a"), TestLake::File("b")});
  const LoadedTable loaded = lake.Load();
  auto live = LiveEntries(*lake.files, *loaded.metadata, *loaded.metadata->CurrentSnapshot());
  ASSERT_OK(live);
  ASSERT_OK(RewriteFiles(lake.session, lake.id,
                         {.removed_data = *live, .added = {TestLake::File("ab", 51, 20)}},
                         Planned()));
  Append({TestLake::File("c")});
  EXPECT_EQ(Changed(Range(first)), (std::vector<Names>{{}, {"+c"}}));
  const RangeRequest range = Range(first);
  ASSERT_OK_AND_ASSIGN(const auto changes, PlanChanges(*lake.files, *table.metadata, range));
  EXPECT_TRUE(changes[0].rewritten);
  EXPECT_FALSE(changes[1].rewritten);
}

TEST_F(IncrementalTest, DeletedRowsAreToldWithTheDeletesBefore) {
  Append({TestLake::File("a"), TestLake::File("b"), TestLake::File("c", 52)});
  const int64_t first = Delete({TestLake::Deletes("old", 51)});
  Delete({TestLake::Deletes("new", 51, "a")});
  Delete({TestLake::Deletes("all51", 51)}, {TestLake::File("d")});
  const auto changed = Changed(Range(first));
  ASSERT_EQ(changed.size(), 2U);
  EXPECT_EQ(changed[0], Names{"~a(old)[new]"});
  EXPECT_EQ(changed[1], (Names{"~a(old)(new)[all51]", "~b(old)[all51]", "+d(all51)"}));
}

TEST_F(IncrementalTest, ARemovedFileTakesOnlyTheRowsItStillHad) {
  Append({TestLake::File("a"), TestLake::File("b", 52)});
  const int64_t first = Delete({TestLake::Deletes("old", 51)});
  Replace({TestLake::File("n")});
  EXPECT_EQ(Changed(Range(first)), (std::vector<Names>{{"-a(old)", "+n"}}));
}

TEST_F(IncrementalTest, DeletesOfOnePartitionDoNotReadManifestsOfOthers) {
  const int64_t other = Append({TestLake::File("x", 45), TestLake::File("y", 46)});
  const int64_t first = Append({TestLake::File("a", 51)});
  const int64_t second = Delete({TestLake::Deletes("p", 51)});
  RemoveManifestsNotAddedBy({first, second});
  EXPECT_EQ(Changed(Range(first)), std::vector<Names>{{"~a[p]"}});
  EXPECT_THAT(PlanChanges(*lake.files, *table.metadata, Range({}, other)),
              IsError(ErrorKind::kNotFound))
      << "a manifest of the range that is gone";
}

TEST_F(IncrementalTest, AFilterLeavesOutFilesAndSaysWhatIsLeftToAsk) {
  const int64_t first = Append({TestLake::File("a"), TestLake::File("b", 52)});
  Replace({TestLake::File("n", 51), TestLake::File("m", 52)});
  const RangeRequest range = Range(first, {}, "datetime < '2022-01-01' and bid > 1");
  EXPECT_EQ(Changed(range), (std::vector<Names>{{"-a", "+n"}}));
  ASSERT_OK_AND_ASSIGN(const auto changes, PlanChanges(*lake.files, *table.metadata, range));
  EXPECT_EQ(ToText(changes[0].files[0].task.residual), "bid > 1");
}

}  // namespace
}  // namespace tickhouse::lake
