// Where the one pointer of each table lies: names to metadata files, swapped in one step.
//
// Implementations: memory, SQLite, PostgreSQL, REST. All pass catalog_contract.h.
#pragma once

#include <compare>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "tickhouse/core/error.h"
#include "tickhouse/lake/format/table_metadata.h"
#include "tickhouse/lake/format/table_update.h"

namespace tickhouse::lake {

/// One name or several levels: {"gold"}.
using Namespace = std::vector<std::string>;
using Properties = std::map<std::string, std::string>;

struct TableIdentifier {
  Namespace ns;
  std::string name;
  /// "gold.eurusd"
  std::string ToString() const;
  auto operator<=>(const TableIdentifier&) const = default;
};

/// "gold.eurusd"; kInvalidArgument for an empty part.
Result<TableIdentifier> ParseTableIdentifier(std::string_view text);

struct LoadedTable {
  TableIdentifier identifier;
  std::string metadata_location;
  MetadataPtr metadata;
};

/// How much the informational tables say of a table.
struct InformationCounts {
  int64_t snapshots = 0;
  int64_t manifest_files = 0;
  int64_t data_files = 0;
};

struct CreateTableRequest {
  TableIdentifier identifier;
  Schema schema;            ///< Field ids are assigned anew, from 1, in order.
  PartitionSpec spec = {};  ///< By the schema's given ids.
  SortOrder sort_order = {};
  std::string location = {};  ///< Empty: the namespace's location or the warehouse, then the names.
  Properties properties = {};
  int format_version = 2;
};

/// What one table is asked in a commit.
struct TableCommit {
  TableIdentifier identifier;
  std::vector<TableRequirement> requirements;
  std::vector<TableUpdate> updates;
};

/// Safe for several threads and, but for memory, several processes and other engines at once.
/// Errors name the table. kUnavailable: the service does not answer, nothing happened.
class Catalog {
 public:
  virtual ~Catalog() = default;
  /// As stored beside each table ("catalog-dw").
  virtual const std::string& name() const = 0;

  /// kAlreadyExists.
  virtual Status CreateNamespace(const Namespace& ns, const Properties& properties) = 0;
  /// kNotFound; kConflict when tables are left in it.
  virtual Status DropNamespace(const Namespace& ns) = 0;
  /// Below `parent` (empty: the top), one level, sorted.
  virtual Result<std::vector<Namespace>> ListNamespaces(const Namespace& parent) = 0;
  virtual Result<Properties> LoadNamespace(const Namespace& ns) = 0;
  virtual Status UpdateNamespace(const Namespace& ns, const Properties& updates,
                                 const std::vector<std::string>& removals) = 0;

  /// kNotFound when the namespace does not exist. Sorted.
  virtual Result<std::vector<TableIdentifier>> ListTables(const Namespace& ns) = 0;
  /// kNotFound: no such table, or its pointer leads to nothing (the message tells which).
  virtual Result<LoadedTable> LoadTable(const TableIdentifier& identifier) = 0;
  /// kAlreadyExists; kNotFound for the namespace.
  virtual Result<LoadedTable> CreateTable(const CreateTableRequest& request) = 0;
  /// Adopts an existing metadata file. kAlreadyExists.
  virtual Result<LoadedTable> RegisterTable(const TableIdentifier& identifier,
                                            const std::string& metadata_location) = 0;
  /// Takes the name away; files stay. kNotFound.
  virtual Status DropTable(const TableIdentifier& identifier) = 0;
  /// kNotFound, kAlreadyExists.
  virtual Status RenameTable(const TableIdentifier& from, const TableIdentifier& to) = 0;

  /// All or nothing: done (the table as it is now), kConflict (a requirement does not hold or
  /// another writer was first; nothing changed), or kUnknownOutcome (it may have happened: load the
  /// table and look for your snapshot; delete nothing). One attempt; callers retry. Writes
  /// `metadata/NNNNN-UUID.metadata.json` under the table's location, keeps the metadata log to
  /// `write.metadata.previous-versions-max` and deletes what falls off only with
  /// `write.metadata.delete-after-commit.enabled`.
  virtual Result<LoadedTable> CommitTable(const TableIdentifier& identifier,
                                          const std::vector<TableRequirement>& requirements,
                                          const std::vector<TableUpdate>& updates) = 0;

  /// The metadata that CreateTable would write, without writing it or taking the name: the first
  /// half of making a table and its first snapshot in one step (commit then with AssertCreate and
  /// all updates). kUnsupported where the catalog cannot.
  virtual Result<LoadedTable> StageTable(const CreateTableRequest& request);

  /// As CommitTable for several tables at once: all of them or none. kUnsupported where the catalog
  /// cannot; kInvalidArgument for a table named twice.
  virtual Status CommitTables(const std::vector<TableCommit>& commits);

  // The informational tables beside a catalog's own (docs/reference/lake-information.md). Where a
  // catalog has them, every change made through it keeps them in step; these two put right what
  // others changed. kUnsupported where there are none.

  /// Fills them anew from the table's metadata. kNotFound; kConflict: the table kept changing.
  virtual Result<InformationCounts> SyncInformation(const TableIdentifier& identifier);
  /// Takes away what they say of tables that do not exist; which.
  virtual Result<std::vector<TableIdentifier>> PruneInformation();

  // For mending a table whose metadata cannot be read; kUnsupported where the catalog keeps its
  // pointers to itself (REST).

  /// Where the table's metadata is said to lie, whether anything is there or not. kNotFound.
  virtual Result<std::string> FindPointer(const TableIdentifier& identifier);
  /// Moves the pointer without a look at what is at either end. kConflict when it is not at `from`;
  /// kNotFound; kUnknownOutcome.
  virtual Status MovePointer(const TableIdentifier& identifier, const std::string& from,
                             const std::string& to);
};

}  // namespace tickhouse::lake
