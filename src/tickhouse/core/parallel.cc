#include "tickhouse/core/parallel.h"

#include <sched.h>

#include <algorithm>
#include <atomic>
#include <fstream>
#include <limits>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "tickhouse/core/check.h"

namespace tickhouse {

namespace {

// cgroup v2: "max 100000" or "200000 100000"; a container may own less than its affinity mask says.
int CgroupQuota() {
  std::ifstream file("/sys/fs/cgroup/cpu.max");
  std::string quota;
  int64_t period = 0;
  if (!(file >> quota >> period) || quota == "max" || period <= 0) return 0;
  return static_cast<int>(std::max<int64_t>(1, (std::atoll(quota.c_str()) + period - 1) / period));
}

}  // namespace

int AvailableProcessors() {
  cpu_set_t set;
  CPU_ZERO(&set);
  int processors = 1;
  if (sched_getaffinity(0, sizeof(set), &set) == 0) processors = std::max(1, CPU_COUNT(&set));
  const int quota = CgroupQuota();
  return quota > 0 ? std::min(processors, quota) : processors;
}

Status ParallelFor(std::size_t count, int threads, const CancelToken& cancel,
                   const std::function<Status(std::size_t)>& work) {
  TICKHOUSE_CHECK(threads > 0, "at least one thread works");
  std::atomic<std::size_t> next = 0;
  std::atomic<bool> stop = false;
  std::mutex mutex;
  std::size_t failed_index = std::numeric_limits<std::size_t>::max();
  Status failure;

  auto run = [&] {
    while (!stop.load(std::memory_order_relaxed)) {
      const std::size_t index = next.fetch_add(1);
      if (index >= count) return;
      Status status = cancel.Check();
      if (status) status = work(index);
      if (!status) {
        stop = true;
        std::scoped_lock lock(mutex);
        if (index < failed_index) {
          failed_index = index;
          failure = std::move(status);
        }
      }
    }
  };

  std::vector<std::jthread> helpers;
  const std::size_t wanted = std::min<std::size_t>(static_cast<std::size_t>(threads), count);
  for (std::size_t i = 1; i < wanted; ++i) helpers.emplace_back(run);
  run();
  helpers.clear();
  return failure;
}

}  // namespace tickhouse
