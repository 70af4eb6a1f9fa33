// What a migration loads: tick Parquet below a folder or bucket, and the table each file goes to.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "tickhouse/app/environment.h"
#include "tickhouse/core/error.h"
#include "tickhouse/io/parquet/tick_file_layout.h"

namespace tickhouse::app {

/// One usable file.
struct MigrateSource {
  struct RowGroup {
    int64_t rows = 0;
    std::optional<int64_t> first_ns = {};  ///< Where the file has statistics.
  };
  std::string path = {};      ///< As the file system takes it; absolute.
  std::string name = {};      ///< Below SRC; what messages say.
  std::string location = {};  ///< As a table names it: file:///... or s3://...
  int64_t bytes = 0;
  int64_t rows = 0;
  std::vector<RowGroup> row_groups = {};
  std::optional<int64_t> null_times = {};  ///< Empty: the footer does not tell.
  std::string symbol = {};
  int decimals = -1;
  std::string place = {};    ///< 12 hex digits of the SHA-256 of `location`.
  std::string content = {};  ///< 16 hex digits of the SHA-256 of size and footer.
  io::TickFileLayout layout = {};
};

struct SymbolSources {
  std::string table = {};  ///< Name within namespace gold.
  std::vector<MigrateSource> files = {};
};

struct FoundSources {
  std::vector<SymbolSources> symbols = {};  ///< By table.
  /// Files that cannot be used or of which nobody knows the symbol.
  std::vector<std::pair<std::string, Error>> failed = {};
};

/// *.parquet and *.pq (any case) at or below `src`, without names that begin with a dot or an
/// underscore; footers are read on `environment.threads` threads. Where a folder `Training Batch`
/// is on the way, only files below it count, and the folder after it is the symbol. Elsewhere the
/// symbol is `symbol`, the file's own metadata, the nearest folder named like a symbol, or the file
/// name. kNotFound when there is nothing.
Result<FoundSources> FindMigrateSources(Environment& environment, const std::string& src,
                                        const std::string& symbol);

/// "EURUSD" -> "eurusd", "US30.cash" -> "us30_cash": small letters, digits and underscores.
std::string GoldTableName(std::string_view symbol);

}  // namespace tickhouse::app
