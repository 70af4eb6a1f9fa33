// Files in memory and ticks to fill them, for the tests of this folder.
#pragma once

#include <gmock/gmock.h>

#include <bit>
#include <cmath>
#include <cstring>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "tickhouse/core/testing.h"
#include "tickhouse/core/tick.h"
#include "tickhouse/io/fs/file_system.h"
#include "tickhouse/io/parquet/parquet_tick_reader.h"
#include "tickhouse/io/parquet/parquet_tick_writer.h"

namespace tickhouse::io {

/// Appends to a string that outlives it; `*committed` tells whether Commit was called.
class StringFile : public WritableFile {
 public:
  StringFile(std::string* bytes, bool* committed) : bytes_(bytes), committed_(committed) {}
  Status Append(std::span<const std::byte> bytes) override {
    bytes_->append(reinterpret_cast<const char*>(bytes.data()), bytes.size());
    return {};
  }
  int64_t size() const override { return static_cast<int64_t>(bytes_->size()); }
  Status Commit() override {
    *committed_ = true;
    return {};
  }

 private:
  std::string* bytes_;
  bool* committed_;
};

/// A readable string; counts the bytes asked for.
class BytesFile : public ReadableFile {
 public:
  explicit BytesFile(std::string bytes, int64_t* bytes_read = nullptr)
      : bytes_(std::move(bytes)), bytes_read_(bytes_read) {}
  const std::string& path() const override { return path_; }
  int64_t size() const override { return static_cast<int64_t>(bytes_.size()); }
  Status ReadAt(int64_t offset, std::span<std::byte> out) const override {
    const auto count = static_cast<int64_t>(out.size());
    if (offset < 0 || count > size() - offset) {
      return Fail(ErrorKind::kInvalidArgument, "read past the end of test.parquet");
    }
    if (bytes_read_ != nullptr) *bytes_read_ += count;
    if (count > 0) std::memcpy(out.data(), bytes_.data() + offset, out.size());
    return {};
  }

 private:
  std::string bytes_;
  std::string path_ = "test.parquet";
  int64_t* bytes_read_;
};

inline std::unique_ptr<ReadableFile> OpenBytes(const std::string& bytes) {
  return std::make_unique<BytesFile>(bytes);
}

/// A writer into `*bytes`.
inline std::unique_ptr<ParquetTickWriter> OpenTestWriter(std::string* bytes,
                                                         ParquetTickWriter::Options options = {}) {
  static bool committed = false;
  auto writer =
      ParquetTickWriter::Open(std::make_unique<StringFile>(bytes, &committed), std::move(options));
  EXPECT_THAT(writer, IsOk());
  return std::move(*writer);
}

/// The bytes of a file of `ticks`.
inline std::string WriteTicks(const TickBatch& ticks, ParquetTickWriter::Options options = {}) {
  std::string bytes;
  auto writer = OpenTestWriter(&bytes, std::move(options));
  EXPECT_THAT(writer->Write(ticks), IsOk());
  EXPECT_THAT(writer->Close(), IsOk());
  return bytes;
}

inline Result<TickBatch> ReadTicks(const std::string& bytes, ParquetReadOptions options = {}) {
  TICKHOUSE_ASSIGN(auto reader, OpenParquetTicks(OpenBytes(bytes), std::move(options)));
  return ReadAll(*reader);
}

/// A random walk of quotes a few hundred milliseconds apart, whole points of 10^-decimals.
inline PointTicks RandomPoints(std::size_t rows, uint32_t seed, int decimals = 5,
                               int64_t begin_us = 1'600'000'000'000'000) {
  std::mt19937 random(seed);
  PointTicks ticks;
  ticks.decimals = decimals;
  int64_t time = begin_us;
  int32_t bid = 122'531;
  for (std::size_t i = 0; i < rows; ++i) {
    time += 1000 * static_cast<int64_t>(random() % 800);
    bid += static_cast<int32_t>(random() % 7) - 3;
    ticks.time_us.push_back(time);
    ticks.bid.points.push_back(bid);
    ticks.ask.points.push_back(bid + 1 + static_cast<int32_t>(random() % 5));
  }
  return ticks;
}

inline TickBatch ToBatch(const PointTicks& ticks) {
  TickBatch batch;
  const double scale = std::pow(10.0, ticks.decimals);
  for (std::size_t i = 0; i < ticks.size(); ++i) {
    batch.time_ns.push_back(ticks.time_us[i] * 1000);
    batch.bid.push_back(ticks.bid.points[i] / scale);
    batch.ask.push_back(ticks.ask.points[i] / scale);
  }
  batch.bid_volume = ticks.bid_volume;
  batch.ask_volume = ticks.ask_volume;
  batch.volume = ticks.volume;
  return batch;
}

/// Bit for bit, so that NaN equals NaN and -0.0 does not equal 0.0.
inline bool SameBits(const std::vector<double>& a, const std::vector<double>& b) {
  return a.size() == b.size() &&
         (a.empty() || std::memcmp(a.data(), b.data(), a.size() * sizeof(double)) == 0);
}

MATCHER_P(SameTicks, expected, "has the same rows bit for bit") {
  const TickBatch& a = arg;
  const TickBatch& b = expected;
  if (a.size() != b.size()) {
    *result_listener << a.size() << " rows, not " << b.size();
    return false;
  }
  return a.time_ns == b.time_ns && SameBits(a.bid, b.bid) && SameBits(a.ask, b.ask) &&
         SameBits(a.bid_volume, b.bid_volume) && SameBits(a.ask_volume, b.ask_volume) &&
         SameBits(a.volume, b.volume);
}

}  // namespace tickhouse::io
