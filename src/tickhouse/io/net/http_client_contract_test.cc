#include "tickhouse/io/net/http_client_contract.h"

#include "tickhouse/io/net/faulty_http_client.h"
#include "tickhouse/io/net/scripted_http_client.h"

namespace tickhouse::io {
namespace {

struct FaultlessClient : HttpClient {
  Result<HttpResponse> Send(const HttpRequest& request, const CancelToken& cancel) override {
    return faulty_.Send(request, cancel);
  }
  std::unique_ptr<HttpClient> curl_ = MakeCurlHttpClient();
  FaultyHttpClient faulty_{curl_.get(), [](const HttpRequest&, int) { return HttpFault::kNone; }};
};

INSTANTIATE_TEST_SUITE_P(
    Io, HttpClientContract,
    testing::Values(HttpClientCase{"Curl", [] { return MakeCurlHttpClient(); }},
                    HttpClientCase{"FaultyWithoutFaults",
                                   [] { return std::make_unique<FaultlessClient>(); }}),
    [](const auto& one) { return one.param.name; });

TEST(HttpClient, PercentEncodes) {
  EXPECT_EQ(PercentEncode("AZaz09-._~"), "AZaz09-._~");
  EXPECT_EQ(PercentEncode("a b+c/é%"), "a%20b%2Bc%2F%C3%A9%25");
  EXPECT_EQ(PercentEncode("a/b c", true), "a/b%20c");
}

TEST(ScriptedHttpClient, AnswersInOrderAndRemembers) {
  ScriptedHttpClient client(std::vector<Result<HttpResponse>>{HttpResponse{200, {}, "first"},
                                                              Fail(ErrorKind::kTimeout, "slow"),
                                                              HttpResponse{200, {}, "too long"}});
  const CancelToken cancel;
  EXPECT_EQ(client.Send({.url = "http://a/"}, cancel)->body, "first");
  EXPECT_THAT(client.Send({.url = "http://b/"}, cancel), IsError(ErrorKind::kTimeout));
  EXPECT_THAT(client.Send({.url = "http://c/", .max_response_bytes = 5}, cancel),
              IsError(ErrorKind::kCorrupt));
  EXPECT_THAT(client.Send({.url = "http://d/"}, cancel), IsError(ErrorKind::kUnavailable));
  EXPECT_EQ(client.requests().size(), 4u);
  EXPECT_EQ(client.requests()[1].url, "http://b/");
  cancel.Cancel();
  EXPECT_THAT(client.Send({.url = "http://e/"}, cancel), IsError(ErrorKind::kCancelled));
}

TEST(FaultyHttpClient, SpoilsAsPlanned) {
  int reached = 0;
  ScriptedHttpClient base([&](const HttpRequest&) -> Result<HttpResponse> {
    ++reached;
    return HttpResponse{200, {}, "12345678"};
  });
  const std::vector<HttpFault> plan{
      HttpFault::kNoConnection, HttpFault::kAnswerLost,  HttpFault::kSlow, HttpFault::kCutBody,
      HttpFault::kBusyStatus,   HttpFault::kServerError, HttpFault::kNone};
  FaultyHttpClient client(
      &base, [&](const HttpRequest&, int n) { return plan[static_cast<std::size_t>(n)]; });
  const CancelToken cancel;
  const HttpRequest request{.url = "http://a/"};
  EXPECT_THAT(client.Send(request, cancel), IsError(ErrorKind::kUnavailable));
  EXPECT_EQ(reached, 0);
  EXPECT_THAT(client.Send(request, cancel), IsError(ErrorKind::kUnknownOutcome));
  EXPECT_THAT(client.Send(request, cancel), IsError(ErrorKind::kTimeout));
  EXPECT_EQ(reached, 2);
  EXPECT_EQ(client.Send(request, cancel)->body, "1234");
  EXPECT_EQ(client.Send(request, cancel)->Header("retry-after"), "1");
  EXPECT_EQ(client.Send(request, cancel)->status, 500);
  EXPECT_EQ(client.Send(request, cancel)->body, "12345678");
}

}  // namespace
}  // namespace tickhouse::io
