#include "tickhouse/io/csv/csv_writer.h"

#include <charconv>
#include <cmath>
#include <cstring>
#include <limits>

#include "tickhouse/core/check.h"
#include "tickhouse/core/time.h"
#include "tickhouse/io/csv/csv_number.h"

namespace tickhouse::io {

namespace {

constexpr double kExactIntegers = 9007199254740992.0;  // 2^53
constexpr std::size_t kLongestNumber = 400;            // 1e308 written out, with room

/// `digits` decimal digits of `value` with leading zeros; returns the end.
char* Padded(int64_t value, int digits, char* at) {
  for (int i = digits - 1; i >= 0; --i) {
    at[i] = static_cast<char>('0' + value % 10);
    value /= 10;
  }
  return at + digits;
}

/// mantissa / 10^decimals, mantissa >= 0.
char* Fixed(int64_t mantissa, int decimals, char* at) {
  const auto scale = static_cast<int64_t>(PowerOfTen(decimals));
  at = std::to_chars(at, at + 20, mantissa / scale).ptr;
  if (decimals == 0) return at;
  *at++ = '.';
  return Padded(mantissa % scale, decimals, at);
}

char* Price(double price, int decimals, char* at) {
  if (std::isnan(price)) return at;
  const double scaled = std::fabs(price) * PowerOfTen(decimals);
  if (!(scaled < kExactIntegers)) {
    return std::to_chars(at, at + kLongestNumber, price, std::chars_format::fixed, decimals).ptr;
  }
  const auto mantissa = static_cast<int64_t>(std::llround(scaled));
  if (price < 0 && mantissa != 0) *at++ = '-';
  return Fixed(mantissa, decimals, at);
}

char* Volume(double volume, char* at) {
  constexpr int kUsualDecimals = 2;
  if (std::isnan(volume)) return at;
  const double hundredths = volume * 100;
  const bool usual =
      volume >= 0 && hundredths < kExactIntegers && std::round(hundredths) / 100 == volume;
  if (!usual) return std::to_chars(at, at + kLongestNumber, volume, std::chars_format::fixed).ptr;
  at = Fixed(std::llround(hundredths), kUsualDecimals, at);
  while (at[-1] == '0') --at;
  return at[-1] == '.' ? at - 1 : at;
}

/// Remembers the day and the stretch of one offset that it wrote last.
class TimeText {
 public:
  explicit TimeText(const Zone& zone) : zone_(zone) {}

  char* Write(int64_t time_ns, char* at) {
    if (time_ns < span_begin_ns_ || time_ns >= span_end_ns_) EnterSpan(time_ns);
    const int64_t local_ms = FloorDiv(time_ns + offset_ns_, kNanosPerMilli);
    constexpr int64_t kMillisPerDay = kNanosPerDay / kNanosPerMilli;
    const int64_t day = FloorDiv(local_ms, kMillisPerDay);
    if (day != day_) EnterDay(day);
    int64_t left = local_ms - day * kMillisPerDay;
    std::memcpy(at, day_text_, sizeof day_text_);
    at += sizeof day_text_;
    at = Padded(left / 3'600'000, 2, at);
    left %= 3'600'000;
    *at++ = ':';
    at = Padded(left / 60'000, 2, at);
    left %= 60'000;
    *at++ = ':';
    at = Padded(left / 1'000, 2, at);
    *at++ = '.';
    return Padded(left % 1'000, 3, at);
  }

 private:
  void EnterSpan(int64_t time_ns) {
    const Zone::Span span = zone_.SpanAt(FromNanos(time_ns));
    span_begin_ns_ = ToNanos(span.begin);
    span_end_ns_ = ToNanos(span.end);
    offset_ns_ = Nanos(span.offset).count();
  }
  void EnterDay(int64_t day) {
    day_ = day;
    const auto date = ToYearMonthDay(CivilDay{static_cast<int32_t>(day)});
    char* at = Padded(static_cast<int>(date.year()), 4, day_text_);
    at = Padded(static_cast<unsigned>(date.month()), 2, at);
    at = Padded(static_cast<unsigned>(date.day()), 2, at);
    *at = ' ';
  }

  const Zone& zone_;
  int64_t span_begin_ns_ = 0;
  int64_t span_end_ns_ = 0;
  int64_t offset_ns_ = 0;
  int64_t day_ = std::numeric_limits<int64_t>::min();
  char day_text_[9] = {};
};

}  // namespace

std::string_view CsvHeader(bool with_volume) {
  return with_volume ? "DateTime,Bid,Ask,Volume\n" : "DateTime,Bid,Ask\n";
}

void AppendCsvRows(const TickBatch& ticks, const CsvWriteOptions& options, std::string* out) {
  TICKHOUSE_CHECK(options.decimals >= 0 && options.decimals <= 15, "0 to 15 decimals");
  TICKHOUSE_CHECK(!options.with_volume || ticks.volume.size() == ticks.size(),
                  "the volume column that is to be written");
  TimeText time(options.zone);
  char line[64 + 3 * kLongestNumber];
  for (std::size_t row = 0; row < ticks.size(); ++row) {
    char* at = time.Write(ticks.time_ns[row], line);
    *at++ = ',';
    at = Price(ticks.bid[row], options.decimals, at);
    *at++ = ',';
    at = Price(ticks.ask[row], options.decimals, at);
    if (options.with_volume) {
      *at++ = ',';
      at = Volume(ticks.volume[row], at);
    }
    *at++ = '\n';
    out->append(line, static_cast<std::size_t>(at - line));
  }
}

}  // namespace tickhouse::io
