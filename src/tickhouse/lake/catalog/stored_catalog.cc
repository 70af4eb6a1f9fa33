#include "tickhouse/lake/catalog/stored_catalog.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <mutex>
#include <set>
#include <span>
#include <tuple>

#include "tickhouse/core/log.h"
#include "tickhouse/core/time.h"
#include "tickhouse/io/fs/deferred/deferred_file_system.h"
#include "tickhouse/lake/catalog/fresh_ids.h"
#include "tickhouse/lake/catalog/information/describe_table.h"
#include "tickhouse/lake/catalog/memory_store.h"
#include "tickhouse/lake/catalog/metadata_cache.h"
#include "tickhouse/lake/catalog/sql_store.h"
#include "tickhouse/lake/format/location.h"
#include "tickhouse/lake/format/uuid.h"

namespace tickhouse::lake {

namespace {

constexpr int64_t kDefaultPreviousVersions = 100;
constexpr int kSyncAttempts = 5;  // Each time another writer moves the pointer meanwhile.

std::string WithoutSlash(std::string location) {
  while (location.size() > 1 && location.ends_with('/')) location.pop_back();
  return location;
}

// "00007-....metadata.json" -> 8; files of other writers may carry any name.
int NextVersion(std::string_view location) {
  const std::string_view name = io::BaseName(location);
  int version = 0;
  const auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), version);
  if (error != std::errc() || end == name.data() + name.size() || *end != '-' || version < 0) {
    return 0;
  }
  return version + 1;
}

Result<int64_t> PreviousVersions(const TableMetadata& metadata) {
  constexpr char kKey[] = "write.metadata.previous-versions-max";
  const std::string_view text = metadata.Property(kKey, "");
  if (text.empty()) return kDefaultPreviousVersions;
  int64_t count = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), count);
  if (error != std::errc() || end != text.data() + text.size()) {
    return Fail(ErrorKind::kInvalidArgument, fmt::format("{}: '{}' is no number", kKey, text));
  }
  return std::max<int64_t>(count, 1);
}

class StoredCatalog : public Catalog {
 public:
  StoredCatalog(std::unique_ptr<TableStore> store, CatalogSettings settings)
      : store_(std::move(store)), settings_(std::move(settings)) {}

  const std::string& name() const override { return settings_.name; }

  Status CreateNamespace(const Namespace& ns, const Properties& properties) override {
    return store_->CreateNamespace(ns, properties);
  }
  Status DropNamespace(const Namespace& ns) override { return store_->DropNamespace(ns); }

  Result<std::vector<Namespace>> ListNamespaces(const Namespace& parent) override {
    TICKHOUSE_ASSIGN(const std::vector<Namespace> all, store_->AllNamespaces());
    if (!parent.empty() && std::ranges::find(all, parent) == all.end()) {
      return Fail(ErrorKind::kNotFound, fmt::format("no namespace {}", NamespaceText(parent)));
    }
    std::vector<Namespace> children;
    for (const Namespace& ns : all) {
      if (ns.size() == parent.size() + 1 && std::equal(parent.begin(), parent.end(), ns.begin())) {
        children.push_back(ns);
      }
    }
    return children;
  }

  Result<Properties> LoadNamespace(const Namespace& ns) override {
    return store_->LoadNamespace(ns);
  }
  Status UpdateNamespace(const Namespace& ns, const Properties& updates,
                         const std::vector<std::string>& removals) override {
    return store_->UpdateNamespace(ns, updates, removals);
  }
  Result<std::vector<TableIdentifier>> ListTables(const Namespace& ns) override {
    return store_->ListTables(ns);
  }

  Result<LoadedTable> LoadTable(const TableIdentifier& identifier) override {
    TICKHOUSE_ASSIGN(std::string location, store_->Find(identifier));
    return Read(identifier, std::move(location));
  }

  Result<LoadedTable> CreateTable(const CreateTableRequest& request) override {
    TICKHOUSE_ASSIGN(const std::vector<TableUpdate> updates, FirstUpdates(request));
    TICKHOUSE_ASSIGN(const Prepared table, PrepareNew(request.identifier, updates));
    TICKHOUSE_TRY(Swapped(table.table, Move(table)));
    return table.table;
  }

  Result<LoadedTable> StageTable(const CreateTableRequest& request) override {
    const auto there = store_->Find(request.identifier);
    if (there) {
      return Fail(ErrorKind::kAlreadyExists,
                  fmt::format("table {} exists already", request.identifier.ToString()));
    }
    if (there.error().kind != ErrorKind::kNotFound) return std::unexpected(there.error());
    TICKHOUSE_TRY(store_->LoadNamespace(request.identifier.ns));
    TICKHOUSE_ASSIGN(const std::vector<TableUpdate> updates, FirstUpdates(request));
    auto applied = ApplyUpdates(nullptr, updates, NowMs());
    if (!applied) return Named(request.identifier, applied.error());
    return LoadedTable{request.identifier, "",
                       std::make_shared<const TableMetadata>(std::move(*applied))};
  }

  Result<LoadedTable> RegisterTable(const TableIdentifier& identifier,
                                    const std::string& metadata_location) override {
    TICKHOUSE_TRY(CheckIdentifier(identifier));
    TICKHOUSE_ASSIGN(LoadedTable table, Read(identifier, metadata_location));
    const Prepared ready{.table = std::move(table)};
    TICKHOUSE_TRY(Move(ready));
    return ready.table;
  }

  Status DropTable(const TableIdentifier& identifier) override {
    return store_->Remove(identifier);
  }
  Status RenameTable(const TableIdentifier& from, const TableIdentifier& to) override {
    return store_->Rename(from, to);
  }

  Result<LoadedTable> CommitTable(const TableIdentifier& identifier,
                                  const std::vector<TableRequirement>& requirements,
                                  const std::vector<TableUpdate>& updates) override {
    TICKHOUSE_ASSIGN(const Prepared ready, Prepare({identifier, requirements, updates}));
    if (!ready.written) return ready.table;
    TICKHOUSE_TRY(Swapped(ready.table, TakenMeansConflict(Move(ready))));
    RemoveDropped(ready);
    return ready.table;
  }

  Status CommitTables(const std::vector<TableCommit>& commits) override {
    std::set<TableIdentifier> tables;
    for (const TableCommit& commit : commits) {
      if (tables.insert(commit.identifier).second) continue;
      return Fail(ErrorKind::kInvalidArgument,
                  fmt::format("table {} is named twice", commit.identifier.ToString()));
    }
    std::vector<Prepared> ready;
    Status status;
    for (const TableCommit& commit : commits) {
      auto one = Prepare(commit);
      if (!one) {
        status = std::unexpected(one.error());
        break;
      }
      if (one->written) ready.push_back(std::move(*one));
    }
    if (status && !ready.empty()) status = TakenMeansConflict(MoveAll(ready));
    for (const Prepared& one : ready) std::ignore = Swapped(one.table, status);
    if (status) std::ranges::for_each(ready, [this](const Prepared& one) { RemoveDropped(one); });
    return status;
  }

  Result<InformationCounts> SyncInformation(const TableIdentifier& identifier) override {
    if (!store_->informs()) return Catalog::SyncInformation(identifier);
    return Sync(identifier, true);
  }
  Result<std::vector<TableIdentifier>> PruneInformation() override {
    return store_->informs() ? store_->PruneInformation() : Catalog::PruneInformation();
  }

  Result<std::string> FindPointer(const TableIdentifier& identifier) override {
    return store_->Find(identifier);
  }
  Status MovePointer(const TableIdentifier& identifier, const std::string& from,
                     const std::string& to) override {
    TICKHOUSE_TRY(store_->Swap(identifier, from, to));
    if (!store_->informs()) return {};
    if (const auto synced = Sync(identifier, true); !synced)
      WarnOfStale(identifier, synced.error());
    return {};
  }

 private:
  // A metadata file that waits for the pointer to move to it.
  struct Prepared {
    LoadedTable table;
    std::string from = {};  // Empty: a new table.
    MetadataPtr before = {};
    bool written = true;  // False: there was nothing to do.
    std::vector<MetadataLogEntry> dropped = {};
  };

  static std::unexpected<Error> Named(const TableIdentifier& identifier, const Error& error) {
    return Fail(error.WithContext(fmt::format("table {}", identifier.ToString())));
  }

  // The requirement was that it does not exist: so another writer was first.
  static Status TakenMeansConflict(Status status) {
    if (status || status.error().kind != ErrorKind::kAlreadyExists) return status;
    return Fail(ErrorKind::kConflict, status.error().message);
  }

  Result<std::vector<TableUpdate>> FirstUpdates(CreateTableRequest request) {
    TICKHOUSE_TRY(CheckIdentifier(request.identifier));
    TICKHOUSE_TRY(AssignFreshIds(&request));
    if (request.location.empty()) {
      TICKHOUSE_ASSIGN(request.location, DefaultLocation(request.identifier));
    }
    return std::vector<TableUpdate>{AssignUuid{NewUuid()},
                                    UpgradeFormatVersion{request.format_version},
                                    AddSchema{request.schema},
                                    SetCurrentSchema{},
                                    AddPartitionSpec{request.spec},
                                    SetDefaultSpec{},
                                    AddSortOrder{request.sort_order},
                                    SetDefaultSortOrder{},
                                    SetLocation{request.location},
                                    SetProperties{request.properties}};
  }

  Result<Prepared> Prepare(const TableCommit& commit) {
    const auto location = store_->Find(commit.identifier);
    if (!location) {
      const bool creates = std::ranges::any_of(commit.requirements, [](const TableRequirement& r) {
        return std::holds_alternative<AssertCreate>(r);
      });
      if (location.error().kind != ErrorKind::kNotFound || !creates) {
        return std::unexpected(location.error());
      }
      const Status holds = CheckRequirements(commit.requirements, nullptr);
      if (!holds) return Named(commit.identifier, holds.error());
      return PrepareNew(commit.identifier, commit.updates);
    }
    TICKHOUSE_ASSIGN(LoadedTable base, Read(commit.identifier, *location));
    const Status holds = CheckRequirements(commit.requirements, base.metadata.get());
    if (!holds) return Named(commit.identifier, holds.error());
    if (commit.updates.empty()) return Prepared{.table = std::move(base), .written = false};
    return PrepareNext(base, commit.updates);
  }

  Result<LoadedTable> Read(const TableIdentifier& identifier, std::string location) {
    const auto named = [&](const Error& error) {
      return Fail(error.WithContext(
          fmt::format("table {}: its metadata {}", identifier.ToString(), location)));
    };
    auto metadata = cache_.Load(*settings_.files, location);
    if (!metadata) return named(metadata.error());
    return LoadedTable{identifier, std::move(location), std::move(*metadata)};
  }

  Result<std::string> DefaultLocation(const TableIdentifier& identifier) {
    TICKHOUSE_ASSIGN(const Properties properties, store_->LoadNamespace(identifier.ns));
    if (const auto own = properties.find("location"); own != properties.end()) {
      return WithoutSlash(own->second) + "/" + identifier.name;
    }
    if (settings_.warehouse.empty()) {
      return Fail(ErrorKind::kInvalidArgument,
                  fmt::format("table {}: neither it nor its namespace nor the catalog says where "
                              "it lies; name a warehouse",
                              identifier.ToString()));
    }
    return fmt::format("{}/{}/{}", WithoutSlash(settings_.warehouse), fmt::join(identifier.ns, "/"),
                       identifier.name);
  }

  Result<Prepared> PrepareNew(const TableIdentifier& identifier,
                              const std::vector<TableUpdate>& updates) {
    auto applied = ApplyUpdates(nullptr, updates, NowMs());
    if (!applied) return Named(identifier, applied.error());
    TICKHOUSE_ASSIGN(LoadedTable table, Write(identifier, std::move(*applied), 0));
    return Prepared{.table = std::move(table)};
  }

  Result<Prepared> PrepareNext(const LoadedTable& base, const std::vector<TableUpdate>& updates) {
    auto applied = ApplyUpdates(base.metadata.get(), updates, NowMs());
    if (!applied) return Named(base.identifier, applied.error());
    const auto kept = PreviousVersions(*applied);
    if (!kept) return Named(base.identifier, kept.error());
    Prepared ready{.table = {}, .from = base.metadata_location, .before = base.metadata};
    auto& log = applied->metadata_log;
    log.push_back({base.metadata->last_updated_ms, base.metadata_location});
    if (const auto count = static_cast<int64_t>(log.size()); count > *kept) {
      ready.dropped.assign(log.begin(), log.begin() + (count - *kept));
      log.erase(log.begin(), log.begin() + (count - *kept));
    }
    TICKHOUSE_ASSIGN(ready.table, Write(base.identifier, std::move(*applied),
                                        NextVersion(base.metadata_location)));
    return ready;
  }

  // The pointer of a new table, or from where it was.
  Status Move(const Prepared& ready) {
    const TableIdentifier& identifier = ready.table.identifier;
    const std::string& to = ready.table.metadata_location;
    if (store_->informs()) return MoveAll({&ready, 1});
    TICKHOUSE_TRY(Flush());
    return ready.from.empty() ? store_->Insert(identifier, to)
                              : store_->Swap(identifier, ready.from, to);
  }

  // What the pointer will lead to is on the disk before it moves.
  Status Flush() {
    Status done = settings_.deferred == nullptr ? Status() : settings_.deferred->Flush();
    // A file's name is meant, which no two writers choose: neither the table nor the turn is taken.
    if (!done && done.error().kind == ErrorKind::kAlreadyExists) {
      return Fail(ErrorKind::kIo, done.error().message);
    }
    return done;
  }

  Status MoveAll(std::span<const Prepared> ready) {
    std::vector<InformationChange> changes;
    std::vector<PointerSwap> swaps;
    changes.reserve(ready.size());
    for (const Prepared& one : ready) {
      swaps.push_back({one.table.identifier, one.from, one.table.metadata_location});
      if (!store_->informs()) continue;
      changes.push_back(DescribeCommit(*settings_.files, one.before.get(), *one.table.metadata));
      swaps.back().information = &changes.back();
    }
    TICKHOUSE_TRY(Flush());
    TICKHOUSE_TRY(store_->SwapAll(swaps));
    for (const PointerSwap& swap : swaps) {
      if (swap.information == nullptr || !swap.information->is_stale) continue;
      const auto synced = Sync(swap.identifier, false);
      // Another writer that keeps the pointer moving brings the tables up to date itself.
      if (synced || synced.error().kind == ErrorKind::kConflict) continue;
      WarnOfStale(swap.identifier, synced.error());
    }
    return {};
  }

  static void WarnOfStale(const TableIdentifier& identifier, const Error& error) {
    LogWarn(
        "table {} is changed, but not what the informational tables say of it: {}; "
        "`tickhouse lake sync-info` does that",
        identifier.ToString(), error.message);
  }

  Result<InformationCounts> Sync(const TableIdentifier& identifier, bool anew) {
    for (int attempt = 1;; ++attempt) {
      TICKHOUSE_ASSIGN(const LoadedTable table, LoadTable(identifier));
      std::set<int64_t> known;
      if (!anew) {
        TICKHOUSE_ASSIGN(known, store_->InformedSnapshots(identifier));
      }
      auto change = anew ? DescribeWhole(*settings_.files, *table.metadata)
                         : DescribeMissing(*settings_.files, *table.metadata, known);
      if (!change) return Named(identifier, change.error());
      const Status written = store_->WriteInformation(identifier, table.metadata_location, *change);
      if (written) return CountsOf(*change);
      if (written.error().kind != ErrorKind::kConflict || attempt == kSyncAttempts) {
        return std::unexpected(written.error());
      }
    }
  }

  static InformationCounts CountsOf(const InformationChange& change) {
    const auto count = [&](InformationKind kind) {
      return static_cast<int64_t>(change.after[kind].size());
    };
    return {.snapshots = count(InformationKind::kSnapshots),
            .manifest_files = count(InformationKind::kManifestFiles),
            .data_files = count(InformationKind::kDataFiles)};
  }

  void RemoveDropped(const Prepared& done) {
    constexpr char kKey[] = "write.metadata.delete-after-commit.enabled";
    if (done.table.metadata->Property(kKey, "false") != "true") return;
    for (const MetadataLogEntry& entry : done.dropped) RemoveQuietly(entry.metadata_file);
  }

  Result<LoadedTable> Write(const TableIdentifier& identifier, TableMetadata metadata,
                            int version) {
    const std::string folder = WithoutSlash(
        std::string(metadata.Property("write.metadata.path", metadata.location + "/metadata")));
    const std::string location =
        fmt::format("{}/{:05d}-{}.metadata.json", folder, version, NewUuid());
    TICKHOUSE_ASSIGN(const std::string path, StoragePath(location));
    const std::string text = TableMetadataToJson(metadata);
    TICKHOUSE_TRY(settings_.files->WriteWhole(path, text, {.must_not_exist = true}));
    auto shared = std::make_shared<const TableMetadata>(std::move(metadata));
    cache_.Keep(location, static_cast<int64_t>(text.size()), shared);
    return LoadedTable{identifier, location, std::move(shared)};
  }

  // A file nobody points at is taken away; when that is not known, it stays.
  Status Swapped(const LoadedTable& table, const Status& status) {
    if (!status && status.error().kind != ErrorKind::kUnknownOutcome) {
      RemoveQuietly(table.metadata_location);
    }
    return status;
  }

  // What stays behind is found by orphan removal; the commit itself is over.
  void RemoveQuietly(const std::string& location) {
    if (const auto path = StoragePath(location)) std::ignore = settings_.files->Remove(*path);
  }

  int64_t NowMs() { return FloorDiv(ToNanos(settings_.clock->Now()), kNanosPerMilli); }

  std::string NewUuid() {
    const std::scoped_lock lock(random_mutex_);
    return MakeUuid(settings_.random);
  }

  std::unique_ptr<TableStore> store_;
  CatalogSettings settings_;
  MetadataCache cache_;
  std::mutex random_mutex_;
};

}  // namespace

bool IsCommitFile(std::string_view path) {
  return path.ends_with(".parquet") || path.ends_with(".puffin") || path.ends_with(".avro") ||
         path.ends_with(".metadata.json");
}

std::unique_ptr<Catalog> MakeStoredCatalog(std::unique_ptr<TableStore> store,
                                           CatalogSettings settings) {
  return std::make_unique<StoredCatalog>(std::move(store), std::move(settings));
}

std::unique_ptr<Catalog> MakeMemoryCatalog(CatalogSettings settings) {
  return MakeStoredCatalog(MakeMemoryStore(), std::move(settings));
}

Result<std::unique_ptr<Catalog>> OpenSqliteCatalog(const std::string& file,
                                                   CatalogSettings settings) {
  TICKHOUSE_ASSIGN(auto connection, OpenSqlite(file));
  TICKHOUSE_ASSIGN(auto store, OpenSqlStore(std::move(connection), settings.name));
  return MakeStoredCatalog(std::move(store), std::move(settings));
}

Result<std::unique_ptr<Catalog>> OpenPostgresCatalog(const std::string& address,
                                                     CatalogSettings settings) {
  TICKHOUSE_ASSIGN(auto connection, OpenPostgres(address, settings.answer_timeout));
  TICKHOUSE_ASSIGN(auto store, OpenSqlStore(std::move(connection), settings.name));
  return MakeStoredCatalog(std::move(store), std::move(settings));
}

}  // namespace tickhouse::lake
