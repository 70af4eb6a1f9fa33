// The clean files of a demo as they would have come: everything until the last day, then that day.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "tickhouse/app/environment.h"
#include "tickhouse/core/error.h"

namespace tickhouse::app {

struct DayFiles {
  std::vector<std::string> symbols;  ///< That have ticks, sorted.
  std::string first;                 ///< Folder of SYMBOL/SYMBOL.parquet before `cut_ns`.
  std::string second;                ///< From `cut_ns` on; may not be there.
  int64_t cut_ns = 0;
  int64_t first_rows = 0;
  int64_t second_rows = 0;
};

/// Reads the files CLEAN/SYMBOL/SYMBOL.parquet, writes below `out`. Cut where the last UTC day
/// begins; when all ticks are of one day, in the middle of their time. Streams: memory does not
/// grow with the rows. No symbols when there is no tick.
Result<DayFiles> SplitLastDay(Environment& environment, const std::string& clean,
                              const std::string& out);

}  // namespace tickhouse::app
