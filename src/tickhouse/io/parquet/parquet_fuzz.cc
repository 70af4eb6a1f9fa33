// Any bytes as a Parquet file: told apart from ticks or read, never a crash, in bounded memory.
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>

#include "tickhouse/io/parquet/parquet_tick_reader.h"

namespace {

class FuzzFile : public tickhouse::io::ReadableFile {
 public:
  FuzzFile(const uint8_t* data, std::size_t size) : data_(data), size_(size) {}
  const std::string& path() const override { return path_; }
  int64_t size() const override { return static_cast<int64_t>(size_); }
  tickhouse::Status ReadAt(int64_t offset, std::span<std::byte> out) const override {
    if (offset < 0 || static_cast<int64_t>(out.size()) > size() - offset) {
      return tickhouse::Fail(tickhouse::ErrorKind::kInvalidArgument, "read past the end");
    }
    if (!out.empty()) std::memcpy(out.data(), data_ + offset, out.size());
    return {};
  }

 private:
  const uint8_t* data_;
  std::size_t size_;
  std::string path_ = "fuzz.parquet";
};

void ReadUpTo(const uint8_t* data, std::size_t size, tickhouse::io::ParquetReadOptions options) {
  auto reader =
      tickhouse::io::OpenParquetTicks(std::make_unique<FuzzFile>(data, size), std::move(options));
  if (!reader) return;
  tickhouse::TickBatch batch;
  for (int i = 0; i < 20; ++i) {
    const auto more = (*reader)->Next(&batch);
    if (!more || !*more) return;
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, std::size_t size) {
  using tickhouse::FromNanos;
  const auto info = tickhouse::io::ReadParquetTickInfo(FuzzFile(data, size));
  if (!info) return 0;
  ReadUpTo(data, size, {.with_volumes = true, .keep_null_rows = true});
  tickhouse::io::ParquetReadOptions picky = {.batch_rows = 1'000};
  const int64_t begin = info->min_time_ns.value_or(0);
  picky.ranges = {{FromNanos(begin), FromNanos(begin)},
                  {FromNanos(begin / 2 + 1), FromNanos(begin / 2 + 2)}};
  if (begin >= 0) picky.ranges = {{FromNanos(begin), FromNanos(begin / 2 + (int64_t{1} << 61))}};
  picky.choose = [](std::span<const int64_t> times, std::vector<uint32_t>* rows) {
    for (uint32_t i = 0; i < times.size(); i += 7) rows->push_back(i);
  };
  ReadUpTo(data, size, picky);
  return 0;
}
