#include "tickhouse/app/fetch.h"

#include "tickhouse/core/testing.h"
#include "tickhouse/io/dukascopy/dukascopy_hour.h"
#include "tickhouse/io/fs/memory_file_system.h"
#include "tickhouse/io/net/scripted_http_client.h"

namespace tickhouse::app {
namespace {

class FetchUseCase : public testing::Test {
 protected:
  FetchUseCase() {
    environment.files = files.get();
    environment.http = &http;
    environment.clock = &clock;
    environment.progress = &progress;
    options.symbols = {"EURUSD"};
    options.from = "2019-02-04T10:00";
    options.to = "2019-02-04T12:00";
    options.root = "http://feed";
    options.threads = 1;
  }
  std::unique_ptr<io::FileSystem> files = io::MakeMemoryFileSystem();
  ManualClock clock{FromNanos(int64_t{1'549'277'000} * kNanosPerSecond)};  // 2019-02-04T10:43:20
  SilentProgress progress;
  int status = 404;
  io::ScriptedHttpClient http{[this](const io::HttpRequest&) -> Result<io::HttpResponse> {
    return io::HttpResponse{status, {}, ""};
  }};
  Environment environment;
  FetchOptions options;
};

TEST_F(FetchUseCase, SaysWhichHoursAreNotOverYet) {
  ASSERT_OK_AND_ASSIGN(const RunReport report, Fetch(options, environment));
  EXPECT_EQ(report.Count("running"), 2);
  EXPECT_NE(
      report.text.find("nothing is stored for 2019-02-04T10:00:00Z and what follows (2 in all)"),
      std::string::npos);
  EXPECT_EQ(report.ExitCode(), 0);
}

TEST_F(FetchUseCase, NamesRefusedHoursAndAnswersOne) {
  clock.Advance(std::chrono::hours(48));
  status = 403;
  ASSERT_OK_AND_ASSIGN(const RunReport report, Fetch(options, environment));
  EXPECT_EQ(report.ExitCode(), 1);
  ASSERT_EQ(report.problems.size(), 2u);
  EXPECT_EQ(report.problems[0].item, "EURUSD json 2019-02-04T10:00:00Z");
  EXPECT_EQ(report.problems[0].message, "refused: HTTP 403");
  EXPECT_EQ(report.Count("hours_refused"), 2);
  EXPECT_NE(report.ToJson().find("\"symbols\""), std::string::npos);
}

TEST_F(FetchUseCase, MissingAtSourceIsAFactNotAFailure) {
  clock.Advance(std::chrono::hours(48));
  ASSERT_OK_AND_ASSIGN(const RunReport report, Fetch(options, environment));
  EXPECT_EQ(report.ExitCode(), 0);
  EXPECT_EQ(report.Count("hours_missing-at-source"), 2);
  EXPECT_NE(report.text.find("--repair asks again"), std::string::npos);
}

TEST_F(FetchUseCase, WrongOptionsAreNamed) {
  options.to.clear();
  EXPECT_THAT(Fetch(options, environment), HasErrorMessage("--from and --to go together"));
  options.to = "2019-02-30";
  EXPECT_THAT(Fetch(options, environment), IsError(ErrorKind::kInvalidArgument));
  options.to = "2019-02-05";
  options.feed = "csv";
  EXPECT_THAT(Fetch(options, environment), IsError(ErrorKind::kInvalidArgument));
}

}  // namespace
}  // namespace tickhouse::app
