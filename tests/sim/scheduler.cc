#include "scheduler.h"

namespace tickhouse::sim {

void Scheduler::Sit(Seat& seat) {
  for (;;) {
    seat.turn.Await();
    if (seat.act == nullptr) return;
    try {
      (*seat.act)();
    } catch (const Killed&) {
    }
    seat.done = true;
    HandOver();
  }
}

void Scheduler::HandOver() {
  std::vector<std::size_t> ready;
  for (std::size_t i = 0; i < seats_.size(); ++i) {
    if (!seats_[i]->done) ready.push_back(i);
  }
  if (ready.empty()) {
    all_done_.Give();
    return;
  }
  current_ = ready[random_.Below(ready.size())];
  seats_[current_]->turn.Give();
}

void Scheduler::Run(const std::vector<std::function<void()>>& actors, Random random) {
  if (actors.empty()) return;
  random_ = random;
  while (seats_.size() < actors.size()) {
    Seat& seat = *seats_.emplace_back(std::make_unique<Seat>());
    seat.thread = std::thread([this, &seat] { Sit(seat); });
  }
  for (std::size_t i = 0; i < actors.size(); ++i) {
    seats_[i]->act = &actors[i];
    seats_[i]->done = false;
  }
  running_ = true;
  HandOver();
  all_done_.Await();
  running_ = false;
}

void Scheduler::Yield() {
  const std::size_t self = current_;
  HandOver();
  seats_[self]->turn.Await();
}

Scheduler::~Scheduler() {
  for (const auto& seat : seats_) {
    seat->act = nullptr;
    seat->turn.Give();
  }
  for (const auto& seat : seats_) seat->thread.join();
}

}  // namespace tickhouse::sim
