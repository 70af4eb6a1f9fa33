#include "tickhouse/app/lake/read.h"

#include "tickhouse/app/lake/lake_testing.h"

namespace tickhouse::app {
namespace {

TEST(LakeRead, RowsColumnsFilterLimitAndTimeTravel) {
  LakeFolder lake;
  const int64_t first = lake.Append(TickRows(10, 3));
  lake.Append(TickRows(0, 2, 100));
  EXPECT_EQ(lake.Read({.columns = {"bid"}}), "100.0\n101.0\n1.0\n2.0\n3.0\n") << "by time";
  EXPECT_EQ(lake.Read({.at = std::to_string(first), .limit = 1}), "2020-03-01 00:00:10,1.0,\n");
  EXPECT_EQ(lake.Read({.filter = "bid > 2 and bid < 101", .columns = {"BID", "datetime"}}),
            "100.0,2020-03-01 00:00:00\n3.0,2020-03-01 00:00:12\n");
  EXPECT_EQ(lake.Read({.filter = "datetime >= 2021-01-01"}), "");
}

TEST(LakeRead, DeletedRowsAreNotThere) {
  LakeFolder lake;
  lake.Append(TickRows(0, 4));
  lake.DeletePositions({0, 2}, "gone");
  EXPECT_EQ(lake.Read({.columns = {"bid"}}), "2.0\n4.0\n");
}

TEST(LakeRead, AnEmptyTableHasNoRows) {
  LakeFolder lake;
  EXPECT_EQ(lake.Read(), "");
}

TEST(LakeRead, RowsToFilesAndReports) {
  LakeFolder lake;
  lake.Append(TickRows(0, 2));
  ReadRequest request{.table = "gold.eurusd"};
  request.delivery.output = lake.folder.File("rows.jsonl");
  ASSERT_OK_AND_ASSIGN(const RunReport file, LakeRead(lake.request, request, lake.environment));
  EXPECT_EQ(file.Count("rows"), 2);
  EXPECT_EQ(file.outputs, std::vector<std::string>{request.delivery.output});
  ASSERT_OK_AND_ASSIGN(const std::string text, lake.files->ReadWhole(request.delivery.output));
  EXPECT_EQ(LinesOf(text).size(), 2U);
  request.delivery = {.rows_in_report = true};
  ASSERT_OK_AND_ASSIGN(const RunReport report, LakeRead(lake.request, request, lake.environment));
  EXPECT_EQ(JsonOf(report, "rows").at(1).at("bid"), 2.0);
  EXPECT_EQ(JsonOf(report, "rows").at(1).at("ask"), nullptr);
  EXPECT_EQ(JsonOf(report, "snapshot_id"), lake.Current());
}

TEST(LakeRead, WhatIsWrongIsNamedBeforeAnythingIsRead) {
  LakeFolder lake;
  lake.Append(TickRows(0, 2));
  const auto refused = [&](ReadRequest request, const std::string& message) {
    request.table = "eurusd";
    if (!request.delivery.print) {
      request.delivery.print = [](std::string_view) -> Status { return {}; };
    }
    const auto run = LakeRead(lake.request, request, lake.environment);
    EXPECT_THAT(run, HasErrorMessage(message));
  };
  refused({.filter = "price > 1"}, "price");
  refused({.filter = "bid >"}, "column");
  refused({.columns = {"price"}}, "price");
  refused({.at = "never"}, "never");
  refused({.delivery = {.format = "xml"}}, "xml");
  refused({.delivery = {.format = "parquet"}}, "--output");
  refused({.delivery = {.format = "csv", .rows_in_report = true}}, "--json");
}

}  // namespace
}  // namespace tickhouse::app
