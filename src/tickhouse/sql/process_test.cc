#include "tickhouse/sql/process.h"

#include <thread>

#include "tickhouse/core/testing.h"

namespace tickhouse::sql {
namespace {

using ::testing::EndsWith;
using ::testing::HasSubstr;

TEST(ProcessTest, GivesExitCodeAndBothStreams) {
  ASSERT_OK_AND_ASSIGN(const ProcessAnswer answer,
                       RunProcess({{"sh", "-c", "echo out; echo err >&2; exit 7"}, ""}, {}));
  EXPECT_EQ(answer.exit_code, 7);
  EXPECT_THAT(answer.output, HasSubstr("out\n"));
  EXPECT_THAT(answer.output, HasSubstr("err\n"));
}

TEST(ProcessTest, RunsInItsFolder) {
  ASSERT_OK_AND_ASSIGN(const ProcessAnswer answer, RunProcess({{"pwd"}, "/usr"}, {}));
  EXPECT_EQ(answer.output, "/usr\n");
}

TEST(ProcessTest, AddsToTheEnvironmentAndReplacesInIt) {
  ProcessRequest request{{"sh", "-c", "echo $TICKHOUSE_A; echo $LANG; test -n \"$PATH\""}, ""};
  request.environment = {"TICKHOUSE_A=a=b", "LANG=tickhouse"};
  ASSERT_OK_AND_ASSIGN(const ProcessAnswer answer, RunProcess(request, {}));
  EXPECT_EQ(answer.output, "a=b\ntickhouse\n");
  EXPECT_EQ(answer.exit_code, 0);
}

TEST(ProcessTest, AMissingProgramIsUnavailable) {
  const auto answer = RunProcess({{"/no/such/spark-submit"}, ""}, {});
  EXPECT_THAT(answer, IsError(ErrorKind::kUnavailable));
  EXPECT_THAT(answer, HasErrorMessage("/no/such/spark-submit"));
}

TEST(ProcessTest, ASignalIsAnExitCode) {
  ASSERT_OK_AND_ASSIGN(const ProcessAnswer answer,
                       RunProcess({{"sh", "-c", "kill -9 $$"}, ""}, {}));
  EXPECT_EQ(answer.exit_code, 128 + 9);
}

TEST(ProcessTest, KeepsTheEndOfALongOutput) {
  ASSERT_OK_AND_ASSIGN(const ProcessAnswer answer,
                       RunProcess({{"sh", "-c", "seq 200000; echo the end"}, ""}, {}));
  EXPECT_THAT(answer.output, EndsWith("the end\n"));
  EXPECT_LT(answer.output.size(), 200'000u);
}

TEST(ProcessTest, CancelEndsTheProgramAndItsChildren) {
  const CancelToken cancel;
  std::jthread later([&] { cancel.Cancel(); });
  EXPECT_THAT(RunProcess({{"sh", "-c", "sleep 600 & sleep 600"}, ""}, cancel),
              IsError(ErrorKind::kCancelled));
}

TEST(ProcessTest, TimeThatIsOverEndsTheProgramEvenOneThatWillNot) {
  SystemClock clock;
  ProcessRequest request{{"sh", "-c", "trap '' TERM; while :; do sleep 0.05; done"}, ""};
  request.clock = &clock;
  request.timeout = std::chrono::milliseconds(50);
  request.patience = std::chrono::milliseconds(100);
  EXPECT_THAT(RunProcess(request, {}), IsError(ErrorKind::kTimeout));
}

}  // namespace
}  // namespace tickhouse::sql
