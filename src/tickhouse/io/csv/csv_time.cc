#include "tickhouse/io/csv/csv_time.h"

#include "tickhouse/core/time.h"

namespace tickhouse::io {

namespace {

constexpr const char* kUnreadable = "unreadable time";
constexpr const char* kImpossibleDate = "impossible date";
constexpr const char* kImpossibleTime = "impossible time of day";
constexpr const char* kLeapSecond = "leap second (:60) has no place in POSIX time";
constexpr const char* kOutOfRange = "time out of range (1678 to 2261)";
constexpr const char* kTooFine = "time finer than nanoseconds";

/// Nanoseconds in 64 bits begin in September 1677 and end in April 2262.
constexpr int64_t kFirstYear = 1678;
constexpr int64_t kLastYear = 2261;
constexpr int64_t kMaxDay = INT64_MAX / kNanosPerDay - 2;

/// Reads from the left; every call either consumes what it promises or leaves all as it was.
class Cursor {
 public:
  explicit Cursor(std::string_view text) : text_(text) {}

  bool Digits(int count, int64_t* value) {
    if (text_.size() < static_cast<std::size_t>(count)) return false;
    int64_t sum = 0;
    for (int i = 0; i < count; ++i) {
      const char c = text_[static_cast<std::size_t>(i)];
      if (c < '0' || c > '9') return false;
      sum = sum * 10 + (c - '0');
    }
    text_.remove_prefix(static_cast<std::size_t>(count));
    *value = sum;
    return true;
  }
  bool Take(char c) {
    if (text_.empty() || text_.front() != c) return false;
    text_.remove_prefix(1);
    return true;
  }
  char TakeOneOf(std::string_view set) {
    if (text_.empty() || set.find(text_.front()) == std::string_view::npos) return '\0';
    const char c = text_.front();
    text_.remove_prefix(1);
    return c;
  }
  bool TakeWord(std::string_view word) {
    if (!text_.starts_with(word)) return false;
    text_.remove_prefix(word.size());
    return true;
  }
  bool AtDigit() const { return !text_.empty() && text_.front() >= '0' && text_.front() <= '9'; }
  bool at_end() const { return text_.empty(); }

 private:
  std::string_view text_;
};

const char* DayNanos(int64_t year, int64_t month, int64_t day_of_month, int64_t* ns) {
  CivilDay day;
  if (!MakeCivilDay(static_cast<int>(year), static_cast<int>(month), static_cast<int>(day_of_month),
                    &day)) {
    return kImpossibleDate;
  }
  if (year < kFirstYear || year > kLastYear) return kOutOfRange;
  *ns = day.days_since_epoch * kNanosPerDay;
  return nullptr;
}

const char* YearFirstDate(Cursor* cursor, int64_t* ns) {
  int64_t year = 0;
  int64_t month = 0;
  int64_t day = 0;
  if (!cursor->Digits(4, &year)) return kUnreadable;
  const char separator = cursor->TakeOneOf(".-/");
  if (!cursor->Digits(2, &month)) return kUnreadable;
  if (separator != '\0' && !cursor->Take(separator)) return kUnreadable;
  if (!cursor->Digits(2, &day)) return kUnreadable;
  return DayNanos(year, month, day, ns);
}

const char* DayFirstDate(Cursor* cursor, int64_t* ns) {
  int64_t year = 0;
  int64_t month = 0;
  int64_t day = 0;
  if (!cursor->Digits(2, &day) || !cursor->Take('.') || !cursor->Digits(2, &month) ||
      !cursor->Take('.') || !cursor->Digits(4, &year)) {
    return kUnreadable;
  }
  return DayNanos(year, month, day, ns);
}

const char* OfDay(int64_t hour, int64_t minute, int64_t second, int64_t* ns) {
  if (second == 60 && hour <= 23 && minute <= 59) return kLeapSecond;
  if (hour > 23 || minute > 59 || second > 59) return kImpossibleTime;
  *ns += ((hour * 60 + minute) * 60 + second) * kNanosPerSecond;
  return nullptr;
}

const char* Fraction(Cursor* cursor, int64_t* ns) {
  int64_t scale = kNanosPerSecond;
  while (cursor->AtDigit()) {
    int64_t digit = 0;
    (void)cursor->Digits(1, &digit);
    if (scale == 1) return kTooFine;
    scale /= 10;
    *ns += digit * scale;
  }
  return scale == kNanosPerSecond ? kUnreadable : nullptr;
}

/// HH:mm[:ss[.f]]; without seconds only where the dialect is ISO.
const char* TimeOfDay(Cursor* cursor, bool seconds_optional, int64_t* ns) {
  int64_t hour = 0;
  int64_t minute = 0;
  int64_t second = 0;
  if (!cursor->Digits(2, &hour) || !cursor->Take(':') || !cursor->Digits(2, &minute)) {
    return kUnreadable;
  }
  bool fraction = false;
  if (cursor->Take(':')) {
    if (!cursor->Digits(2, &second)) return kUnreadable;
    fraction = cursor->TakeOneOf(".,") != '\0';
  } else if (!seconds_optional) {
    return kUnreadable;
  }
  if (const char* reason = OfDay(hour, minute, second, ns)) return reason;
  return fraction ? Fraction(cursor, ns) : nullptr;
}

/// Z, UTC, GMT, each with an optional offset, or the offset alone: +02, +0200, +02:00.
const char* Offset(Cursor* cursor, std::optional<int64_t>* offset_ns) {
  (void)cursor->Take(' ');
  if (cursor->at_end()) return kUnreadable;
  const bool named = cursor->Take('Z') || cursor->TakeWord("UTC") || cursor->TakeWord("GMT");
  *offset_ns = 0;
  if (named && cursor->at_end()) return nullptr;
  const char sign = cursor->TakeOneOf("+-");
  int64_t hours = 0;
  int64_t minutes = 0;
  if (sign == '\0' || !cursor->Digits(2, &hours)) return kUnreadable;
  const bool colon = cursor->Take(':');
  if ((colon || !cursor->at_end()) && !cursor->Digits(2, &minutes)) return kUnreadable;
  if (!cursor->at_end() || hours > 18 || minutes > 59) return kUnreadable;
  const int64_t magnitude = (hours * 60 + minutes) * 60 * kNanosPerSecond;
  *offset_ns = sign == '-' ? -magnitude : magnitude;
  return nullptr;
}

const char* EpochMillis(Cursor* cursor, CsvTime* out) {
  const bool negative = cursor->Take('-');
  int64_t value = 0;
  int digits = 0;
  while (cursor->AtDigit() && digits < 18) {
    int64_t digit = 0;
    (void)cursor->Digits(1, &digit);
    value = value * 10 + digit;
    ++digits;
  }
  if (digits == 0 || (!cursor->at_end() && !cursor->AtDigit())) return kUnreadable;
  if (!cursor->at_end() || value > kMaxDay * (kNanosPerDay / kNanosPerMilli)) return kOutOfRange;
  out->local_ns = (negative ? -value : value) * kNanosPerMilli;
  out->offset_ns.reset();
  return nullptr;
}

/// yyyyMMdd HHmmssSSS
const char* HistDataTime(Cursor* cursor, CsvTime* out) {
  if (const char* reason = YearFirstDate(cursor, &out->local_ns)) return reason;
  int64_t hour = 0;
  int64_t minute = 0;
  int64_t second = 0;
  int64_t millis = 0;
  if (!cursor->Take(' ') || !cursor->Digits(2, &hour) || !cursor->Digits(2, &minute) ||
      !cursor->Digits(2, &second) || !cursor->Digits(3, &millis) || !cursor->at_end()) {
    return kUnreadable;
  }
  out->local_ns += millis * kNanosPerMilli;
  return OfDay(hour, minute, second, &out->local_ns);
}

/// A date, a separator, a time of day, and for some dialects an offset.
const char* DateAndTime(CsvDialect dialect, Cursor* cursor, CsvTime* out) {
  const bool day_first = dialect == CsvDialect::kDukascopyWeb;
  const bool iso = dialect == CsvDialect::kIso;
  const char* reason =
      day_first ? DayFirstDate(cursor, &out->local_ns) : YearFirstDate(cursor, &out->local_ns);
  if (reason != nullptr) return reason;
  if (cursor->TakeOneOf(iso ? " T" : " ") == '\0') return kUnreadable;
  reason = TimeOfDay(cursor, iso, &out->local_ns);
  if (reason != nullptr || cursor->at_end()) return reason;
  return iso || day_first ? Offset(cursor, &out->offset_ns) : kUnreadable;
}

const char* DateColumnAndTime(CsvDialect dialect, std::string_view date, Cursor* time,
                              CsvTime* out) {
  Cursor day(date);
  if (const char* reason = YearFirstDate(&day, &out->local_ns)) return reason;
  if (!day.at_end()) return kUnreadable;
  const bool iso = dialect == CsvDialect::kIso;
  const char* reason = TimeOfDay(time, iso, &out->local_ns);
  if (reason != nullptr || time->at_end()) return reason;
  return iso ? Offset(time, &out->offset_ns) : kUnreadable;
}

}  // namespace

const char* ParseCsvTime(CsvDialect dialect, std::string_view date, std::string_view time,
                         CsvTime* out) {
  *out = CsvTime{};
  if (time.empty()) return "empty time";
  Cursor cursor(time);
  if (!date.empty()) return DateColumnAndTime(dialect, date, &cursor, out);
  if (dialect == CsvDialect::kDukascopyNode) return EpochMillis(&cursor, out);
  if (dialect == CsvDialect::kHistData) return HistDataTime(&cursor, out);
  return DateAndTime(dialect, &cursor, out);
}

CsvClock::CsvClock(Zone zone)
    : zone_(std::move(zone)),
      fixed_(zone_.is_fixed()),
      fixed_offset_ns_(fixed_ ? zone_.ToLocalNanos(UtcTime()) : 0) {}

int64_t CsvClock::ToUtcNanos(int64_t local_ns, std::optional<int64_t> last_ns) const {
  if (fixed_) return local_ns - fixed_offset_ns_;
  const Zone::LocalAnswer answer = zone_.FromLocalNanos(local_ns);
  const int64_t first = ToNanos(answer.time);
  if (answer.kind != Zone::Kind::kRepeated || !last_ns) return first;
  const Zone::Span before = zone_.SpanAt(answer.time);
  const Zone::Span after = zone_.SpanAt(before.end);
  const int64_t second = local_ns - Nanos(after.offset).count();
  constexpr int64_t kDisorder = 60 * kNanosPerSecond;
  const bool first_steps_back = first < *last_ns - kDisorder;
  const bool second_steps_back = second < *last_ns - kDisorder;
  return first_steps_back && !second_steps_back ? second : first;
}

std::optional<int64_t> CsvClock::OffsetOfDay(int64_t days_since_epoch) const {
  if (fixed_) return fixed_offset_ns_;
  // A day and a margin on both sides: a reading near a change may belong to either side of it.
  const int64_t begin = days_since_epoch * kNanosPerDay;
  const Zone::Span span = zone_.SpanAt(zone_.FromLocalNanos(begin).time);
  const int64_t offset = Nanos(span.offset).count();
  const UtcTime first = FromNanos(begin - offset - kNanosPerDay);
  const UtcTime last = FromNanos(begin - offset + 2 * kNanosPerDay);
  if (span.begin > first || span.end < last) return std::nullopt;
  return offset;
}

}  // namespace tickhouse::io
