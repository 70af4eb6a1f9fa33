// Several actors, each on a thread of its own, of which exactly one runs at any time: who goes on
// is drawn from a seed at every call that an actor makes to the world.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <semaphore>
#include <thread>
#include <vector>

#include "tickhouse/core/random.h"

namespace tickhouse::sim {

/// Thrown through an actor whose process is killed. Nothing of ours catches it on the way.
struct Killed {};

/// Threads stay from run to run: starting them would cost more than most runs.
class Scheduler {
 public:
  Scheduler() = default;
  Scheduler(const Scheduler&) = delete;
  ~Scheduler();

  /// Runs `actors` until each has returned or was killed; turns are drawn from `random`.
  void Run(const std::vector<std::function<void()>>& actors, Random random);

  /// Called by an actor: hands over to one of those still running, maybe itself.
  void Yield();
  /// True within Run.
  bool running() const { return running_; }

 private:
  struct Seat {
    std::binary_semaphore turn{0};
    const std::function<void()>* act = nullptr;  ///< At a turn without one the thread ends.
    bool done = true;
    std::thread thread;
  };
  void Sit(Seat& seat);
  void HandOver();

  Random random_{0};
  std::vector<std::unique_ptr<Seat>> seats_;
  std::size_t current_ = 0;
  bool running_ = false;
  std::binary_semaphore all_done_{0};
};

}  // namespace tickhouse::sim
