#include "tickhouse/core/zone.h"

#include <absl/time/time.h>
#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <optional>
#include <vector>

#include "tickhouse/core/check.h"

namespace tickhouse {

// Every offset the zone ever has, as one sorted table: 2 entries a year until 2262 for a zone with
// daylight saving. Made once in Parse; look-ups never ask absl again.
struct Zone::State {
  std::string name;
  std::vector<int64_t> begin_ns;   ///< Of each span; the first is the minimum.
  std::vector<int64_t> offset_ns;  ///< Local - UTC within it.

  std::size_t SpanIndex(int64_t ns) const {
    const auto after = std::upper_bound(begin_ns.begin() + 1, begin_ns.end(), ns);
    return static_cast<std::size_t>(after - begin_ns.begin()) - 1;
  }
  int64_t EndNs(std::size_t span) const {
    return span + 1 < begin_ns.size() ? begin_ns[span + 1] : std::numeric_limits<int64_t>::max();
  }
};

namespace {

constexpr int64_t kMinNs = std::numeric_limits<int64_t>::min();
constexpr int64_t kMaxNs = std::numeric_limits<int64_t>::max();

int64_t SaturatingSubtract(int64_t a, int64_t b) {
  int64_t difference = 0;
  if (__builtin_sub_overflow(a, b, &difference)) return b > 0 ? kMinNs : kMaxNs;
  return difference;
}

std::string FixedName(int64_t seconds) {
  if (seconds == 0) return "UTC";
  const int64_t size = std::abs(seconds);
  std::string name =
      fmt::format("UTC{}{:02}:{:02}", seconds < 0 ? '-' : '+', size / 3'600, size / 60 % 60);
  if (size % 60 != 0) name += fmt::format(":{:02}", size % 60);
  return name;
}

bool IsDigit(char c) {
  return c >= '0' && c <= '9';
}

// H, HH, HHMM or HH:MM, up to 23:59, as seconds.
std::optional<int64_t> ParseHoursMinutes(std::string_view text) {
  std::string digits;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == ':' && i == 2 && text.size() == 5) continue;
    if (!IsDigit(text[i])) return std::nullopt;
    digits += text[i];
  }
  if (digits.empty() || digits.size() == 3 || digits.size() > 4) return std::nullopt;
  const int number = std::stoi(digits);
  const int hours = digits.size() == 4 ? number / 100 : number;
  const int minutes = digits.size() == 4 ? number % 100 : 0;
  if (hours > 23 || minutes > 59) return std::nullopt;
  return hours * 3'600 + minutes * 60;
}

// "+2", "-03:30", "Plus02", "Minus05" as seconds.
std::optional<int64_t> ParseOffset(std::string_view text) {
  const struct {
    std::string_view prefix;
    int sign;
  } forms[] = {{"+", 1}, {"-", -1}, {"Plus", 1}, {"Minus", -1}};
  for (const auto& form : forms) {
    if (!text.starts_with(form.prefix)) continue;
    const std::optional<int64_t> size = ParseHoursMinutes(text.substr(form.prefix.size()));
    if (!size) return std::nullopt;
    return form.sign * *size;
  }
  return std::nullopt;
}

// Names below the tz database only: no path out of it, none of the zones that count leap seconds,
// and not "localtime", which means something else on each machine.
bool IsDatabaseName(std::string_view text) {
  if (text.empty() || text.front() == '/' || text.find("..") != std::string_view::npos)
    return false;
  if (text == "localtime" || text == "posixrules" || text.starts_with("right/")) return false;
  return std::all_of(text.begin(), text.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || IsDigit(c) || c == '_' || c == '-' ||
           c == '+' || c == '/';
  });
}

// Those that calendars and generated ticks rest on.
constexpr const char* kCentres[] = {"America/New_York", "Europe/London", "Asia/Tokyo"};

}  // namespace

Zone::Zone() {
  static const auto* const utc =
      new std::shared_ptr<const State>(std::make_shared<State>(State{"UTC", {kMinNs}, {0}}));
  state_ = *utc;
}

Zone Zone::FixedOffset(std::chrono::seconds offset) {
  TICKHOUSE_CHECK(std::abs(offset.count()) < 86'400, "an offset is less than a day");
  Zone zone;
  if (offset.count() != 0) {
    zone.state_ = std::make_shared<State>(
        State{FixedName(offset.count()), {kMinNs}, {offset.count() * kNanosPerSecond}});
  }
  return zone;
}

Result<Zone> Zone::Parse(std::string_view text) {
  if (text == "UTC" || text == "Z" || text == "GMT") return Zone();
  if (text == "EST") return FixedOffset(std::chrono::hours(-5));
  std::string_view offset = text;
  if (offset.starts_with("UTC")) offset.remove_prefix(3);
  if (const auto seconds = ParseOffset(offset)) return FixedOffset(std::chrono::seconds(*seconds));

  absl::TimeZone loaded;
  if (IsDatabaseName(text)) TICKHOUSE_TRY(CheckDatabase());
  if (!IsDatabaseName(text) || !absl::LoadTimeZone(std::string(text), &loaded)) {
    return Fail(
        ErrorKind::kInvalidArgument,
        fmt::format("'{}' is no time zone; write UTC, UTC+2, UTC-03:30, +02:00 or a name of "
                    "the tz database such as America/New_York (package tzdata)",
                    text));
  }
  auto state = std::make_shared<State>();
  state->name = std::string(text);
  const absl::Time last = absl::FromUnixNanos(kMaxNs);
  absl::Time begin = absl::FromUnixNanos(kMinNs);
  while (true) {
    const int64_t offset_ns = loaded.At(begin).offset * kNanosPerSecond;
    if (state->offset_ns.empty() || state->offset_ns.back() != offset_ns) {
      state->begin_ns.push_back(absl::ToUnixNanos(begin));
      state->offset_ns.push_back(offset_ns);
    }
    absl::TimeZone::CivilTransition change;
    if (!loaded.NextTransition(begin, &change)) break;
    const absl::Time next = loaded.At(change.to).trans;
    if (next <= begin || next >= last) break;
    begin = next;
  }
  Zone zone;
  zone.state_ = std::move(state);
  return zone;
}

Status Zone::CheckDatabase() {
  for (const char* const name : kCentres) {
    absl::TimeZone loaded;
    if (absl::LoadTimeZone(name, &loaded)) continue;
    return Fail(ErrorKind::kUnavailable,
                fmt::format("the tz database is missing or not whole: no {}; install the package "
                            "tzdata, or set TZDIR to its folder (usually /usr/share/zoneinfo)",
                            name));
  }
  return {};
}

const std::string& Zone::name() const {
  return state_->name;
}

bool Zone::is_fixed() const {
  return state_->begin_ns.size() == 1;
}

Zone::Span Zone::SpanAt(UtcTime time) const {
  const std::size_t span = state_->SpanIndex(ToNanos(time));
  return {FromNanos(state_->begin_ns[span]), FromNanos(state_->EndNs(span)),
          std::chrono::seconds(state_->offset_ns[span] / kNanosPerSecond)};
}

int64_t Zone::OffsetNanos(UtcTime time) const {
  if (is_fixed()) return state_->offset_ns[0];
  return state_->offset_ns[state_->SpanIndex(ToNanos(time))];
}

Zone::LocalAnswer Zone::FromLocalNanos(int64_t local_ns) const {
  const State& state = *state_;
  // The reading taken as UTC is less than a day off, which is at most two changes.
  const std::size_t near = state.SpanIndex(local_ns);
  const std::size_t first = near < 2 ? 0 : near - 2;
  const std::size_t last = std::min(near + 2, state.begin_ns.size() - 1);
  std::optional<int64_t> found;
  for (std::size_t span = first; span <= last; ++span) {
    const int64_t utc_ns = SaturatingSubtract(local_ns, state.offset_ns[span]);
    const bool inside = utc_ns >= state.begin_ns[span] &&
                        (utc_ns < state.EndNs(span) || span + 1 == state.begin_ns.size());
    if (!inside) continue;
    if (found) return {FromNanos(*found), Kind::kRepeated};
    found = utc_ns;
  }
  if (found) return {FromNanos(*found), Kind::kUnique};
  // In a gap: the clock before the change goes on running.
  for (std::size_t span = first; span < last; ++span) {
    const int64_t utc_ns = SaturatingSubtract(local_ns, state.offset_ns[span]);
    if (utc_ns >= state.EndNs(span) &&
        SaturatingSubtract(local_ns, state.offset_ns[span + 1]) < state.EndNs(span)) {
      return {FromNanos(utc_ns), Kind::kSkipped};
    }
  }
  TICKHOUSE_CHECK(false, "a reading lies in a span or between two");
}

}  // namespace tickhouse
