#include "tickhouse/sql/spark_failure.h"

#include "tickhouse/core/testing.h"

namespace tickhouse::sql {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

Error Of(std::string output, int exit_code = 1) {
  return SparkFailure("spark-submit", {.exit_code = exit_code, .output = std::move(output)},
                      ErrorKind::kIo);
}

TEST(SparkFailure, NamesTheWayOut) {
  const std::pair<const char*, const char*> known[] = {
      {"JAVA_HOME is not set\n", "JAVA_HOME"},
      {"bin/spark-class: line 97: /nowhere/bin/java: No such file or directory\n", "Java 17"},
      {"Exception in thread \"main\" java.lang.UnsupportedClassVersionError: "
       "org/apache/spark/...\n",
       "too old"},
      {"java.lang.UnsupportedOperationException: getSubject is supported only if a security "
       "manager "
       "is allowed\n",
       "too new"},
      {"ModuleNotFoundError: No module named 'pyspark'\n", "PYSPARK_DRIVER_PYTHON"},
      {"java.io.IOException: Cannot run program \"python3\": error=2\n", "PYSPARK_PYTHON"}};
  for (const auto& [output, words] : known) {
    const Error error = Of(std::string("some words before\n") + output + "\tat java.base/x\n");
    EXPECT_EQ(error.kind, ErrorKind::kUnavailable) << output;
    EXPECT_THAT(error.message, HasSubstr(words));
    EXPECT_THAT(error.message, Not(HasSubstr("\n")));
  }
  EXPECT_THAT(Of("", 137).message, HasSubstr("killed"));
}

TEST(SparkFailure, QuotesTheLastWordsWithoutTraces) {
  std::string output = "26/11/28 13:01:40 INFO SparkContext: Running Spark\n";
  output += "Exception in thread \"main\" java.lang.IllegalStateException: no luck\n";
  for (int i = 0; i < 200; ++i) output += "\tat org.apache.spark.deploy.SparkSubmit.main(x:1)\n";
  output += "26/11/28 13:01:40 INFO ShutdownHookManager: Shutdown hook called\n";
  const Error error = Of(output);
  EXPECT_EQ(error.kind, ErrorKind::kIo);
  EXPECT_EQ(error.message,
            "spark-submit ended with 1; its last words:\nException in thread \"main\" "
            "java.lang.IllegalStateException: no luck");
  EXPECT_THAT(Of("").message, HasSubstr("said nothing"));
  EXPECT_LT(Of(std::string(100'000, 'x')).message.size(), 1'200U);
}

TEST(SparkFailure, AMissingProgramIsNamedWithTheOption) {
  EXPECT_THAT(SparkNotStarted({ErrorKind::kUnavailable, "x"}).message, HasSubstr("--spark-submit"));
  EXPECT_EQ(SparkNotStarted({ErrorKind::kCancelled, "x"}).message, "x");
}

}  // namespace
}  // namespace tickhouse::sql
