#include <gtest/gtest.h>

#include "tickhouse/core/testing.h"
#include "tickhouse/io/net/test_http_server.h"

namespace tickhouse::io {
namespace {

TEST(CurlHttpClient, GetsWhatTheServerSends) {
  TestHttpServer server([](const TestRequest& request) {
    return Reply(200, request.method + " " + request.target, {{"X-Kind", "first"}});
  });
  const auto client = MakeCurlHttpClient();
  ASSERT_OK_AND_ASSIGN(const HttpResponse response,
                       client->Send({.url = server.url("/a%20b?x=1")}, CancelToken()));
  EXPECT_EQ(response.status, 200);
  EXPECT_EQ(response.body, "GET /a%20b?x=1");
  EXPECT_EQ(response.Header("x-kind"), "first");
}

}  // namespace
}  // namespace tickhouse::io
