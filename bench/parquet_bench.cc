// Rates of the Parquet encoders and readers on ticks like those of a liquid pair, results checked.
//   parquet_bench [rows = 20000000] [folder = .]   (writes and removes one file there)
#include <fmt/format.h>
#include <time.h>

#include <chrono>
#include <cmath>
#include <cstdlib>
#include <random>
#include <thread>

#include "tickhouse/core/check.h"
#include "tickhouse/io/fs/local_file_system.h"
#include "tickhouse/io/parquet/parquet_selective_reader.h"
#include "tickhouse/io/parquet/parquet_tick_reader.h"
#include "tickhouse/io/parquet/parquet_tick_writer.h"
#include "tickhouse/io/parquet/tick_row_group.h"

namespace tickhouse::io {
namespace {

constexpr std::size_t kChunk = 262'144;

// Wall time, and the processor time of all threads, which a busy machine disturbs less.
struct Clocks {
  double wall = 0;
  double cpu = 0;
  Clocks operator-(const Clocks& other) const { return {wall - other.wall, cpu - other.cpu}; }
  Clocks operator+(const Clocks& other) const { return {wall + other.wall, cpu + other.cpu}; }
};

Clocks Now() {
  timespec cpu{};
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &cpu);
  const auto wall = std::chrono::steady_clock::now().time_since_epoch();
  return {std::chrono::duration<double>(wall).count(),
          static_cast<double>(cpu.tv_sec) + static_cast<double>(cpu.tv_nsec) * 1e-9};
}

template <typename T>
T Must(Result<T> result) {
  if (!result) fmt::print(stderr, "{}\n", result.error().ToString());
  TICKHOUSE_CHECK(result.has_value(), "the benchmark runs through");
  if constexpr (!std::is_void_v<T>) return std::move(*result);
}

// As bench/harness.py makes its CSV: bursts and pauses of whole milliseconds, a price that moves by
// up to two points, a spread that jumps at times.
PointTicks MakeTicks(std::size_t rows) {
  std::mt19937_64 random(42);
  std::exponential_distribution<double> burst_ms(1.0 / 60);
  std::exponential_distribution<double> pause_ms(1.0 / 700);
  PointTicks ticks;
  int64_t time = 1'704'150'000'000'000;
  int32_t bid = 110'000;
  for (std::size_t i = 0; i < rows; ++i) {
    const bool burst = random() % 10 < 7;
    time += 1000 * (1 + static_cast<int64_t>(burst ? burst_ms(random) : pause_ms(random)));
    bid += static_cast<int32_t>(random() % 5) - 2;
    const int32_t jump = random() % 50 == 0 ? 15 : 0;
    ticks.time_us.push_back(time);
    ticks.bid.points.push_back(bid);
    ticks.ask.points.push_back(bid + 1 + static_cast<int32_t>(random() % 8) + jump);
  }
  return ticks;
}

void Report(std::string_view what, Clocks spent, std::size_t rows) {
  fmt::print("{:<62} {:7.3f} s  {:7.3f} cpu s  {:7.1f} M rows/cpu s\n", what, spent.wall, spent.cpu,
             static_cast<double>(rows) / spent.cpu / 1e6);
}

void BenchEncode(const PointTicks& ticks) {
  TickRowGroup rows({});
  Clocks spent[3] = {};
  double bytes[3] = {};
  Clocks gather;
  for (std::size_t row = 0; row < ticks.size();) {
    Clocks begin = Now();
    row += rows.Append(ticks, row);
    gather = gather + (Now() - begin);
    for (std::size_t column = 0; column < 3; ++column) {
      begin = Now();
      const EncodedColumn encoded = rows.Encode(column);
      spent[column] = spent[column] + (Now() - begin);
      bytes[column] += static_cast<double>(encoded.bytes.size());
    }
    rows.Clear();
  }
  const char* names[] = {"encode times", "encode bid", "encode ask"};
  Report("gather rows", gather, ticks.size());
  for (std::size_t column = 0; column < 3; ++column) {
    Report(fmt::format("{} -> {:.2f} MB", names[column], bytes[column] / 1e6), spent[column],
           ticks.size());
  }
}

TickBatch ToBatch(const PointTicks& ticks, std::size_t begin, std::size_t end) {
  TickBatch batch;
  for (std::size_t i = begin; i < end; ++i) {
    batch.time_ns.push_back(ticks.time_us[i] * 1000);
    batch.bid.push_back(PointsToDouble(ticks.bid.points[i], ticks.decimals));
    batch.ask.push_back(PointsToDouble(ticks.ask.points[i], ticks.decimals));
  }
  return batch;
}

void BenchWrite(FileSystem* fs, const std::string& path, const PointTicks& ticks, int threads) {
  auto writer = Must(ParquetTickWriter::Open(
      Must(fs->Create(path)),
      {.metadata = {.symbol = "EURUSD", .decimals = ticks.decimals}, .threads = threads}));
  const Clocks begin = Now();
  Must(writer->WritePoints(ticks));
  Must(writer->Close());
  Report(fmt::format("write points, {} threads, to disk", threads), Now() - begin, ticks.size());
}

void BenchWriteDoubles(FileSystem* fs, const std::string& path, const PointTicks& ticks) {
  auto writer = Must(ParquetTickWriter::Open(
      Must(fs->Create(path)), {.metadata = {.symbol = "EURUSD", .decimals = ticks.decimals}}));
  Clocks spent;
  for (std::size_t row = 0; row < ticks.size(); row += kChunk) {
    const TickBatch batch = ToBatch(ticks, row, std::min(ticks.size(), row + kChunk));
    const Clocks begin = Now();
    Must(writer->Write(batch));
    spent = spent + (Now() - begin);
  }
  const Clocks begin = Now();
  Must(writer->Close());
  Report("write doubles, 1 thread, to disk", spent + (Now() - begin), ticks.size());
}

void BenchReadAll(FileSystem* fs, const std::string& path, const PointTicks& ticks) {
  const Clocks begin = Now();
  auto reader = Must(OpenParquetTicks(Must(fs->OpenRead(path)), {}));
  TickBatch batch;
  std::size_t row = 0;
  double sum = 0;
  double expected = 0;
  while (Must(reader->Next(&batch))) {
    for (std::size_t i = 0; i < batch.size(); ++i) sum += batch.bid[i] - batch.ask[i];
    row += batch.size();
  }
  Report("read all columns, 1 thread", Now() - begin, ticks.size());
  for (std::size_t i = 0; i < ticks.size(); ++i) {
    expected += PointsToDouble(ticks.bid.points[i], ticks.decimals) -
                PointsToDouble(ticks.ask.points[i], ticks.decimals);
  }
  TICKHOUSE_CHECK(row == ticks.size() && sum == expected, "every row comes back");
}

struct Picked {
  std::size_t rows = 0;
  int64_t times = 0;
  double bids = 0;
};

Picked PickFirsts(const std::shared_ptr<const ParquetTickFile>& file, std::vector<UtcRange> ranges,
                  std::size_t group_begin, std::size_t group_end) {
  SelectiveTickReader reader(
      file,
      {.ranges = std::move(ranges), .row_group_begin = group_begin, .row_group_end = group_end});
  std::vector<int64_t> times;
  std::vector<uint32_t> rows;
  std::vector<double> bid;
  std::vector<double> ask;
  Picked picked;
  int64_t next_second = 0;
  while (Must(reader.NextTimes(&times))) {
    rows.clear();
    for (std::size_t i = 0; i < times.size(); ++i) {
      if (times[i] < next_second) continue;
      next_second = times[i] - times[i] % kNanosPerSecond + kNanosPerSecond;
      rows.push_back(static_cast<uint32_t>(i));
      picked.times += times[i];
    }
    Must(reader.FetchPrices(rows, &bid, &ask));
    for (const double value : bid) picked.bids += value;
    picked.rows += rows.size();
  }
  return picked;
}

std::vector<UtcRange> TwoWindows(const PointTicks& ticks) {
  std::vector<UtcRange> ranges;
  const int64_t first = ticks.time_us.front() * 1000 / kNanosPerDay;
  const int64_t last = ticks.time_us.back() * 1000 / kNanosPerDay;
  for (int64_t day = first; day <= last; ++day) {
    for (const int64_t minute : {350, 710}) {
      const int64_t begin = day * kNanosPerDay + minute * 60 * kNanosPerSecond;
      ranges.push_back({FromNanos(begin), FromNanos(begin + 600 * kNanosPerSecond)});
    }
  }
  return ranges;
}

void BenchFirsts(FileSystem* fs, const std::string& path, const PointTicks& ticks) {
  for (const bool windows : {true, false}) {
    const Clocks begin = Now();
    const auto file = Must(ParquetTickFile::Open(Must(fs->OpenRead(path))));
    const auto ranges = windows ? TwoWindows(ticks) : std::vector<UtcRange>();
    Picked halves[2];
    const std::size_t middle = file->row_groups() / 2;
    {
      const std::jthread other(
          [&] { halves[1] = PickFirsts(file, ranges, middle, file->row_groups()); });
      halves[0] = PickFirsts(file, ranges, 0, middle);
    }
    Report(fmt::format("first tick of a second, {}, 2 threads: {} rows",
                       windows ? "two windows" : "whole day", halves[0].rows + halves[1].rows),
           Now() - begin, ticks.size());
  }
}

void BenchInfo(FileSystem* fs, const std::string& path) {
  constexpr int kTimes = 1000;
  const Clocks begin = Now();
  int64_t rows = 0;
  for (int i = 0; i < kTimes; ++i) {
    rows += Must(ReadParquetTickInfo(*Must(fs->OpenRead(path)))).rows;
  }
  fmt::print(
      "{:<62} {:7.3f} cpu ms\n",
      fmt::format("footer of {} row groups, 1,000 times", rows / kTimes / kDefaultRowGroupRows + 1),
      (Now() - begin).cpu * 1e3);
}

void Run(std::size_t rows, const std::string& folder) {
  const PointTicks ticks = MakeTicks(rows);
  const auto fs = MakeLocalFileSystem();
  const std::string path = JoinPath(folder, "parquet_bench.parquet");
  BenchEncode(ticks);
  for (const int threads : {1, 2}) BenchWrite(fs.get(), path, ticks, threads);
  const int64_t size = Must(fs->Stat(path)).size;
  BenchWriteDoubles(fs.get(), path, ticks);
  TICKHOUSE_CHECK(Must(fs->Stat(path)).size == size, "both forms give the same file");
  fmt::print("{:<62} {:7.2f} MB\n", "file", static_cast<double>(size) / 1e6);
  BenchReadAll(fs.get(), path, ticks);
  BenchFirsts(fs.get(), path, ticks);
  BenchInfo(fs.get(), path);
  if (std::getenv("KEEP") == nullptr) Must(fs->Remove(path));
}

}  // namespace
}  // namespace tickhouse::io

int main(int argc, char** argv) {
  const std::size_t rows = argc > 1 ? std::strtoull(argv[1], nullptr, 10) : 20'000'000;
  tickhouse::io::Run(rows, argc > 2 ? argv[2] : ".");
  return 0;
}
