#include "tickhouse/lake/rest/idempotency.h"

#include <utility>

#include "tickhouse/lake/rest/rest_error.h"

namespace tickhouse::lake {

namespace {

constexpr std::size_t kEntryBytes = 512;  // About what an entry takes beside its body.

std::size_t BytesOf(const io::HttpResponse& response) {
  return response.body.size() + kEntryBytes;
}

}  // namespace

void IdempotentAnswers::Forget(const std::string& key) {
  const auto entry = entries_.find(key);
  if (entry == entries_.end()) return;
  if (!entry->second.running) {
    bytes_ -= BytesOf(entry->second.response);
    order_.remove(key);
  }
  entries_.erase(entry);
}

void IdempotentAnswers::MakeRoom(int64_t now_ns) {
  while (!order_.empty()) {
    const Entry& oldest = entries_.at(order_.front());
    const bool expired = now_ns - oldest.begun_ns > limits_.lifetime.count();
    if (!expired && bytes_ <= limits_.max_bytes) return;
    Forget(std::string(order_.front()));
  }
}

io::HttpResponse IdempotentAnswers::Once(const std::string& key, const std::string& fingerprint,
                                         const std::function<io::HttpResponse()>& work) {
  std::unique_lock lock(mutex_);
  while (true) {
    MakeRoom(clock_->MonotonicNanos());
    const auto known = entries_.find(key);
    if (known == entries_.end()) break;
    if (known->second.fingerprint != fingerprint) {
      return ErrorAnswer(422, "UnprocessableEntityException",
                         "this Idempotency-Key was used for another request");
    }
    if (!known->second.running) return known->second.response;
    finished_.wait(lock);
  }
  entries_.emplace(key, Entry{.fingerprint = fingerprint, .begun_ns = clock_->MonotonicNanos()});
  lock.unlock();
  io::HttpResponse response;
  try {
    response = work();
  } catch (...) {
    lock.lock();
    Forget(key);
    finished_.notify_all();
    throw;
  }
  lock.lock();
  if (response.status >= 500) {
    Forget(key);
  } else {
    Entry& entry = entries_.at(key);
    entry.running = false;
    entry.response = response;
    bytes_ += BytesOf(response);
    order_.push_back(key);
    MakeRoom(clock_->MonotonicNanos());
  }
  finished_.notify_all();
  return response;
}

}  // namespace tickhouse::lake
