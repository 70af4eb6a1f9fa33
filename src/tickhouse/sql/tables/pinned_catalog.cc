#include "tickhouse/sql/tables/pinned_catalog.h"

#include <algorithm>
#include <cctype>
#include <memory>
#include <utility>

#include "tickhouse/lake/scan/resolve_snapshot.h"

namespace tickhouse::sql {

namespace {

constexpr char kMain[] = "main";

std::string Small(std::string text) {
  std::ranges::transform(text, text.begin(),
                         [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return text;
}

lake::Namespace Small(lake::Namespace ns) {
  for (std::string& level : ns) level = Small(std::move(level));
  return ns;
}

std::unexpected<Error> Refused() {
  return Fail(ErrorKind::kPermission, "tables are only read here, not changed");
}

// The table as if nothing had happened to it after `point`.
lake::MetadataPtr MetadataAt(const lake::TableMetadata& metadata, const lake::ReadPoint& point) {
  auto pinned = std::make_shared<lake::TableMetadata>(metadata);
  pinned->current_schema_id = point.schema->id;
  pinned->current_snapshot_id = point.snapshot->id;
  pinned->refs[kMain] = {.snapshot_id = point.snapshot->id};
  return pinned;
}

}  // namespace

PinnedCatalog::PinnedCatalog(lake::Catalog& catalog, std::string at,
                             std::function<void(const TableRead&)> on_read)
    : catalog_(catalog), at_(std::move(at)), on_read_(std::move(on_read)) {}

std::optional<Error> PinnedCatalog::problem() const {
  const std::scoped_lock lock(mutex_);
  return problem_;
}

Error PinnedCatalog::Noted(Error error) {
  const std::scoped_lock lock(mutex_);
  if (!problem_) problem_ = error;
  // An engine asks again for minutes where a server seems to be at fault.
  return {ErrorKind::kInvalidArgument, std::move(error.message)};
}

Result<std::vector<lake::Namespace>> PinnedCatalog::ListNamespaces(const lake::Namespace& parent) {
  return catalog_.ListNamespaces(Small(parent));
}

Result<lake::Properties> PinnedCatalog::LoadNamespace(const lake::Namespace& ns) {
  return catalog_.LoadNamespace(Small(ns));
}

Result<std::vector<lake::TableIdentifier>> PinnedCatalog::ListTables(const lake::Namespace& ns) {
  return catalog_.ListTables(Small(ns));
}

Result<lake::LoadedTable> PinnedCatalog::LoadTable(const lake::TableIdentifier& identifier) {
  const lake::TableIdentifier small{Small(identifier.ns), Small(identifier.name)};
  {
    const std::scoped_lock lock(mutex_);
    if (const auto found = loaded_.find(small); found != loaded_.end()) return found->second;
  }
  Result<lake::LoadedTable> table = LoadPinned(small);
  if (!table) return table;
  const std::scoped_lock lock(mutex_);
  const auto [place, first] = loaded_.emplace(small, *table);
  if (first && on_read_) {
    on_read_({small.ToString(), table->metadata->current_snapshot_id.value_or(0)});
  }
  return place->second;
}

Result<lake::LoadedTable> PinnedCatalog::LoadPinned(const lake::TableIdentifier& identifier) {
  Result<lake::LoadedTable> table = catalog_.LoadTable(identifier);
  if (!table) {
    const auto listed = catalog_.ListTables(identifier.ns);
    const bool named = listed ? std::ranges::count(*listed, identifier) > 0
                              : listed.error().kind != ErrorKind::kNotFound;
    if (table.error().kind == ErrorKind::kNotFound && !named) return table;
    return Fail(Noted(table.error().WithContext(identifier.ToString())));
  }
  const auto point = lake::ResolveReadPoint(*table->metadata, at_);
  if (!point) return Fail(Noted(point.error().WithContext(identifier.ToString())));
  if (!at_.empty() && point->snapshot != nullptr) {
    table->metadata = MetadataAt(*table->metadata, *point);
  }
  return table;
}

Status PinnedCatalog::CreateNamespace(const lake::Namespace&, const lake::Properties&) {
  return Refused();
}
Status PinnedCatalog::DropNamespace(const lake::Namespace&) {
  return Refused();
}
Status PinnedCatalog::UpdateNamespace(const lake::Namespace&, const lake::Properties&,
                                      const std::vector<std::string>&) {
  return Refused();
}
Result<lake::LoadedTable> PinnedCatalog::CreateTable(const lake::CreateTableRequest&) {
  return Refused();
}
Result<lake::LoadedTable> PinnedCatalog::RegisterTable(const lake::TableIdentifier&,
                                                       const std::string&) {
  return Refused();
}
Status PinnedCatalog::DropTable(const lake::TableIdentifier&) {
  return Refused();
}
Status PinnedCatalog::RenameTable(const lake::TableIdentifier&, const lake::TableIdentifier&) {
  return Refused();
}
Result<lake::LoadedTable> PinnedCatalog::CommitTable(const lake::TableIdentifier&,
                                                     const std::vector<lake::TableRequirement>&,
                                                     const std::vector<lake::TableUpdate>&) {
  return Refused();
}
Result<lake::LoadedTable> PinnedCatalog::StageTable(const lake::CreateTableRequest&) {
  return Refused();
}
Status PinnedCatalog::CommitTables(const std::vector<lake::TableCommit>&) {
  return Refused();
}

}  // namespace tickhouse::sql
