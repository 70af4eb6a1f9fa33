// What a conversion has to do: which files of a folder make which Parquet files, for which symbol.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "tickhouse/core/error.h"
#include "tickhouse/core/zone.h"
#include "tickhouse/io/csv/csv_dialect.h"
#include "tickhouse/io/fs/file_system.h"

namespace tickhouse::ingest {

/// What the user asked for. Everything but `strict` and `threads` can change the output.
struct ConvertOptions {
  std::optional<io::CsvDialect> dialect;  ///< Empty: told by the first lines of each file.
  std::string symbol;                     ///< Empty: told by the folder or the file name.
  std::optional<Zone> source_zone;        ///< For times without a zone of their own.
  bool keep_volume = false;
  int64_t chunk_bytes = 500'000'000;  ///< CSV bytes (unpacked) per Parquet file; > 0.
  bool strict = false;                ///< Stop at the first row that is refused.
  int threads = 1;                    ///< All threads together, the caller's included.
  std::string program;                ///< "tickhouse 0.1.0", noted in every file.
};

enum class InputKind { kCsv, kBi5, kJson };
/// "csv", "bi5", "json"
std::string_view InputKindName(InputKind kind);

struct SourceFile {
  std::string path;      ///< As the file system takes it.
  std::string relative;  ///< Below the input root; what records and messages say.
  int64_t size = 0;
  int64_t modified_ns = 0;
  int64_t hour_ns = 0;  ///< Start of the hour (bi5, json); 0 for CSV.
};

/// One unit of conversion: done wholly or not at all. A CSV file, or all hours of one symbol, feed
/// and calendar month (UTC).
struct ConvertItem {
  InputKind kind = InputKind::kCsv;
  std::string name;                 ///< Output stem below OUT, such as "GBPJPY/GBPJPY_bi5_2012-12".
  std::string symbol;               ///< Empty: CSV of which only the rows can tell.
  std::optional<Zone> name_zone;    ///< The zone that the file name states.
  std::vector<SourceFile> sources;  ///< One for CSV; else sorted by hour.

  int64_t bytes() const;
  /// How messages call it: the source's relative path, or "GBPJPY 2012-12 (480 bi5 hours)".
  std::string label() const;
};

/// An input that cannot be converted, and why; the others go on.
struct Refusal {
  std::string item;
  Error error;
};

struct ConvertPlan {
  std::vector<ConvertItem> items;  ///< Sorted by name.
  std::vector<Refusal> refused;
  int64_t ignored_files = 0;  ///< Of other kinds: Parquet, pictures, notes.
};

/// Looks at names only, opens nothing. `in` is a file or a folder (any depth); whatever lies below
/// `out`, in hidden folders, or is a side file of rejected rows is not an input.
///
/// The symbol is --symbol, else the nearest folder whose name is a symbol, else what the file name
/// says. Folders are kept below OUT. Two inputs that would write the same output: the later one is
/// refused. kNotFound when `in` is missing; kInvalidArgument when it holds no input at all.
Result<ConvertPlan> PlanConversion(io::FileSystem& files, const std::string& in,
                                   const std::string& out, const ConvertOptions& options);

/// The symbol that a folder's name is, in canonical form: a known instrument in any spelling, or
/// capitals and digits such as "USSC2000IDXUSD"; empty for "data", "2019", "RAW" and the like.
std::optional<std::string> SymbolOfFolder(std::string_view folder_name);

}  // namespace tickhouse::ingest
