#include "tickhouse/io/csv/csv_line_parser.h"

#include <cctype>
#include <utility>

#include "tickhouse/core/market/instrument.h"

namespace tickhouse::io {

namespace {

constexpr std::size_t kMaxRejectedBytes = 4096;
constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";

/// The columns to start a chunk with.
CsvColumns ColumnsOfCarry(CsvDialect dialect, const CsvCarry& carry) {
  if (!carry.header.empty()) {
    if (auto columns = CsvColumnsOfHeader(dialect, carry.header)) return *std::move(columns);
  }
  return DefaultCsvColumns(dialect);
}

VolumeColumns VolumesOf(const CsvColumns& columns) {
  const bool sides =
      columns.IndexOf(CsvColumn::kBidVolume) >= 0 || columns.IndexOf(CsvColumn::kAskVolume) >= 0;
  return {.both_sides = sides, .single = columns.IndexOf(CsvColumn::kVolume) >= 0};
}

bool VolumesInMillions(CsvDialect dialect) {
  return dialect == CsvDialect::kDukascopyNode || dialect == CsvDialect::kDukascopyWeb;
}

CsvPrice PriceOf(const CsvNumber& number) {
  const bool points = number.plain && number.decimals <= kMaxCsvDecimals &&
                      std::abs(number.mantissa) <= kMaxCsvPoints;
  return {number.mantissa, points ? number.decimals : -1, number.value};
}

std::string Fault(CsvNumberFault fault, std::string_view what) {
  switch (fault) {
    case CsvNumberFault::kNone: return "";
    case CsvNumberFault::kEmpty: return "empty " + std::string(what);
    case CsvNumberFault::kUnreadable: return "unreadable " + std::string(what);
    case CsvNumberFault::kNotFinite: return std::string(what) + " is not a finite number";
  }
  return "";
}

std::string_view NameOf(CsvColumn column) {
  switch (column) {
    case CsvColumn::kVolume: return "volume";
    case CsvColumn::kBidVolume: return "bid volume";
    case CsvColumn::kAskVolume: return "ask volume";
    default: return "number";
  }
}

}  // namespace

CsvLineParser::CsvLineParser(const CsvParseOptions& options, CsvCarry* carry, ParsedCsv* out)
    : options_(options),
      carry_(carry),
      out_(out),
      clock_(ZoneOfDialect(options.dialect).value_or(options.source_zone)),
      sink_(out) {
  SetColumns(ColumnsOfCarry(options.dialect, *carry));
}

void CsvLineParser::SetColumns(CsvColumns columns) {
  columns_ = std::move(columns);
  time_column_ = columns_.IndexOf(CsvColumn::kTime);
  date_column_ = columns_.IndexOf(CsvColumn::kDate);
  bid_column_ = columns_.IndexOf(CsvColumn::kBid);
  ask_column_ = columns_.IndexOf(CsvColumn::kAsk);
  symbol_column_ = columns_.IndexOf(CsvColumn::kSymbol);
  ++header_generation_;
  if (carry_->volumes && options_.with_volumes) sink_.SetVolumes(*carry_->volumes);
}

void CsvLineParser::Line(std::string_view line, bool whole) {
  ++out_->lines;
  if (line.size() > kMaxCsvLineBytes) return Reject(line, "line longer than 1 MiB");
  if (line.ends_with('\r')) line.remove_suffix(1);
  if (line.starts_with(kByteOrderMark)) line.remove_prefix(kByteOrderMark.size());
  if (line.empty() || IsHeader(line)) return;
  std::string reason = Row(line);
  if (reason.empty()) {
    Accept();
  } else {
    Reject(line, whole ? std::move(reason) : "cut: " + reason);
  }
}

void CsvLineParser::Finish() {
  carry_->last_time_ns = last_time_ns();
  if (!carry_->symbol.empty()) out_->symbol = CanonicalSymbol(carry_->symbol);
}

std::optional<int64_t> CsvLineParser::last_time_ns() const {
  const auto last = sink_.last_time_ns();
  return last ? last : carry_->last_time_ns;
}

bool CsvLineParser::IsHeader(std::string_view line) {
  const auto first = static_cast<unsigned char>(line.front());
  if (first >= '0' && first <= '9') return false;
  if (line == carry_->header) return true;
  if (std::isalpha(first) == 0 && first != '<' && first != '"' && first != ' ') return false;
  auto columns = CsvColumnsOfHeader(options_.dialect, line);
  if (!columns) return false;
  carry_->header = line;
  if (!carry_->volumes) carry_->volumes = VolumesOf(*columns);
  SetColumns(*std::move(columns));
  return true;
}

std::string CsvLineParser::Row(std::string_view line) {
  if (line.find('\0') != std::string_view::npos) return "NUL byte";
  if (columns_.columns.empty()) return "no header above this row names time, bid and ask";
  if (!SplitCsvLine(line, columns_.delimiter, &fields_)) return "unreadable quotes";
  if (fields_.size() != columns_.columns.size()) {
    return std::to_string(fields_.size()) + " columns instead of " +
           std::to_string(columns_.columns.size());
  }
  row_ = CsvRow{};
  if (symbol_column_ >= 0) {
    const std::string_view symbol = Field(symbol_column_);
    if (symbol.empty()) return "empty symbol";
    if (!carry_->symbol.empty() && symbol != carry_->symbol) {
      return "symbol " + std::string(symbol) + " in a file of " + carry_->symbol;
    }
  }
  std::string reason = Time();
  if (reason.empty()) reason = Price(bid_column_, "bid", carry_->bid, &row_.bid);
  if (reason.empty()) reason = Price(ask_column_, "ask", carry_->ask, &row_.ask);
  if (reason.empty()) reason = OtherNumbers();
  return reason;
}

std::string CsvLineParser::Time() {
  const bool with_date = date_column_ >= 0;
  if (with_date && Field(date_column_).empty()) return "empty date";
  CsvTime time;
  const std::string_view date = with_date ? Field(date_column_) : std::string_view();
  if (const char* fault = ParseCsvTime(options_.dialect, date, Field(time_column_), &time)) {
    return fault;
  }
  row_.time_ns = time.offset_ns ? time.local_ns - *time.offset_ns
                                : clock_.ToUtcNanos(time.local_ns, last_time_ns());
  return "";
}

std::string CsvLineParser::Price(int column, std::string_view side,
                                 const std::optional<CsvPrice>& carried, CsvPrice* price) {
  const std::string_view field = Field(column);
  if (field.empty() && mt5()) {
    if (!carried) return "empty " + std::string(side) + " before any value";
    *price = *carried;
    return "";
  }
  CsvNumber number;
  const CsvNumberFault fault = ParseCsvNumber(field, &number);
  *price = PriceOf(number);
  return Fault(fault, side);
}

std::string CsvLineParser::OtherNumbers() {
  for (std::size_t i = 0; i < fields_.size(); ++i) {
    double* target = nullptr;
    switch (columns_.columns[i]) {
      case CsvColumn::kVolume: target = &row_.volume; break;
      case CsvColumn::kBidVolume: target = &row_.bid_volume; break;
      case CsvColumn::kAskVolume: target = &row_.ask_volume; break;
      case CsvColumn::kNumberOrEmpty: break;
      default: continue;
    }
    if (fields_[i].empty() && mt5()) continue;
    CsvNumber number;
    const CsvNumberFault fault = ParseCsvNumber(fields_[i], &number);
    if (fault != CsvNumberFault::kNone) return Fault(fault, NameOf(columns_.columns[i]));
    if (target == nullptr) continue;
    const bool millions = VolumesInMillions(options_.dialect);
    *target = millions ? MillionsToUnits(fields_[i], number) : number.value;
  }
  return "";
}

void CsvLineParser::Accept() {
  if (!carry_->volumes) {
    carry_->volumes = VolumesOf(columns_);
    if (options_.with_volumes) sink_.SetVolumes(*carry_->volumes);
  }
  if (symbol_column_ >= 0 && carry_->symbol.empty()) carry_->symbol = Field(symbol_column_);
  if (mt5()) {
    carry_->bid = row_.bid;
    carry_->ask = row_.ask;
  }
  sink_.Add(row_);
}

void CsvLineParser::Reject(std::string_view line, std::string reason) {
  if (mt5()) {
    carry_->bid.reset();
    carry_->ask.reset();
  }
  out_->rejected.push_back(
      {out_->lines, std::move(reason), std::string(line.substr(0, kMaxRejectedBytes))});
}

}  // namespace tickhouse::io
