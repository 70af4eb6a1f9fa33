// A small HTTP/1.1 server inside a test: plain sockets on a free loopback port, a thread for each
// connection, answers (well or badly behaved) from a function of the test. Tests only.
#pragma once

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "tickhouse/core/check.h"
#include "tickhouse/io/net/http_client.h"

namespace tickhouse::io {

struct TestRequest {
  std::string method;
  std::string target;  ///< As sent: path and query, still encoded.
  HttpHeaders headers;
  std::string body;
  int connection = 0;  ///< Counted from 0: tells whether a connection was reused.
  std::string_view Header(std::string_view name) const {
    for (const auto& [key, value] : headers) {
      if (SameHeaderName(key, name)) return value;
    }
    return {};
  }
};

/// What the server does with one request. `bytes` go out as they are.
struct TestReply {
  std::string bytes = {};
  bool one_by_one = false;  ///< Each byte in its own packet.
  bool hold = false;        ///< Then say no more until the client hangs up (or the server stops).
  bool close = false;       ///< Then hang up.
  bool reset = false;       ///< Then hang up with a TCP reset.
};

/// A well-formed answer with its Content-Length.
inline TestReply Reply(int status, std::string_view body, const HttpHeaders& headers = {}) {
  std::string bytes = "HTTP/1.1 " + std::to_string(status) + " Scripted\r\n";
  for (const auto& [name, value] : headers) bytes += name + ": " + value + "\r\n";
  bytes += "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n";
  bytes += body;
  return {.bytes = std::move(bytes)};
}

/// The head of a well-formed answer, for HEAD: announces `length` bytes and sends none.
inline TestReply HeadReply(int status, int64_t length, const HttpHeaders& headers = {}) {
  std::string bytes = "HTTP/1.1 " + std::to_string(status) + " Scripted\r\n";
  for (const auto& [name, value] : headers) bytes += name + ": " + value + "\r\n";
  bytes += "Content-Length: " + std::to_string(length) + "\r\n\r\n";
  return {.bytes = std::move(bytes)};
}

/// Announces the whole body, sends `sent` bytes of it, and hangs up.
inline TestReply CutReply(std::string_view body, std::size_t sent) {
  TestReply reply = Reply(200, body);
  reply.bytes.resize(reply.bytes.size() - body.size() + sent);
  reply.close = true;
  return reply;
}

inline TestReply ChunkedReply(const std::vector<std::string>& chunks) {
  TestReply reply{.bytes = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"};
  for (const std::string& chunk : chunks) {
    char length[20];
    std::snprintf(length, sizeof(length), "%zx\r\n", chunk.size());
    reply.bytes += length + chunk + "\r\n";
  }
  reply.bytes += "0\r\n\r\n";
  return reply;
}

class TestHttpServer {
 public:
  /// Called on the connection's thread once the request was read whole; several at once.
  using Handler = std::function<TestReply(const TestRequest&)>;

  explicit TestHttpServer(Handler handler) : handler_(std::move(handler)) {
    // A proxy set up for this machine must not see requests to ourselves.
    ::setenv("no_proxy", "127.0.0.1,localhost", 1);
    listener_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t length = sizeof(address);
    TICKHOUSE_CHECK(
        ::bind(listener_, reinterpret_cast<const sockaddr*>(&address), sizeof(address)) == 0 &&
            ::listen(listener_, 128) == 0 &&
            ::getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &length) == 0,
        "a loopback port is free");
    port_ = ntohs(address.sin_port);
    acceptor_ = std::thread([this] { Accept(); });
  }

  ~TestHttpServer() { Stop(); }
  TestHttpServer(const TestHttpServer&) = delete;
  TestHttpServer& operator=(const TestHttpServer&) = delete;

  int port() const { return port_; }
  std::string url(std::string_view path = "/") const {
    return "http://127.0.0.1:" + std::to_string(port_) + std::string(path);
  }

  /// Everything that arrived whole so far, in order of arrival.
  std::vector<TestRequest> requests() const {
    std::scoped_lock lock(mutex_);
    return requests_;
  }

  /// From now on hangs up (with a reset) on a connection that sent more than so many bytes of one
  /// request; -1: never.
  void CutRequestsAfter(int64_t bytes) { cut_after_ = bytes; }

  /// Refuses further connections and cuts those that are open.
  void Stop() {
    {
      std::scoped_lock lock(mutex_);
      if (stopped_) return;
      stopped_ = true;
      ::shutdown(listener_, SHUT_RDWR);
      for (const int fd : open_) ::shutdown(fd, SHUT_RDWR);
    }
    acceptor_.join();
    for (std::thread& thread : connections_) thread.join();
    ::close(listener_);
  }

 private:
  void Accept() {
    for (int number = 0;; ++number) {
      const int fd = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
      std::scoped_lock lock(mutex_);
      if (stopped_ || fd < 0) {
        if (fd >= 0) ::close(fd);
        if (stopped_) return;
        continue;
      }
      const int no_delay = 1;
      ::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &no_delay, sizeof(no_delay));
      open_.push_back(fd);
      connections_.emplace_back([this, fd, number] { Serve(fd, number); });
    }
  }

  void Serve(int fd, int number) {
    std::string buffer;
    TestRequest request;
    while (ReadRequest(fd, buffer, request)) {
      request.connection = number;
      {
        std::scoped_lock lock(mutex_);
        requests_.push_back(request);
      }
      const TestReply reply = handler_(request);
      if (!SendReply(fd, reply)) break;
    }
    std::scoped_lock lock(mutex_);
    std::erase(open_, fd);
    ::close(fd);
  }

  // False when the connection is to be closed.
  bool SendReply(int fd, const TestReply& reply) {
    const std::size_t step = reply.one_by_one ? 1 : reply.bytes.size();
    for (std::size_t sent = 0; sent < reply.bytes.size();) {
      const ssize_t n = ::send(fd, reply.bytes.data() + sent,
                               std::min(step, reply.bytes.size() - sent), MSG_NOSIGNAL);
      if (n <= 0) return false;
      sent += static_cast<std::size_t>(n);
    }
    if (reply.hold) {
      char ignored[4096];
      while (::recv(fd, ignored, sizeof(ignored), 0) > 0) {
      }
      return false;
    }
    if (reply.reset) Reset(fd);
    return !reply.close && !reply.reset;
  }

  static void Reset(int fd) {
    const linger at_once{1, 0};
    ::setsockopt(fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof(at_once));
  }

  bool Fill(int fd, std::string& buffer) {
    char bytes[65536];
    const ssize_t n = ::recv(fd, bytes, sizeof(bytes), 0);
    if (n <= 0) return false;
    buffer.append(bytes, static_cast<std::size_t>(n));
    const int64_t cut = cut_after_;
    if (cut >= 0 && static_cast<int64_t>(buffer.size()) > cut) {
      Reset(fd);
      return false;
    }
    return true;
  }

  bool ReadRequest(int fd, std::string& buffer, TestRequest& request) {
    std::size_t end = 0;
    while ((end = buffer.find("\r\n\r\n")) == std::string::npos) {
      if (!Fill(fd, buffer)) return false;
    }
    const std::string_view head(buffer.data(), end + 2);
    request = {};
    std::size_t at = head.find("\r\n");
    const std::string_view first = head.substr(0, at);
    request.method = first.substr(0, first.find(' '));
    request.target = first.substr(first.find(' ') + 1, first.rfind(' ') - first.find(' ') - 1);
    for (at += 2; at < head.size();) {
      const std::size_t stop = head.find("\r\n", at);
      const std::string_view line = head.substr(at, stop - at);
      const std::size_t colon = line.find(':');
      if (colon != std::string_view::npos) {
        std::string_view value = line.substr(colon + 1);
        while (value.starts_with(' ')) value.remove_prefix(1);
        request.headers.emplace_back(line.substr(0, colon), value);
      }
      at = stop + 2;
    }
    const std::string length(request.Header("Content-Length"));
    const std::size_t body = length.empty() ? 0 : std::stoull(length);
    while (buffer.size() < end + 4 + body) {
      if (!Fill(fd, buffer)) return false;
    }
    request.body = buffer.substr(end + 4, body);
    buffer.erase(0, end + 4 + body);
    return true;
  }

  Handler handler_;
  int listener_ = -1;
  int port_ = 0;
  std::atomic<int64_t> cut_after_ = -1;
  std::thread acceptor_;
  mutable std::mutex mutex_;
  bool stopped_ = false;
  std::vector<int> open_;
  std::vector<std::thread> connections_;
  std::vector<TestRequest> requests_;
};

}  // namespace tickhouse::io
