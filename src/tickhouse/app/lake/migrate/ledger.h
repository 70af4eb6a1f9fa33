// Which source files a table holds already, told by the table itself.
//
// Each snapshot of a migration has "tickhouse.sources" in its summary: "PLACE-CONTENT,..." of every
// file, as MigrateSource has them. The same commit sets the table property
// "tickhouse.sources.SNAPSHOT-ID", which goes on to tell after the snapshot has expired. What was
// rolled back counts as not loaded.
#pragma once

#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "tickhouse/app/lake/migrate/sources.h"
#include "tickhouse/core/error.h"
#include "tickhouse/lake/format/table_metadata.h"

namespace tickhouse::app {

inline constexpr std::string_view kSourcesKey = "tickhouse.sources";

struct SourceLedger {
  std::map<std::string, std::string> content_of_place;
  std::set<std::string> contents;

  enum class State { kNew, kLoaded, kChanged };
  /// kLoaded: this content is in the table, from here or elsewhere. kChanged: the table holds what
  /// the file was before.
  State StateOf(const MigrateSource& source) const;
};

/// kCorrupt for an entry that no migration wrote.
Result<SourceLedger> ReadLedger(const lake::TableMetadata& metadata);

/// The value of `kSourcesKey`.
std::string LedgerText(const std::vector<const MigrateSource*>& sources);

}  // namespace tickhouse::app
