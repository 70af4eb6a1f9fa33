// What every HttpClient that reaches a server promises, as tests against a server of our own.
// Included by one test file of each program that has an implementation. Tests only.
#pragma once

#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <set>
#include <string>
#include <thread>

#include "tickhouse/core/testing.h"
#include "tickhouse/io/net/test_http_server.h"

namespace tickhouse::io {

struct HttpClientCase {
  std::string name;
  std::function<std::unique_ptr<HttpClient>()> make;
};
inline void PrintTo(const HttpClientCase& value, std::ostream* out) {
  *out << value.name;
}

class HttpClientContract : public testing::TestWithParam<HttpClientCase> {
 protected:
  Result<HttpResponse> Send(const HttpRequest& request) { return client_->Send(request, cancel_); }

  CancelToken cancel_;
  std::unique_ptr<HttpClient> client_ = GetParam().make();
};
GTEST_ALLOW_UNINSTANTIATED_PARAMETERIZED_TEST(HttpClientContract);

TEST_P(HttpClientContract, SendsMethodTargetHeadersAndBody) {
  TestHttpServer server([](const TestRequest&) { return Reply(200, "ok"); });
  const std::string binary("a\0b\r\n\xff", 6);
  for (const char* method : {"GET", "PUT", "POST", "DELETE"}) {
    const bool with_body = method[0] == 'P';
    ASSERT_OK(Send({.method = method,
                    .url = server.url("/a%20b/../%2B?q=%C3%A9"),
                    .headers = {{"X-One", "1"}, {"x-empty", ""}},
                    .body = with_body ? binary : ""}));
    const TestRequest seen = server.requests().back();
    EXPECT_EQ(seen.method, method);
    EXPECT_EQ(seen.target, "/a%20b/../%2B?q=%C3%A9");
    EXPECT_EQ(seen.Header("x-one"), "1");
    EXPECT_EQ(seen.body, with_body ? binary : "");
    EXPECT_EQ(seen.Header("Content-Type"), "");
    EXPECT_EQ(seen.Header("Expect"), "");
  }
}

TEST_P(HttpClientContract, PutAndPostWithoutABodySayTheirLength) {
  TestHttpServer server([](const TestRequest&) { return Reply(200, ""); });
  for (const char* method : {"PUT", "POST"}) {
    ASSERT_OK(Send({.method = method, .url = server.url()}));
    EXPECT_EQ(server.requests().back().Header("Content-Length"), "0");
  }
}

TEST_P(HttpClientContract, AnyStatusIsAnAnswer) {
  for (const int status : {200, 204, 206, 301, 400, 403, 404, 412, 416, 429, 500, 503}) {
    TestHttpServer server([status](const TestRequest&) {
      return Reply(status, status == 204 ? "" : "why",
                   {{"Location", "/elsewhere"}, {"Retry-After", "7"}});
    });
    ASSERT_OK_AND_ASSIGN(const HttpResponse response, Send({.url = server.url()}));
    EXPECT_EQ(response.status, status);
    EXPECT_EQ(response.body, status == 204 ? "" : "why");
    EXPECT_EQ(response.Header("RETRY-AFTER"), "7");
    EXPECT_EQ(server.requests().size(), 1u) << "redirects and retries are the caller's";
  }
}

TEST_P(HttpClientContract, HeadHasHeadersOnly) {
  TestHttpServer server(
      [](const TestRequest&) { return HeadReply(200, 123456, {{"ETag", "\"x\""}}); });
  ASSERT_OK_AND_ASSIGN(const HttpResponse response, Send({.method = "HEAD", .url = server.url()}));
  EXPECT_EQ(response.Header("content-length"), "123456");
  EXPECT_EQ(response.Header("etag"), "\"x\"");
  EXPECT_EQ(response.body, "");
}

TEST_P(HttpClientContract, RepeatedHeadersKeepTheirOrder) {
  TestHttpServer server(
      [](const TestRequest&) { return Reply(200, "", {{"X-A", "1"}, {"x-a", "2"}}); });
  ASSERT_OK_AND_ASSIGN(const HttpResponse response, Send({.url = server.url()}));
  std::string values;
  for (const auto& [name, value] : response.headers) {
    if (SameHeaderName(name, "x-a")) values += value;
  }
  EXPECT_EQ(values, "12");
  EXPECT_EQ(response.Header("x-a"), "1");
}

TEST_P(HttpClientContract, ReadsChunkedSlowAndLargeBodies) {
  const std::string large(3'000'000, 'L');
  TestHttpServer server([&](const TestRequest& request) {
    if (request.target == "/chunked") return ChunkedReply({"one", "two", std::string(70'000, '3')});
    if (request.target == "/large") return Reply(200, large);
    TestReply reply = Reply(200, "letter by letter");
    reply.one_by_one = true;
    return reply;
  });
  ASSERT_OK_AND_ASSIGN(const HttpResponse chunked, Send({.url = server.url("/chunked")}));
  EXPECT_EQ(chunked.body, "onetwo" + std::string(70'000, '3'));
  ASSERT_OK_AND_ASSIGN(const HttpResponse slow, Send({.url = server.url("/slow")}));
  EXPECT_EQ(slow.body, "letter by letter");
  ASSERT_OK_AND_ASSIGN(const HttpResponse whole, Send({.url = server.url("/large")}));
  EXPECT_TRUE(whole.body == large);
}

TEST_P(HttpClientContract, SkipsAnInterimAnswer) {
  TestHttpServer server([](const TestRequest&) {
    TestReply reply = Reply(200, "final");
    reply.bytes = "HTTP/1.1 103 Early Hints\r\nX-Early: 1\r\n\r\n" + reply.bytes;
    return reply;
  });
  ASSERT_OK_AND_ASSIGN(const HttpResponse response, Send({.url = server.url()}));
  EXPECT_EQ(response.status, 200);
  EXPECT_EQ(response.body, "final");
  EXPECT_EQ(response.Header("X-Early"), "");
}

TEST_P(HttpClientContract, KeepsConnectionsOpen) {
  TestHttpServer server([](const TestRequest&) { return Reply(200, "ok"); });
  for (int i = 0; i < 5; ++i) ASSERT_OK(Send({.url = server.url()}));
  for (const TestRequest& request : server.requests()) EXPECT_EQ(request.connection, 0);
}

TEST_P(HttpClientContract, SurvivesAConnectionThatWasClosedMeanwhile) {
  TestHttpServer server([](const TestRequest&) {
    TestReply reply = Reply(200, "ok");
    reply.close = true;
    return reply;
  });
  for (int i = 0; i < 5; ++i) ASSERT_OK(Send({.url = server.url()}));
  EXPECT_EQ(server.requests().size(), 5u);
}

TEST_P(HttpClientContract, ServesManyThreads) {
  TestHttpServer server([](const TestRequest& request) { return Reply(200, request.target); });
  std::vector<std::jthread> threads;
  for (int t = 0; t < 8; ++t) {
    threads.emplace_back([&, t] {
      for (int i = 0; i < 20; ++i) {
        const std::string path = "/" + std::to_string(t) + "/" + std::to_string(i);
        const auto response = Send({.url = server.url(path)});
        EXPECT_OK(response);
        EXPECT_EQ(response ? response->body : "", path);
      }
    });
  }
  threads.clear();
  std::set<int> connections;
  for (const TestRequest& request : server.requests()) connections.insert(request.connection);
  EXPECT_LE(connections.size(), 8u);
}

TEST_P(HttpClientContract, NobodyListensIsUnavailable) {
  std::string url;
  {
    TestHttpServer server([](const TestRequest&) { return Reply(200, ""); });
    url = server.url("/gone");
  }
  const auto response = Send({.url = url});
  EXPECT_THAT(response, IsError(ErrorKind::kUnavailable));
  EXPECT_THAT(response, HasErrorMessage("/gone"));
  EXPECT_THAT(Send({.url = "http://name.invalid/"}), IsError(ErrorKind::kUnavailable));
}

TEST_P(HttpClientContract, AnAnswerThatDoesNotArriveWholeIsUnknown) {
  const std::vector<TestReply> replies{
      {.bytes = "", .close = true},
      {.bytes = "", .reset = true},
      {.bytes = "HTTP/1.1 200 O", .close = true},
      CutReply("half of this is missing", 10),
      {.bytes = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nab", .close = true},
  };
  for (std::size_t i = 0; i < replies.size(); ++i) {
    TestHttpServer server([&, i](const TestRequest&) { return replies[i]; });
    const auto response = Send({.method = "POST", .url = server.url(), .body = "work"});
    EXPECT_THAT(response, IsError(ErrorKind::kUnknownOutcome)) << i;
    EXPECT_EQ(server.requests().size(), 1u) << "a POST is never repeated unseen";
  }
}

TEST_P(HttpClientContract, ARequestCutInTheMiddleIsUnknown) {
  TestHttpServer server([](const TestRequest&) { return Reply(200, ""); });
  server.CutRequestsAfter(100'000);
  const auto response =
      Send({.method = "PUT", .url = server.url(), .body = std::string(8'000'000, 'x')});
  EXPECT_THAT(response, IsError(ErrorKind::kUnknownOutcome));
}

TEST_P(HttpClientContract, WritesThatMustNotRepeatUseFreshConnections) {
  TestHttpServer server([](const TestRequest&) { return Reply(200, ""); });
  ASSERT_OK(Send({.url = server.url()}));
  ASSERT_OK(Send({.method = "PUT", .url = server.url(), .headers = {{"if-none-match", "*"}}}));
  ASSERT_OK(Send({.method = "POST", .url = server.url()}));
  const auto requests = server.requests();
  EXPECT_NE(requests[1].connection, requests[0].connection);
  EXPECT_NE(requests[2].connection, requests[1].connection);
}

TEST_P(HttpClientContract, GarbageIsCorrupt) {
  for (const char* garbage : {"SSH-2.0-OpenSSH_9.2\r\n\r\n", "\x16\x03\x01\x02\x03 \n\n\n"}) {
    TestHttpServer server(
        [&](const TestRequest&) { return TestReply{.bytes = garbage, .close = true}; });
    EXPECT_THAT(Send({.url = server.url()}), IsError(ErrorKind::kCorrupt)) << garbage;
  }
}

TEST_P(HttpClientContract, AnAnswerLargerThanAllowedIsCorrupt) {
  TestHttpServer server([](const TestRequest& request) {
    return request.target == "/chunked" ? ChunkedReply({std::string(600, 'x'), "y"})
                                        : Reply(200, std::string(601, 'x'));
  });
  for (const char* path : {"/plain", "/chunked"}) {
    EXPECT_THAT(Send({.url = server.url(path), .max_response_bytes = 600}),
                IsError(ErrorKind::kCorrupt));
    EXPECT_OK(Send({.url = server.url(path), .max_response_bytes = 601}));
  }
}

TEST_P(HttpClientContract, NoAnswerInTimeIsATimeout) {
  TestHttpServer server([](const TestRequest&) { return TestReply{.hold = true}; });
  // On a machine so loaded that the request does not even leave in time, more time is given.
  for (Nanos allowed = std::chrono::milliseconds(200); allowed < std::chrono::seconds(60);
       allowed *= 4) {
    const auto response = Send({.url = server.url(), .total_timeout = allowed});
    ASSERT_FALSE(response.has_value());
    if (server.requests().empty()) continue;
    EXPECT_THAT(response, IsError(ErrorKind::kTimeout));
    return;
  }
  FAIL() << "the request never reached the server";
}

TEST_P(HttpClientContract, CancellingInterruptsAWait) {
  TestHttpServer server([this](const TestRequest&) {
    cancel_.Cancel();
    return TestReply{.hold = true};
  });
  EXPECT_THAT(Send({.url = server.url()}), IsError(ErrorKind::kCancelled));
  EXPECT_THAT(Send({.url = server.url()}), IsError(ErrorKind::kCancelled));
  EXPECT_EQ(server.requests().size(), 1u);
}

TEST_P(HttpClientContract, BadRequestsAreInvalid) {
  for (const char* url : {"", "nonsense", "ftp://host/", "file:///etc/passwd", "http://",
                          "http://host:99999/", "http://ho st/", "http://h/a b", "http://h/\r\n"}) {
    EXPECT_THAT(Send({.url = url}), IsError(ErrorKind::kInvalidArgument)) << url;
  }
  EXPECT_THAT(Send({.url = "http://127.0.0.1/", .headers = {{"X", "a\r\nInjected: 1"}}}),
              IsError(ErrorKind::kInvalidArgument));
}

}  // namespace tickhouse::io
