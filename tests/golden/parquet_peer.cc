// The Parquet reader and writer as a program, for tests that compare with other libraries.
//   parquet_peer write OUT DECIMALS ROW_GROUP_ROWS < raw   (raw: int64 count, then int64 time_ns,
//   parquet_peer read FILE > raw                            float64 bid, float64 ask of all rows)
//   parquet_peer info FILE
//   parquet_peer copy IN OUT ROW_GROUP_ROWS   (any flat table)
// Missing values are INT64_MIN and NaN. Errors go to stderr with exit code 1.
#include <fmt/format.h>

#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

#include "tickhouse/io/fs/local_file_system.h"
#include "tickhouse/io/parquet/parquet_tick_reader.h"
#include "tickhouse/io/parquet/parquet_tick_writer.h"
#include "tickhouse/io/parquet/table/table_reader.h"
#include "tickhouse/io/parquet/table/table_writer.h"

namespace tickhouse::io {
namespace {

template <typename T>
bool ReadColumn(std::vector<T>* column, int64_t rows) {
  column->resize(static_cast<std::size_t>(rows));
  return std::fread(column->data(), sizeof(T), column->size(), stdin) == column->size();
}

template <typename T>
void WriteColumn(const std::vector<T>& column) {
  std::fwrite(column.data(), sizeof(T), column.size(), stdout);
}

Status WriteFile(FileSystem* fs, const std::string& path, int decimals, int64_t row_group_rows) {
  int64_t rows = 0;
  TickBatch ticks;
  if (std::fread(&rows, sizeof(rows), 1, stdin) != 1 || !ReadColumn(&ticks.time_ns, rows) ||
      !ReadColumn(&ticks.bid, rows) || !ReadColumn(&ticks.ask, rows)) {
    return Fail(ErrorKind::kInvalidArgument, "standard input ends too early");
  }
  TICKHOUSE_ASSIGN(auto file, fs->Create(path));
  TICKHOUSE_ASSIGN(auto writer,
                   ParquetTickWriter::Open(std::move(file),
                                           {.metadata = {.symbol = "EURUSD", .decimals = decimals},
                                            .row_group_rows = row_group_rows}));
  TICKHOUSE_TRY(writer->Write(ticks));
  return writer->Close();
}

Status ReadFile(FileSystem* fs, const std::string& path) {
  TICKHOUSE_ASSIGN(auto file, fs->OpenRead(path));
  TICKHOUSE_ASSIGN(auto reader, OpenParquetTicks(std::move(file), {.verify_checksums = true,
                                                                   .keep_null_rows = true}));
  TICKHOUSE_ASSIGN(const TickBatch ticks, ReadAll(*reader));
  const auto rows = static_cast<int64_t>(ticks.size());
  std::fwrite(&rows, sizeof(rows), 1, stdout);
  WriteColumn(ticks.time_ns);
  WriteColumn(ticks.bid);
  WriteColumn(ticks.ask);
  return {};
}

Status PrintInfo(FileSystem* fs, const std::string& path) {
  TICKHOUSE_ASSIGN(const auto file, fs->OpenRead(path));
  TICKHOUSE_ASSIGN(const ParquetTickInfo info, ReadParquetTickInfo(*file));
  const auto text = [](const auto& value) { return value ? fmt::to_string(*value) : "null"; };
  fmt::print("{{\"rows\": {}, \"row_groups\": {}, \"min_time_ns\": {}, \"max_time_ns\": {}, ",
             info.rows, info.row_groups.size(), text(info.min_time_ns), text(info.max_time_ns));
  fmt::print("\"time_nulls\": {}, \"bid_nulls\": {}, \"ask_nulls\": {}}}\n",
             text(info.date_time.nulls), text(info.bid.nulls), text(info.ask.nulls));
  return {};
}

Status CopyTable(FileSystem* fs, const std::string& in, const std::string& out, int64_t group) {
  TICKHOUSE_ASSIGN(auto from, fs->OpenRead(in));
  TICKHOUSE_ASSIGN(auto reader, ParquetTableReader::Open(std::move(from), {.batch_rows = 1'000}));
  TICKHOUSE_ASSIGN(auto to, fs->Create(out));
  TICKHOUSE_ASSIGN(auto writer, ParquetTableWriter::Open(std::move(to), reader->schema(),
                                                         {.row_group_rows = group,
                                                          .metadata = {{"made.by", "a test"}}}));
  ColumnBatch batch;
  while (true) {
    TICKHOUSE_ASSIGN(const bool more, reader->Next(&batch));
    if (!more) break;
    TICKHOUSE_TRY(writer->Write(batch));
  }
  TICKHOUSE_ASSIGN(const WrittenTable written, writer->Close());
  fmt::print("{}\n", written.rows);
  return {};
}

Status Run(const std::vector<std::string>& words) {
  const auto fs = MakeLocalFileSystem();
  if (words.size() == 4 && words[0] == "write") {
    return WriteFile(fs.get(), words[1], std::atoi(words[2].c_str()), std::atoll(words[3].c_str()));
  }
  if (words.size() == 2 && words[0] == "read") return ReadFile(fs.get(), words[1]);
  if (words.size() == 2 && words[0] == "info") return PrintInfo(fs.get(), words[1]);
  if (words.size() == 4 && words[0] == "copy") {
    return CopyTable(fs.get(), words[1], words[2], std::atoll(words[3].c_str()));
  }
  return Fail(ErrorKind::kInvalidArgument, "parquet_peer write|read|info|copy FILE ...");
}

}  // namespace
}  // namespace tickhouse::io

int main(int argc, char** argv) {
  const tickhouse::Status status =
      tickhouse::io::Run(std::vector<std::string>(argv + 1, argv + argc));
  if (status) return 0;
  fmt::print(stderr, "{}\n", status.error().ToString());
  return 1;
}
