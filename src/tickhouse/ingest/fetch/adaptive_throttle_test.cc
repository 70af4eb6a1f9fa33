#include "tickhouse/ingest/fetch/adaptive_throttle.h"

#include <atomic>
#include <thread>

#include "tickhouse/core/testing.h"

namespace tickhouse::ingest {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

class AdaptiveThrottleTest : public testing::Test {
 protected:
  ManualClock clock{FromNanos(0)};
  CancelToken cancel;
  int64_t NowMs() { return clock.MonotonicNanos() / kNanosPerMilli; }
};

TEST_F(AdaptiveThrottleTest, DoesNotWaitWhileTheFeedAnswers) {
  AdaptiveThrottle throttle(&clock, {});
  for (int i = 0; i < 100; ++i) {
    ASSERT_OK(throttle.Acquire(cancel));
    throttle.Succeeded();
  }
  EXPECT_EQ(NowMs(), 0);
  EXPECT_EQ(throttle.pause(), Nanos::zero());
}

TEST_F(AdaptiveThrottleTest, RefusalsDoubleThePauseUpToTheCap) {
  AdaptiveThrottle throttle(&clock, {});
  for (const int expected : {250, 500, 1000, 2000, 4000, 5000, 5000}) {
    ASSERT_OK(throttle.Acquire(cancel));
    throttle.Refused(Nanos::zero());
    EXPECT_EQ(throttle.pause(), milliseconds(expected));
  }
}

TEST_F(AdaptiveThrottleTest, RefusalsHalveWhatIsInFlightAndSuccessesGrowItOneByOne) {
  AdaptiveThrottle throttle(&clock, {.max_in_flight = 8});
  for (const int expected : {4, 2, 1, 1}) {
    ASSERT_OK(throttle.Acquire(cancel));
    throttle.Refused(Nanos::zero());
    EXPECT_EQ(throttle.in_flight_limit(), expected);
  }
  for (int i = 0; i < 7 * 8; ++i) {
    ASSERT_OK(throttle.Acquire(cancel));
    throttle.Succeeded();
    EXPECT_EQ(throttle.in_flight_limit(), 1 + (i + 1) / 8);
  }
}

TEST_F(AdaptiveThrottleTest, SuccessesStepDownToNoPause) {
  AdaptiveThrottle throttle(&clock, {});
  ASSERT_OK(throttle.Acquire(cancel));
  throttle.Refused(Nanos::zero());
  for (const int expected : {200, 150, 100, 50, 0, 0}) {
    ASSERT_OK(throttle.Acquire(cancel));
    throttle.Succeeded();
    EXPECT_EQ(throttle.pause(), milliseconds(expected));
  }
}

TEST_F(AdaptiveThrottleTest, RetryAfterHoldsEverybodyBack) {
  AdaptiveThrottle throttle(&clock, {});
  ASSERT_OK(throttle.Acquire(cancel));
  throttle.Refused(seconds(30));
  ASSERT_OK(throttle.Acquire(cancel));
  EXPECT_EQ(NowMs(), 30'000);
}

TEST_F(AdaptiveThrottleTest, ThePauseLiesBetweenStarts) {
  AdaptiveThrottle throttle(&clock, {.step_down = Nanos::zero()});
  ASSERT_OK(throttle.Acquire(cancel));
  throttle.Refused(Nanos::zero());
  for (int i = 1; i <= 4; ++i) {
    ASSERT_OK(throttle.Acquire(cancel));
    EXPECT_EQ(NowMs(), 250 * i);
    throttle.Succeeded();
  }
}

TEST_F(AdaptiveThrottleTest, CancelledInsteadOfWaiting) {
  AdaptiveThrottle throttle(&clock, {.max_in_flight = 1});
  cancel.Cancel();
  EXPECT_THAT(throttle.Acquire(cancel), IsError(ErrorKind::kCancelled));
}

TEST_F(AdaptiveThrottleTest, NeverMoreInFlightThanAllowed) {
  AdaptiveThrottle throttle(&clock, {.max_in_flight = 3});
  std::atomic<int> now = 0;
  std::atomic<int> most = 0;
  std::vector<std::thread> threads;
  for (int t = 0; t < 8; ++t) {
    threads.emplace_back([&] {
      for (int i = 0; i < 50; ++i) {
        if (!throttle.Acquire(cancel)) return;
        const int mine = ++now;
        int seen = most.load();
        while (seen < mine && !most.compare_exchange_weak(seen, mine)) {
        }
        --now;
        throttle.Succeeded();
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_LE(most.load(), 3);
}

}  // namespace
}  // namespace tickhouse::ingest
