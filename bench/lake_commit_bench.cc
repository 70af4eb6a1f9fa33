// Appends COMMITS small Parquet files to gold.eurusd, one commit each, and times every commit from
// the rows in memory to the pointer that moved. The last line is the median, in seconds.
//   lake_commit_bench sqlite|postgres ADDRESS WAREHOUSE COMMITS [ROWS]
#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <vector>

#include "tickhouse/io/fs/deferred/deferred_file_system.h"
#include "tickhouse/io/fs/local_file_system.h"
#include "tickhouse/io/parquet/parquet_file_builder.h"
#include "tickhouse/io/parquet/parquet_tick_writer.h"
#include "tickhouse/lake/catalog/stored_catalog.h"
#include "tickhouse/lake/data/parquet_metrics.h"
#include "tickhouse/lake/format/location.h"
#include "tickhouse/lake/update/append.h"

using namespace tickhouse;
using namespace tickhouse::lake;

namespace {

constexpr int64_t kStartUs = 1'704'153'600'000'000;  // 2024-01-02; see commit.py
constexpr int32_t kYearOfStart = 54;                 // since 1970

template <typename T>
T Must(Result<T> result) {
  if (!result) {
    fmt::print(stderr, "lake_commit_bench: {}\n", result.error().message);
    std::exit(1);
  }
  return std::move(*result);
}
void Must(const Status& status) {
  if (status) return;
  fmt::print(stderr, "lake_commit_bench: {}\n", status.error().message);
  std::exit(1);
}

Field Column(int id, std::string name, TypeKind kind) {
  Field field{.id = id, .name = std::move(name), .required = false, .type = {}};
  field.type.kind = kind;
  return field;
}

struct Bench {
  std::unique_ptr<io::FileSystem> files = io::MakeLocalFileSystem();
  io::DeferredFileSystem commit_files{files.get(), IsCommitFile};
  SystemClock clock;
  Random random{static_cast<uint64_t>(clock.MonotonicNanos())};
  std::unique_ptr<Catalog> catalog;
  TableIdentifier id{{"gold"}, "eurusd"};
};

LoadedTable MakeTable(Bench& bench) {
  Must(bench.catalog->CreateNamespace({"gold"}, {}));
  CreateTableRequest request{.identifier = bench.id, .schema = {}};
  request.schema.fields = {Column(1, "datetime", TypeKind::kTimestamp),
                           Column(2, "bid", TypeKind::kDouble),
                           Column(3, "ask", TypeKind::kDouble)};
  request.spec.fields = {{.source_id = 1,
                          .field_id = 1000,
                          .name = "datetime_year",
                          .transform = {.kind = TransformKind::kYear}}};
  return Must(bench.catalog->CreateTable(request));
}

TickBatch Rows(int64_t commit, int64_t rows) {
  TickBatch ticks;
  for (int64_t i = 0; i < rows; ++i) {
    ticks.time_ns.push_back((kStartUs + (commit * rows + i) * 1000) * 1000);
    ticks.bid.push_back(1.1 + 1e-5 * static_cast<double>((commit + i) % 100));
    ticks.ask.push_back(ticks.bid.back() + 2e-5);
  }
  return ticks;
}

DataFile WriteFile(Bench& bench, const LoadedTable& table, const TickBatch& ticks, int64_t commit) {
  const std::string location = fmt::format("{}/data/datetime_year=2024/{:08}-{:016x}.parquet",
                                           table.metadata->location, commit, bench.random.Next());
  io::ParquetTickWriter::Options options;
  options.field_ids = {1, 2, 3};
  auto writer = Must(io::ParquetTickWriter::Open(
      Must(bench.commit_files.Create(Must(StoragePath(location)), {})), options));
  Must(writer->Write(ticks));
  Must(writer->Close());
  const io::WrittenParquet& written = writer->written();
  DataFile file = Must(MetricsFromFooter(written.footer, written.bytes,
                                         table.metadata->CurrentSchema(), {.nan_are_nulls = true}));
  file.path = location;
  file.partition = {Value{kYearOfStart}};
  return file;
}

double Median(std::vector<double> values) {
  std::ranges::sort(values);
  return values[values.size() / 2];
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 5) {
    fmt::print(stderr, "lake_commit_bench sqlite|postgres ADDRESS WAREHOUSE COMMITS [ROWS]\n");
    return 2;
  }
  Bench bench;
  CatalogSettings settings{.name = "catalog-dw",
                           .warehouse = std::string("file://") + argv[3],
                           .files = &bench.commit_files,
                           .deferred = &bench.commit_files,
                           .clock = &bench.clock,
                           .random = bench.random.Fork(1)};
  bench.catalog = std::string(argv[1]) == "sqlite"
                      ? Must(OpenSqliteCatalog(argv[2], std::move(settings)))
                      : Must(OpenPostgresCatalog(argv[2], std::move(settings)));
  const auto commits = static_cast<std::size_t>(std::atoll(argv[4]));
  const int64_t rows = argc > 5 ? std::atoll(argv[5]) : 1000;
  const LoadedTable made = MakeTable(bench);
  UpdateSession session{.catalog = bench.catalog.get(),
                        .files = &bench.commit_files,
                        .clock = &bench.clock,
                        .random = &bench.random};
  std::vector<double> seconds;
  for (std::size_t i = 0; i < commits; ++i) {
    const TickBatch ticks = Rows(static_cast<int64_t>(i), rows);
    const auto begin = std::chrono::steady_clock::now();
    Must(AppendFiles(session, bench.id, {WriteFile(bench, made, ticks, static_cast<int64_t>(i))}));
    seconds.push_back(
        std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count());
  }
  const auto tenth = static_cast<std::ptrdiff_t>(std::max<std::size_t>(commits / 10, 1));
  fmt::print("first tenth {:.5f} last tenth {:.5f} worst {:.5f}\n",
             Median({seconds.begin(), seconds.begin() + tenth}),
             Median({seconds.end() - tenth, seconds.end()}), *std::ranges::max_element(seconds));
  fmt::print("{:.6f}\n", Median(seconds));
}
