#include "tickhouse/lake/catalog/stored_catalog.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <mutex>
#include <tuple>

#include "tickhouse/core/time.h"
#include "tickhouse/lake/catalog/fresh_ids.h"
#include "tickhouse/lake/catalog/memory_store.h"
#include "tickhouse/lake/catalog/metadata_cache.h"
#include "tickhouse/lake/catalog/sql_store.h"
#include "tickhouse/lake/format/location.h"
#include "tickhouse/lake/format/uuid.h"

namespace tickhouse::lake {

namespace {

constexpr int64_t kDefaultPreviousVersions = 100;

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

  Result<LoadedTable> CreateTable(const CreateTableRequest& given) override {
    TICKHOUSE_TRY(CheckIdentifier(given.identifier));
    CreateTableRequest request = given;
    TICKHOUSE_TRY(AssignFreshIds(&request));
    if (request.location.empty()) {
      TICKHOUSE_ASSIGN(request.location, DefaultLocation(request.identifier));
    }
    const std::vector<TableUpdate> updates{AssignUuid{NewUuid()},
                                           UpgradeFormatVersion{request.format_version},
                                           AddSchema{request.schema},
                                           SetCurrentSchema{},
                                           AddPartitionSpec{request.spec},
                                           SetDefaultSpec{},
                                           AddSortOrder{request.sort_order},
                                           SetDefaultSortOrder{},
                                           SetLocation{request.location},
                                           SetProperties{request.properties}};
    return CreateFrom(request.identifier, updates);
  }

  Result<LoadedTable> RegisterTable(const TableIdentifier& identifier,
                                    const std::string& metadata_location) override {
    TICKHOUSE_TRY(CheckIdentifier(identifier));
    TICKHOUSE_ASSIGN(LoadedTable table, Read(identifier, metadata_location));
    TICKHOUSE_TRY(store_->Insert(identifier, metadata_location));
    return table;
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
    const auto location = store_->Find(identifier);
    if (!location) {
      const bool creates = std::ranges::any_of(requirements, [](const TableRequirement& r) {
        return std::holds_alternative<AssertCreate>(r);
      });
      if (location.error().kind != ErrorKind::kNotFound || !creates) {
        return std::unexpected(location.error());
      }
      TICKHOUSE_TRY(Named(identifier, CheckRequirements(requirements, nullptr)));
      auto created = CreateFrom(identifier, updates);
      // The requirement was that it does not exist: so another writer was first.
      if (!created && created.error().kind == ErrorKind::kAlreadyExists) {
        return Fail(ErrorKind::kConflict, created.error().message);
      }
      return created;
    }
    TICKHOUSE_ASSIGN(LoadedTable base, Read(identifier, *location));
    TICKHOUSE_TRY(Named(identifier, CheckRequirements(requirements, base.metadata.get())));
    if (updates.empty()) return base;
    return Replace(base, updates);
  }

 private:
  static Status Named(const TableIdentifier& identifier, Status status) {
    if (status) return status;
    return Fail(status.error().WithContext(fmt::format("table {}", identifier.ToString())));
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

  Result<LoadedTable> CreateFrom(const TableIdentifier& identifier,
                                 const std::vector<TableUpdate>& updates) {
    auto applied = ApplyUpdates(nullptr, updates, NowMs());
    if (!applied) {
      return Fail(applied.error().WithContext(fmt::format("table {}", identifier.ToString())));
    }
    TICKHOUSE_ASSIGN(LoadedTable table, Write(identifier, std::move(*applied), 0));
    TICKHOUSE_TRY(Swapped(table, store_->Insert(identifier, table.metadata_location)));
    return table;
  }

  Result<LoadedTable> Replace(const LoadedTable& base, const std::vector<TableUpdate>& updates) {
    auto applied = ApplyUpdates(base.metadata.get(), updates, NowMs());
    if (!applied) {
      return Fail(applied.error().WithContext(fmt::format("table {}", base.identifier.ToString())));
    }
    auto kept = PreviousVersions(*applied);
    if (!kept) {
      return Fail(kept.error().WithContext(fmt::format("table {}", base.identifier.ToString())));
    }
    auto& log = applied->metadata_log;
    log.push_back({base.metadata->last_updated_ms, base.metadata_location});
    std::vector<MetadataLogEntry> dropped;
    if (const auto count = static_cast<int64_t>(log.size()); count > *kept) {
      dropped.assign(log.begin(), log.begin() + (count - *kept));
      log.erase(log.begin(), log.begin() + (count - *kept));
    }
    TICKHOUSE_ASSIGN(LoadedTable table, Write(base.identifier, std::move(*applied),
                                              NextVersion(base.metadata_location)));
    TICKHOUSE_TRY(Swapped(
        table, store_->Swap(base.identifier, base.metadata_location, table.metadata_location)));
    if (table.metadata->Property("write.metadata.delete-after-commit.enabled", "false") == "true") {
      for (const MetadataLogEntry& entry : dropped) RemoveQuietly(entry.metadata_file);
    }
    return table;
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
  TICKHOUSE_ASSIGN(auto connection, OpenPostgres(address));
  TICKHOUSE_ASSIGN(auto store, OpenSqlStore(std::move(connection), settings.name));
  return MakeStoredCatalog(std::move(store), std::move(settings));
}

}  // namespace tickhouse::lake
