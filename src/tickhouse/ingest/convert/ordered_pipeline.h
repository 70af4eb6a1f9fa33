// A pipeline over a ring of slots: loaded in order, worked on side by side, digested and written in
// order, by a fixed number of threads that each take whatever is most urgent.
#pragma once

#include <functional>

#include "tickhouse/core/cancel.h"
#include "tickhouse/core/error.h"

namespace tickhouse::ingest {

/// The stages get the index of a slot, [0, slots). A slot is loaded again only after it was
/// digested and written. Each stage in order is run by one thread at a time, but not always the
/// same one.
struct PipelineStages {
  int slots = 1;
  std::function<Result<bool>(int slot)> load;  ///< In order. False: nothing left, slot unused.
  std::function<Status(int slot)> work;        ///< Side by side, or in order if `work_in_order`.
  std::function<Status(int slot)> digest;  ///< In order, beside `work` and `write`; may be empty.
  std::function<Status(int slot)> write;   ///< In order, after `work`.
  /// Asked after each piece of work, under the pipeline's lock; empty: never.
  std::function<bool()> work_in_order;
};

/// Runs until all that was loaded is digested and written, or a stage fails, or `cancel` fires; no
/// stage is running when it returns. Of several failures the one of the earliest slot in order is
/// answered, among those that happened. threads >= 1, the caller's included.
Status RunPipeline(const PipelineStages& stages, int threads, const CancelToken& cancel);

}  // namespace tickhouse::ingest
