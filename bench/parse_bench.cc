// How fast one thread parses a tick CSV: `parse_bench FILE.csv [ROUNDS] [--volumes] [--slow]`.
// Prints GB/s of parsing alone (text in memory, chunks of 1 MiB) and of reading and parsing, with
// the rows and the sum of the points, so that two programs can be seen to have done the same work.
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "tickhouse/core/clock.h"
#include "tickhouse/io/csv/csv_tick_reader.h"
#include "tickhouse/io/fs/local_file_system.h"

namespace tickhouse::io {
namespace {

struct Work {
  int64_t rows = 0;
  int64_t rejected = 0;
  int64_t sum_of_points = 0;
  double sum_of_prices = 0;  ///< Of rows that are no points.
  double seconds = 0;
  double cpu_seconds = 0;  ///< Of this process: what counts when others share the machine.
};

double CpuSeconds() {
  return static_cast<double>(std::clock()) / CLOCKS_PER_SEC;
}

void Count(const ParsedCsv& parsed, Work* work) {
  work->rows += static_cast<int64_t>(parsed.rows());
  work->rejected += static_cast<int64_t>(parsed.rejected.size());
  for (const int32_t points : parsed.points.bid.points) work->sum_of_points += points;
  for (const int32_t points : parsed.points.ask.points) work->sum_of_points += points;
  for (const double price : parsed.batch.bid) work->sum_of_prices += price;
  for (const double price : parsed.batch.ask) work->sum_of_prices += price;
}

Work ParseOnly(std::string_view text, const CsvParseOptions& options, Clock& clock) {
  constexpr std::size_t kChunk = std::size_t{1} << 20;
  Work work;
  CsvCarry carry;
  ParsedCsv parsed;
  bool first = true;
  while (!text.empty()) {
    std::string_view chunk = text.substr(0, kChunk);
    if (chunk.size() < text.size()) chunk = chunk.substr(0, chunk.rfind('\n') + 1);
    const int64_t begin = clock.MonotonicNanos();
    const double cpu_begin = CpuSeconds();
    ParseCsvChunk(chunk, first, options, &carry, &parsed);
    work.seconds += static_cast<double>(clock.MonotonicNanos() - begin) * 1e-9;
    work.cpu_seconds += CpuSeconds() - cpu_begin;
    Count(parsed, &work);
    first = false;
    text.remove_prefix(chunk.size());
  }
  return work;
}

Result<Work> ReadAndParse(FileSystem& fs, const std::string& path, bool volumes, Clock& clock) {
  Work work;
  const int64_t begin = clock.MonotonicNanos();
  const double cpu_begin = CpuSeconds();
  TICKHOUSE_ASSIGN(auto file, fs.OpenRead(path));
  CsvReadOptions options;
  options.with_volumes = volumes;
  TICKHOUSE_ASSIGN(auto reader, CsvChunkReader::Open(std::move(file), std::move(options)));
  ParsedCsv parsed;
  while (true) {
    TICKHOUSE_ASSIGN(const bool more, reader->Next(&parsed));
    if (!more) break;
    Count(parsed, &work);
  }
  work.seconds = static_cast<double>(clock.MonotonicNanos() - begin) * 1e-9;
  work.cpu_seconds = CpuSeconds() - cpu_begin;
  return work;
}

void Print(const char* what, const Work& work, std::size_t bytes) {
  const double gigabytes = static_cast<double>(bytes) * 1e-9;
  std::printf(
      "%-15s %6.3f GB/s  %6.3f GB per CPU second  rows %ld  rejected %ld  points %ld  prices "
      "%.6f\n",
      what, gigabytes / work.seconds, gigabytes / work.cpu_seconds, static_cast<long>(work.rows),
      static_cast<long>(work.rejected), static_cast<long>(work.sum_of_points), work.sum_of_prices);
}

Status Main(const std::string& path, int rounds, bool volumes, bool fast) {
  SystemClock clock;
  const auto fs = MakeLocalFileSystem();
  TICKHOUSE_ASSIGN(const std::string text, fs->ReadWhole(path, int64_t{1} << 34));
  TICKHOUSE_ASSIGN(const CsvDialect dialect, DetectCsvDialect(text.substr(0, 65'536)));
  CsvParseOptions options;
  options.dialect = dialect;
  options.with_volumes = volumes;
  options.allow_fast_path = fast;
  for (int round = 0; round < rounds; ++round) {
    Print("parse", ParseOnly(text, options, clock), text.size());
    TICKHOUSE_ASSIGN(const Work read, ReadAndParse(*fs, path, volumes, clock));
    Print("read and parse", read, text.size());
  }
  return {};
}

}  // namespace
}  // namespace tickhouse::io

int main(int argc, char** argv) {
  const std::vector<std::string_view> arguments(argv + 1, argv + argc);
  const auto given = [&](std::string_view flag) {
    return std::ranges::find(arguments, flag) != arguments.end();
  };
  if (arguments.empty()) {
    std::fprintf(stderr, "usage: parse_bench FILE.csv [ROUNDS] [--volumes] [--slow]\n");
    return 2;
  }
  const int rounds = arguments.size() > 1 ? std::max(std::atoi(argv[2]), 1) : 3;
  const auto status = tickhouse::io::Main(argv[1], rounds, given("--volumes"), !given("--slow"));
  if (!status) std::fprintf(stderr, "%s\n", status.error().ToString().c_str());
  return status ? 0 : 1;
}
