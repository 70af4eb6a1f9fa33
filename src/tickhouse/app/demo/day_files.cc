#include "tickhouse/app/demo/day_files.h"

#include <algorithm>
#include <limits>
#include <memory>
#include <tuple>
#include <utility>

#include "tickhouse/io/parquet/parquet_tick_reader.h"
#include "tickhouse/io/parquet/parquet_tick_writer.h"

namespace tickhouse::app {

namespace {

constexpr int64_t kDayNs = int64_t{24} * 3600 * kNanosPerSecond;

struct CleanFile {
  std::string path;
  std::string symbol;
  io::ParquetTickInfo info;
};

Result<std::vector<CleanFile>> FindCleanFiles(Environment& environment, const std::string& clean) {
  std::vector<CleanFile> found;
  TICKHOUSE_ASSIGN(const auto listed, environment.files->ListFiles(clean));
  for (const io::FileInfo& file : listed) {
    if (io::Extension(file.path) != "parquet") continue;
    TICKHOUSE_ASSIGN(const auto opened, environment.files->OpenRead(file.path));
    TICKHOUSE_ASSIGN(io::ParquetTickInfo info, io::ReadParquetTickInfo(*opened));
    if (info.rows == 0 || !info.min_time_ns || !info.max_time_ns) continue;
    std::string symbol(io::BaseName(io::ParentPath(file.path)));
    found.push_back({file.path, std::move(symbol), std::move(info)});
  }
  return found;
}

int64_t CutOf(const std::vector<CleanFile>& files) {
  int64_t first = std::numeric_limits<int64_t>::max();
  int64_t last = std::numeric_limits<int64_t>::min();
  for (const CleanFile& file : files) {
    first = std::min(first, *file.info.min_time_ns);
    last = std::max(last, *file.info.max_time_ns);
  }
  const int64_t day = FloorDiv(last, kDayNs) * kDayNs;
  return first < day ? day : first + (last - first) / 2 + 1;
}

/// The rows of `range` as a file of its own; none: no file.
Result<int64_t> WritePart(Environment& environment, const CleanFile& file, UtcRange range,
                          const std::string& folder) {
  TICKHOUSE_ASSIGN(auto opened, environment.files->OpenRead(file.path));
  TICKHOUSE_ASSIGN(const auto reader, io::OpenParquetTicks(std::move(opened), {.ranges = {range}}));
  std::unique_ptr<io::ParquetTickWriter> writer;
  TickBatch batch;
  for (;;) {
    TICKHOUSE_TRY(environment.cancel.Check());
    TICKHOUSE_ASSIGN(const bool more, reader->Next(&batch));
    if (!more) break;
    if (!writer) {
      const std::string path =
          io::JoinPath(io::JoinPath(folder, file.symbol), file.symbol + ".parquet");
      TICKHOUSE_ASSIGN(auto created, environment.files->Create(path));
      TICKHOUSE_ASSIGN(writer, io::ParquetTickWriter::Open(std::move(created),
                                                           {.metadata = file.info.metadata}));
    }
    TICKHOUSE_TRY(writer->Write(batch));
  }
  if (!writer) return 0;
  TICKHOUSE_TRY(writer->Close());
  return writer->rows_written();
}

}  // namespace

Result<DayFiles> SplitLastDay(Environment& environment, const std::string& clean,
                              const std::string& out) {
  TICKHOUSE_ASSIGN(const auto files, FindCleanFiles(environment, clean));
  DayFiles days{.first = io::JoinPath(out, "first"), .second = io::JoinPath(out, "second")};
  if (files.empty()) return days;
  days.cut_ns = CutOf(files);
  const UtcTime cut = FromNanos(days.cut_ns);
  for (const CleanFile& file : files) {
    const UtcRange before{FromNanos(*file.info.min_time_ns), cut};
    const UtcRange after{cut, FromNanos(*file.info.max_time_ns + 1)};
    for (const auto& [range, folder, rows] : {std::tuple(before, days.first, &days.first_rows),
                                              std::tuple(after, days.second, &days.second_rows)}) {
      if (!(range.begin < range.end)) continue;
      TICKHOUSE_ASSIGN(const int64_t written, WritePart(environment, file, range, folder));
      *rows += written;
    }
    days.symbols.push_back(file.symbol);
  }
  std::ranges::sort(days.symbols);
  return days;
}

}  // namespace tickhouse::app
