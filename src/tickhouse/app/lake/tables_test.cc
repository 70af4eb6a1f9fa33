#include "tickhouse/app/lake/tables.h"

#include "tickhouse/app/lake/lake_testing.h"

namespace tickhouse::app {
namespace {

TEST(LakeTablesOfTheCatalog, RowsThatPositionsDeleteAreNotCounted) {
  LakeFolder lake;
  lake.Append(TickRows(0, 4));
  lake.DeletePositions({0, 2}, "gone");
  ASSERT_OK_AND_ASSIGN(const RunReport show,
                       LakeShow(lake.request, "eurusd", "", 80, lake.environment));
  EXPECT_EQ(JsonOf(show, "table").at("rows"), 2);
  ASSERT_OK_AND_ASSIGN(const RunReport tables, LakeTables(lake.request, 80, lake.environment));
  EXPECT_EQ(JsonOf(tables, "tables").at(0).at("rows"), 2);
  EXPECT_GT(JsonOf(tables, "tables").at(0).at("bytes"), 0);
  ASSERT_OK_AND_ASSIGN(const RunReport snapshots,
                       LakeSnapshots(lake.request, "eurusd", 80, lake.environment));
  EXPECT_EQ(JsonOf(snapshots, "snapshots").at(1).at("summary").at("total-records"), "4")
      << "the summary as it was written";
}

}  // namespace
}  // namespace tickhouse::app
