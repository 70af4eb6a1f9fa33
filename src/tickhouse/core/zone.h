// Time zones: `UTC`, a fixed offset, or an IANA name (from the system's tz database).
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "tickhouse/core/error.h"
#include "tickhouse/core/time.h"

namespace tickhouse {

/// An immutable zone; cheap to copy, safe to share between threads.
class Zone {
 public:
  /// UTC.
  Zone();

  /// Accepts `UTC`, `Z`, `UTC+2`, `UTC-03:30`, `+02:00`, `UTCPlus02`, `UTCMinus05` (as file names
  /// say it), `EST` (fixed -5 h, no daylight saving, as HistData means it) and IANA names such as
  /// `America/New_York`. Unknown names are kInvalidArgument, with the accepted forms in the text;
  /// kUnavailable when there is no tz database at all that could know a name.
  static Result<Zone> Parse(std::string_view text);
  /// kUnavailable, with the way out, when the tz database is missing or lacks one of the centres of
  /// trade: calendars and generated ticks rest on them and have no answer without.
  static Status CheckDatabase();
  static Zone FixedOffset(std::chrono::seconds offset);

  /// The canonical name: "UTC", "UTC+02:00" or the IANA name.
  const std::string& name() const;
  bool is_fixed() const;

  /// The stretch around an instant in which the offset local - UTC does not change.
  struct Span {
    UtcTime begin;  ///< Inclusive; UtcTime::min() when there is no earlier change.
    UtcTime end;    ///< Exclusive; UtcTime::max() when there is no later change.
    std::chrono::seconds offset;
  };
  Span SpanAt(UtcTime time) const;

  /// Wall-clock nanoseconds (since 1970-01-01T00:00 local) of an instant.
  int64_t ToLocalNanos(UtcTime time) const { return ToNanos(time) + OffsetNanos(time); }

  /// The instant of a wall-clock reading. A reading that occurs twice (clocks set back) means the
  /// first; one that never occurs (clocks set forward) means the instant of the change moved by as
  /// much as the reading lies in the gap, as POSIX mktime does. Also says which of the three it
  /// was.
  enum class Kind { kUnique, kRepeated, kSkipped };
  struct LocalAnswer {
    UtcTime time;
    Kind kind;
  };
  LocalAnswer FromLocalNanos(int64_t local_ns) const;

 private:
  struct State;
  int64_t OffsetNanos(UtcTime time) const;
  std::shared_ptr<const State> state_;
};

}  // namespace tickhouse
