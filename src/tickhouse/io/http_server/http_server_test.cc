#include "tickhouse/io/http_server/http_server.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "tickhouse/core/testing.h"

namespace tickhouse::io {
namespace {

// Bytes to the server, and all that comes back until it hangs up.
class RawConnection {
 public:
  explicit RawConnection(uint16_t port) : socket_(::socket(AF_INET, SOCK_STREAM, 0)) {
    sockaddr_in address = {};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    connected_ = ::connect(socket_, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0;
  }
  ~RawConnection() { ::close(socket_); }
  bool connected() const { return connected_; }
  void Send(std::string_view bytes) const {
    while (!bytes.empty()) {
      const ssize_t sent = ::send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (sent <= 0) return;
      bytes.remove_prefix(static_cast<std::size_t>(sent));
    }
  }
  std::string ReadAll() const {
    std::string all;
    char chunk[4096];
    ssize_t count = 0;
    while ((count = ::recv(socket_, chunk, sizeof chunk, 0)) > 0) {
      all.append(chunk, static_cast<std::size_t>(count));
    }
    return all;
  }

 private:
  int socket_;
  bool connected_ = false;
};

HttpResponse Echo(const HttpServerRequest& request) {
  return {.status = 200,
          .headers = {{"Content-Type", "text/plain"}, {"X-Method", request.method}},
          .body = request.target + "|" + request.body};
}

std::unique_ptr<HttpServer> StartServer(HttpHandler handler = Echo,
                                        HttpServerOptions options = {}) {
  auto server = HttpServer::Start(options, std::move(handler));
  EXPECT_OK(server);
  return server ? std::move(*server) : nullptr;
}

HttpRequest To(const HttpServer& server, const std::string& target) {
  return {.url = "http://127.0.0.1:" + std::to_string(server.port()) + target};
}

TEST(HttpServer, AnswersWithStatusHeadersAndBody) {
  const auto server = StartServer();
  HttpRequest request = To(*server, "/a%20b?c=d");
  request.method = "POST";
  request.body = "hello";
  ASSERT_OK_AND_ASSIGN(const HttpResponse answer, MakeCurlHttpClient()->Send(request, {}));
  EXPECT_EQ(answer.status, 200);
  EXPECT_EQ(answer.body, "/a%20b?c=d|hello");
  EXPECT_EQ(answer.Header("x-method"), "POST");
}

TEST(HttpServer, KeepsAConnectionForManyRequests) {
  const auto server = StartServer();
  const RawConnection connection(server->port());
  std::string requests;
  for (int i = 0; i < 3; ++i)
    requests += "GET /" + std::to_string(i) + " HTTP/1.1\r\nHost: x\r\n\r\n";
  connection.Send(requests + "GET /last HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
  const std::string answers = connection.ReadAll();
  for (const char* body : {"/0|", "/1|", "/2|", "/last|"}) {
    EXPECT_NE(answers.find(body), std::string::npos) << answers;
  }
}

TEST(HttpServer, AnnouncesButDoesNotSendTheBodyForHead) {
  const auto server = StartServer();
  const RawConnection connection(server->port());
  connection.Send("HEAD /abc HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
  const std::string answer = connection.ReadAll();
  EXPECT_NE(answer.find("Content-Length: 5"), std::string::npos) << answer;
  EXPECT_TRUE(answer.ends_with("\r\n\r\n")) << answer;
}

TEST(HttpServer, RefusesWhatIsTooLargeOrNotHttp) {
  HttpServerOptions options;
  options.max_body_bytes = 100;
  options.max_header_bytes = 2000;
  const auto server = StartServer(Echo, options);
  const auto status_of = [&](const std::string& bytes) {
    const RawConnection connection(server->port());
    connection.Send(bytes);
    return connection.ReadAll().substr(0, 12);
  };
  EXPECT_EQ(status_of("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 101\r\n\r\n"), "HTTP/1.1 413");
  EXPECT_EQ(status_of("GET / HTTP/1.1\r\nX: " + std::string(4000, 'a') + "\r\n\r\n"),
            "HTTP/1.1 431");
  EXPECT_EQ(status_of("this is not HTTP at all\r\n\r\n"), "HTTP/1.1 400");
}

TEST(HttpServer, EndsAConnectionThatDribblesItsHeader) {
  HttpServerOptions options;
  options.header_timeout = std::chrono::milliseconds(50);
  const auto server = StartServer(Echo, options);
  const RawConnection connection(server->port());
  connection.Send("GET / HTTP/1.1\r\nHost");
  const std::string answer = connection.ReadAll();  // Returns only because the server hangs up.
  EXPECT_TRUE(answer.empty() || answer.starts_with("HTTP/1.1 408")) << answer;
}

TEST(HttpServer, WhatAHandlerThrowsIsA500AndTheServerGoesOn) {
  const auto server = StartServer([](const HttpServerRequest& request) -> HttpResponse {
    if (request.target == "/throw") throw std::runtime_error("on purpose");
    return {.status = 204};
  });
  const auto client = MakeCurlHttpClient();
  ASSERT_OK_AND_ASSIGN(const HttpResponse bad, client->Send(To(*server, "/throw"), {}));
  EXPECT_EQ(bad.status, 500);
  ASSERT_OK_AND_ASSIGN(const HttpResponse good, client->Send(To(*server, "/"), {}));
  EXPECT_EQ(good.status, 204);
  EXPECT_EQ(good.body, "");
}

TEST(HttpServer, ContinuesALargeUploadThatAsks) {
  const auto server = StartServer([](const HttpServerRequest& request) -> HttpResponse {
    return {.status = 200, .body = std::to_string(request.body.size())};
  });
  HttpRequest request = To(*server, "/");
  request.method = "PUT";
  request.body = std::string(3 << 20, 'x');
  ASSERT_OK_AND_ASSIGN(const HttpResponse answer, MakeCurlHttpClient()->Send(request, {}));
  EXPECT_EQ(answer.body, std::to_string(3 << 20));
}

TEST(HttpServer, TakesOnlySoManyConnections) {
  HttpServerOptions options;
  options.max_connections = 2;
  std::atomic<int> entered = 0;
  std::atomic<bool> go_on = false;
  const auto server = StartServer(
      [&](const HttpServerRequest&) -> HttpResponse {
        ++entered;
        entered.notify_all();
        go_on.wait(false);
        return {.status = 200};
      },
      options);
  const RawConnection first(server->port()), second(server->port());
  for (const RawConnection* connection : {&first, &second}) {
    connection->Send("GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
  }
  for (int seen = entered; seen < 2; seen = entered) entered.wait(seen);
  const RawConnection third(server->port());
  EXPECT_TRUE(third.ReadAll().starts_with("HTTP/1.1 503"));
  go_on = true;
  go_on.notify_all();
  EXPECT_TRUE(first.ReadAll().starts_with("HTTP/1.1 200"));
  EXPECT_TRUE(second.ReadAll().starts_with("HTTP/1.1 200"));
}

TEST(HttpServer, LetsRunningHandlersEndWhenItStops) {
  std::atomic<bool> entered = false, go_on = false;
  auto server = StartServer([&](const HttpServerRequest&) -> HttpResponse {
    entered = true;
    entered.notify_all();
    go_on.wait(false);
    return {.status = 200, .body = "done"};
  });
  std::string body;
  const HttpRequest request = To(*server, "/");
  std::thread asking([&] {
    const auto answer = MakeCurlHttpClient()->Send(request, {});
    if (answer) body = answer->body;
  });
  entered.wait(false);
  std::thread stopping([&] { server->Stop(); });
  go_on = true;
  go_on.notify_all();
  stopping.join();
  asking.join();
  EXPECT_EQ(body, "done");
}

TEST(HttpServer, StopsWithIdleConnectionsOpen) {
  auto server = StartServer();
  const RawConnection idle(server->port());
  ASSERT_TRUE(idle.connected());
  server->Stop();
  EXPECT_EQ(idle.ReadAll(), "");
}

TEST(HttpServer, SaysWhyItCannotListen) {
  const auto server = StartServer();
  HttpServerOptions options;
  options.port = server->port();
  EXPECT_THAT(HttpServer::Start(options, Echo), IsError(ErrorKind::kBusy));
  options.address = "no address";
  EXPECT_THAT(HttpServer::Start(options, Echo), IsError(ErrorKind::kInvalidArgument));
}

TEST(HttpServer, ServesManyClientsAtOnce) {
  const auto server = StartServer();
  std::atomic<int> good = 0;
  std::vector<std::thread> clients;
  for (int i = 0; i < 8; ++i) {
    clients.emplace_back([&, i] {
      const auto client = MakeCurlHttpClient();
      for (int k = 0; k < 20; ++k) {
        const std::string target = "/" + std::to_string(i) + "/" + std::to_string(k);
        const auto answer = client->Send(To(*server, target), {});
        if (answer && answer->body == target + "|") ++good;
      }
    });
  }
  for (std::thread& client : clients) client.join();
  EXPECT_EQ(good.load(), 160);
}

TEST(HttpServerRequest, DecodesQueries) {
  const HttpServerRequest request{.target = "/v1/x?a=1&name=a%2Fb+c&empty&a=2"};
  EXPECT_EQ(request.Query("a"), "1");
  EXPECT_EQ(request.Query("name"), "a/b c");
  EXPECT_EQ(request.Query("empty"), "");
  EXPECT_EQ(request.Query("none"), "");
  EXPECT_EQ(request.RawPath(), "/v1/x");
  EXPECT_EQ(PercentDecode("%41%zz%4"), "A%zz%4");
}

}  // namespace
}  // namespace tickhouse::io
