#include "tickhouse/sql/spark_failure.h"

#include <fmt/format.h>

#include <array>
#include <string_view>
#include <utility>
#include <vector>

namespace tickhouse::sql {

namespace {

constexpr int kKilled = 128 + 9;
constexpr std::size_t kMostWords = 1'000;

constexpr std::string_view kNoJava =
    "Spark finds no Java: install Java 17 (openjdk-17-jre-headless) and set JAVA_HOME to its "
    "folder";
constexpr std::string_view kNoPyspark =
    "the Python that Spark's driver runs with has no pyspark: name the spark-submit of a whole "
    "Spark, or set SPARK_HOME or PYSPARK_DRIVER_PYTHON";

struct KnownWords {
  std::string_view words;
  std::string_view meaning;
};

constexpr std::array kKnown = {
    KnownWords{"JAVA_HOME is not set", kNoJava},
    KnownWords{"bin/java: No such file", kNoJava},
    KnownWords{"bin/java: cannot execute", kNoJava},
    KnownWords{"java: not found", kNoJava},
    KnownWords{"java: command not found", kNoJava},
    KnownWords{"Unable to locate a Java Runtime", kNoJava},
    KnownWords{"UnsupportedClassVersionError",
               "this Java is too old for this Spark: set JAVA_HOME to a Java 17 or 21"},
    KnownWords{"getSubject is supported only if a security manager is allowed",
               "this Java is too new for this Spark: set JAVA_HOME to a Java 17 or 21"},
    KnownWords{"getSubject is not supported",
               "this Java is too new for this Spark: set JAVA_HOME to a Java 17 or 21"},
    KnownWords{"No module named 'pyspark'", kNoPyspark},
    KnownWords{"'NoneType' object has no attribute 'origin'", kNoPyspark},
    KnownWords{"Could not find valid SPARK_HOME", kNoPyspark},
    KnownWords{"Cannot run program \"python", "Spark finds no Python: set PYSPARK_PYTHON"},
    KnownWords{"There is insufficient memory for the Java Runtime",
               "there is not enough memory for Spark's Java"},
    KnownWords{"java.lang.OutOfMemoryError",
               "Spark's driver has too little memory: set spark.driver.memory"},
};

bool IsNoise(std::string_view line) {
  const std::size_t begin = line.find_first_not_of(" \t");
  if (begin == std::string_view::npos) return true;
  const std::string_view text = line.substr(begin);
  for (const std::string_view log : {" INFO ", " WARN ", " DEBUG "}) {
    if (text.substr(0, 40).find(log) != std::string_view::npos) return true;
  }
  return text.starts_with("at ") || text.starts_with("... ") || text.starts_with("{\"ts\"") ||
         text.starts_with("WARNING: Using incubator");
}

// The last lines that say something.
std::string LastWords(std::string_view output) {
  std::vector<std::string_view> lines;
  std::size_t length = 0;
  while (!output.empty() && length < kMostWords) {
    const std::size_t newline = output.find_last_of('\n');
    const std::size_t begin = newline == std::string_view::npos ? 0 : newline + 1;
    const std::string_view line = output.substr(begin);
    output = output.substr(0, begin == 0 ? 0 : newline);
    if (IsNoise(line)) continue;
    lines.push_back(line.substr(0, kMostWords));
    length += line.size();
  }
  std::string words;
  for (auto line = lines.rbegin(); line != lines.rend(); ++line) {
    words += '\n';
    words += *line;
  }
  return words;
}

}  // namespace

Error SparkFailure(const std::string& program, const ProcessAnswer& answer, ErrorKind otherwise) {
  for (const KnownWords& known : kKnown) {
    if (answer.output.find(known.words) != std::string::npos) {
      return {ErrorKind::kUnavailable, fmt::format("{}: {}", program, known.meaning)};
    }
  }
  if (answer.exit_code == kKilled) {
    return {ErrorKind::kUnavailable,
            fmt::format("{}: was killed; the machine may have run out of memory", program)};
  }
  const std::string words = LastWords(answer.output);
  return {otherwise, fmt::format("{} ended with {}{}{}", program, answer.exit_code,
                                 words.empty() ? " and said nothing" : "; its last words:", words)};
}

Error SparkNotStarted(Error error) {
  if (error.kind == ErrorKind::kUnavailable) {
    error.message += "; install Spark 4.0 (or 3.5) and name its spark-submit with --spark-submit";
  }
  return error;
}

}  // namespace tickhouse::sql
