// A TCP relay on a loopback port that cuts the connections a test picks. Tests only.
#pragma once

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cstdint>
#include <functional>
#include <mutex>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "tickhouse/core/check.h"

namespace tickhouse::io {

class CuttingProxy {
 public:
  /// How many bytes connection number n (from 0) may carry towards the server (`up`) and back
  /// (`down`) before it is reset; -1: as many as it likes.
  struct Limits {
    int64_t up = -1;
    int64_t down = -1;
  };
  using Plan = std::function<Limits(int n)>;

  CuttingProxy(int server_port, Plan plan) : server_port_(server_port), plan_(std::move(plan)) {
    listener_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address = Loopback(0);
    socklen_t length = sizeof(address);
    TICKHOUSE_CHECK(
        ::bind(listener_, reinterpret_cast<const sockaddr*>(&address), sizeof(address)) == 0 &&
            ::listen(listener_, 128) == 0 &&
            ::getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &length) == 0,
        "a loopback port is free");
    port_ = ntohs(address.sin_port);
    acceptor_ = std::thread([this] { Accept(); });
  }

  ~CuttingProxy() {
    {
      std::scoped_lock lock(mutex_);
      stopped_ = true;
      ::shutdown(listener_, SHUT_RDWR);
      for (const int fd : open_) ::shutdown(fd, SHUT_RDWR);
    }
    acceptor_.join();
    for (std::thread& thread : relays_) thread.join();
    ::close(listener_);
  }
  CuttingProxy(const CuttingProxy&) = delete;
  CuttingProxy& operator=(const CuttingProxy&) = delete;

  std::string url() const { return "http://127.0.0.1:" + std::to_string(port_); }
  int cuts() const {
    std::scoped_lock lock(mutex_);
    return cuts_;
  }

 private:
  static sockaddr_in Loopback(int port) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    address.sin_port = htons(static_cast<uint16_t>(port));
    return address;
  }

  void Accept() {
    for (int number = 0;; ++number) {
      const int client = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
      std::scoped_lock lock(mutex_);
      if (stopped_) {
        if (client >= 0) ::close(client);
        return;
      }
      if (client < 0) continue;
      const int server = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
      const sockaddr_in address = Loopback(server_port_);
      if (::connect(server, reinterpret_cast<const sockaddr*>(&address), sizeof(address)) != 0) {
        Reset(client);
        ::close(client);
        ::close(server);
        continue;
      }
      open_.push_back(client);
      open_.push_back(server);
      relays_.emplace_back([this, client, server, limits = plan_(number)] {
        Relay(client, server, limits);
        std::scoped_lock guard(mutex_);
        for (const int fd : {client, server}) {
          std::erase(open_, fd);
          ::close(fd);
        }
      });
    }
  }

  static void Reset(int fd) {
    const linger at_once{1, 0};
    ::setsockopt(fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof(at_once));
  }

  void Relay(int client, int server, Limits limits) {
    while (true) {
      pollfd both[2] = {{client, POLLIN, 0}, {server, POLLIN, 0}};
      if (::poll(both, 2, -1) < 0) return;
      if (both[0].revents != 0 && !Pass(client, server, limits.up)) break;
      if (both[1].revents != 0 && !Pass(server, client, limits.down)) break;
    }
    if (limits.up == 0 || limits.down == 0) {
      Reset(client);
      Reset(server);
      std::scoped_lock lock(mutex_);
      ++cuts_;
    }
  }

  // Moves what is there; false at the end of the stream or of the allowance.
  static bool Pass(int from, int to, int64_t& left) {
    char bytes[16384];
    const std::size_t most =
        left < 0 ? sizeof(bytes) : static_cast<std::size_t>(std::min<int64_t>(left, sizeof(bytes)));
    const ssize_t got = most == 0 ? 0 : ::recv(from, bytes, most, 0);
    if (got <= 0) return false;
    if (left > 0) left -= got;
    for (ssize_t sent = 0; sent < got;) {
      const ssize_t n =
          ::send(to, bytes + sent, static_cast<std::size_t>(got - sent), MSG_NOSIGNAL);
      if (n <= 0) return false;
      sent += n;
    }
    return left != 0;
  }

  int server_port_;
  Plan plan_;
  int listener_ = -1;
  int port_ = 0;
  std::thread acceptor_;
  mutable std::mutex mutex_;
  bool stopped_ = false;
  int cuts_ = 0;
  std::vector<int> open_;
  std::vector<std::thread> relays_;
};

}  // namespace tickhouse::io
