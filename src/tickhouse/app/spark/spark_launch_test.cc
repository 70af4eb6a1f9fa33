#include "tickhouse/app/spark/spark_launch.h"

#include <map>

#include "tickhouse/core/testing.h"
#include "tickhouse/io/fs/local_file_system.h"
#include "tickhouse/io/fs/test_folder.h"

namespace tickhouse::app {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

class SparkLaunchTest : public ::testing::Test {
 protected:
  SparkLaunch Plan(const std::string& program, std::map<std::string, std::string> variables = {}) {
    return PlanSparkLaunch(*files_, program,
                           [&](const std::string& name) -> std::optional<std::string> {
                             const auto found = variables.find(name);
                             if (found == variables.end()) return std::nullopt;
                             return found->second;
                           });
  }
  std::string Put(const std::string& name) {
    const std::string path = io::JoinPath(folder_.path(), name);
    EXPECT_OK(files_->WriteWhole(path, "#!/bin/sh\n"));
    return path;
  }

  io::TemporaryFolder folder_;
  std::unique_ptr<io::FileSystem> files_ = io::MakeLocalFileSystem();
};

// The spark-submit of a virtual environment asked the python3 of PATH where Spark lies, which had
// never heard of pyspark: "'NoneType' object has no attribute 'origin'".
TEST_F(SparkLaunchTest, APythonBesideTheProgramRunsTheDriver) {
  const std::string program = Put("venv/bin/spark-submit");
  EXPECT_THAT(Plan(program).environment, IsEmpty());
  const std::string python = Put("venv/bin/python3");
  EXPECT_THAT(Plan(program).environment, ElementsAre("PYSPARK_DRIVER_PYTHON=" + python));
  EXPECT_EQ(Plan(program).program, program);
}

TEST_F(SparkLaunchTest, WhatTheUserChoseStays) {
  const std::string program = Put("bin/spark-submit");
  Put("bin/python3");
  for (const char* name : {"SPARK_HOME", "PYSPARK_PYTHON", "PYSPARK_DRIVER_PYTHON"}) {
    EXPECT_THAT(Plan(program, {{name, "/chosen"}}).environment, IsEmpty()) << name;
    EXPECT_THAT(Plan(program, {{name, ""}}).environment, ::testing::SizeIs(1)) << name;
  }
}

TEST_F(SparkLaunchTest, ABareNameIsLeftToThePath) {
  EXPECT_EQ(Plan("spark-submit").program, "spark-submit");
  EXPECT_THAT(Plan("spark-submit").environment, IsEmpty());
  EXPECT_EQ(Plan("").program, "");
}

// It is started in a scratch folder, where a relative name means something else.
TEST_F(SparkLaunchTest, ARelativeNameMeansOurFolder) {
  EXPECT_EQ(Plan("venv/bin/spark-submit").program, AbsolutePath("venv/bin/spark-submit"));
  EXPECT_THAT(AbsolutePath("venv/bin"), ::testing::StartsWith("/"));
  EXPECT_EQ(AbsolutePath("s3://bucket/key"), "s3://bucket/key");
  EXPECT_EQ(AbsolutePath("/a"), "/a");
}

}  // namespace
}  // namespace tickhouse::app
