// Ticks of source files copied into data files of a table: cut into groups of whole row groups in
// time order, each of which becomes sorted files of one partition each.
#pragma once

#include <cstdint>
#include <functional>
#include <set>
#include <string>
#include <vector>

#include "tickhouse/app/environment.h"
#include "tickhouse/app/lake/migrate/gold_table.h"
#include "tickhouse/app/lake/migrate/sources.h"
#include "tickhouse/core/error.h"
#include "tickhouse/lake/manifest/manifest.h"

namespace tickhouse::app {

/// Row groups [begin, end) of one file.
struct LoadUnit {
  const MigrateSource* source = nullptr;
  std::size_t begin = 0;
  std::size_t end = 0;
};

struct LoadGroup {
  std::vector<LoadUnit> units = {};
  int64_t rows = 0;  ///< As the footers say.
  std::string name =
      {};  ///< What its data files are called: of what it holds and the table's state.
};

/// About 4 M rows a group. The same sources and table state give the same groups and names, however
/// many threads load them.
std::vector<LoadGroup> PlanLoad(const GoldTable& table,
                                const std::vector<const MigrateSource*>& sources);

struct LoadedGroup {
  std::vector<lake::DataFile> files = {};
  int64_t null_times = 0;  ///< Rows left out.
  bool found_again = false;
};

/// What went wrong, and with which source (null: with none of them, such as a full disk).
struct LoadFailure {
  Error error;
  const MigrateSource* source = nullptr;
};

/// The data files that are there below the table's location, by path; a run that was killed may
/// have left whole groups.
Result<std::set<std::string>> ListDataFiles(io::FileSystem& files, const GoldTable& table);

/// Writes the group's data files, or takes those of a killed run when all of them are in `there`.
/// Each file is whole or not there. Rows that are out of order within a quarter of a million are
/// put right within a file; what lies further back begins another file. Every row is accounted for:
/// rows in equal rows out and left out, else kCorrupt. `threads`: for the encoding of columns.
std::expected<LoadedGroup, LoadFailure> LoadGroupFiles(Environment& environment,
                                                       const GoldTable& table,
                                                       const LoadGroup& group,
                                                       const std::set<std::string>& there,
                                                       int threads);

}  // namespace tickhouse::app
