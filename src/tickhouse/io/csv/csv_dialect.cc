#include "tickhouse/io/csv/csv_dialect.h"

#include <array>
#include <optional>
#include <utility>
#include <vector>

#include "tickhouse/io/csv/csv_columns.h"
#include "tickhouse/io/csv/csv_time.h"

namespace tickhouse::io {

namespace {

constexpr std::array<std::pair<CsvDialect, std::string_view>, 7> kNames = {{
    {CsvDialect::kQuantDataManager, "qdm"},
    {CsvDialect::kDukascopyNode, "dukascopy-node"},
    {CsvDialect::kDukascopyWeb, "dukascopy-web"},
    {CsvDialect::kTrueFx, "truefx"},
    {CsvDialect::kHistData, "histdata"},
    {CsvDialect::kMetaTrader5, "mt5"},
    {CsvDialect::kIso, "iso"},
}};

std::string ListOfNames() {
  std::string list;
  for (const auto& [dialect, name] : kNames) {
    if (!list.empty()) list += ", ";
    list += name;
  }
  return list;
}

/// The lines among which the first telling one is sought; damage seldom takes them all.
constexpr std::size_t kLinesLookedAt = 16;

std::vector<std::string_view> FirstLines(std::string_view head) {
  std::vector<std::string_view> lines;
  if (head.starts_with("\xEF\xBB\xBF")) head.remove_prefix(3);
  while (!head.empty() && lines.size() < kLinesLookedAt) {
    const std::size_t end = head.find('\n');
    std::string_view line = head.substr(0, end);
    if (line.ends_with('\r')) line.remove_suffix(1);
    if (!line.empty()) lines.push_back(line);
    if (end == std::string_view::npos) break;
    head.remove_prefix(end + 1);
  }
  return lines;
}

bool IsTime(CsvDialect dialect, std::string_view date, std::string_view time) {
  CsvTime parsed;
  return ParseCsvTime(dialect, date, time, &parsed) == nullptr;
}

/// The dialects whose own column order needs no header.
std::optional<CsvDialect> DialectOfRow(std::string_view line) {
  std::vector<std::string_view> fields;
  if (!SplitCsvLine(line, ',', &fields) || fields.size() != 4) return std::nullopt;
  for (const CsvDialect dialect : {CsvDialect::kQuantDataManager, CsvDialect::kHistData}) {
    if (IsTime(dialect, "", fields[0])) return dialect;
  }
  const bool pair = fields[0].size() == 7 && fields[0][3] == '/';
  if (pair && IsTime(CsvDialect::kTrueFx, "", fields[1])) return CsvDialect::kTrueFx;
  return std::nullopt;
}

/// A header with time, bid and ask tells little; the first row below it that has a time decides.
std::optional<CsvDialect> DialectBelowHeader(std::string_view header,
                                             const std::vector<std::string_view>& rows) {
  const auto columns = CsvColumnsOfHeader(CsvDialect::kIso, header);
  if (!columns) return std::nullopt;
  const int time = columns->IndexOf(CsvColumn::kTime);
  const int date = columns->IndexOf(CsvColumn::kDate);
  const bool comma = columns->delimiter == ',';
  std::vector<std::string_view> fields;
  for (const std::string_view row : rows) {
    if (!SplitCsvLine(row, columns->delimiter, &fields)) continue;
    if (fields.size() != columns->columns.size()) continue;
    const std::string_view day = date < 0 ? "" : fields[static_cast<std::size_t>(date)];
    const std::string_view text = fields[static_cast<std::size_t>(time)];
    // Seconds or microseconds read as milliseconds would give a wrong instant without a word.
    const bool millis = text.size() >= 12 && text.size() <= 14;
    if (comma && millis && IsTime(CsvDialect::kDukascopyNode, day, text)) {
      return CsvDialect::kDukascopyNode;
    }
    if (comma && date < 0) {
      if (text.size() > 8 && text[8] == ' ' && IsTime(CsvDialect::kQuantDataManager, day, text)) {
        return CsvDialect::kQuantDataManager;
      }
      if (IsTime(CsvDialect::kDukascopyWeb, day, text)) return CsvDialect::kDukascopyWeb;
    }
    if (IsTime(CsvDialect::kIso, day, text)) return CsvDialect::kIso;
  }
  return std::nullopt;
}

/// A header without a readable row below it; one that several dialects share tells only when there
/// is no row at all.
std::optional<CsvDialect> DialectOfHeader(std::string_view header, bool alone) {
  if (!CsvColumnsOfHeader(CsvDialect::kIso, header)) return std::nullopt;
  const std::string_view first = header.substr(0, header.find(','));
  if (first == "DateTime") return CsvDialect::kQuantDataManager;
  if (first == "Gmt time" || first == "Local time") return CsvDialect::kDukascopyWeb;
  if (header.starts_with("timestamp,askPrice,bidPrice")) return CsvDialect::kDukascopyNode;
  if (alone) return CsvDialect::kIso;
  return std::nullopt;
}

std::optional<std::string_view> OtherKindOfFile(std::string_view head) {
  if (head.starts_with("PAR1")) return "this is a Parquet file";
  if (head.starts_with("\x1F\x8B")) return "this is packed by gzip";
  if (head.starts_with("\x28\xB5\x2F\xFD")) return "this is packed by zstd";
  if (head.starts_with("PK\x03\x04")) return "this is a zip archive";
  if (head.starts_with("\xFF\xFE") || head.starts_with("\xFE\xFF")) {
    return "this is UTF-16 text; convert it to UTF-8";
  }
  return std::nullopt;
}

std::string Quoted(std::string_view line) {
  constexpr std::size_t kMost = 80;
  std::string quoted = "\"";
  for (const char c : line.substr(0, kMost)) {
    const auto byte = static_cast<unsigned char>(c);
    quoted.push_back(byte < 0x20 || byte == 0x7F ? '?' : c);
  }
  return quoted + (line.size() > kMost ? "...\"" : "\"");
}

}  // namespace

std::string_view CsvDialectName(CsvDialect dialect) {
  for (const auto& [known, name] : kNames) {
    if (known == dialect) return name;
  }
  return "";
}

Result<CsvDialect> ParseCsvDialect(std::string_view name) {
  for (const auto& [dialect, known] : kNames) {
    if (known == name) return dialect;
  }
  return Fail(ErrorKind::kInvalidArgument,
              "unknown CSV dialect " + Quoted(name) + "; known are " + ListOfNames());
}

std::optional<Zone> ZoneOfDialect(CsvDialect dialect) {
  switch (dialect) {
    case CsvDialect::kDukascopyNode:
    case CsvDialect::kDukascopyWeb:
    case CsvDialect::kTrueFx: return Zone();
    case CsvDialect::kHistData: return Zone::FixedOffset(std::chrono::hours(-5));
    case CsvDialect::kQuantDataManager:
    case CsvDialect::kMetaTrader5:
    case CsvDialect::kIso: return std::nullopt;
  }
  return std::nullopt;
}

Result<CsvDialect> DetectCsvDialect(std::string_view head) {
  if (const auto other = OtherKindOfFile(head)) {
    return Fail(ErrorKind::kUnsupported, "no tick CSV: " + std::string(*other));
  }
  const std::vector<std::string_view> lines = FirstLines(head);
  if (lines.empty()) {
    return Fail(ErrorKind::kUnsupported, "no tick CSV: there is no line to tell the dialect by");
  }
  for (std::size_t i = 0; i < lines.size(); ++i) {
    const bool tabs = lines[i].find('\t') != std::string_view::npos;
    if (tabs && lines[i].starts_with('<') &&
        CsvColumnsOfHeader(CsvDialect::kMetaTrader5, lines[i])) {
      return CsvDialect::kMetaTrader5;
    }
    const std::vector<std::string_view> below(lines.begin() + static_cast<std::ptrdiff_t>(i) + 1,
                                              lines.end());
    if (const auto dialect = DialectBelowHeader(lines[i], below)) return *dialect;
    if (const auto dialect = DialectOfRow(lines[i])) return *dialect;
  }
  if (const auto dialect = DialectOfHeader(lines[0], lines.size() == 1)) return *dialect;
  return Fail(ErrorKind::kUnsupported, "no known CSV dialect; the first line is " +
                                           Quoted(lines[0]) + ", known dialects are " +
                                           ListOfNames() + " (--dialect forces one)");
}

}  // namespace tickhouse::io
