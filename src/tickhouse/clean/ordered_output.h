// What workers make out of order, handed on in order, with a limit on what waits.
#pragma once

#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <mutex>
#include <optional>
#include <utility>

namespace tickhouse::clean {

/// Chunks of numbered items: any number of workers push the chunks of the items they hold, one
/// consumer pops all chunks of item 0, then of item 1, and so on. A worker whose item is not the
/// next to be popped waits while more than `budget` bytes are held; the worker of the next item
/// never waits, so there is no deadlock as long as items are taken up in order. Safe for several
/// threads.
template <typename Chunk>
class OrderedOutput {
 public:
  OrderedOutput(std::size_t items, std::size_t budget) : items_(items), budget_(budget) {}

  /// False: the consumer has given up, and so should the worker.
  bool Push(std::size_t item, Chunk chunk, std::size_t bytes) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return abandoned_ || item == next_ || held_ + bytes <= budget_; });
    if (abandoned_) return false;
    held_ += bytes;
    waiting_[item].chunks.push_back({std::move(chunk), bytes});
    if (item == next_) changed_.notify_all();
    return true;
  }

  /// The item has no further chunk.
  void Finish(std::size_t item) {
    std::scoped_lock lock(mutex_);
    waiting_[item].finished = true;
    if (item == next_) changed_.notify_all();
  }

  /// The next chunk in order; empty when all items are finished and popped.
  std::optional<Chunk> Pop() {
    std::unique_lock lock(mutex_);
    while (next_ < items_) {
      Item& item = waiting_[next_];
      changed_.wait(lock, [&] { return abandoned_ || !item.chunks.empty() || item.finished; });
      if (abandoned_) return std::nullopt;
      if (!item.chunks.empty()) {
        std::optional<Chunk> chunk(std::move(item.chunks.front().first));
        held_ -= item.chunks.front().second;
        item.chunks.pop_front();
        changed_.notify_all();
        return chunk;
      }
      waiting_.erase(next_);
      ++next_;
      changed_.notify_all();
    }
    return std::nullopt;
  }

  /// Lets everybody go; what is held is dropped.
  void Abandon() {
    std::scoped_lock lock(mutex_);
    abandoned_ = true;
    changed_.notify_all();
  }

 private:
  struct Item {
    std::deque<std::pair<Chunk, std::size_t>> chunks;
    bool finished = false;
  };

  const std::size_t items_;
  const std::size_t budget_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::map<std::size_t, Item> waiting_;
  std::size_t next_ = 0;
  std::size_t held_ = 0;
  bool abandoned_ = false;
};

}  // namespace tickhouse::clean
