// Which state of a table a person means: by id, branch, tag or time.
#pragma once

#include <cstdint>
#include <string_view>

#include "tickhouse/core/error.h"
#include "tickhouse/lake/format/table_metadata.h"

namespace tickhouse::lake {

/// A snapshot and the schema its rows are read by. Both belong to the metadata.
struct ReadPoint {
  const Snapshot* snapshot = nullptr;  ///< nullptr: the table is empty.
  const Schema* schema = nullptr;
};

/// `at`, tried in this order:
/// - empty: the current snapshot, by the current schema;
/// - the name of a branch (current schema) or tag (the snapshot's schema), digits too;
/// - a snapshot id (the snapshot's schema, here and below);
/// - milliseconds since 1970, of 11 to 14 digits: longer ones are mistyped ids;
/// - a day or instant, 2024-03-01[T07:50[:00[.000]][Z|+02:00]], UTC where no zone stands: what was
///   current then by the snapshot log, and, in tables without one, among the ancestors of the
///   current snapshot.
/// kNotFound: a time before the first snapshot (names it), of a snapshot that has expired, or a
/// name or id that is not there (names what is). kInvalidArgument for a date that does not exist.
/// kCorrupt when a name leads to nothing.
Result<ReadPoint> ResolveReadPoint(const TableMetadata& metadata, std::string_view at);

/// The snapshot alone; nullptr only for the current one of an empty table.
Result<const Snapshot*> ResolveSnapshot(const TableMetadata& metadata, std::string_view at);

/// The schema a snapshot was made under; the table's current one when the snapshot does not say.
/// kCorrupt when the table lacks it.
Result<const Schema*> SchemaOfSnapshot(const TableMetadata& metadata, const Snapshot& snapshot);

}  // namespace tickhouse::lake
