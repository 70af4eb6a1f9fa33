// The quality scan: what is right and wrong with a folder of tick Parquet, changing nothing.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "tickhouse/core/cancel.h"
#include "tickhouse/core/error.h"
#include "tickhouse/core/market/instrument.h"
#include "tickhouse/core/progress.h"
#include "tickhouse/io/fs/file_system.h"
#include "tickhouse/quality/tick_inspector.h"

namespace tickhouse::quality {

struct ScanOptions {
  /// False: footers and their statistics alone, where they suffice. A file whose footer leaves out
  /// the null counts or the times is decoded all the same. True: every page is decoded, checksums
  /// checked.
  bool deep = false;
  /// Longest stretch of open market without a tick that is no finding. Positive.
  Nanos gap_allowed = std::chrono::seconds(60);
  /// Whose trading hours gaps are measured by; empty: the instrument's, FX where it is not known.
  std::optional<Session> session;
};

/// One file. An empty optional means "not looked at", never zero: order, duplicates, crossed and
/// infinite prices and gaps need the rows, and so need `deep`. A file that failed has only
/// `file`, `bytes`, `symbol` and `error`.
struct FileFindings {
  std::string file;  ///< Relative to the folder scanned.
  std::string symbol;
  int64_t bytes = 0;
  std::optional<Error> error;
  bool decoded = false;  ///< Every row was read.
  std::optional<int64_t> rows;
  std::optional<int64_t> date_time_nulls, bid_nulls, ask_nulls;
  std::optional<int64_t> min_time_ns, max_time_ns;
  std::optional<double> min_bid, min_ask;
  std::optional<int64_t> order_breaks;
  std::optional<int64_t> duplicates;
  std::optional<int64_t> crossed;
  /// Rows with bid or ask <= 0. From statistics: 0 when both minima are positive, else empty.
  std::optional<int64_t> non_positive;
  std::optional<int64_t> not_finite;  ///< NaN that is no null, or infinite.
  std::optional<GapSummary> gaps;     ///< Inside the file.

  /// True when the content is at fault (not a permission, say).
  bool corrupted() const;
  /// True when some finding is not zero or the file failed. What was not looked at is no finding.
  bool HasFindings() const;
  /// A footer that says there are prices <= 0 without saying how many.
  bool MayHaveNonPositive() const;
};

/// How the files of one symbol lie beside each other, by their first and last times.
struct SymbolFindings {
  std::string symbol;
  int64_t files = 0;
  int64_t failed = 0;
  int64_t rows = 0;
  std::optional<int64_t> min_time_ns, max_time_ns;
  int64_t overlaps = 0;     ///< Files that begin before an earlier one ended.
  GapSummary gaps_between;  ///< Open market between one file and the next.
};

/// Sums over the files that were read; empty where some of them were not looked at.
struct ScanTotals {
  int64_t files = 0;
  int64_t corrupted = 0;
  int64_t unreadable = 0;  ///< Failed for another reason.
  int64_t bytes = 0;
  int64_t rows = 0;
  int64_t date_time_nulls = 0, bid_nulls = 0, ask_nulls = 0;
  std::optional<int64_t> min_time_ns, max_time_ns;
  std::optional<double> min_bid, min_ask;
  std::optional<int64_t> order_breaks, duplicates, crossed, non_positive, not_finite, gap_count;
  Nanos longest_gap{0};
};

struct ScanReport {
  std::string folder;
  ScanOptions options;
  std::vector<FileFindings> files;      ///< Sorted by name, bytewise.
  std::vector<SymbolFindings> symbols;  ///< Sorted by symbol.
  ScanTotals totals;
};

/// The Parquet files (`.parquet` or `.pq` in any case) of `folder` at any depth, or the one file it
/// names. `others`, if given, receives how many files were passed over.
Result<std::vector<io::FileInfo>> ListTickFiles(io::FileSystem& files, const std::string& folder,
                                                int64_t* others = nullptr);

/// The symbol of a tick file that does not name it itself: its folder below `root`, else the
/// leading letters and digits of its name. Upper case; empty when neither says one.
std::string SymbolOfPath(const std::string& path, const std::string& root);

/// Judges one open file; never fails: what goes wrong is in `error`.
FileFindings ScanFile(io::FileSystem& files, const io::FileInfo& info, const std::string& folder,
                      const ScanOptions& options);

/// Judges files that lie in `folder` on `threads` threads. The answer does not depend on their
/// number. Only kCancelled ends the scan; every other failure is a finding of its file.
Result<ScanReport> ScanFiles(io::FileSystem& files, const std::string& folder,
                             const std::vector<io::FileInfo>& list, const ScanOptions& options,
                             int threads, const CancelToken& cancel, Progress& progress);

/// Fills `symbols` and `totals` from `files`.
void Summarise(ScanReport* report);

}  // namespace tickhouse::quality
