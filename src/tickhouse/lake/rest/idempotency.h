// Answers by idempotency key: a request that comes a second time, because its answer was lost, gets
// that answer and is not done again.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <list>
#include <map>
#include <mutex>
#include <string>

#include "tickhouse/core/clock.h"
#include "tickhouse/io/net/http_client.h"

namespace tickhouse::lake {

/// In memory: a server that was started anew remembers nothing. Safe for several threads.
class IdempotentAnswers {
 public:
  struct Limits {
    Nanos lifetime = std::chrono::minutes(30);
    std::size_t max_bytes = 64 << 20;  ///< Of kept bodies; the oldest go first.
  };
  /// `clock` is not owned.
  IdempotentAnswers(Clock* clock, Limits limits) : clock_(clock), limits_(limits) {}

  /// Runs `work` once for each key. Another request under the same key (`fingerprint` differs) is
  /// answered with 422. While the first is still running, a second one waits for it. Answers of
  /// 5xx are not kept: nobody knows what they mean.
  io::HttpResponse Once(const std::string& key, const std::string& fingerprint,
                        const std::function<io::HttpResponse()>& work);

 private:
  struct Entry {
    std::string fingerprint;
    bool running = true;
    int64_t begun_ns = 0;
    io::HttpResponse response = {};
  };

  void Forget(const std::string& key);
  void MakeRoom(int64_t now_ns);

  Clock* clock_;
  const Limits limits_;
  std::mutex mutex_;
  std::condition_variable finished_;
  std::map<std::string, Entry> entries_;
  std::list<std::string> order_;  // Of finished entries, the oldest first.
  std::size_t bytes_ = 0;
};

}  // namespace tickhouse::lake
