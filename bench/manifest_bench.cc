// Reads 100 manifests of 100 entries each (bounds of three columns, partitioned by year), one
// thread.
//   manifest_bench [repetitions]
#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <vector>

#include "tickhouse/io/fs/memory_file_system.h"
#include "tickhouse/lake/manifest/manifest.h"

using namespace tickhouse;
using namespace tickhouse::lake;

namespace {

constexpr int kManifests = 100;
constexpr int kEntries = 100;

TableMetadata MakeTable() {
  TableMetadata table;
  Schema schema;
  const auto add = [&schema](int id, std::string name, TypeKind kind) {
    Field& field = schema.fields.emplace_back();
    field.id = id;
    field.name = std::move(name);
    field.type.kind = kind;
  };
  add(1, "datetime", TypeKind::kTimestamp);
  add(2, "bid", TypeKind::kDouble);
  add(3, "ask", TypeKind::kDouble);
  table.schemas.push_back(std::move(schema));
  PartitionSpec spec;
  PartitionField& field = spec.fields.emplace_back();
  field.source_id = 1;
  field.field_id = 1000;
  field.name = "datetime_year";
  field.transform.kind = TransformKind::kYear;
  table.specs.push_back(std::move(spec));
  return table;
}

std::string EightBytes(int64_t value) {
  return {reinterpret_cast<const char*>(&value), sizeof(value)};
}

ManifestEntry MakeEntry(int64_t number) {
  ManifestEntry entry{.status = EntryStatus::kAdded};
  DataFile& file = entry.file;
  const auto noise = static_cast<int64_t>(static_cast<uint64_t>(number) * 0x9E3779B97F4A7C15ULL);
  file.path = fmt::format(
      "s3://datalakehouse/gold/eurusd/data/datetime_year=2021/{:016x}-{}.parquet", noise, number);
  file.partition = {Value{int32_t{51}}};
  file.record_count = 100'000 + number;
  file.file_size = 2'000'000 + (noise & 0xFFFF);
  file.column_sizes = {{1, 900'000 + number}, {2, 500'000 + number}, {3, 500'001 + number}};
  file.value_counts = {{1, file.record_count}, {2, file.record_count}, {3, file.record_count}};
  file.null_counts = {{1, 0}, {2, 0}, {3, 0}};
  file.nan_counts = {{2, 0}, {3, 0}};
  for (int id = 1; id <= 3; ++id) {
    file.lower_bounds.emplace_back(id, EightBytes(noise / id));
    file.upper_bounds.emplace_back(id, EightBytes(noise / id + 1'000));
  }
  file.split_offsets = {4};
  file.sort_order_id = 1;
  return entry;
}

double MillisecondsSince(std::chrono::steady_clock::time_point start) {
  return std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - start)
      .count();
}

Status Run(int repetitions) {
  const auto files = io::MakeMemoryFileSystem();
  const TableMetadata table = MakeTable();
  Snapshot snapshot;
  snapshot.id = 1;
  snapshot.sequence_number = 1;
  snapshot.manifest_list = "/list.avro";
  std::vector<ManifestFile> manifests;
  int64_t bytes = 0;
  auto start = std::chrono::steady_clock::now();
  for (int m = 0; m < kManifests; ++m) {
    std::vector<ManifestEntry> entries;
    for (int e = 0; e < kEntries; ++e) entries.push_back(MakeEntry(m * kEntries + e));
    const ManifestContext context{.schema = &table.schemas[0], .spec = &table.specs[0]};
    TICKHOUSE_ASSIGN(manifests.emplace_back(),
                     WriteManifest(*files, fmt::format("/m{}.avro", m), context, 1, entries));
    bytes += manifests.back().length;
  }
  TICKHOUSE_TRY(WriteManifestList(*files, snapshot, 2, manifests));
  fmt::print("written: {} manifests, {} bytes, {:.1f} ms\n", kManifests, bytes,
             MillisecondsSince(start));
  std::vector<double> times;
  for (int i = 0; i < repetitions; ++i) {
    start = std::chrono::steady_clock::now();
    std::size_t entries = 0;
    TICKHOUSE_ASSIGN(const auto listed, ReadManifestList(*files, snapshot));
    for (const ManifestFile& manifest : listed) {
      TICKHOUSE_ASSIGN(const auto read, ReadManifest(*files, manifest, table));
      entries += read.size();
    }
    times.push_back(MillisecondsSince(start));
    if (entries != kManifests * kEntries) return Fail(ErrorKind::kCorrupt, "entries are missing");
  }
  std::ranges::sort(times);
  fmt::print("read: list and {} entries, median {:.2f} ms, best {:.2f} ms of {}\n",
             kManifests * kEntries, times[times.size() / 2], times[0], repetitions);
  return {};
}

}  // namespace

int main(int argc, char** argv) {
  const Status done = Run(argc > 1 ? std::max(1, std::atoi(argv[1])) : 51);
  if (done) return 0;
  fmt::print(stderr, "manifest_bench: {}\n", done.error().ToString());
  return 1;
}
