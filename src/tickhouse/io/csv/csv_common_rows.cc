#include "tickhouse/io/csv/csv_common_rows.h"

#include <algorithm>
#include <cstring>
#include <string_view>
#include <vector>

#include "tickhouse/core/time.h"

namespace tickhouse::io {

namespace {

constexpr std::ptrdiff_t kReadableBefore = 16;
constexpr std::size_t kSymbolBytes = 7;  // "EUR/USD"

/// The orders of columns that have a kernel; one without volumes is the beginning of one with.
CsvRowShape ShapeOf(CsvDialect dialect, const CsvColumns& columns) {
  const auto is = [&columns](const std::vector<CsvColumn>& order, std::size_t needed) {
    const auto& list = columns.columns;
    return list.size() >= needed && list.size() <= order.size() &&
           std::equal(list.begin(), list.end(), order.begin());
  };
  using enum CsvColumn;
  switch (dialect) {
    case CsvDialect::kQuantDataManager:
    case CsvDialect::kHistData:
      if (is({kTime, kBid, kAsk, kVolume}, 3)) return CsvRowShape::kTimeBidAsk;
      break;
    case CsvDialect::kDukascopyNode:
    case CsvDialect::kDukascopyWeb:
      if (is({kTime, kAsk, kBid}, 3)) return CsvRowShape::kTimeAskBid;
      if (is({kTime, kAsk, kBid, kAskVolume, kBidVolume}, 5)) return CsvRowShape::kTimeAskBid;
      break;
    case CsvDialect::kTrueFx: return CsvRowShape::kSymbolTimeBidAsk;
    case CsvDialect::kMetaTrader5:
      if (is({kDate, kTime, kBid, kAsk, kNumberOrEmpty, kVolume, kNumberOrEmpty}, 7)) {
        return CsvRowShape::kDateTimeBidAsk;
      }
      break;
    case CsvDialect::kIso:
      if (is({kTime, kBid, kAsk, kVolume}, 3)) return CsvRowShape::kIsoTimeBidAsk;
      break;
  }
  return CsvRowShape::kNone;
}

/// The volume columns that a kernel of the shape fills.
VolumeColumns VolumesOf(CsvRowShape shape, int columns) {
  if (shape == CsvRowShape::kTimeAskBid) return {.both_sides = columns == 5, .single = false};
  const bool single =
      shape == CsvRowShape::kDateTimeBidAsk || (shape == CsvRowShape::kTimeBidAsk && columns == 4);
  return {.both_sides = false, .single = single};
}

/// `pattern` is the text behind the date: h, m, s, f (milliseconds), u (microseconds) stand for
/// digits, all else for itself.
void SetClock(std::string_view pattern, CsvRowKernel* kernel) {
  constexpr uint8_t kNowhere = 0x80;
  constexpr uint8_t kAnything = 0xFF;
  constexpr std::string_view kOrder = "hhmmss.fff..uu.u";  // '.': a zero
  kernel->clock_bytes = static_cast<int>(pattern.size());
  kernel->clock_text.fill(0);
  kernel->clock_most.fill(kAnything);
  kernel->clock_digits.fill(kNowhere);
  std::array<bool, kOrder.size()> used = {};
  for (std::size_t i = 0; i < pattern.size(); ++i) {
    const char c = pattern[i];
    const bool digit = std::string_view("hmsfu").find(c) != std::string_view::npos;
    kernel->clock_text[i] = static_cast<uint8_t>(digit ? '0' : c);
    kernel->clock_most[i] = 0;
    if (!digit) continue;
    std::size_t slot = kOrder.find(c);
    const bool tens = !used[slot] && c != 'f' && c != 'u';
    while (used[slot] || kOrder[slot] != c) ++slot;
    used[slot] = true;
    kernel->clock_most[i] = tens ? (c == 'h' ? 2 : 5) : 9;
    kernel->clock_digits[slot] = static_cast<uint8_t>(i);
  }
}

void SetTime(CsvDialect dialect, CsvRowKernel* kernel) {
  kernel->epoch_millis = dialect == CsvDialect::kDukascopyNode;
  const bool long_date = dialect == CsvDialect::kDukascopyWeb ||
                         dialect == CsvDialect::kMetaTrader5 || dialect == CsvDialect::kIso;
  kernel->date_bytes = long_date ? 10 : 8;
  std::string pattern = " hh:mm:ss.fff";
  if (dialect == CsvDialect::kMetaTrader5) pattern[0] = kernel->delimiter;
  if (dialect == CsvDialect::kHistData) pattern = " hhmmssfff";
  SetClock(pattern + kernel->delimiter, kernel);
}

/// False when the price cannot be had at the scale.
bool PointsAt(const std::optional<CsvPrice>& price, int decimals, int32_t* points) {
  if (!price || price->decimals < 0 || price->decimals > decimals) return false;
  int64_t scaled = price->mantissa;
  for (int i = price->decimals; i < decimals; ++i) scaled *= 10;
  *points = static_cast<int32_t>(scaled);
  return std::abs(scaled) <= kMaxCsvPoints;
}

}  // namespace

CsvCommonRows::CsvCommonRows(const CsvParseOptions& options, CsvCarry* carry, CsvLineParser* lines)
    : options_(options), carry_(carry), lines_(lines) {}

const char* CsvCommonRows::Take(const char* begin, const char* at, const char* end) {
  if (at - begin < kReadableBefore || lines_->sink().decimals() < 0) return at;
  if (header_generation_ != lines_->header_generation()) Prepare();
  if (kernel_.shape == CsvRowShape::kNone || !Synchronise()) return at;
  bool entered = false;
  while (true) {
    const CsvRowRun run = RunCsvRowKernel(&kernel_, at, end, &lines_->sink());
    lines_->CountLines(run.rows);
    at = run.at;
    // A day just entered that takes no row is for the slow path.
    if (!run.other_day || (entered && run.rows == 0)) break;
    entered = options_.dialect == CsvDialect::kIso ? EnterIsoDay(at) : EnterDay(at);
    if (!entered) break;
  }
  LeaveCarry();
  return at;
}

/// For the columns as they now are.
void CsvCommonRows::Prepare() {
  header_generation_ = lines_->header_generation();
  const CsvColumns& columns = lines_->columns();
  kernel_ = CsvRowKernel{};
  if (!options_.allow_fast_path || !HasCsvRowKernel()) return;
  kernel_.columns = static_cast<int>(columns.columns.size());
  kernel_.delimiter = columns.delimiter;
  const CsvRowShape shape = ShapeOf(options_.dialect, columns);
  const VolumeColumns volumes = VolumesOf(shape, kernel_.columns);
  if (options_.with_volumes && carry_->volumes) {
    const bool same = volumes.both_sides == carry_->volumes->both_sides &&
                      volumes.single == carry_->volumes->single;
    if (!same) return;
    kernel_.volumes_wanted = volumes.both_sides || volumes.single;
  }
  kernel_.volumes_in_millions = shape == CsvRowShape::kTimeAskBid;
  SetTime(options_.dialect, &kernel_);
  kernel_.shape = shape;
}

/// Takes over what the slow path has done meanwhile.
bool CsvCommonRows::Synchronise() {
  kernel_.decimals = lines_->sink().decimals();
  if (kernel_.shape == CsvRowShape::kSymbolTimeBidAsk) {
    if (carry_->symbol.size() != kSymbolBytes) return false;
    std::memcpy(kernel_.symbol.data(), carry_->symbol.data(), kSymbolBytes);
    kernel_.symbol[kSymbolBytes] = kernel_.delimiter;
  }
  kernel_.has_carry = PointsAt(carry_->bid, kernel_.decimals, &kernel_.carried_bid) &&
                      PointsAt(carry_->ask, kernel_.decimals, &kernel_.carried_ask);
  return true;
}

bool CsvCommonRows::EnterDay(const char* row) {
  const bool symbol = kernel_.shape == CsvRowShape::kSymbolTimeBidAsk;
  const std::string date(row + (symbol ? kSymbolBytes + 1 : 0),
                         static_cast<std::size_t>(kernel_.date_bytes));
  if (date == irregular_date_) return false;
  CsvTime midnight;
  const char* fault = options_.dialect == CsvDialect::kMetaTrader5
                          ? ParseCsvTime(options_.dialect, date, "00:00:00", &midnight)
                      : options_.dialect == CsvDialect::kHistData
                          ? ParseCsvTime(options_.dialect, "", date + " 000000000", &midnight)
                          : ParseCsvTime(options_.dialect, "", date + " 00:00:00", &midnight);
  if (fault != nullptr) return false;
  return EnterMidnight(midnight, date);
}

/// Takes date, fraction and offset as the row has them; rows of the same style follow, as a rule.
bool CsvCommonRows::EnterIsoDay(const char* row) {
  constexpr std::size_t kRowBytes = 64;    // The kernel has seen as many.
  constexpr std::size_t kDateBytes = 10;   // 2013-01-01
  constexpr std::size_t kFractionAt = 20;  // behind "2013-01-01 22:00:00."
  constexpr std::size_t kMaxSuffixBytes = 7;
  const std::string_view line(row, kRowBytes);
  const std::string_view time = line.substr(0, line.find(kernel_.delimiter));
  const std::size_t fraction_end =
      std::min(time.find_first_not_of("0123456789", kFractionAt), time.size());
  const std::string suffix(time.substr(fraction_end));
  const bool separated =
      time.size() > kFractionAt && (time[kDateBytes] == ' ' || time[kDateBytes] == 'T');
  if (!separated || suffix.size() > kMaxSuffixBytes || time.size() == line.size()) return false;
  const std::size_t digits = fraction_end - kFractionAt;
  if (digits != 3 && digits != 6) return false;
  const std::string date(time.substr(0, kDateBytes));
  if (suffix.empty() && date == irregular_date_) return false;
  CsvTime midnight;
  if (ParseCsvTime(CsvDialect::kIso, "", date + " 00:00:00" + suffix, &midnight) != nullptr) {
    return false;
  }
  SetClock(time[kDateBytes] + std::string(digits == 3 ? "hh:mm:ss.fff" : "hh:mm:ss.fffuuu"),
           &kernel_);
  const std::string end = suffix + kernel_.delimiter;
  kernel_.suffix = 0;
  kernel_.suffix_bytes = static_cast<int>(end.size());
  std::memcpy(&kernel_.suffix, end.data(), end.size());
  return EnterMidnight(midnight, date);
}

bool CsvCommonRows::EnterMidnight(const CsvTime& midnight, const std::string& date) {
  const auto offset = midnight.offset_ns
                          ? midnight.offset_ns
                          : lines_->clock().OffsetOfDay(FloorDiv(midnight.local_ns, kNanosPerDay));
  if (!offset) {
    irregular_date_ = date;
    return false;
  }
  std::memcpy(kernel_.date.data(), date.data(), date.size());
  kernel_.date_base_us = (midnight.local_ns - *offset) / kNanosPerMicro;
  return true;
}

void CsvCommonRows::LeaveCarry() {
  if (kernel_.shape != CsvRowShape::kDateTimeBidAsk || !kernel_.has_carry) return;
  const int decimals = kernel_.decimals;
  const double scale = PowerOfTen(decimals);
  carry_->bid = CsvPrice{kernel_.carried_bid, decimals, kernel_.carried_bid / scale};
  carry_->ask = CsvPrice{kernel_.carried_ask, decimals, kernel_.carried_ask / scale};
}

}  // namespace tickhouse::io
