#include "tickhouse/quality/scan.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <memory>
#include <span>

#include "tickhouse/core/check.h"
#include "tickhouse/core/market/calendar.h"
#include "tickhouse/core/parallel.h"
#include "tickhouse/io/parquet/parquet_tick_reader.h"

namespace tickhouse::quality {

namespace {

bool IsLetter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

bool IsAlnum(char c) {
  return IsLetter(c) || (c >= '0' && c <= '9');
}

bool IsTickFile(std::string_view path) {
  const std::string extension = io::Extension(path);
  return extension == "parquet" || extension == "pq";
}

// A calendar costs a time zone to make, and a scan meets few sessions.
const TradingCalendar& CalendarOf(Session session) {
  static const TradingCalendar fx(Session::kFx);
  static const TradingCalendar metal(Session::kMetal);
  static const TradingCalendar index(Session::kIndex);
  static const TradingCalendar energy(Session::kEnergy);
  static const TradingCalendar crypto(Session::kCrypto);
  switch (session) {
    case Session::kFx: return fx;
    case Session::kMetal: return metal;
    case Session::kIndex: return index;
    case Session::kEnergy: return energy;
    case Session::kCrypto: return crypto;
  }
  return fx;
}

Session SessionOf(const std::string& symbol, const ScanOptions& options) {
  if (options.session) return *options.session;
  // FindInstrument would look for the nearest name of each unknown symbol, which costs more than a
  // file.
  const std::span<const Instrument> known = BuiltInInstruments();
  const auto found = std::lower_bound(known.begin(), known.end(), symbol,
                                      [](const Instrument& instrument, const std::string& name) {
                                        return instrument.symbol < name;
                                      });
  return found != known.end() && found->symbol == symbol ? found->session : Session::kFx;
}

bool StatisticsSuffice(const io::ParquetTickInfo& info) {
  const bool nulls = info.date_time.nulls && info.bid.nulls && info.ask.nulls;
  return nulls && (info.rows == *info.date_time.nulls || (info.min_time_ns && info.max_time_ns));
}

void TakeStatistics(const io::ParquetTickInfo& info, FileFindings* out) {
  out->rows = info.rows;
  out->date_time_nulls = info.date_time.nulls;
  out->bid_nulls = info.bid.nulls;
  out->ask_nulls = info.ask.nulls;
  out->min_time_ns = info.min_time_ns;
  out->max_time_ns = info.max_time_ns;
  out->min_bid = info.min_bid;
  out->min_ask = info.min_ask;
  if (info.min_bid && info.min_ask && *info.min_bid > 0 && *info.min_ask > 0) out->non_positive = 0;
}

void TakeRows(const RowFindings& rows, FileFindings* out) {
  out->decoded = true;
  out->rows = rows.rows;
  out->date_time_nulls = rows.null_times;
  // A reader gives NaN for null; the footer tells them apart where it counts nulls.
  if (!out->bid_nulls) out->bid_nulls = rows.nan_bids;
  if (!out->ask_nulls) out->ask_nulls = rows.nan_asks;
  out->not_finite =
      rows.infinite + rows.nan_bids - *out->bid_nulls + rows.nan_asks - *out->ask_nulls;
  out->min_time_ns = rows.min_time_ns;
  out->max_time_ns = rows.max_time_ns;
  out->min_bid = rows.min_bid;
  out->min_ask = rows.min_ask;
  out->order_breaks = rows.order_breaks;
  out->duplicates = rows.duplicates;
  out->crossed = rows.crossed;
  out->non_positive = rows.non_positive;
  out->gaps = rows.gaps;
}

// What the pages say must fit what the footer says, or one of them is damaged.
Status CheckAgainstFooter(const io::ParquetTickInfo& info, const RowFindings& rows,
                          const std::string& path) {
  if (rows.rows != info.rows) {
    return Fail(ErrorKind::kCorrupt, fmt::format("{}: the footer says {} rows, the pages hold {}",
                                                 path, info.rows, rows.rows));
  }
  if (info.date_time.nulls && *info.date_time.nulls != rows.null_times) {
    return Fail(ErrorKind::kCorrupt,
                fmt::format("{}: the footer says {} null times, the pages hold {}", path,
                            *info.date_time.nulls, rows.null_times));
  }
  if ((info.bid.nulls && *info.bid.nulls > rows.nan_bids) ||
      (info.ask.nulls && *info.ask.nulls > rows.nan_asks)) {
    return Fail(ErrorKind::kCorrupt,
                fmt::format("{}: the footer counts more null prices than the pages hold", path));
  }
  return {};
}

Status ScanOpenFile(io::FileSystem& files, const io::FileInfo& info, const std::string& folder,
                    const ScanOptions& options, FileFindings* out) {
  TICKHOUSE_ASSIGN(const std::unique_ptr<io::ReadableFile> file, files.OpenRead(info.path));
  TICKHOUSE_ASSIGN(const io::ParquetTickInfo footer, io::ReadParquetTickInfo(*file));
  out->symbol = CanonicalSymbol(footer.metadata.symbol);
  if (out->symbol.empty()) out->symbol = SymbolOfPath(info.path, folder);
  if (!options.deep && StatisticsSuffice(footer)) {
    TakeStatistics(footer, out);
    return {};
  }
  const OpenReader open = [&]() -> Result<std::unique_ptr<TickReader>> {
    TICKHOUSE_ASSIGN(std::unique_ptr<io::ReadableFile> again, files.OpenRead(info.path));
    io::ParquetReadOptions read;
    read.verify_checksums = true;
    read.keep_null_rows = true;
    return io::OpenParquetTicks(std::move(again), read);
  };
  TICKHOUSE_ASSIGN(
      const RowFindings rows,
      InspectRows(open, CalendarOf(SessionOf(out->symbol, options)), options.gap_allowed));
  TICKHOUSE_TRY(CheckAgainstFooter(footer, rows, info.path));
  out->bid_nulls = footer.bid.nulls;
  out->ask_nulls = footer.ask.nulls;
  TakeRows(rows, out);
  return {};
}

bool Positive(const std::optional<int64_t>& count) {
  return count.value_or(0) > 0;
}

template <typename T>
void TakeMin(std::optional<T>* to, const std::optional<T>& from) {
  if (from && (!*to || *from < **to)) *to = from;
}

template <typename T>
void TakeMax(std::optional<T>* to, const std::optional<T>& from) {
  if (from && (!*to || *from > **to)) *to = from;
}

// A sum is known only while all its parts are.
void AddKnown(std::optional<int64_t>* sum, const std::optional<int64_t>& part) {
  if (*sum && part) {
    **sum += *part;
  } else {
    sum->reset();
  }
}

void AddToTotals(const FileFindings& file, ScanTotals* totals) {
  ++totals->files;
  totals->bytes += file.bytes;
  if (file.error) {
    ++(file.corrupted() ? totals->corrupted : totals->unreadable);
    return;
  }
  totals->rows += file.rows.value_or(0);
  totals->date_time_nulls += file.date_time_nulls.value_or(0);
  totals->bid_nulls += file.bid_nulls.value_or(0);
  totals->ask_nulls += file.ask_nulls.value_or(0);
  TakeMin(&totals->min_time_ns, file.min_time_ns);
  TakeMax(&totals->max_time_ns, file.max_time_ns);
  TakeMin(&totals->min_bid, file.min_bid);
  TakeMin(&totals->min_ask, file.min_ask);
  AddKnown(&totals->order_breaks, file.order_breaks);
  AddKnown(&totals->duplicates, file.duplicates);
  AddKnown(&totals->crossed, file.crossed);
  AddKnown(&totals->non_positive, file.non_positive);
  AddKnown(&totals->not_finite, file.not_finite);
  AddKnown(&totals->gap_count, file.gaps ? std::optional(file.gaps->count) : std::nullopt);
  if (file.gaps) totals->longest_gap = std::max(totals->longest_gap, file.gaps->Longest());
}

// Files by first time; what lies between the furthest time so far and the next first time is a gap.
void JudgeSuccession(std::vector<const FileFindings*> files, const ScanOptions& options,
                     SymbolFindings* out) {
  std::stable_sort(files.begin(), files.end(), [](const FileFindings* a, const FileFindings* b) {
    return *a->min_time_ns < *b->min_time_ns;
  });
  const TradingCalendar& calendar = CalendarOf(SessionOf(out->symbol, options));
  std::optional<int64_t> reached;
  for (const FileFindings* file : files) {
    if (reached && *file->min_time_ns < *reached) ++out->overlaps;
    if (reached && *file->min_time_ns > *reached) {
      const Nanos open = OpenBetween(calendar, *reached, *file->min_time_ns);
      const UtcRange range{FromNanos(*reached), FromNanos(*file->min_time_ns)};
      if (open > options.gap_allowed) out->gaps_between.Add({range, open});
    }
    TakeMax(&reached, file->max_time_ns);
  }
}

}  // namespace

bool FileFindings::corrupted() const {
  return error && (error->kind == ErrorKind::kCorrupt || error->kind == ErrorKind::kUnsupported);
}

bool FileFindings::MayHaveNonPositive() const {
  return !non_positive && ((min_bid && *min_bid <= 0) || (min_ask && *min_ask <= 0));
}

bool FileFindings::HasFindings() const {
  return error || Positive(date_time_nulls) || Positive(bid_nulls) || Positive(ask_nulls) ||
         Positive(order_breaks) || Positive(duplicates) || Positive(crossed) ||
         Positive(non_positive) || Positive(not_finite) || (gaps && gaps->count > 0) ||
         MayHaveNonPositive();
}

std::string SymbolOfPath(const std::string& path, const std::string& root) {
  const std::string relative = io::RelativePath(path, root).value_or(std::string());
  for (std::string_view folder = io::ParentPath(relative); !folder.empty();
       folder = io::ParentPath(folder)) {
    const std::string_view name = io::BaseName(folder);
    if (std::any_of(name.begin(), name.end(), IsLetter)) return CanonicalSymbol(name);
  }
  std::string_view name = io::BaseName(path);
  const auto end = std::find_if_not(name.begin(), name.end(), IsAlnum);
  return CanonicalSymbol(name.substr(0, static_cast<std::size_t>(end - name.begin())));
}

Result<std::vector<io::FileInfo>> ListTickFiles(io::FileSystem& files, const std::string& folder,
                                                int64_t* others) {
  if (others != nullptr) *others = 0;
  TICKHOUSE_ASSIGN(const bool is_file, files.Exists(folder));
  if (is_file) {
    TICKHOUSE_ASSIGN(io::FileInfo info, files.Stat(folder));
    return std::vector{std::move(info)};
  }
  TICKHOUSE_ASSIGN(std::vector<io::FileInfo> list, files.ListFiles(folder));
  const auto kept = std::remove_if(list.begin(), list.end(),
                                   [](const io::FileInfo& info) { return !IsTickFile(info.path); });
  if (others != nullptr) *others = list.end() - kept;
  list.erase(kept, list.end());
  return list;
}

FileFindings ScanFile(io::FileSystem& files, const io::FileInfo& info, const std::string& folder,
                      const ScanOptions& options) {
  FileFindings findings;
  findings.file = io::RelativePath(info.path, folder).value_or(std::string());
  if (findings.file.empty()) findings.file = std::string(io::BaseName(info.path));
  findings.bytes = info.size;
  const Status status = ScanOpenFile(files, info, folder, options, &findings);
  if (!status) findings.error = status.error();
  if (findings.symbol.empty()) findings.symbol = SymbolOfPath(info.path, folder);
  return findings;
}

Result<ScanReport> ScanFiles(io::FileSystem& files, const std::string& folder,
                             const std::vector<io::FileInfo>& list, const ScanOptions& options,
                             int threads, const CancelToken& cancel, Progress& progress) {
  TICKHOUSE_CHECK(options.gap_allowed > Nanos{0}, "the gap allowed is positive");
  ScanReport report;
  report.folder = folder;
  report.options = options;
  report.files.resize(list.size());
  progress.Start("scan", static_cast<int64_t>(list.size()), "files");
  const Status status = ParallelFor(list.size(), threads, cancel, [&](std::size_t i) -> Status {
    report.files[i] = ScanFile(files, list[i], folder, options);
    progress.Advance(1);
    return {};
  });
  progress.Finish();
  TICKHOUSE_TRY(status);
  Summarise(&report);
  return report;
}

void Summarise(ScanReport* report) {
  ScanTotals totals;
  for (auto* sum : {&totals.order_breaks, &totals.duplicates, &totals.crossed, &totals.non_positive,
                    &totals.not_finite, &totals.gap_count}) {
    *sum = 0;
  }
  std::map<std::string, SymbolFindings> symbols;
  std::map<std::string, std::vector<const FileFindings*>> timed;
  for (const FileFindings& file : report->files) {
    AddToTotals(file, &totals);
    SymbolFindings& symbol = symbols[file.symbol];
    symbol.symbol = file.symbol;
    ++symbol.files;
    symbol.failed += file.error ? 1 : 0;
    symbol.rows += file.rows.value_or(0);
    TakeMin(&symbol.min_time_ns, file.min_time_ns);
    TakeMax(&symbol.max_time_ns, file.max_time_ns);
    if (file.min_time_ns && file.max_time_ns) timed[file.symbol].push_back(&file);
  }
  report->symbols.clear();
  for (auto& [name, symbol] : symbols) {
    JudgeSuccession(timed[name], report->options, &symbol);
    report->symbols.push_back(std::move(symbol));
  }
  report->totals = totals;
}

}  // namespace tickhouse::quality
