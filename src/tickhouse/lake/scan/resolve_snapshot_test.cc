#include "tickhouse/lake/scan/resolve_snapshot.h"

#include "tickhouse/core/testing.h"

namespace tickhouse::lake {
namespace {

constexpr int64_t kNewYear = 1'704'067'200'000;  // 2024-01-01
constexpr int64_t kDay = 86'400'000;

/// Snapshots 101, 102, 103 of the first three days of 2024, under schemas 0, 1 and 1; schema 2 is
/// current. Main is rolled back to 102 on the fourth day.
TableMetadata Table() {
  TableMetadata table;
  for (const int id : {0, 1, 2}) table.schemas.push_back({.id = id});
  table.current_schema_id = 2;
  for (int64_t i = 0; i < 3; ++i) {
    Snapshot snapshot{.id = 101 + i, .timestamp_ms = kNewYear + i * kDay};
    if (i > 0) snapshot.parent_id = 100 + i;
    snapshot.schema_id = i == 0 ? 0 : 1;
    table.snapshots.push_back(std::move(snapshot));
    table.snapshot_log.push_back({.timestamp_ms = kNewYear + i * kDay, .snapshot_id = 101 + i});
  }
  table.snapshot_log.push_back({.timestamp_ms = kNewYear + 3 * kDay, .snapshot_id = 102});
  table.current_snapshot_id = 102;
  table.refs = {{"main", {.snapshot_id = 102}},
                {"audit", {.snapshot_id = 103}},
                {"eoy", {.snapshot_id = 101, .is_branch = false}}};
  return table;
}

struct Asked {
  const char* at;
  int64_t snapshot;
  int schema;
};
class ResolveReadPointAt : public testing::TestWithParam<Asked> {};

TEST_P(ResolveReadPointAt, FindsSnapshotAndSchema) {
  const TableMetadata table = Table();
  ASSERT_OK_AND_ASSIGN(const ReadPoint point, ResolveReadPoint(table, GetParam().at));
  ASSERT_NE(point.snapshot, nullptr);
  EXPECT_EQ(point.snapshot->id, GetParam().snapshot);
  EXPECT_EQ(point.schema->id, GetParam().schema);
}

INSTANTIATE_TEST_SUITE_P(
    All, ResolveReadPointAt,
    testing::Values(Asked{"", 102, 2}, Asked{"main", 102, 2}, Asked{"audit", 103, 2},
                    Asked{"eoy", 101, 0}, Asked{"101", 101, 0}, Asked{"103", 103, 1},
                    // To the instant, and until the next one.
                    Asked{"2024-01-01", 101, 0}, Asked{"2024-01-01T23:59:59.999", 101, 0},
                    Asked{"2024-01-02T00:00", 102, 1}, Asked{"2024-01-02 00:00:00", 102, 1},
                    Asked{"1704067200000", 101, 0}, Asked{"1704153600000", 102, 1},
                    Asked{"2024-01-03T01:59:59+02:00", 102, 1},
                    Asked{"2024-01-03T02:00+02:00", 103, 1},
                    Asked{"2024-01-02T19:00-05:00", 103, 1}, Asked{"2024-01-03T00:00Z", 103, 1},
                    // Rolled back, and the future is as now.
                    Asked{"2024-01-04", 102, 1}, Asked{"2099-01-01", 102, 1}));

TEST(ResolveSnapshot, ANameOfDigitsGoesBeforeIdsAndTimes) {
  TableMetadata table = Table();
  table.refs["101"] = {.snapshot_id = 103, .is_branch = false};
  table.refs["1704067200000"] = {.snapshot_id = 103};
  table.refs["2024-01-01"] = {.snapshot_id = 103, .is_branch = false};
  for (const char* at : {"101", "1704067200000", "2024-01-01"}) {
    ASSERT_OK_AND_ASSIGN(const Snapshot* const found, ResolveSnapshot(table, at));
    EXPECT_EQ(found->id, 103) << at;
  }
}

TEST(ResolveSnapshot, AnIdGoesBeforeATime) {
  TableMetadata table = Table();
  table.snapshots.push_back({.id = 1'704'067'200'000, .timestamp_ms = kNewYear + kDay});
  ASSERT_OK_AND_ASSIGN(const Snapshot* const found, ResolveSnapshot(table, "1704067200000"));
  EXPECT_EQ(found->id, 1'704'067'200'000);
}

TEST(ResolveSnapshot, AnEmptyTableHasNoCurrentSnapshotAndNothingElse) {
  TableMetadata table;
  table.schemas.push_back({.id = 0});
  ASSERT_OK_AND_ASSIGN(const ReadPoint point, ResolveReadPoint(table, ""));
  EXPECT_EQ(point.snapshot, nullptr);
  EXPECT_EQ(point.schema, &table.schemas[0]);
  EXPECT_THAT(ResolveSnapshot(table, "main"), IsError(ErrorKind::kNotFound));
  EXPECT_THAT(ResolveSnapshot(table, "2024-01-01"), IsError(ErrorKind::kNotFound));
}

TEST(ResolveSnapshot, BeforeTheFirstSnapshotNamesIt) {
  const auto found = ResolveSnapshot(Table(), "2023-12-31T23:59:59.999");
  EXPECT_THAT(found, IsError(ErrorKind::kNotFound));
  EXPECT_THAT(found, HasErrorMessage("101"));
  EXPECT_THAT(found, HasErrorMessage("2024-01-01T00:00:00.000Z"));
}

TEST(ResolveSnapshot, WhatIsNotThereIsRefusedWithWhatIs) {
  const TableMetadata table = Table();
  for (const char* at : {"eoy2", "MAIN", "104", "-5", "123456789012345678", "99999999999999999999",
                         " ", "1704067200"}) {
    const auto found = ResolveSnapshot(table, at);
    EXPECT_THAT(found, IsError(ErrorKind::kNotFound)) << at;
    EXPECT_THAT(found, HasErrorMessage("audit, eoy, main")) << at;
  }
  for (const char* at : {"2024-02-30", "2024-01-01T24:00", "2024-01-01T10", "2024-01-01x",
                         "2024-01-01T10:00 Europe/Berlin", "2024-01-01T10:00+99:00"}) {
    EXPECT_THAT(ResolveSnapshot(table, at), IsError(ErrorKind::kInvalidArgument)) << at;
  }
}

TEST(ResolveSnapshot, ATimeOfAnExpiredSnapshotIsNotAnothers) {
  TableMetadata table = Table();
  table.snapshots.EraseIf([](const Snapshot& snapshot) { return snapshot.id == 101; });
  const auto found = ResolveSnapshot(table, "2024-01-01T12:00");
  EXPECT_THAT(found, IsError(ErrorKind::kNotFound));
  EXPECT_THAT(found, HasErrorMessage("101"));
  EXPECT_THAT(found, HasErrorMessage("expired"));
}

TEST(ResolveSnapshot, WithoutALogTheAncestorsTell) {
  TableMetadata table = Table();
  table.snapshot_log.clear();
  ASSERT_OK_AND_ASSIGN(const Snapshot* const first, ResolveSnapshot(table, "2024-01-01T12:00"));
  EXPECT_EQ(first->id, 101);
  ASSERT_OK_AND_ASSIGN(const Snapshot* const last, ResolveSnapshot(table, "2024-01-03T12:00"));
  EXPECT_EQ(last->id, 102) << "103 is no ancestor of the current one";
  EXPECT_THAT(ResolveSnapshot(table, "2023-01-01"), IsError(ErrorKind::kNotFound));
}

TEST(ResolveSnapshot, NamesThatLeadToNothingAreDamage) {
  TableMetadata table = Table();
  table.refs["lost"] = {.snapshot_id = 7};
  EXPECT_THAT(ResolveSnapshot(table, "lost"), IsError(ErrorKind::kCorrupt));
  table.current_snapshot_id = 7;
  EXPECT_THAT(ResolveSnapshot(table, ""), IsError(ErrorKind::kCorrupt));
  table.snapshots.push_back({.id = 8, .schema_id = 99});
  EXPECT_OK(ResolveReadPoint(table, "main"));
  EXPECT_THAT(ResolveReadPoint(table, "8"), IsError(ErrorKind::kCorrupt));
}

}  // namespace
}  // namespace tickhouse::lake
