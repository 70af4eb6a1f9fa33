#include "tickhouse/sql/spark_clean.h"

#include <filesystem>
#include <nlohmann/json.hpp>

#include "tickhouse/core/testing.h"
#include "tickhouse/io/fs/local_file_system.h"
#include "tickhouse/io/fs/test_folder.h"

namespace tickhouse::sql {
namespace {

// A stand-in for spark-submit: keeps its arguments and ends with the code it is told.
class SparkClean : public ::testing::Test {
 protected:
  SparkCleanJob JobWithSubmit(const std::string& body) {
    const std::string program = folder_.File("spark-submit");
    EXPECT_OK(files_->WriteWhole(program, "#!/bin/sh\n" + body));
    std::filesystem::permissions(program, std::filesystem::perms::owner_all);
    SparkCleanJob job;
    job.submit = program;
    job.folder = folder_.File("work");
    SparkCleanSymbol of;
    of.symbol = "EURUSD";
    of.files = {{"/data/a.parquet", 0}, {"/data/b.parquet", 1}};
    of.out_folder = folder_.File("rows");
    job.symbols.push_back(of);
    return job;
  }

  io::TemporaryFolder folder_;
  std::unique_ptr<io::FileSystem> files_ = io::MakeLocalFileSystem();
};

TEST_F(SparkClean, HandsScriptAndPlanToSparkSubmit) {
  SparkCleanJob job = JobWithSubmit("echo \"$@\" > '" + folder_.File("arguments") + "'\n");
  job.master = "local[2]";
  // A window over UTC midnight becomes a row for each of the two days.
  const int64_t midnight = -kNanosPerDay;
  job.symbols[0].ranges = {
      {FromNanos(midnight - kNanosPerHour), FromNanos(midnight + kNanosPerHour)}};
  ASSERT_OK(CleanOnSpark(*files_, job, {}));
  ASSERT_OK_AND_ASSIGN(const std::string arguments, files_->ReadWhole(folder_.File("arguments")));
  EXPECT_EQ(arguments, "--master local[2] " + folder_.File("work/clean.py") + " " +
                           folder_.File("work/plan.json") + "\n");
  ASSERT_OK_AND_ASSIGN(const std::string plan, files_->ReadWhole(folder_.File("work/plan.json")));
  const auto of = nlohmann::json::parse(plan)["symbols"][0];
  EXPECT_EQ(of["files"][1]["rank"], 1);
  EXPECT_EQ(of["windows"], nlohmann::json::parse("[[-2,-90000000000,-86400000000],"
                                                 "[-1,-86400000000,-82800000000]]"));
}

TEST_F(SparkClean, TheWholeDayIsNoListOfWindows) {
  ASSERT_OK(CleanOnSpark(*files_, JobWithSubmit("exit 0\n"), {}));
  ASSERT_OK_AND_ASSIGN(const std::string plan, files_->ReadWhole(folder_.File("work/plan.json")));
  EXPECT_TRUE(nlohmann::json::parse(plan)["symbols"][0]["windows"].is_null());
}

TEST_F(SparkClean, AFailureShowsTheEndOfItsOutput) {
  const SparkCleanJob job = JobWithSubmit("echo the cluster is on fire >&2; exit 7\n");
  const Status status = CleanOnSpark(*files_, job, {});
  EXPECT_THAT(status, IsError(ErrorKind::kIo));
  EXPECT_THAT(status, HasErrorMessage("the cluster is on fire"));
  EXPECT_THAT(status, HasErrorMessage("ended with 7"));
}

TEST_F(SparkClean, AMissingProgramIsUnavailable) {
  SparkCleanJob job = JobWithSubmit("exit 0\n");
  job.submit = folder_.File("no-such-program");
  EXPECT_THAT(CleanOnSpark(*files_, job, {}), IsError(ErrorKind::kUnavailable));
}

}  // namespace
}  // namespace tickhouse::sql
