// The times of tick CSV, read exactly: the slow path, and the reference of the fast one.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "tickhouse/core/zone.h"
#include "tickhouse/io/csv/csv_dialect.h"

namespace tickhouse::io {

/// A reading of a clock. Without an offset, the zone of the dialect or source applies.
struct CsvTime {
  int64_t local_ns = 0;              ///< Since 1970-01-01T00:00 on that clock.
  std::optional<int64_t> offset_ns;  ///< local - UTC, where the text says it.
};

/// Reads a time as the dialect writes it; year-first dates may have '.', '-', '/' or nothing
/// between their parts, fractions of a second 0 to 9 digits. `date` is the column of its own
/// (MetaTrader 5), or empty. Returns nullptr, or the reason for a reject (a static string).
const char* ParseCsvTime(CsvDialect dialect, std::string_view date, std::string_view time,
                         CsvTime* out);

/// The instants of one file's readings, in the order of its rows; see ParseCsvChunk on repeated
/// hours.
class CsvClock {
 public:
  explicit CsvClock(Zone zone);

  /// `last_ns` is the instant of the row before, if there was one.
  int64_t ToUtcNanos(int64_t local_ns, std::optional<int64_t> last_ns) const;

  /// local - UTC when it is one and the same for every reading of the day, else empty: then each
  /// row needs `ToUtcNanos`.
  std::optional<int64_t> OffsetOfDay(int64_t days_since_epoch) const;

  bool is_fixed() const { return fixed_; }

 private:
  Zone zone_;
  bool fixed_;
  int64_t fixed_offset_ns_;
};

}  // namespace tickhouse::io
