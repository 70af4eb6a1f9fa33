// Trading windows: stretches of each local day, such as 07:50-08:00, half-open.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "tickhouse/core/error.h"
#include "tickhouse/core/time.h"
#include "tickhouse/core/zone.h"

namespace tickhouse {

/// [begin, end) as seconds after local midnight. end <= begin means: over midnight, and the window
/// belongs to the day it begins on. 00:00-24:00 is the whole day.
struct TradingWindow {
  int32_t begin_s = 0;
  int32_t end_s = 0;
  auto operator<=>(const TradingWindow&) const = default;
};

/// "07:50-08:00,13:50-14:00" with optional seconds; overlapping or empty windows are
/// kInvalidArgument. Returned in the order given.
Result<std::vector<TradingWindow>> ParseWindows(std::string_view text);
std::string FormatWindow(TradingWindow window);

/// The default of the Python pipeline: 07:50-08:00 and 13:50-14:00.
std::vector<TradingWindow> DefaultWindows();

/// One occurrence of a window.
struct WindowOccurrence {
  UtcRange range;
  CivilDay day;      ///< The local day it begins on.
  int window_index;  ///< Position in the list of windows.
};

/// Windows in a zone, turned into instants. Daylight saving: the wall-clock ends are converted one
/// by one, so on a change a window may be longer, shorter or vanish; it never overlaps another.
class WindowSchedule {
 public:
  WindowSchedule(std::vector<TradingWindow> windows, Zone zone);

  /// Every occurrence that meets [range.begin, range.end), in time order, not clipped to it.
  std::vector<WindowOccurrence> Occurrences(UtcRange range) const;

  const std::vector<TradingWindow>& windows() const { return windows_; }
  const Zone& zone() const { return zone_; }

 private:
  std::vector<TradingWindow> windows_;
  Zone zone_;
};

}  // namespace tickhouse
