// The one way to spread independent items over threads.
#pragma once

#include <cstddef>
#include <functional>

#include "tickhouse/core/cancel.h"
#include "tickhouse/core/error.h"

namespace tickhouse {

/// The number of processors this process may use (affinity and cgroup quota), at least 1.
int AvailableProcessors();

/// Calls `work(i)` for each i in [0, count) on up to `threads` threads (the caller's included),
/// items handed out in order. Stops handing out after the first failure or cancellation and returns
/// the failure with the lowest index among those that happened. Deterministic in what it returns as
/// long as each item is.
Status ParallelFor(std::size_t count, int threads, const CancelToken& cancel,
                   const std::function<Status(std::size_t)>& work);

}  // namespace tickhouse
