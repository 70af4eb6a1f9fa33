#include "tickhouse/io/csv/csv_columns.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <string>

namespace tickhouse::io {

namespace {

using enum CsvColumn;

/// Letters and digits in lower case: "<BID>", "bid_price" and "bidPrice" are compared by these.
std::string Bare(std::string_view name) {
  std::string bare;
  for (const char c : name) {
    const auto byte = static_cast<unsigned char>(c);
    if (std::isalnum(byte) != 0) bare.push_back(static_cast<char>(std::tolower(byte)));
  }
  return bare;
}

template <std::size_t kCount>
bool IsOneOf(std::string_view name, const std::array<std::string_view, kCount>& names) {
  return std::ranges::find(names, name) != names.end();
}

constexpr std::array<std::string_view, 6> kTimeNames = {"datetime", "timestamp", "time",
                                                        "gmttime",  "localtime", "date"};
constexpr std::array<std::string_view, 2> kBidNames = {"bid", "bidprice"};
constexpr std::array<std::string_view, 2> kAskNames = {"ask", "askprice"};
constexpr std::array<std::string_view, 2> kBidVolumeNames = {"bidvolume", "bidvol"};
constexpr std::array<std::string_view, 2> kAskVolumeNames = {"askvolume", "askvol"};

CsvColumn ColumnByName(CsvDialect dialect, std::string_view name) {
  if (IsOneOf(name, kTimeNames)) return kTime;
  if (IsOneOf(name, kBidNames)) return kBid;
  if (IsOneOf(name, kAskNames)) return kAsk;
  if (IsOneOf(name, kBidVolumeNames)) return kBidVolume;
  if (IsOneOf(name, kAskVolumeNames)) return kAskVolume;
  const bool mt5 = dialect == CsvDialect::kMetaTrader5;
  if (name == "volume") return kVolume;
  if (mt5 && (name == "last" || name == "flags")) return kNumberOrEmpty;
  return kIgnored;
}

char DelimiterOf(CsvDialect dialect, std::string_view header) {
  if (dialect == CsvDialect::kMetaTrader5) return '\t';
  if (dialect != CsvDialect::kIso) return ',';
  for (const char c : {',', ';', '\t'}) {
    if (header.find(c) != std::string_view::npos) return c;
  }
  return ',';
}

/// "date" beside "time" is the day of it; true when time, bid and ask are then there exactly once.
bool SettleColumns(CsvColumns* columns, const std::vector<std::string>& names) {
  auto& list = columns->columns;
  if (std::ranges::count(list, kTime) == 2) {
    const auto date = std::ranges::find(names, "date");
    const auto time = std::ranges::find(names, "time");
    if (date == names.end() || time == names.end()) return false;
    list[static_cast<std::size_t>(date - names.begin())] = kDate;
  }
  for (const CsvColumn once : {kTime, kBid, kAsk}) {
    if (std::ranges::count(list, once) != 1) return false;
  }
  for (const CsvColumn at_most_once : {kVolume, kBidVolume, kAskVolume}) {
    if (std::ranges::count(list, at_most_once) > 1) return false;
  }
  return true;
}

std::string_view TrimBlanks(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

/// A line that has a quote somewhere.
bool SplitQuotedLine(std::string_view line, char delimiter, std::vector<std::string_view>* fields) {
  std::size_t at = 0;
  while (true) {
    while (at < line.size() && line[at] == ' ') ++at;
    if (at < line.size() && line[at] == '"') {
      const std::size_t close = line.find('"', at + 1);
      if (close == std::string_view::npos) return false;
      fields->push_back(TrimBlanks(line.substr(at + 1, close - at - 1)));
      at = close + 1;
      while (at < line.size() && line[at] == ' ') ++at;
      if (at < line.size() && line[at] != delimiter) return false;
    } else {
      const std::size_t end = std::min(line.find(delimiter, at), line.size());
      fields->push_back(TrimBlanks(line.substr(at, end - at)));
      at = end;
    }
    if (at >= line.size()) return true;
    ++at;
  }
}

}  // namespace

int CsvColumns::IndexOf(CsvColumn column) const {
  const auto found = std::ranges::find(columns, column);
  return found == columns.end() ? -1 : static_cast<int>(found - columns.begin());
}

CsvColumns DefaultCsvColumns(CsvDialect dialect) {
  switch (dialect) {
    case CsvDialect::kQuantDataManager: return {{kTime, kBid, kAsk, kVolume}, ','};
    case CsvDialect::kDukascopyNode:
    case CsvDialect::kDukascopyWeb: return {{kTime, kAsk, kBid, kAskVolume, kBidVolume}, ','};
    case CsvDialect::kTrueFx: return {{kSymbol, kTime, kBid, kAsk}, ','};
    case CsvDialect::kHistData: return {{kTime, kBid, kAsk, kVolume}, ','};
    case CsvDialect::kMetaTrader5:
      return {{kDate, kTime, kBid, kAsk, kNumberOrEmpty, kVolume, kNumberOrEmpty}, '\t'};
    case CsvDialect::kIso: return {};
  }
  return {};
}

std::optional<CsvColumns> CsvColumnsOfHeader(CsvDialect dialect, std::string_view line) {
  if (dialect == CsvDialect::kTrueFx || dialect == CsvDialect::kHistData) return std::nullopt;
  CsvColumns columns;
  columns.delimiter = DelimiterOf(dialect, line);
  std::vector<std::string_view> fields;
  if (!SplitCsvLine(line, columns.delimiter, &fields)) return std::nullopt;
  std::vector<std::string> names;
  for (const std::string_view field : fields) {
    names.push_back(Bare(field));
    columns.columns.push_back(ColumnByName(dialect, names.back()));
  }
  if (!SettleColumns(&columns, names)) return std::nullopt;
  return columns;
}

bool SplitCsvLine(std::string_view line, char delimiter, std::vector<std::string_view>* fields) {
  fields->clear();
  if (line.find('"') != std::string_view::npos) return SplitQuotedLine(line, delimiter, fields);
  std::size_t at = 0;
  while (true) {
    const std::size_t end = std::min(line.find(delimiter, at), line.size());
    std::string_view field = line.substr(at, end - at);
    fields->push_back(TrimBlanks(field));
    if (end == line.size()) return true;
    at = end + 1;
  }
}

}  // namespace tickhouse::io
