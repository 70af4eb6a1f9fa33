// The informational tables beside a catalog's own: what each table is made of, for people and for
// SQL that does not read Iceberg. docs/reference/lake-information.md says what each column holds.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace tickhouse::lake {

enum class InformationKind {
  kColumns,
  kPartitions,
  kSnapshots,
  kManifestFiles,
  kDataFiles,
  kRefs,
  kProperties,
};
inline constexpr std::array kInformationKinds = {
    InformationKind::kColumns,       InformationKind::kPartitions, InformationKind::kSnapshots,
    InformationKind::kManifestFiles, InformationKind::kDataFiles,  InformationKind::kRefs,
    InformationKind::kProperties};
/// Those that are written whole whenever they change.
inline constexpr std::array kSmallInformation = {
    InformationKind::kColumns, InformationKind::kPartitions, InformationKind::kRefs,
    InformationKind::kProperties};

enum class InformationType { kName, kText, kInt, kBigInt, kOptionalBigInt };

struct InformationColumn {
  std::string_view name;
  InformationType type = InformationType::kName;
  bool in_key = false;
};

/// `columns` come after catalog_name, table_namespace and table_name, which every key begins with.
struct InformationTable {
  std::string_view name;
  std::vector<InformationColumn> columns;
};

const InformationTable& InformationTableOf(InformationKind kind);

/// CREATE TABLE, as SQLite and PostgreSQL read it.
std::string CreateInformationSql(const InformationTable& table);

/// Values of `InformationTable::columns` as text; an optional number that is missing is "".
using InformationRow = std::vector<std::string>;

struct TableInformation {
  std::array<std::vector<InformationRow>, kInformationKinds.size()> rows = {};
  std::vector<InformationRow>& operator[](InformationKind kind) {
    return rows[static_cast<std::size_t>(kind)];
  }
  const std::vector<InformationRow>& operator[](InformationKind kind) const {
    return rows[static_cast<std::size_t>(kind)];
  }
};

/// What is to be written of one table.
struct InformationChange {
  /// Of the small kinds: what the tables must say for the change to be made. None: whatever they
  /// say is replaced.
  std::optional<TableInformation> before = {};
  std::optional<int64_t> snapshot_before = {};  ///< Current then; must be among the snapshots.
  /// Small kinds whole; of the others the rows to be added.
  TableInformation after = {};
  bool replaces_files = false;  ///< Snapshots, manifests and data files: instead of what is there.
  /// The tables cannot be brought up to date by this change: they said something else than
  /// `before`, or the change is not whole. Nothing was written, and they have to be filled anew.
  bool is_stale = false;
};

}  // namespace tickhouse::lake
