#include "tickhouse/core/market/window.h"

#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <optional>

#include "tickhouse/core/check.h"

namespace tickhouse {

namespace {

constexpr int32_t kDaySeconds = 86'400;

std::unexpected<Error> BadWindows(std::string_view text, std::string_view why) {
  return Fail(
      ErrorKind::kInvalidArgument,
      fmt::format("windows '{}': {}; write for example 07:50-08:00,13:50-14:00", text, why));
}

std::optional<int32_t> TwoDigits(std::string_view text) {
  if (text.size() != 2 || text[0] < '0' || text[0] > '9' || text[1] < '0' || text[1] > '9') {
    return std::nullopt;
  }
  return (text[0] - '0') * 10 + (text[1] - '0');
}

// "07:50" or "07:50:30" as seconds after midnight; 24:00 is the end of the day.
std::optional<int32_t> ParseTimeOfDay(std::string_view text) {
  if (text.size() != 5 && text.size() != 8) return std::nullopt;
  const auto hours = TwoDigits(text.substr(0, 2));
  const auto minutes = TwoDigits(text.substr(3, 2));
  const auto seconds = text.size() == 8 ? TwoDigits(text.substr(6, 2)) : 0;
  if (!hours || !minutes || !seconds || text[2] != ':') return std::nullopt;
  if (text.size() == 8 && text[5] != ':') return std::nullopt;
  if (*minutes > 59 || *seconds > 59) return std::nullopt;
  const int32_t total = *hours * 3'600 + *minutes * 60 + *seconds;
  if (total > kDaySeconds) return std::nullopt;
  return total;
}

std::string FormatTimeOfDay(int32_t seconds) {
  std::string text = fmt::format("{:02}:{:02}", seconds / 3'600, seconds / 60 % 60);
  if (seconds % 60 != 0) text += fmt::format(":{:02}", seconds % 60);
  return text;
}

// The end on the time line of the day the window begins on.
int32_t UnrolledEnd(TradingWindow window) {
  return window.end_s <= window.begin_s ? window.end_s + kDaySeconds : window.end_s;
}

// Windows come every day, so yesterday's and tomorrow's copies count too.
bool Overlap(TradingWindow a, TradingWindow b) {
  for (const int32_t shift : {-kDaySeconds, 0, kDaySeconds}) {
    if (a.begin_s < UnrolledEnd(b) + shift && b.begin_s + shift < UnrolledEnd(a)) return true;
  }
  return false;
}

// A reading that the clock skips becomes the instant of the change itself, not a later one: a moved
// end would reach into the next window.
UtcTime EndOfWindow(const Zone& zone, int64_t local_ns) {
  const Zone::LocalAnswer answer = zone.FromLocalNanos(local_ns);
  if (answer.kind == Zone::Kind::kSkipped) return zone.SpanAt(answer.time).begin;
  return answer.time;
}

}  // namespace

Result<std::vector<TradingWindow>> ParseWindows(std::string_view text) {
  std::vector<TradingWindow> windows;
  std::string_view rest = text;
  while (true) {
    const std::size_t comma = rest.find(',');
    const std::string_view part = rest.substr(0, comma);
    const std::size_t dash = part.find('-');
    if (dash == std::string_view::npos) return BadWindows(text, "a window has a begin and an end");
    const auto begin = ParseTimeOfDay(part.substr(0, dash));
    const auto end = ParseTimeOfDay(part.substr(dash + 1));
    if (!begin || !end || *begin == kDaySeconds) {
      return BadWindows(text, fmt::format("'{}' is no stretch of a day", part));
    }
    const TradingWindow window{*begin, *end};
    if (*begin == *end) {
      return BadWindows(text, fmt::format("'{}' is empty (the whole day is 00:00-24:00)", part));
    }
    for (const TradingWindow earlier : windows) {
      if (Overlap(earlier, window)) {
        return BadWindows(text, fmt::format("'{}' overlaps '{}'", part, FormatWindow(earlier)));
      }
    }
    windows.push_back(window);
    if (comma == std::string_view::npos) return windows;
    rest.remove_prefix(comma + 1);
  }
}

std::string FormatWindow(TradingWindow window) {
  return FormatTimeOfDay(window.begin_s) + "-" + FormatTimeOfDay(window.end_s);
}

std::vector<TradingWindow> DefaultWindows() {
  constexpr int32_t kMinute = 60;
  return {{470 * kMinute, 480 * kMinute}, {830 * kMinute, 840 * kMinute}};
}

WindowSchedule::WindowSchedule(std::vector<TradingWindow> windows, Zone zone)
    : windows_(std::move(windows)), zone_(std::move(zone)) {
  for (const TradingWindow window : windows_) {
    TICKHOUSE_CHECK(window.begin_s >= 0 && window.begin_s < kDaySeconds && window.end_s >= 0 &&
                        window.end_s <= kDaySeconds,
                    "a window lies within a day");
  }
}

std::vector<WindowOccurrence> WindowSchedule::Occurrences(UtcRange range) const {
  std::vector<WindowOccurrence> occurrences;
  if (range.begin >= range.end) return occurrences;
  // A window over midnight reaches into the day after its own, and an offset is less than a day.
  // Days near the ends of the 64-bit range are left out.
  constexpr int64_t kLastDay = std::numeric_limits<int64_t>::max() / kNanosPerDay - 3;
  const int64_t first_day = std::max(FloorDiv(ToNanos(range.begin), kNanosPerDay) - 2, -kLastDay);
  const int64_t last_day = std::min(FloorDiv(ToNanos(range.end), kNanosPerDay) + 1, kLastDay);
  for (int64_t day = first_day; day <= last_day; ++day) {
    for (std::size_t i = 0; i < windows_.size(); ++i) {
      const int64_t midnight_ns = day * kNanosPerDay;
      const UtcRange instants{
          EndOfWindow(zone_, midnight_ns + windows_[i].begin_s * kNanosPerSecond),
          EndOfWindow(zone_, midnight_ns + UnrolledEnd(windows_[i]) * kNanosPerSecond)};
      if (instants.begin >= instants.end) continue;
      if (instants.end <= range.begin || instants.begin >= range.end) continue;
      occurrences.push_back({instants, {static_cast<int32_t>(day)}, static_cast<int>(i)});
    }
  }
  std::sort(occurrences.begin(), occurrences.end(),
            [](const auto& a, const auto& b) { return a.range.begin < b.range.begin; });
  return occurrences;
}

}  // namespace tickhouse
