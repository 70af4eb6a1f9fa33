#include "tickhouse/app/lake/diff/diff.h"

#include "tickhouse/app/lake/diff/plan_difference.h"
#include "tickhouse/app/lake/lake_testing.h"
#include "tickhouse/app/lake/refs.h"
#include "tickhouse/app/lake/upkeep/upkeep.h"

namespace tickhouse::app {
namespace {

struct Told {
  RunReport report;
  std::multiset<std::string> rows;  ///< "added,2020-...,1.0,"
};

Told Differ(LakeFolder& lake, const std::string& from, const std::string& to = "") {
  std::string text;
  DiffRequest request{.table = "eurusd", .from = from, .to = to};
  auto counted = LakeDiff(lake.request, request, lake.environment);
  EXPECT_OK(counted);
  request.rows = true;
  request.delivery.format = "csv";
  request.delivery.print = [&text](std::string_view bytes) -> Status {
    text += bytes;
    return {};
  };
  const auto shown = LakeDiff(lake.request, request, lake.environment);
  EXPECT_OK(shown);
  Told told{.report = std::move(*counted), .rows = LinesOf(text.substr(text.find('\n') + 1))};
  // With rows or without: the same counts.
  for (const char* name : {"rows-added", "rows-removed", "rows-rewritten", "files-added"}) {
    EXPECT_EQ(shown->Count(name), told.report.Count(name)) << name;
  }
  EXPECT_EQ(told.report.Count("rows-added") + told.report.Count("rows-removed"),
            static_cast<int64_t>(told.rows.size()));
  return told;
}

std::string Id(int64_t id) {
  return std::to_string(id);
}

using Lines = std::multiset<std::string>;

TEST(LakeDiff, WhatAnAppendAdds) {
  LakeFolder lake;
  const int64_t first = lake.Append(TickRows(0, 3));
  lake.Append(TickRows(10, 2));
  const Told told = Differ(lake, Id(first));
  EXPECT_EQ(told.rows, (Lines{"added,2020-03-01 00:00:10,1.0,", "added,2020-03-01 00:00:11,2.0,"}));
  EXPECT_EQ(told.report.Count("files-added"), 1);
  EXPECT_THAT(told.report.text, testing::HasSubstr("file added"));
  EXPECT_EQ(JsonOf(told.report, "files").at(0).at("rows"), 2);
  const Told none = Differ(lake, "main");
  EXPECT_TRUE(none.rows.empty());
}

TEST(LakeDiff, CopyOnWriteCancelsOut) {
  LakeFolder lake;
  const int64_t first = lake.Append(TickRows(0, 50));
  lake.Delete("bid = 7");
  const Told told = Differ(lake, Id(first));
  EXPECT_EQ(told.rows, Lines{"removed,2020-03-01 00:00:06,7.0,"});
  EXPECT_EQ(told.report.Count("rows-rewritten"), 49);
  EXPECT_EQ(told.report.Count("files-added"), 1);
  EXPECT_EQ(told.report.Count("files-removed"), 1);
}

TEST(LakeDiff, BackwardsIsTheOtherWayRound) {
  LakeFolder lake;
  const int64_t first = lake.Append(TickRows(0, 5));
  const int64_t second = lake.Delete("bid = 3");
  const Told told = Differ(lake, Id(second), Id(first));
  EXPECT_EQ(told.rows, Lines{"added,2020-03-01 00:00:02,3.0,"});
}

TEST(LakeDiff, RowsTakenByPositionDeletesAndGivenBack) {
  LakeFolder lake;
  const int64_t first = lake.Append(TickRows(0, 6));
  const int64_t second = lake.DeletePositions({1, 4}, "d1");
  const int64_t third = lake.DeletePositions({1, 2}, "d2");
  EXPECT_EQ(Differ(lake, Id(first), Id(second)).rows,
            (Lines{"removed,2020-03-01 00:00:01,2.0,", "removed,2020-03-01 00:00:04,5.0,"}));
  EXPECT_EQ(Differ(lake, Id(second), Id(third)).rows, Lines{"removed,2020-03-01 00:00:02,3.0,"});
  EXPECT_EQ(Differ(lake, Id(third), Id(first)).rows.size(), 3U);
  const Told told = Differ(lake, Id(first), Id(third));
  EXPECT_EQ(told.report.Count("rows-removed"), 3);
  EXPECT_THAT(told.report.text, testing::HasSubstr("rows removed"));
}

TEST(LakeDiff, HistoriesThatPartedMeetAtTheirLastCommonSnapshot) {
  LakeFolder lake;
  const int64_t base = lake.Append(TickRows(0, 2));
  const int64_t left = lake.Append(TickRows(10, 2));
  ASSERT_OK(LakeRollback(lake.request, {.table = "eurusd", .to = Id(base), .confirmed = true},
                         lake.environment));
  const int64_t right = lake.Append(TickRows(11, 2, 2));
  const Told told = Differ(lake, Id(left), Id(right));
  // The tick of second 11 is on both sides.
  EXPECT_EQ(told.rows,
            (Lines{"removed,2020-03-01 00:00:10,1.0,", "added,2020-03-01 00:00:12,3.0,"}));
  EXPECT_EQ(told.report.Count("rows-rewritten"), 1);
}

TEST(LakeDiff, CompactionChangesNoRow) {
  LakeFolder lake;
  int64_t first = 0;
  for (int i = 0; i < 6; ++i) {
    const int64_t made = lake.Append(TickRows(i * 2, 4, i * 10));
    if (i == 0) first = made;
  }
  const int64_t before = lake.Current();
  ASSERT_OK(LakeCompact(lake.request, {.table = "eurusd"}, lake.environment));
  const Told told = Differ(lake, Id(before));
  EXPECT_TRUE(told.rows.empty());
  EXPECT_EQ(told.report.Count("rewrites"), 1);
  lake.Delete("bid = 53");
  const Told whole = Differ(lake, Id(first));
  EXPECT_EQ(whole.report.Count("rows-added"), 19);
  EXPECT_EQ(whole.report.Count("rows-removed"), 0) << "what was compacted is not removed";
}

TEST(LakeDiff, WithoutAHistoryTheStatesAreCompared) {
  LakeFolder lake;
  const int64_t first = lake.Append(TickRows(0, 5));
  lake.DeletePositions({0}, "d1");
  lake.Append(TickRows(20, 1));
  const auto opened = lake.Open();
  const lake::TableMetadata& metadata = *opened->loaded.metadata;
  const auto between = [&](const lake::Snapshot* from, const lake::Snapshot* to) {
    auto plan = PlanDifference(*lake.files, metadata, from, to, 1, {});
    EXPECT_OK(plan);
    std::multiset<RowChangeKind> kinds;
    for (const RowChange& change : plan->changes) kinds.insert(change.kind);
    EXPECT_FALSE(plan->base_snapshot_id);
    return kinds;
  };
  using enum RowChangeKind;
  using Kinds = std::multiset<RowChangeKind>;
  EXPECT_EQ(between(nullptr, metadata.FindSnapshot(first)), Kinds{kFileAdded});
  EXPECT_EQ(between(metadata.CurrentSnapshot(), nullptr), (Kinds{kFileRemoved, kFileRemoved}));
  EXPECT_TRUE(between(nullptr, nullptr).empty());
  // A history that was cut between the two.
  lake::TableMetadata cut = metadata;
  const int64_t last = metadata.CurrentSnapshot()->id;
  cut.snapshots.EraseIf([&](const lake::Snapshot& s) { return s.id != first && s.id != last; });
  ASSERT_OK_AND_ASSIGN(
      const DifferencePlan plan,
      PlanDifference(*lake.files, cut, cut.FindSnapshot(first), cut.FindSnapshot(last), 1, {}));
  Kinds kinds;
  for (const RowChange& change : plan.changes) kinds.insert(change.kind);
  EXPECT_EQ(kinds, (Kinds{kFileAdded, kRowsRemoved}));
  ASSERT_OK_AND_ASSIGN(
      const DifferencePlan back,
      PlanDifference(*lake.files, cut, cut.FindSnapshot(last), cut.FindSnapshot(first), 1, {}));
  kinds.clear();
  for (const RowChange& change : back.changes) kinds.insert(change.kind);
  EXPECT_EQ(kinds, (Kinds{kFileRemoved, kRowsAdded}));
}

TEST(LakeDiff, UnknownStatesAreNamed) {
  LakeFolder lake;
  lake.Append(TickRows(0, 1));
  EXPECT_THAT(LakeDiff(lake.request, {.table = "eurusd", .from = "never"}, lake.environment),
              HasErrorMessage("never"));
}

}  // namespace
}  // namespace tickhouse::app
