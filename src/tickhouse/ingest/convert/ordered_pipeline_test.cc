#include "tickhouse/ingest/convert/ordered_pipeline.h"

#include <fmt/format.h>

#include <atomic>
#include <mutex>
#include <numeric>
#include <vector>

#include "tickhouse/core/testing.h"

namespace tickhouse::ingest {
namespace {

using ::testing::ElementsAreArray;

// Counts up to `count`; notes what each stage saw.
struct Counter {
  explicit Counter(int count, int slots) : count(count), values(static_cast<std::size_t>(slots)) {
    stages.slots = slots;
    stages.load = [this](int slot) -> Result<bool> {
      if (loaded == this->count) return false;
      values[static_cast<std::size_t>(slot)] = loaded++;
      return true;
    };
    stages.work = [this](int slot) -> Status {
      const int value = values[static_cast<std::size_t>(slot)];
      std::scoped_lock lock(mutex);
      worked.push_back(value);
      if (value == fail_work_at) return Fail(ErrorKind::kIo, fmt::format("work {}", value));
      return {};
    };
    stages.digest = [this](int slot) -> Status {
      digested.push_back(values[static_cast<std::size_t>(slot)]);
      return {};
    };
    stages.write = [this](int slot) -> Status {
      const int value = values[static_cast<std::size_t>(slot)];
      if (value == fail_write_at) return Fail(ErrorKind::kNoSpace, fmt::format("write {}", value));
      written.push_back(value);
      if (value == cancel_at) cancel.Cancel();
      return {};
    };
  }

  std::vector<int> UpTo(int end) const {
    std::vector<int> all(static_cast<std::size_t>(end));
    std::iota(all.begin(), all.end(), 0);
    return all;
  }

  const int count;
  int loaded = 0;
  int fail_work_at = -1;
  int fail_write_at = -1;
  int cancel_at = -1;
  std::vector<int> values;
  std::mutex mutex;
  std::vector<int> worked;
  std::vector<int> digested;
  std::vector<int> written;
  CancelToken cancel;
  PipelineStages stages;
};

class OrderedPipelineTest : public ::testing::TestWithParam<int> {};

TEST_P(OrderedPipelineTest, DigestsAndWritesEverythingOnceInOrder) {
  for (const int slots : {1, 2, 3, 16}) {
    Counter counter(500, slots);
    ASSERT_OK(RunPipeline(counter.stages, GetParam(), counter.cancel));
    EXPECT_THAT(counter.written, ElementsAreArray(counter.UpTo(500)));
    EXPECT_THAT(counter.digested, ElementsAreArray(counter.UpTo(500)));
    EXPECT_EQ(counter.worked.size(), 500u);
  }
}

TEST_P(OrderedPipelineTest, NothingToLoadIsASuccess) {
  Counter counter(0, 4);
  ASSERT_OK(RunPipeline(counter.stages, GetParam(), counter.cancel));
  EXPECT_TRUE(counter.written.empty());
}

TEST_P(OrderedPipelineTest, WorksInOrderWhenAsked) {
  Counter counter(300, 8);
  counter.stages.work_in_order = [] { return true; };
  ASSERT_OK(RunPipeline(counter.stages, GetParam(), counter.cancel));
  EXPECT_THAT(counter.worked, ElementsAreArray(counter.UpTo(300)));
  EXPECT_THAT(counter.written, ElementsAreArray(counter.UpTo(300)));
}

TEST_P(OrderedPipelineTest, FirstPieceIsWorkedOnBeforeTheSecondIsLoaded) {
  Counter counter(50, 8);
  std::atomic<bool> first_done = false;
  const auto work = counter.stages.work;
  counter.stages.work = [&](int slot) -> Status {
    const bool is_first = counter.values[static_cast<std::size_t>(slot)] == 0;
    Status status =
        is_first || first_done.load() ? work(slot) : Fail(ErrorKind::kIo, "before the first");
    if (is_first) first_done = true;
    return status;
  };
  EXPECT_OK(RunPipeline(counter.stages, GetParam(), counter.cancel));
}

TEST_P(OrderedPipelineTest, StopsAtAFailureOfAnyStage) {
  Counter work(400, 4);
  work.fail_work_at = 100;
  EXPECT_THAT(RunPipeline(work.stages, GetParam(), work.cancel), HasErrorMessage("work 100"));
  EXPECT_LE(work.written.size(), 100u);

  Counter write(400, 4);
  write.fail_write_at = 37;
  EXPECT_THAT(RunPipeline(write.stages, GetParam(), write.cancel), IsError(ErrorKind::kNoSpace));
  EXPECT_THAT(write.written, ElementsAreArray(write.UpTo(37)));

  Counter load(400, 4);
  const auto next = load.stages.load;
  load.stages.load = [&](int slot) -> Result<bool> {
    if (load.loaded == 200) return Fail(ErrorKind::kCorrupt, "load 200");
    return next(slot);
  };
  EXPECT_THAT(RunPipeline(load.stages, GetParam(), load.cancel), HasErrorMessage("load 200"));
  EXPECT_LE(load.written.size(), 200u);
}

TEST_P(OrderedPipelineTest, StopsWhenTheUserAsks) {
  Counter counter(400, 4);
  counter.cancel_at = 20;
  EXPECT_THAT(RunPipeline(counter.stages, GetParam(), counter.cancel),
              IsError(ErrorKind::kCancelled));
  EXPECT_THAT(counter.written, ElementsAreArray(counter.UpTo(21)));
}

TEST_P(OrderedPipelineTest, WorksWithoutDigest) {
  Counter counter(100, 3);
  counter.stages.digest = nullptr;
  ASSERT_OK(RunPipeline(counter.stages, GetParam(), counter.cancel));
  EXPECT_EQ(counter.written.size(), 100u);
}

INSTANTIATE_TEST_SUITE_P(Threads, OrderedPipelineTest, ::testing::Values(1, 2, 3, 8));

}  // namespace
}  // namespace tickhouse::ingest
