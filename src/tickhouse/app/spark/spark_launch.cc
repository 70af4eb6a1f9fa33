#include "tickhouse/app/spark/spark_launch.h"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <memory>

namespace tickhouse::app {

namespace {

// Any of these says that the user has chosen.
constexpr std::array kChoices = {"SPARK_HOME", "PYSPARK_PYTHON", "PYSPARK_DRIVER_PYTHON"};

}  // namespace

std::string AbsolutePath(const std::string& path) {
  if (path.starts_with('/') || path.find("://") != std::string::npos) return path;
  const std::unique_ptr<char, decltype(&std::free)> folder(::getcwd(nullptr, 0), &std::free);
  return folder ? io::JoinPath(folder.get(), path) : path;
}

SparkLaunch PlanSparkLaunch(io::FileSystem& files, const std::string& program,
                            const EnvironmentLookup& variable) {
  SparkLaunch launch;
  launch.program = program;
  if (program.find('/') == std::string::npos) return launch;
  // It is started in another folder.
  launch.program = AbsolutePath(program);
  const bool chosen = std::ranges::any_of(
      kChoices, [&](const char* name) { return !variable(name).value_or("").empty(); });
  const std::string python =
      io::JoinPath(launch.program.substr(0, launch.program.rfind('/')), "python3");
  if (!chosen && files.Exists(python).value_or(false)) {
    launch.environment.push_back("PYSPARK_DRIVER_PYTHON=" + python);
  }
  return launch;
}

SparkLaunch PlanSparkLaunch(io::FileSystem& files, const std::string& program) {
  return PlanSparkLaunch(files, program, [](const std::string& name) -> std::optional<std::string> {
    const char* const value = std::getenv(name.c_str());
    if (value == nullptr) return std::nullopt;
    return value;
  });
}

}  // namespace tickhouse::app
