// Several actors, each on a thread of its own, of which exactly one runs at any time: who goes on
// is drawn from a seed at every call that an actor makes to the world.
#pragma once

#include <semaphore.h>

#include <cstddef>
#include <functional>
#include <memory>
#include <thread>
#include <vector>

#include "tickhouse/core/random.h"

namespace tickhouse::sim {

/// Thrown through an actor whose process is killed. Nothing of ours catches it on the way.
struct Killed {};

/// Sleeps until it is given. std::binary_semaphore yields before it sleeps, and each yield gives a
/// whole slice to whatever else runs on the processor: six times slower beside other work.
class Turn {
 public:
  Turn() { sem_init(&given_, 0, 0); }
  Turn(const Turn&) = delete;
  ~Turn() { sem_destroy(&given_); }
  void Give() { sem_post(&given_); }
  void Await() {
    while (sem_wait(&given_) != 0) {  // A signal woke it.
    }
  }

 private:
  sem_t given_;
};

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
    Turn turn;
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
  Turn all_done_;
};

}  // namespace tickhouse::sim
