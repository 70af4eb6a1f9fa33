// Rows per year of a table's current snapshot.
#pragma once

#include <cstdint>
#include <map>
#include <string>

#include "tickhouse/app/environment.h"
#include "tickhouse/app/lake/migrate/gold_table.h"
#include "tickhouse/core/error.h"

namespace tickhouse::app {

struct TableRows {
  std::map<std::string, int64_t> by_year = {};  ///< "2021"; "no time" for rows without one.
  int64_t total = 0;                            ///< Of the data files, as the manifests say.
  int64_t delete_files = 0;                     ///< Whose rows are not taken off the counts.
};

/// By the bounds in the manifests; files of several years are read.
Result<TableRows> CountTableRows(Environment& environment, const GoldTable& table);

}  // namespace tickhouse::app
