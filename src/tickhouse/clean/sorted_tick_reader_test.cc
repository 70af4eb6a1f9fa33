#include "tickhouse/clean/sorted_tick_reader.h"

#include <algorithm>

#include "tickhouse/core/random.h"
#include "tickhouse/core/testing.h"

namespace tickhouse::clean {
namespace {

// Runs in memory, counted: how many live, how many were made, and a failure on demand.
class VectorSpill : public SpillStore {
 public:
  int made = 0;
  int live = 0;
  int fail_at_write = -1;
  int writes = 0;

  Result<std::unique_ptr<SpillRun>> NewRun() override {
    ++made;
    return std::make_unique<Run>(this);
  }

 private:
  class Reader : public VectorTickReader {
   public:
    Reader(TickBatch rows, VectorSpill* spill)
        : VectorTickReader(std::move(rows), 5), spill_(spill) {
      ++spill_->live;
    }
    ~Reader() override { --spill_->live; }

   private:
    VectorSpill* spill_;
  };
  class Run : public SpillRun {
   public:
    explicit Run(VectorSpill* spill) : spill_(spill) {}
    Status Write(const TickBatch& batch) override {
      if (spill_->writes++ == spill_->fail_at_write) {
        return Fail(ErrorKind::kNoSpace, "spill folder is full");
      }
      rows_.AppendRows(batch, 0, batch.size());
      return {};
    }
    Result<std::unique_ptr<TickReader>> Read() override {
      return std::make_unique<Reader>(std::move(rows_), spill_);
    }

   private:
    VectorSpill* spill_;
    TickBatch rows_;
  };
};

// Bid is the position in the source, so a stable sort can be told from an unstable one.
TickBatch Shuffled(uint64_t seed, std::size_t rows, uint64_t distinct_times) {
  Random random(seed);
  TickBatch batch;
  for (std::size_t i = 0; i < rows; ++i) {
    batch.time_ns.push_back(static_cast<int64_t>(random.Below(distinct_times)) - 10);
    batch.bid.push_back(static_cast<double>(i));
    batch.ask.push_back(static_cast<double>(i) + 0.5);
  }
  return batch;
}

TickBatch SortedByDefinition(const TickBatch& batch) {
  std::vector<Tick> ticks;
  for (std::size_t i = 0; i < batch.size(); ++i) ticks.push_back(batch.At(i));
  std::stable_sort(ticks.begin(), ticks.end(),
                   [](const Tick& a, const Tick& b) { return a.time_ns < b.time_ns; });
  TickBatch sorted;
  for (const Tick& tick : ticks) {
    sorted.time_ns.push_back(tick.time_ns);
    sorted.bid.push_back(tick.bid);
    sorted.ask.push_back(tick.ask);
  }
  return sorted;
}

TEST(SortedTickReader, SortsStablyForAnyMemoryAndFanIn) {
  for (const std::size_t rows : {0u, 1u, 50u, 333u}) {
    const TickBatch source = Shuffled(rows, rows, 20);
    const TickBatch expected = SortedByDefinition(source);
    for (const std::size_t memory : {1u, 7u, 64u, 1000u}) {
      for (const std::size_t fan_in : {2u, 3u, 64u}) {
        VectorSpill spill;
        {
          SortedTickReader reader(std::make_unique<VectorTickReader>(source, 4), &spill,
                                  {memory, fan_in});
          ASSERT_OK_AND_ASSIGN(const TickBatch sorted, ReadAll(reader));
          ASSERT_EQ(sorted.time_ns, expected.time_ns) << rows << " " << memory << " " << fan_in;
          ASSERT_EQ(sorted.bid, expected.bid) << rows << " " << memory << " " << fan_in;
          ASSERT_EQ(sorted.ask, expected.ask);
        }
        EXPECT_EQ(spill.live, 0);
      }
    }
  }
}

TEST(SortedTickReader, SpillsNothingWhenTheRowsFit) {
  VectorSpill spill;
  SortedTickReader reader(std::make_unique<VectorTickReader>(Shuffled(1, 100, 9)), &spill,
                          {101, 2});
  ASSERT_OK(ReadAll(reader));
  EXPECT_EQ(spill.made, 0);
}

TEST(SortedTickReader, AFullSpillFolderIsTheAnswerAndStaysIt) {
  VectorSpill spill;
  spill.fail_at_write = 2;
  SortedTickReader reader(std::make_unique<VectorTickReader>(Shuffled(1, 100, 9), 5), &spill,
                          {10, 2});
  TickBatch batch;
  EXPECT_THAT(reader.Next(&batch), IsError(ErrorKind::kNoSpace));
  EXPECT_THAT(reader.Next(&batch), IsError(ErrorKind::kNoSpace));
}

TEST(SortByTime, SaysWhetherItWasInOrder) {
  TickBatch batch = SortedByDefinition(Shuffled(4, 30, 5));
  EXPECT_TRUE(SortByTime(&batch));
  std::reverse(batch.time_ns.begin(), batch.time_ns.end());
  EXPECT_FALSE(SortByTime(&batch));
  EXPECT_TRUE(SortByTime(&batch));
}

}  // namespace
}  // namespace tickhouse::clean
