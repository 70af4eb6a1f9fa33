#include "tickhouse/lake/catalog/catalog.h"

#include <fmt/format.h>

#include "tickhouse/lake/catalog/information/information_tables.h"
#include "tickhouse/lake/catalog/table_store.h"

namespace tickhouse::lake {

std::string NamespaceText(const Namespace& ns) {
  return fmt::format("{}", fmt::join(ns, "."));
}

Namespace ParseNamespaceText(std::string_view text) {
  Namespace parts;
  for (std::size_t at = 0;;) {
    const std::size_t dot = text.find('.', at);
    parts.emplace_back(text.substr(at, dot - at));
    if (dot == std::string_view::npos) return parts;
    at = dot + 1;
  }
}

Status CheckNamespace(const Namespace& ns) {
  if (ns.empty()) return Fail(ErrorKind::kInvalidArgument, "a namespace needs a name");
  for (const std::string& level : ns) {
    if (level.empty() || level.find('.') != std::string::npos ||
        level.find('\0') != std::string::npos) {
      return Fail(
          ErrorKind::kInvalidArgument,
          fmt::format("namespace '{}': a level is empty or holds a dot or NUL", NamespaceText(ns)));
    }
  }
  return {};
}

Status CheckIdentifier(const TableIdentifier& identifier) {
  TICKHOUSE_TRY(CheckNamespace(identifier.ns));
  if (identifier.name.empty() || identifier.name.find('\0') != std::string::npos) {
    return Fail(ErrorKind::kInvalidArgument,
                fmt::format("table '{}': the name is empty or holds NUL", identifier.ToString()));
  }
  return {};
}

std::string TableIdentifier::ToString() const {
  return ns.empty() ? name : NamespaceText(ns) + "." + name;
}

Result<TableIdentifier> ParseTableIdentifier(std::string_view text) {
  TableIdentifier identifier;
  identifier.ns = ParseNamespaceText(text);
  identifier.name = std::move(identifier.ns.back());
  identifier.ns.pop_back();
  if (!CheckIdentifier(identifier)) {
    return Fail(ErrorKind::kInvalidArgument,
                fmt::format("'{}' is not a table's name: write namespace.table", text));
  }
  return identifier;
}

Result<LoadedTable> Catalog::StageTable(const CreateTableRequest& request) {
  return Fail(ErrorKind::kUnsupported,
              fmt::format("table {}: catalog {} cannot stage a table; create it first",
                          request.identifier.ToString(), name()));
}

Status Catalog::CommitTables(const std::vector<TableCommit>& /*commits*/) {
  return Fail(ErrorKind::kUnsupported,
              fmt::format("catalog {} commits one table at a time", name()));
}

Result<std::string> Catalog::FindPointer(const TableIdentifier& identifier) {
  return Fail(ErrorKind::kUnsupported,
              fmt::format("table {}: catalog {} does not give its pointers away; mend the table "
                          "where the catalog keeps them",
                          identifier.ToString(), name()));
}

Status Catalog::MovePointer(const TableIdentifier& identifier, const std::string& /*from*/,
                            const std::string& /*to*/) {
  return Fail(ErrorKind::kUnsupported,
              fmt::format("table {}: the pointers of catalog {} move by commits only",
                          identifier.ToString(), name()));
}

namespace {
constexpr char kNoInformation[] =
    "keeps no informational tables: they belong to a PostgreSQL catalog, where `tickhouse lake "
    "init` makes them";
}

Result<InformationCounts> Catalog::SyncInformation(const TableIdentifier& /*identifier*/) {
  return Fail(ErrorKind::kUnsupported, fmt::format("catalog {} {}", name(), kNoInformation));
}

Result<std::vector<TableIdentifier>> Catalog::PruneInformation() {
  return Fail(ErrorKind::kUnsupported, fmt::format("catalog {} {}", name(), kNoInformation));
}

Status TableStore::WriteInformation(const TableIdentifier& /*identifier*/,
                                    const std::string& /*location*/,
                                    InformationChange& /*change*/) {
  return Fail(ErrorKind::kUnsupported, fmt::format("the catalog {}", kNoInformation));
}

Result<std::set<int64_t>> TableStore::InformedSnapshots(const TableIdentifier& /*identifier*/) {
  return Fail(ErrorKind::kUnsupported, fmt::format("the catalog {}", kNoInformation));
}

Result<std::vector<TableIdentifier>> TableStore::PruneInformation() {
  return Fail(ErrorKind::kUnsupported, fmt::format("the catalog {}", kNoInformation));
}

}  // namespace tickhouse::lake
