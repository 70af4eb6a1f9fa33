// How the Spark that a user names is to be started.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "tickhouse/core/error.h"
#include "tickhouse/io/fs/file_system.h"

namespace tickhouse::app {

struct SparkLaunch {
  std::string program;                   ///< Absolute, or a bare name for PATH to find.
  std::vector<std::string> environment;  ///< "NAME=value" beside what we were started with.
};

/// The value of an environment variable; nothing when it is not set.
using EnvironmentLookup = std::function<std::optional<std::string>(const std::string& name)>;

/// `program` as the user wrote it; "" stays "". The spark-submit of a virtual environment finds its
/// Spark by whichever python3 PATH names, which need not be its own: where a python3 lies beside
/// the program and none of SPARK_HOME, PYSPARK_PYTHON, PYSPARK_DRIVER_PYTHON is set, that one
/// becomes PYSPARK_DRIVER_PYTHON. Workers are left alone: the jobs are SQL, and another machine may
/// not have the path. Never fails: a program that is not there is told when it is started.
SparkLaunch PlanSparkLaunch(io::FileSystem& files, const std::string& program,
                            const EnvironmentLookup& variable);

/// The same with the variables of this process.
SparkLaunch PlanSparkLaunch(io::FileSystem& files, const std::string& program);

/// `path` below the working folder of this process, unless it is absolute or an address.
std::string AbsolutePath(const std::string& path);

}  // namespace tickhouse::app
