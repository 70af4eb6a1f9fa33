#include "tickhouse/sql/trino/trino_engine.h"

#include <fmt/format.h>

#include <cstdlib>
#include <thread>

#include "tickhouse/core/testing.h"
#include "tickhouse/io/net/test_http_server.h"
#include "tickhouse/sql/engine/engine_contract.h"
#include "tickhouse/sql/trino/trino_exchange.h"

namespace tickhouse::sql {
namespace {

SystemClock& TestClock() {
  static SystemClock clock;
  return clock;
}

io::HttpClient& TestHttp() {
  static const auto http = io::MakeCurlHttpClient();
  return *http;
}

// A real Trino, where somebody started one: TICKHOUSE_TEST_TRINO=http://127.0.0.1:8080.
std::string RealTrino() {
  const char* url = std::getenv("TICKHOUSE_TEST_TRINO");
  return url == nullptr ? "" : url;
}

std::unique_ptr<Engine> MakeReal() {
  return std::make_unique<TrinoEngine>(TrinoOptions{.url = RealTrino(),
                                                    .user = "tester",
                                                    .catalog = "system",
                                                    .schema = "information_schema"},
                                       TestHttp(), TestClock());
}

std::vector<std::function<std::unique_ptr<Engine>()>> Engines() {
  if (RealTrino().empty()) return {};
  return {MakeReal};
}

INSTANTIATE_TEST_SUITE_P(Trino, EngineContract, ::testing::ValuesIn(Engines()));
GTEST_ALLOW_UNINSTANTIATED_PARAMETERIZED_TEST(EngineContract);

class RealTrinoTest : public ::testing::Test {
 protected:
  void SetUp() override {
    if (RealTrino().empty()) GTEST_SKIP() << "TICKHOUSE_TEST_TRINO names no server";
    engine_ = MakeReal();
  }
  Result<AllRows> Ask(const std::string& text, std::vector<Cell> parameters = {}) {
    return RunWhole(*engine_, {.text = text, .parameters = std::move(parameters)}, CancelToken());
  }
  std::unique_ptr<Engine> engine_;
};

TEST_F(RealTrinoTest, GivesManyPagesInOrder) {
  ASSERT_OK_AND_ASSIGN(
      const AllRows all,
      Ask("select a + b from unnest(sequence(0, 99990, 10)) x(a) cross join unnest(sequence(0, 9)) "
          "y(b) order by 1"));
  ASSERT_EQ(all.rows.size(), 100'000U);
  for (std::size_t i = 0; i < all.rows.size(); ++i) ASSERT_EQ(all.rows[i][0], std::to_string(i));
}

TEST_F(RealTrinoTest, KeepsMicrosecondsAndOddValues) {
  ASSERT_OK_AND_ASSIGN(
      const AllRows all,
      Ask("select timestamp '2024-01-02 03:04:05.678901', timestamp '2024-01-02 03:04:05.5 UTC', "
          "nan(), -infinity(), real '1.1', decimal '12345678901234567890.12', array[1, null], "
          "cast(9007199254740993 as bigint)"));
  EXPECT_EQ(all.rows[0], (std::vector<Cell>{"2024-01-02 03:04:05.678901", "2024-01-02 03:04:05.5",
                                            "NaN", "-Infinity", "1.1", "12345678901234567890.12",
                                            "[1,null]", "9007199254740993"}));
}

TEST_F(RealTrinoTest, CastsParametersToWhatTheStatementNeeds) {
  ASSERT_OK_AND_ASSIGN(
      const AllRows all,
      Ask("select x from (values 1, 2, 3) t(x) where x > ? and ? = 'a''b'", {"1", "a'b"}));
  EXPECT_EQ(all.rows.size(), 2U);
  EXPECT_THAT(Ask("select ?", {}), IsError(ErrorKind::kInvalidArgument));
  EXPECT_THAT(Ask("select 1", {"x"}), IsError(ErrorKind::kInvalidArgument));
}

TEST_F(RealTrinoTest, ASettingOfTheSessionStays) {
  ASSERT_OK(Ask("set session query_max_run_time = '7m'"));
  ASSERT_OK_AND_ASSIGN(const AllRows all, Ask("show session like 'query_max_run_time'"));
  EXPECT_EQ(all.rows[0][1], "7m");
  ASSERT_OK(Ask("reset session query_max_run_time"));
}

constexpr const char* kLong =
    "select count(*) from unnest(sequence(1, 10000)) a(x) cross join unnest(sequence(1, 10000)) "
    "b(y) cross join unnest(sequence(1, 10000)) c(z) where sqrt(x * y + z) = 0.5";

TEST_F(RealTrinoTest, EndsTheStatementThereToo) {
  const CancelToken cancel;
  std::thread soon([&cancel] {
    TestClock().Sleep(std::chrono::milliseconds(300), CancelToken());
    cancel.Cancel();
  });
  EXPECT_THAT(RunWhole(*engine_, {.text = kLong}, cancel), IsError(ErrorKind::kCancelled));
  soon.join();
  EXPECT_THAT(
      RunWhole(*engine_, {.text = kLong, .timeout = std::chrono::milliseconds(300)}, CancelToken()),
      IsError(ErrorKind::kTimeout));
  std::string running;
  for (int i = 0; i < 100 && running != "0"; ++i) {
    ASSERT_OK_AND_ASSIGN(
        const AllRows all,
        Ask("select count(*) from system.runtime.queries where state not in ('FAILED', "
            "'FINISHED') and query like '%sqrt(x * y%' and query not like "
            "'%runtime.queries%'"));
    running = all.rows[0][0].value_or("");
    TestClock().Sleep(std::chrono::milliseconds(50), CancelToken());
  }
  EXPECT_EQ(running, "0");
}

// What a real server does not do when asked: refuse, stumble, send nonsense. A script answers.
class ScriptedTrino : public ::testing::Test {
 protected:
  using Step = std::function<io::TestReply(const io::TestRequest&)>;

  io::TestReply Answer(const io::TestRequest& request) {
    if (request.method == "DELETE") return io::Reply(204, "");
    const std::size_t step = next_++;
    return step < steps_.size() ? steps_[step](request) : io::Reply(410, "gone");
  }

  Step Page(int number, const std::string& members, int status = 200) {
    return [this, number, members, status](const io::TestRequest&) {
      const std::string next =
          number < 0 ? ""
                     : fmt::format(R"(,"nextUri":"{}")",
                                   server_.url(fmt::format("/v1/statement/q/{}", number)));
      return io::Reply(status, fmt::format(R"({{"id":"q1"{}{}}})", next, members));
    };
  }
  static Step Status(int status, const std::string& body, const io::HttpHeaders& headers = {}) {
    return [=](const io::TestRequest&) { return io::Reply(status, body, headers); };
  }

  Result<AllRows> Ask(TrinoOptions options = {}) {
    if (options.url.empty()) options.url = server_.url("");
    if (options.user.empty()) options.user = "ann";
    options.retry_for = retry_for_;
    TrinoEngine engine(options, TestHttp(), clock_);
    return RunWhole(engine, {.text = " select 1 ;\n"}, CancelToken());
  }

  std::size_t Deletes() const {
    std::size_t count = 0;
    for (const auto& request : server_.requests()) count += request.method == "DELETE" ? 1 : 0;
    return count;
  }

  ManualClock clock_{FromNanos(0)};
  Nanos retry_for_ = std::chrono::seconds(30);
  std::vector<Step> steps_;
  std::atomic<std::size_t> next_ = 0;
  io::TestHttpServer server_{[this](const io::TestRequest& request) { return Answer(request); }};
};

const std::string kColumns = R"(,"columns":[{"name":"n","type":"bigint"}])";

TEST_F(ScriptedTrino, SaysWhoAsksAndInWhichSession) {
  steps_ = {Page(-1, kColumns + R"(,"data":[[1]])")};
  ASSERT_OK_AND_ASSIGN(const AllRows all, Ask({.user = "ann",
                                               .password = "s:1",
                                               .catalog = "lake",
                                               .schema = "gold",
                                               .session = {{"a.b", "x y"}}}));
  EXPECT_EQ(all.rows, (std::vector<std::vector<Cell>>{{"1"}}));
  const io::TestRequest post = server_.requests().at(0);
  EXPECT_EQ(post.method + post.target + post.body, "POST/v1/statement select 1");
  EXPECT_EQ(post.Header("X-Trino-User"), "ann");
  EXPECT_EQ(post.Header("X-Trino-Catalog"), "lake");
  EXPECT_EQ(post.Header("X-Trino-Schema"), "gold");
  EXPECT_EQ(post.Header("X-Trino-Session"), "a.b=x%20y");
  EXPECT_EQ(post.Header("Authorization"), "Basic YW5uOnM6MQ==");
  steps_.push_back(Page(-1, kColumns));
  ASSERT_OK(Ask({.token = "abc"}));
  EXPECT_EQ(server_.requests().at(1).Header("Authorization"), "Bearer abc");
}

TEST_F(ScriptedTrino, WaitsForABusyServer) {
  steps_ = {Status(503, "starting"),
            Status(429, "", {{"Retry-After", "3"}}),
            Page(0, ""),
            Status(502, ""),
            Page(1, kColumns + R"(,"data":[[1],[2]])"),
            Page(-1, R"(,"data":[[3]])")};
  ASSERT_OK_AND_ASSIGN(const AllRows all, Ask());
  EXPECT_EQ(all.rows.size(), 3U);
  EXPECT_GE(clock_.MonotonicNanos(), 3 * kNanosPerSecond);
  EXPECT_EQ(Deletes(), 0U);
}

TEST_F(ScriptedTrino, GivesUpOnAServerThatStaysBusy) {
  for (int i = 0; i < 100; ++i) steps_.push_back(Status(503, "drained"));
  const auto busy = Ask();
  EXPECT_THAT(busy, IsError(ErrorKind::kUnavailable));
  EXPECT_THAT(busy, HasErrorMessage("drained"));
  EXPECT_LE(clock_.MonotonicNanos(), 31 * kNanosPerSecond);
}

TEST_F(ScriptedTrino, AsksAgainForAPageThatWasCut) {
  steps_ = {Page(0, ""), [](const io::TestRequest&) { return io::TestReply{.reset = true}; },
            Page(-1, kColumns + R"(,"data":[[7]])")};
  ASSERT_OK_AND_ASSIGN(const AllRows all, Ask());
  EXPECT_EQ(all.rows[0][0], "7");
}

TEST_F(ScriptedTrino, DoesNotSendAStatementTwice) {
  steps_ = {[](const io::TestRequest&) { return io::TestReply{.reset = true}; },
            Page(-1, kColumns)};
  EXPECT_THAT(Ask(), IsError(ErrorKind::kUnknownOutcome));
  EXPECT_EQ(server_.requests().size(), 1U);
}

TEST_F(ScriptedTrino, NamesTheStatementThatFailed) {
  steps_ = {Page(0, ""), Page(-1, R"(,"error":{"message":"line 1:8: Table 'x' does not exist",)"
                                  R"("errorName":"TABLE_NOT_FOUND","errorType":"USER_ERROR",)"
                                  R"("errorLocation":{"lineNumber":1,"columnNumber":8}})")};
  const auto failed = Ask();
  EXPECT_THAT(failed, IsError(ErrorKind::kNotFound));
  EXPECT_THAT(
      failed,
      HasErrorMessage("line 1, column 8: Table 'x' does not exist (TABLE_NOT_FOUND, query q1)"));
}

TEST_F(ScriptedTrino, KnowsTheSortsOfFailure) {
  const std::pair<const char*, ErrorKind> kinds[] = {
      {R"("errorName":"SYNTAX_ERROR","errorType":"USER_ERROR")", ErrorKind::kInvalidArgument},
      {R"("errorName":"PERMISSION_DENIED","errorType":"USER_ERROR")", ErrorKind::kPermission},
      {R"("errorName":"NOT_SUPPORTED","errorType":"USER_ERROR")", ErrorKind::kUnsupported},
      {R"("errorName":"EXCEEDED_TIME_LIMIT","errorType":"INSUFFICIENT_RESOURCES")",
       ErrorKind::kTimeout},
      {R"("errorName":"EXCEEDED_LOCAL_MEMORY_LIMIT","errorType":"INSUFFICIENT_RESOURCES")",
       ErrorKind::kUnavailable},
      {R"("errorName":"GENERIC_INTERNAL_ERROR","errorType":"INTERNAL_ERROR")", ErrorKind::kIo},
      {R"("x":1)", ErrorKind::kIo}};
  for (const auto& [members, kind] : kinds) {
    steps_ = {Page(-1, fmt::format(R"(,"error":{{{}}})", members))};
    next_ = 0;
    EXPECT_THAT(Ask(), IsError(kind)) << members;
  }
}

TEST_F(ScriptedTrino, SaysWhenItIsNotLetIn) {
  steps_ = {Status(401, "Invalid credentials"), Status(403, "no")};
  const auto refused = Ask({.password = "wrong"});
  EXPECT_THAT(refused, IsError(ErrorKind::kPermission));
  EXPECT_THAT(refused, HasErrorMessage("Invalid credentials"));
  EXPECT_THAT(Ask(), IsError(ErrorKind::kPermission));
}

TEST_F(ScriptedTrino, DistrustsWhatIsNoAnswer) {
  for (const char* body : {"", "{", "[]", "hello", R"({"id":5})",
                           R"({"id":"q","columns":[{"name":"n","type":"bigint"}],"data":[[1,2]]})",
                           R"({"id":"q","columns":[{"name":"n","type":"bigint"}],"data":[1]})"}) {
    steps_ = {Status(200, body)};
    next_ = 0;
    EXPECT_THAT(Ask(), IsError(ErrorKind::kCorrupt)) << body;
  }
  steps_ = {Status(200, R"({"id":"q","columns":[],"data":{"encoding":"json"}})")};
  next_ = 0;
  EXPECT_THAT(Ask(), IsError(ErrorKind::kUnsupported));
  steps_ = {Status(404, "no such page")};
  next_ = 0;
  EXPECT_THAT(Ask(), IsError(ErrorKind::kIo));
}

TEST_F(ScriptedTrino, EndsAStatementThatNobodyWantsAnyMore) {
  steps_ = {Page(0, kColumns + R"(,"data":[[1]])"), Page(1, "")};
  {
    TrinoEngine engine({.url = server_.url(""), .user = "ann"}, TestHttp(), clock_);
    ASSERT_OK_AND_ASSIGN(const auto stream, engine.Run({.text = "select 1"}, CancelToken()));
    EXPECT_EQ(stream->columns().size(), 1U);
  }
  ASSERT_EQ(Deletes(), 1U);
  EXPECT_EQ(server_.requests().back().target, "/v1/statement/q/0");
}

TEST_F(ScriptedTrino, EndsAStatementWhoseTimeIsOver) {
  steps_ = {Page(0, ""), [this](const io::TestRequest&) {
              clock_.Advance(std::chrono::seconds(11));
              return Page(1, "")({});
            }};
  TrinoEngine engine({.url = server_.url(""), .user = "ann"}, TestHttp(), clock_);
  EXPECT_THAT(
      RunWhole(engine, {.text = "select 1", .timeout = std::chrono::seconds(10)}, CancelToken()),
      IsError(ErrorKind::kTimeout));
  EXPECT_EQ(Deletes(), 1U);
}

TEST_F(ScriptedTrino, AnswersOfOneStatementChangeTheSessionOfTheNext) {
  steps_ = {Status(200, R"({"id":"q"})",
                   {{"X-Trino-Set-Catalog", "c"},
                    {"X-Trino-Set-Schema", "s"},
                    {"X-Trino-Set-Session", "k=a%20b"}}),
            Status(200, R"({"id":"q"})", {{"X-Trino-Clear-Session", "k"}})};
  TrinoEngine engine({.url = server_.url(""), .user = "ann"}, TestHttp(), clock_);
  ASSERT_OK(RunWhole(engine, {.text = "use c.s"}, CancelToken()));
  EXPECT_EQ(engine.session().properties.at("k"), "a b");
  ASSERT_OK(RunWhole(engine, {.text = "reset session k"}, CancelToken()));
  EXPECT_EQ(server_.requests().at(1).Header("X-Trino-Catalog"), "c");
  EXPECT_EQ(server_.requests().at(1).Header("X-Trino-Session"), "k=a%20b");
  EXPECT_TRUE(engine.session().properties.empty());
}

TEST(TrinoOptions, KeepSecretsOffTheOpenNet) {
  const auto check = TrinoExchange::CheckOptions;
  EXPECT_OK(check({.url = "https://trino.example", .user = "a", .password = "p"}));
  EXPECT_OK(check({.url = "http://localhost:8080", .user = "a", .password = "p"}));
  EXPECT_OK(check({.url = "http://trino.example", .user = "a"}));
  EXPECT_THAT(check({.url = "http://trino.example", .user = "a", .password = "p"}),
              IsError(ErrorKind::kInvalidArgument));
  EXPECT_THAT(check({.url = "http://localhost.example", .user = "a", .token = "t"}),
              IsError(ErrorKind::kInvalidArgument));
  EXPECT_THAT(check({.url = "trino:8080", .user = "a"}), IsError(ErrorKind::kInvalidArgument));
  EXPECT_THAT(check({.url = "http://trino"}), IsError(ErrorKind::kInvalidArgument));
}

TEST(TrinoOptions, TheOpenNetIsNotFollowedEither) {
  io::TestHttpServer server([](const io::TestRequest&) {
    return io::Reply(200, R"({"id":"q","nextUri":"ftp://elsewhere/1"})");
  });
  ManualClock clock(FromNanos(0));
  TrinoEngine engine({.url = server.url(""), .user = "ann"}, TestHttp(), clock);
  EXPECT_THAT(RunWhole(engine, {.text = "select 1"}, CancelToken()), IsError(ErrorKind::kCorrupt));
}

TEST(Base64, PadsTheLastGroup) {
  EXPECT_EQ(Base64(""), "");
  EXPECT_EQ(Base64("f"), "Zg==");
  EXPECT_EQ(Base64("fo"), "Zm8=");
  EXPECT_EQ(Base64("foo"), "Zm9v");
  EXPECT_EQ(Base64("\xff\xff\xfe"), "///+");
}

}  // namespace
}  // namespace tickhouse::sql
