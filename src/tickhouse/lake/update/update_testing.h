// A small lake in memory for tests of updates. Tests only.
#pragma once

#include <fmt/format.h>

#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "tickhouse/core/testing.h"
#include "tickhouse/io/fs/memory_file_system.h"
#include "tickhouse/lake/catalog/stored_catalog.h"
#include "tickhouse/lake/format/location.h"
#include "tickhouse/lake/update/scripted_catalog.h"
#include "tickhouse/lake/update/snapshot_producer.h"

namespace tickhouse::lake {

/// One table gold.eurusd(datetime timestamp, bid double, ask double), by year(datetime).
class TestLake {
 public:
  explicit TestLake(Properties properties = {}, int format_version = 2) {
    base_ = MakeMemoryCatalog({.name = "test",
                               .warehouse = "/lake",
                               .files = files.get(),
                               .clock = &clock,
                               .random = Random(7)});
    catalog = std::make_unique<ScriptedCatalog>(base_.get());
    session = MakeSession(files.get(), catalog.get(), &random);
    EXPECT_OK(base_->CreateNamespace({"gold"}, {}));
    CreateTableRequest request{.identifier = id, .schema = {}};
    request.schema.fields = {TestField(1, "datetime", TypeKind::kTimestamp),
                             TestField(2, "bid", TypeKind::kDouble),
                             TestField(3, "ask", TypeKind::kDouble)};
    request.spec.fields = {{.source_id = 1,
                            .field_id = 1000,
                            .name = "datetime_year",
                            .transform = {.kind = TransformKind::kYear}}};
    request.properties = std::move(properties);
    request.format_version = format_version;
    EXPECT_OK(base_->CreateTable(request));
  }

  static Field TestField(int field_id, std::string name, TypeKind kind) {
    Field field{.id = field_id, .name = std::move(name), .required = false, .type = {}};
    field.type.kind = kind;
    return field;
  }

  UpdateSession MakeSession(io::FileSystem* store, Catalog* at, Random* chance) {
    UpdateSession made;
    made.catalog = at;
    made.files = store;
    made.clock = &clock;
    made.random = chance;
    made.engine_properties = {{"engine-name", "tickhouse"}};
    return made;
  }
  /// Another writer on the same table, whom no script troubles.
  UpdateSession Rival() { return MakeSession(files.get(), base_.get(), &rival_random_); }
  Catalog& plain_catalog() { return *base_; }

  static DataFile File(const std::string& name, int year = 51, int64_t rows = 10) {
    DataFile file;
    file.path = "/lake/gold/eurusd/data/" + name + ".parquet";
    file.partition = {Value{int32_t{year}}};
    file.record_count = rows;
    file.file_size = 1000 + rows;
    return file;
  }
  /// Position deletes; of one data file when `of` is given.
  static DataFile Deletes(const std::string& name, int year = 51, const std::string& of = "") {
    DataFile file = File(name, year, 1);
    file.content = FileContent::kPositionDeletes;
    if (!of.empty()) file.referenced_data_file = File(of).path;
    return file;
  }

  LoadedTable Load() {
    auto table = base_->LoadTable(id);
    EXPECT_OK(table);
    return table ? *table : LoadedTable();
  }
  /// The names of live files, after reading every manifest of the current snapshot; totals of the
  /// summary must agree.
  std::multiset<std::string> LiveNames() {
    std::multiset<std::string> names;
    const LoadedTable table = Load();
    const Snapshot* snapshot = table.metadata->CurrentSnapshot();
    if (snapshot == nullptr) return names;
    auto entries = LiveEntries(*files, *table.metadata, *snapshot);
    EXPECT_OK(entries);
    if (!entries) return names;
    int64_t rows = 0;
    for (const ManifestEntry& entry : *entries) {
      const std::string name(io::BaseName(entry.file.path));
      names.insert(name.substr(0, name.find('.')));
      if (entry.file.content == FileContent::kData) rows += entry.file.record_count;
    }
    EXPECT_EQ(snapshot->summary.at("total-records"), fmt::to_string(rows));
    return names;
  }
  /// Manifests and lists on disk.
  std::set<std::string> MetadataAvro() {
    std::set<std::string> names;
    auto found = files->ListFiles("/lake");
    EXPECT_OK(found);
    for (const io::FileInfo& info : *found) {
      if (info.path.ends_with(".avro")) names.insert(info.path);
    }
    return names;
  }
  /// Those that any snapshot of the table refers to.
  std::set<std::string> ReachableAvro() {
    std::set<std::string> names;
    const LoadedTable table = Load();
    for (const Snapshot& snapshot : table.metadata->snapshots) {
      names.insert(snapshot.manifest_list);
      auto list = ReadManifestList(*files, snapshot);
      EXPECT_OK(list);
      for (const ManifestFile& manifest : *list) names.insert(manifest.path);
    }
    return names;
  }

  std::unique_ptr<io::FileSystem> files = io::MakeMemoryFileSystem();
  ManualClock clock{FromNanos(1'700'000'000 * kNanosPerSecond)};
  Random random{1};
  std::unique_ptr<ScriptedCatalog> catalog;
  UpdateSession session;
  TableIdentifier id{{"gold"}, "eurusd"};

 private:
  std::unique_ptr<Catalog> base_;
  Random rival_random_{99};
};

}  // namespace tickhouse::lake
