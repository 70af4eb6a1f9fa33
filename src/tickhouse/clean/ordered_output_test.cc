#include "tickhouse/clean/ordered_output.h"

#include <atomic>
#include <thread>
#include <vector>

#include "tickhouse/core/testing.h"

namespace tickhouse::clean {
namespace {

TEST(OrderedOutput, HandsOutChunksOfItemsInOrderWhateverTheOrderOfWork) {
  constexpr std::size_t kItems = 40;
  OrderedOutput<std::pair<std::size_t, int>> output(kItems, 3);
  std::atomic<std::size_t> next = 0;
  std::vector<std::jthread> workers;
  for (int i = 0; i < 3; ++i) {
    workers.emplace_back([&] {
      for (std::size_t item = next++; item < kItems; item = next++) {
        for (int chunk = 0; chunk < static_cast<int>(item % 4); ++chunk) {
          output.Push(item, {item, chunk}, 1);
        }
        output.Finish(item);
      }
    });
  }
  std::vector<std::pair<std::size_t, int>> popped;
  while (auto chunk = output.Pop()) popped.push_back(*chunk);
  std::vector<std::pair<std::size_t, int>> expected;
  for (std::size_t item = 0; item < kItems; ++item) {
    for (int chunk = 0; chunk < static_cast<int>(item % 4); ++chunk)
      expected.push_back({item, chunk});
  }
  EXPECT_EQ(popped, expected);
}

TEST(OrderedOutput, TheNextItemIsNeverHeldUpByTheBudget) {
  OrderedOutput<int> output(2, 1);
  EXPECT_TRUE(output.Push(0, 1, 100));
  EXPECT_TRUE(output.Push(0, 2, 100));
  output.Finish(0);
  EXPECT_EQ(output.Pop(), 1);
  EXPECT_EQ(output.Pop(), 2);
  output.Finish(1);
  EXPECT_EQ(output.Pop(), std::nullopt);
}

TEST(OrderedOutput, AbandonLetsWaitingWorkersGo) {
  OrderedOutput<int> output(2, 1);
  std::jthread worker([&] { EXPECT_FALSE(output.Push(1, 7, 100)); });
  output.Abandon();
  worker.join();
  EXPECT_EQ(output.Pop(), std::nullopt);
}

TEST(OrderedOutput, NoItemsAreDoneAtOnce) {
  OrderedOutput<int> output(0, 1);
  EXPECT_EQ(output.Pop(), std::nullopt);
}

}  // namespace
}  // namespace tickhouse::clean
