// Schema evolution by field id: what is renamed, moved or promoted stays the same column, what is
// dropped and added again is another.
#pragma once

#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "tickhouse/lake/update/commit.h"

namespace tickhouse::lake {

// Paths are dotted ("a.b", "list.element"). Changes apply in order, each seeing those before it.

struct AddColumn {
  std::string parent = {};  ///< Empty: the top; a list or map stands for its element or value.
  std::string name;
  Type type;  ///< Ids inside are assigned anew.
  std::optional<std::string> doc = {};
  bool required = false;  ///< Refused: rows that are there have no value for it.
};
struct DropColumn {
  std::string path;
};
struct RenameColumn {
  std::string path;
  std::string name;  ///< The last part only.
};
struct PromoteColumn {
  std::string path;
  Type type;
};
struct MakeColumnOptional {
  std::string path;
};
struct SetColumnDoc {
  std::string path;
  std::optional<std::string> doc;
};
enum class ColumnPlace { kFirst, kLast, kBefore, kAfter };
struct MoveColumn {
  std::string path;
  ColumnPlace place = ColumnPlace::kLast;
  std::string other = {};  ///< For kBefore and kAfter: a column of the same struct.
};
struct SetIdentifierColumns {
  std::vector<std::string> paths;
};
using SchemaChange =
    std::variant<AddColumn, DropColumn, RenameColumn, PromoteColumn, MakeColumnOptional,
                 SetColumnDoc, MoveColumn, SetIdentifierColumns>;

/// The current schema after `changes`. kInvalidArgument names the column that does not exist, is
/// there already, cannot be promoted, or is needed by the partitioning, order or identity of rows.
Result<Schema> EvolveSchema(const TableMetadata& metadata,
                            const std::vector<SchemaChange>& changes);

/// What makes the current schema able to hold rows of `wanted`, by names: columns added, promoted,
/// made optional. kInvalidArgument when a type cannot hold both. Columns that `wanted` lacks stay.
Result<std::vector<SchemaChange>> ChangesToUnion(const TableMetadata& metadata,
                                                 const Schema& wanted);

/// `mapping` (schema.name-mapping.default) after a change of schema: new names are added to their
/// columns, and a name that a new column takes is taken from the old one. kCorrupt.
Result<std::string> UpdateNameMapping(const std::string& mapping, const Schema& before,
                                      const Schema& after);

/// Evolves as a commit; keeps the name mapping in step. Planned anew on each attempt.
Result<CommitOutcome> UpdateSchema(UpdateSession& session, const TableIdentifier& identifier,
                                   const std::vector<SchemaChange>& changes);
Result<CommitOutcome> UnionSchema(UpdateSession& session, const TableIdentifier& identifier,
                                  const Schema& wanted);

}  // namespace tickhouse::lake
