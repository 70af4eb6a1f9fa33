#include "tickhouse/ingest/convert/ordered_pipeline.h"

#include <condition_variable>
#include <cstdint>
#include <limits>
#include <mutex>
#include <thread>
#include <vector>

#include "tickhouse/core/check.h"

namespace tickhouse::ingest {

namespace {

class Pipeline {
 public:
  Pipeline(const PipelineStages& stages, const CancelToken& cancel)
      : stages_(stages), cancel_(cancel), worked_(static_cast<std::size_t>(stages.slots), false) {}

  // One thread's life: take the most urgent piece until nothing is left.
  void Work() {
    std::unique_lock lock(mutex_);
    while (!failed_ && !Finished()) {
      if (CanWrite()) {
        Write(lock);
      } else if (CanDigest() && next_digest_ + stages_.slots / 2 <= next_load_) {
        Digest(lock);  // A late digest keeps slots from being used again.
      } else if (CanLoad()) {
        LoadAndWork(lock);
      } else if (CanDigest()) {
        Digest(lock);
      } else {
        changed_.wait(lock);
      }
    }
    changed_.notify_all();
  }

  Status Answer() { return std::move(failure_); }

 private:
  using Sequence = int64_t;

  int SlotOf(Sequence sequence) const { return static_cast<int>(sequence % stages_.slots); }

  bool Finished() const {
    return ended_ && next_write_ == next_load_ && next_digest_ == next_load_ && !loading_;
  }
  bool CanWrite() const {
    return !writing_ && next_write_ < next_load_ &&
           worked_[static_cast<std::size_t>(SlotOf(next_write_))];
  }
  bool CanDigest() const { return !digesting_ && next_digest_ < next_load_; }
  bool CanLoad() const {
    return !loading_ && !ended_ && next_load_ - std::min(next_write_, next_digest_) < stages_.slots;
  }

  void Keep(Sequence sequence, Status status) {
    if (status) return;
    failed_ = true;
    if (sequence < failed_sequence_) {
      failed_sequence_ = sequence;
      failure_ = std::move(status);
    }
  }

  void Write(std::unique_lock<std::mutex>& lock) {
    writing_ = true;
    const Sequence sequence = next_write_;
    lock.unlock();
    Status status = cancel_.Check();
    if (status) status = stages_.write(SlotOf(sequence));
    lock.lock();
    worked_[static_cast<std::size_t>(SlotOf(sequence))] = false;
    writing_ = false;
    ++next_write_;
    Keep(sequence, std::move(status));
    changed_.notify_all();
  }

  void Digest(std::unique_lock<std::mutex>& lock) {
    digesting_ = true;
    const Sequence sequence = next_digest_;
    lock.unlock();
    Status status = stages_.digest ? stages_.digest(SlotOf(sequence)) : Status();
    lock.lock();
    digesting_ = false;
    ++next_digest_;
    Keep(sequence, std::move(status));
    changed_.notify_all();
  }

  // What was just loaded is worked on by the same thread: its cache still holds it.
  void LoadAndWork(std::unique_lock<std::mutex>& lock) {
    loading_ = true;
    const Sequence sequence = next_load_;
    lock.unlock();
    Result<bool> more = stages_.load(SlotOf(sequence));
    lock.lock();
    if (!more || !*more) {
      ended_ = true;
      loading_ = false;
      if (!more) Keep(sequence, std::unexpected(std::move(more).error()));
      changed_.notify_all();
      return;
    }
    const bool in_order = work_in_order_;
    if (in_order) {
      lock.unlock();
    } else {
      ++next_load_;
      loading_ = false;
      changed_.notify_all();
      lock.unlock();
    }
    Status status = stages_.work(SlotOf(sequence));
    lock.lock();
    if (in_order) {
      ++next_load_;
      loading_ = false;
      work_in_order_ = stages_.work_in_order && stages_.work_in_order();
    }
    worked_[static_cast<std::size_t>(SlotOf(sequence))] = true;
    Keep(sequence, std::move(status));
    changed_.notify_all();
  }

  const PipelineStages& stages_;
  const CancelToken& cancel_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<bool> worked_;
  Sequence next_load_ = 0;
  Sequence next_digest_ = 0;
  Sequence next_write_ = 0;
  bool loading_ = false;
  bool digesting_ = false;
  bool writing_ = false;
  bool ended_ = false;
  bool work_in_order_ = true;  // The first piece may set what the others need.
  bool failed_ = false;
  Sequence failed_sequence_ = std::numeric_limits<Sequence>::max();
  Status failure_;
};

}  // namespace

Status RunPipeline(const PipelineStages& stages, int threads, const CancelToken& cancel) {
  TICKHOUSE_CHECK(threads > 0 && stages.slots > 0, "a pipeline has a thread and a slot");
  Pipeline pipeline(stages, cancel);
  {
    std::vector<std::jthread> helpers;
    for (int i = 1; i < threads; ++i) helpers.emplace_back([&] { pipeline.Work(); });
    pipeline.Work();
  }
  return pipeline.Answer();
}

}  // namespace tickhouse::ingest
