#include "tickhouse/core/tick.h"

#include "tickhouse/core/testing.h"

namespace tickhouse {
namespace {

TickBatch ThreeTicks() {
  TickBatch ticks;
  ticks.time_ns = {1, 2, 3};
  ticks.bid = {1.1, 1.2, 1.3};
  ticks.ask = {1.2, 1.3, 1.4};
  return ticks;
}

TEST(VectorTickReader, CutsIntoBatchesAndGoesOnAnsweringTheEnd) {
  VectorTickReader reader(ThreeTicks(), 2);
  TickBatch batch;
  ASSERT_OK_AND_ASSIGN(bool more, reader.Next(&batch));
  EXPECT_TRUE(more);
  EXPECT_EQ(batch.size(), 2u);
  ASSERT_OK_AND_ASSIGN(more, reader.Next(&batch));
  EXPECT_TRUE(more);
  EXPECT_EQ(batch.time_ns, std::vector<int64_t>{3});
  for (int i = 0; i < 2; ++i) {
    ASSERT_OK_AND_ASSIGN(more, reader.Next(&batch));
    EXPECT_FALSE(more);
  }
}

TEST(ReadAll, GathersEveryRow) {
  VectorTickReader reader(ThreeTicks(), 1);
  ASSERT_OK_AND_ASSIGN(const TickBatch all, ReadAll(reader));
  EXPECT_EQ(all.time_ns, ThreeTicks().time_ns);
  EXPECT_EQ(all.bid, ThreeTicks().bid);
}

// A reader's last, empty batch has no columns at all.
TEST(TickBatch, TakesNothingFromAnEmptyBatch) {
  TickBatch with_volume = ThreeTicks();
  with_volume.volume = {1, 2, 3};
  with_volume.AppendRows(TickBatch(), 0, 0);
  EXPECT_EQ(with_volume.size(), 3u);
  EXPECT_EQ(with_volume.volume, (std::vector<double>{1, 2, 3}));
}

TEST(TickBatchDeathTest, RefusesToMixColumns) {
  TickBatch with_volume = ThreeTicks();
  with_volume.volume = {1, 2, 3};
  TickBatch without = ThreeTicks();
  EXPECT_DEATH(without.AppendRows(with_volume, 0, 1), "same columns");
}

}  // namespace
}  // namespace tickhouse
