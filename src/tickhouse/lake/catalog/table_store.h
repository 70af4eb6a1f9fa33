// The rows behind a catalog: which namespaces there are, and one pointer for each table. Knows
// nothing of what lies at the end of a pointer; StoredCatalog gives it meaning.
#pragma once

#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "tickhouse/core/error.h"
#include "tickhouse/lake/catalog/catalog.h"

namespace tickhouse::lake {

struct InformationChange;

/// One pointer to be moved.
struct PointerSwap {
  TableIdentifier identifier;
  std::string from;  ///< Empty: the table must not exist yet.
  std::string to;
  /// Written in the same transaction by a store that informs; not owned. That it cannot be written
  /// does not hold up the swap: it is marked stale.
  InformationChange* information = nullptr;
};

/// Safe for several threads. A namespace exists when it was created, or when a table or another
/// namespace lies below it. Errors name what they are about; kUnavailable: nothing happened.
class TableStore {
 public:
  virtual ~TableStore() = default;

  virtual Status CreateNamespace(const Namespace& ns, const Properties& properties) = 0;
  /// kNotFound; kConflict when tables or namespaces are below it.
  virtual Status DropNamespace(const Namespace& ns) = 0;
  /// Every namespace at any depth, also those that only tables imply; sorted, each once.
  virtual Result<std::vector<Namespace>> AllNamespaces() = 0;
  virtual Result<Properties> LoadNamespace(const Namespace& ns) = 0;
  virtual Status UpdateNamespace(const Namespace& ns, const Properties& updates,
                                 const std::vector<std::string>& removals) = 0;

  /// kNotFound for the namespace. Sorted.
  virtual Result<std::vector<TableIdentifier>> ListTables(const Namespace& ns) = 0;
  /// The pointer; kNotFound.
  virtual Result<std::string> Find(const TableIdentifier& identifier) = 0;
  /// kAlreadyExists; kNotFound for the namespace; kUnknownOutcome.
  virtual Status Insert(const TableIdentifier& identifier, const std::string& location) = 0;
  /// Moves the pointer from `from` to `to`. kConflict when it is not at `from` (nothing changed);
  /// kNotFound; kUnknownOutcome.
  virtual Status Swap(const TableIdentifier& identifier, const std::string& from,
                      const std::string& to) = 0;
  /// All or none, of different tables; errors as Swap and Insert.
  virtual Status SwapAll(const std::vector<PointerSwap>& swaps) = 0;
  /// kNotFound; kUnknownOutcome.
  virtual Status Remove(const TableIdentifier& identifier) = 0;
  /// kNotFound for the table or the new namespace; kAlreadyExists.
  virtual Status Rename(const TableIdentifier& from, const TableIdentifier& to) = 0;

  // Informational tables (information/information_tables.h). A store that keeps them takes what is
  // said of a table along with `Remove` and `Rename`. The others answer kUnsupported.

  virtual bool informs() const { return false; }
  /// Writes `change` while the pointer is at `location`. kConflict when it is not.
  virtual Status WriteInformation(const TableIdentifier& identifier, const std::string& location,
                                  InformationChange& change);
  /// The snapshots they know of.
  virtual Result<std::set<int64_t>> InformedSnapshots(const TableIdentifier& identifier);
  /// Takes away what they say of tables that do not exist; which.
  virtual Result<std::vector<TableIdentifier>> PruneInformation();
};

/// "a.b"
std::string NamespaceText(const Namespace& ns);
/// The parts between dots.
Namespace ParseNamespaceText(std::string_view text);
/// kInvalidArgument for no level, an empty level or a level with a dot (stores join with dots).
Status CheckNamespace(const Namespace& ns);
Status CheckIdentifier(const TableIdentifier& identifier);

}  // namespace tickhouse::lake
