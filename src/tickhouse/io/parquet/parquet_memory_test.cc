// Memory does not grow with the number of rows. Looks at glibc's own counts, which sanitizers
// replace (they then show nothing, and the tests pass).
#include <gtest/gtest.h>
#include <malloc.h>

#include <algorithm>

#include "tickhouse/io/parquet/test_ticks.h"

namespace tickhouse::io {
namespace {

int64_t BytesInUse() {
  const struct mallinfo2 info = mallinfo2();
  return static_cast<int64_t>(info.uordblks + info.hblkhd);
}

/// Throws bytes away and watches memory.
class WatchingFile : public WritableFile {
 public:
  explicit WatchingFile(int64_t* most) : most_(most) {}
  Status Append(std::span<const std::byte> bytes) override {
    size_ += static_cast<int64_t>(bytes.size());
    *most_ = std::max(*most_, BytesInUse());
    return {};
  }
  int64_t size() const override { return size_; }
  Status Commit() override { return {}; }

 private:
  int64_t* most_;
  int64_t size_ = 0;
};

TEST(ParquetMemory, WritingHoldsOneRowGroupWhateverTheSize) {
  PointTicks ticks = RandomPoints(100'000, 1);
  const int64_t before = BytesInUse();
  int64_t most = before;
  ASSERT_OK_AND_ASSIGN(auto writer,
                       ParquetTickWriter::Open(std::make_unique<WatchingFile>(&most), {}));
  for (int i = 0; i < 45; ++i) {
    for (int64_t& time : ticks.time_us) time += 40'000'000'000;
    ASSERT_OK(writer->WritePoints(ticks));
    most = std::max(most, BytesInUse());
  }
  ASSERT_OK(writer->Close());
  EXPECT_EQ(writer->rows_written(), 4'500'000);
  EXPECT_LT(most - before, 80 << 20);
}

TEST(ParquetMemory, ReadingHoldsAFewPagesWhateverTheRowGroup) {
  std::string bytes;
  {
    auto writer = OpenTestWriter(&bytes);
    ASSERT_OK(writer->WritePoints(RandomPoints(1'500'000, 2)));
    ASSERT_OK(writer->Close());
  }
  const int64_t size = static_cast<int64_t>(bytes.size());
  const int64_t before = BytesInUse();
  int64_t most = before;
  ASSERT_OK_AND_ASSIGN(auto reader, OpenParquetTicks(OpenBytes(bytes), {}));
  TickBatch batch;
  while (true) {
    ASSERT_OK_AND_ASSIGN(const bool more, reader->Next(&batch));
    most = std::max(most, BytesInUse());
    if (!more) break;
  }
  // The file's own copy of the bytes does not count.
  EXPECT_LT(most - before - size, 12 << 20);
}

}  // namespace
}  // namespace tickhouse::io
