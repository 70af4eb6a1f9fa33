// One of several processes that append to a table at once, for test_lake_postgres_storm.py: COMMITS
// commits of one row each, whose time in microseconds is WRITER * 1'000'000 + its number. A line
// tells of every answer:
//   done NUMBER SNAPSHOT ATTEMPTS LOOKED    LOOKED 1: the answer was lost, looking settled it
//   unknown NUMBER MESSAGE                  the row may be in the table; it is left at that
//   failed NUMBER MESSAGE                   it is not; the same row is tried again in a new file
//   lake_storm_writer ADDRESS WAREHOUSE TABLE WRITER COMMITS ANSWER_TIMEOUT_MS
//   lake_storm_writer ADDRESS WAREHOUSE TABLE check     a line for each fault of the table
#include <fmt/format.h>

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <utility>

#include "tickhouse/io/fs/deferred/deferred_file_system.h"
#include "tickhouse/io/fs/local_file_system.h"
#include "tickhouse/io/parquet/parquet_file_builder.h"
#include "tickhouse/io/parquet/parquet_tick_writer.h"
#include "tickhouse/lake/catalog/stored_catalog.h"
#include "tickhouse/lake/data/parquet_metrics.h"
#include "tickhouse/lake/format/location.h"
#include "tickhouse/lake/maintenance/check.h"
#include "tickhouse/lake/update/append.h"

namespace tickhouse::lake {
namespace {

constexpr int64_t kRowsOfWriter = 1'000'000;
constexpr int kOpenings = 100;  // The database may be deaf at first as well.
constexpr int kTries = 20;      // Of one row, when its commit failed.

template <typename T>
T Must(Result<T> result) {
  if (result) return std::move(*result);
  fmt::print(stderr, "lake_storm_writer: {}\n", result.error().message);
  std::exit(1);
}

/// As the program composes it (app/lake/workspace.cc).
struct Writer {
  std::unique_ptr<io::FileSystem> files = io::MakeLocalFileSystem();
  io::DeferredFileSystem commit_files{files.get(), IsCommitFile};
  SystemClock clock;
  Random random;
  std::unique_ptr<Catalog> catalog;
  TableIdentifier table;

  explicit Writer(uint64_t seed) : random(seed) {}
};

void Open(Writer& writer, const std::string& address, const std::string& warehouse,
          Nanos answer_timeout) {
  for (int opening = 1;; ++opening) {
    auto catalog = OpenPostgresCatalog(address, {.name = "catalog-dw",
                                                 .warehouse = "file://" + warehouse,
                                                 .files = &writer.commit_files,
                                                 .deferred = &writer.commit_files,
                                                 .clock = &writer.clock,
                                                 .random = writer.random.Fork(1),
                                                 .answer_timeout = answer_timeout});
    const bool again = !catalog && catalog.error().kind == ErrorKind::kUnavailable;
    if (again && opening < kOpenings) continue;
    writer.catalog = Must(std::move(catalog));
    return;
  }
}

Result<DataFile> WriteRow(Writer& writer, const LoadedTable& table, int64_t row) {
  const std::string location = fmt::format("{}/data/{:08}-{:016x}.parquet",
                                           table.metadata->location, row, writer.random.Next());
  TickBatch ticks;
  ticks.time_ns.push_back(row * 1000);
  ticks.bid.push_back(1.0);
  ticks.ask.push_back(2.0);
  TICKHOUSE_ASSIGN(const std::string path, StoragePath(location));
  TICKHOUSE_ASSIGN(auto sink, writer.files->Create(path));
  io::ParquetTickWriter::Options options;
  options.field_ids = {1, 2, 3};
  TICKHOUSE_ASSIGN(auto parquet, io::ParquetTickWriter::Open(std::move(sink), options));
  TICKHOUSE_TRY(parquet->Write(ticks));
  TICKHOUSE_TRY(parquet->Close());
  const io::WrittenParquet& written = parquet->written();
  TICKHOUSE_ASSIGN(DataFile file,
                   MetricsFromFooter(written.footer, written.bytes, table.metadata->CurrentSchema(),
                                     {.nan_are_nulls = true}));
  file.path = location;
  return file;
}

void Tell(const std::string& line) {
  fmt::print("{}\n", line);
  std::fflush(stdout);
}

/// False: it is not known to be in the table.
bool Commit(UpdateSession& session, Writer& writer, const LoadedTable& table, int64_t number,
            int64_t row) {
  for (int tries = 1; tries <= kTries; ++tries) {
    const DataFile file = Must(WriteRow(writer, table, row));
    const auto done = AppendFiles(session, writer.table, {file});
    if (done) {
      Tell(fmt::format("done {} {} {} {}", number, done->snapshot_id.value_or(-1), done->attempts,
                       done->answer_was_lost ? 1 : 0));
      return true;
    }
    const Error& error = done.error();
    if (error.kind == ErrorKind::kUnknownOutcome) {
      Tell(fmt::format("unknown {} {}", number, error.message));
      return false;
    }
    Tell(fmt::format("failed {} {}", number, error.message));
  }
  return false;
}

int Check(char** argv) {
  Writer writer(0);
  writer.table = Must(ParseTableIdentifier(argv[3]));
  Open(writer, argv[1], argv[2], kAnswerTimeout);
  const LoadedTable table = Must(writer.catalog->LoadTable(writer.table));
  const CheckReport report = Must(CheckTable(*writer.files, table));
  for (const Fault& fault : report.faults) {
    Tell(fmt::format("{} {}: {}", FaultKindName(fault.kind), fault.location, fault.text));
  }
  return 0;
}

int Run(char** argv) {
  const int64_t number = std::atoll(argv[4]);
  Writer writer(static_cast<uint64_t>(number) + 1);
  writer.table = Must(ParseTableIdentifier(argv[3]));
  Open(writer, argv[1], argv[2], std::chrono::milliseconds(std::atoll(argv[6])));
  // Rivals are many: a commit is tried until it is in.
  UpdateSession session{.catalog = writer.catalog.get(),
                        .files = &writer.commit_files,
                        .clock = &writer.clock,
                        .random = &writer.random};
  session.policy = {.retries = 10'000,
                    .min_wait = std::chrono::milliseconds(1),
                    .max_wait = std::chrono::milliseconds(200),
                    .checks = 20,
                    .check_min_wait = std::chrono::milliseconds(5),
                    .check_max_wait = std::chrono::milliseconds(500)};
  std::optional<LoadedTable> table;
  for (int tries = 0; !table; ++tries) {
    auto loaded = writer.catalog->LoadTable(writer.table);
    if (!loaded && loaded.error().kind == ErrorKind::kUnavailable && tries < kOpenings) continue;
    table = Must(std::move(loaded));
  }
  const int64_t commits = std::atoll(argv[5]);
  for (int64_t i = 0; i < commits; ++i) {
    Commit(session, writer, *table, i, number * kRowsOfWriter + i);
  }
  return 0;
}

}  // namespace
}  // namespace tickhouse::lake

int main(int argc, char** argv) {
  if (argc == 5) return tickhouse::lake::Check(argv);
  if (argc == 7) return tickhouse::lake::Run(argv);
  fmt::print(stderr,
             "lake_storm_writer ADDRESS WAREHOUSE TABLE WRITER COMMITS ANSWER_TIMEOUT_MS\n");
  return 2;
}
