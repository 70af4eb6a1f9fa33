#include "tickhouse/app/lake/upkeep/check.h"

#include "tickhouse/app/lake/lake_testing.h"

namespace tickhouse::app {
namespace {

RunReport Check(LakeFolder& lake, const CheckCommand& command = {}) {
  auto report = LakeCheck(lake.request, command, lake.environment);
  EXPECT_OK(report);
  return report ? *std::move(report) : RunReport();
}

std::set<std::string> Kinds(const RunReport& report) {
  std::set<std::string> kinds;
  for (const Problem& problem : report.problems) kinds.insert(problem.kind);
  return kinds;
}

TEST(LakeCheck, ASoundLakeIsSound) {
  LakeFolder lake;
  lake.Append(TickRows(0, 3));
  const RunReport report = Check(lake);
  EXPECT_EQ(report.ExitCode(), 0);
  EXPECT_EQ(report.Count("tables"), 1);
  EXPECT_EQ(report.Count("files"), 1);
  EXPECT_THAT(report.text, testing::HasSubstr("sound"));
  EXPECT_EQ(Check(lake, {.table = "eurusd", .heads = true, .quick = true}).ExitCode(), 0);
  EXPECT_THAT(LakeCheck(lake.request, {.table = "nobody"}, lake.environment),
              IsError(ErrorKind::kNotFound));
  EXPECT_THAT(LakeCheck(lake.request, {.dry_run = true}, lake.environment),
              IsError(ErrorKind::kInvalidArgument));
}

TEST(LakeCheck, AMissingFileIsNamedAndMainGoesBack) {
  LakeFolder lake;
  const int64_t first = lake.Append(TickRows(0, 3));
  const int64_t second = lake.Append(TickRows(9, 1));
  std::string lost;
  for (const lake::DataFile& file : lake.DataFiles()) {
    if (file.record_count == 1) lost = file.path.substr(7);
  }
  ASSERT_OK(lake.files->Remove(lost));
  const RunReport found = Check(lake, {.table = "eurusd"});
  EXPECT_EQ(found.ExitCode(), 1);
  EXPECT_EQ(Kinds(found), std::set<std::string>{"missing"});
  EXPECT_THAT(found.problems[0].message, testing::HasSubstr(lost));
  const RunReport plan = Check(lake, {.repair = true, .dry_run = true});
  EXPECT_THAT(plan.text, testing::HasSubstr("dry run"));
  EXPECT_EQ(lake.Current(), second);
  const RunReport done = Check(lake, {.repair = true});
  EXPECT_EQ(done.ExitCode(), 1) << "it found a fault";
  EXPECT_EQ(done.Count("repaired"), 1);
  EXPECT_TRUE(JsonOf(done, "tables").at(0).at("repair").at("done"));
  EXPECT_EQ(lake.Current(), first);
  EXPECT_EQ(LinesOf(lake.Read()).size(), 3U);
}

TEST(LakeCheck, ABrokenPointerIsMoved) {
  LakeFolder lake;
  lake.Append(TickRows(0, 3));
  const std::string sound = lake.Open()->loaded.metadata_location;
  lake.Append(TickRows(9, 1));
  const auto opened = lake.Open();
  ASSERT_OK(lake.files->WriteWhole(opened->loaded.metadata_location.substr(7), "{\"format-ver"));
  const RunReport found = Check(lake);
  EXPECT_EQ(Kinds(found), std::set<std::string>{"pointer"});
  const RunReport done = Check(lake, {.table = "eurusd", .repair = true});
  EXPECT_EQ(done.Count("repaired"), 1);
  EXPECT_EQ(done.problems.size(), 1U) << "the fault is told once";
  EXPECT_THAT(done.text, testing::HasSubstr("backup"));
  EXPECT_EQ(lake.Open()->loaded.metadata_location, sound);
  EXPECT_EQ(LinesOf(lake.Read()).size(), 3U);
  EXPECT_EQ(Check(lake, {.heads = true}).ExitCode(), 0);
}

}  // namespace
}  // namespace tickhouse::app
