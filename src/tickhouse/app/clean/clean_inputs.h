// Which Parquet files make which symbol, and what their footers say.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "tickhouse/app/environment.h"
#include "tickhouse/clean/segment_plan.h"
#include "tickhouse/core/error.h"
#include "tickhouse/io/parquet/parquet_tick_reader.h"

namespace tickhouse::app {

/// One usable input.
struct CleanInput {
  std::string path;      ///< As the file system takes it.
  std::string relative;  ///< Below IN; what messages say.
  clean::FileLayout layout;
  int64_t rows = 0;
  int64_t missing_times = 0;  ///< Rows without a time.
  int decimals = -1;          ///< -1: unknown.
};

struct SymbolInputs {
  std::string symbol;
  std::vector<CleanInput> files;
  /// Inputs of this symbol that cannot be used, and why.
  std::vector<std::pair<std::string, Error>> failed;
};

struct CleanInputs {
  std::vector<SymbolInputs> symbols;  ///< Sorted by symbol.
  /// Inputs of which nobody knows the symbol, or that are so damaged that nothing tells it.
  std::vector<std::pair<std::string, Error>> failed;
  int64_t files = 0;
};

/// Finds *.parquet (any case) at or below `in`, but not in hidden folders and not below `out`, and
/// reads the footers on `environment.threads` threads. The symbol of a file: `symbol` if given,
/// else what the file's own metadata says, else the nearest folder named like a symbol, else the
/// file name. kNotFound when there is no input; kCancelled.
Result<CleanInputs> FindCleanInputs(const Environment& environment, const std::string& in,
                                    const std::string& out, const std::string& symbol);

/// A file's layout from its footer. A file without statistics of time is read once for its bounds.
Result<clean::FileLayout> LayoutOf(const Environment& environment, const std::string& path,
                                   const io::ParquetTickInfo& info);

}  // namespace tickhouse::app
