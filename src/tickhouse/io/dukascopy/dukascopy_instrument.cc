#include "tickhouse/io/dukascopy/dukascopy_instrument.h"

#include <fmt/format.h>
#include <simdjson.h>

#include <algorithm>
#include <optional>

namespace tickhouse::io {

namespace {

namespace dom = simdjson::dom;

constexpr int64_t kLastMillisecond = 9'000'000'000'000;  // In the year 2255; fits nanoseconds.

std::unexpected<Error> Corrupt(const std::string& message) {
  return Fail(ErrorKind::kCorrupt, "instrument description: " + message);
}

std::string Text(dom::object object, std::string_view name) {
  std::string_view text;
  if (object[name].get_string().get(text) != simdjson::SUCCESS) return {};
  return std::string(text);
}

std::optional<int64_t> Whole(dom::object object, std::string_view name) {
  int64_t value = 0;
  if (object[name].get_int64().get(value) != simdjson::SUCCESS) return std::nullopt;
  return value;
}

std::optional<UtcTime> Millis(dom::object object, std::string_view name) {
  const auto ms = Whole(object, name);
  if (!ms || *ms < -kLastMillisecond || *ms > kLastMillisecond) return std::nullopt;
  return FromNanos(*ms * kNanosPerMilli);
}

std::string WithoutSeparators(std::string_view code) {
  std::string symbol;
  for (const char c : code) {
    if (c >= 'a' && c <= 'z') symbol += static_cast<char>(c - 'a' + 'A');
    if ((c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9')) symbol += c;
  }
  return symbol;
}

Session SessionOfGroup(std::string_view group, std::string_view symbol) {
  const auto says = [group](std::string_view word) { return group.find(word) != group.npos; };
  if (says("CRYPTO")) return Session::kCrypto;
  if (says("METAL") || symbol.starts_with("XAU") || symbol.starts_with("XAG")) {
    return Session::kMetal;
  }
  if (says("ENERGY") || says("OIL") || says("COMMODIT") || says("CMD")) return Session::kEnergy;
  if (says("IDX") || says("INDEX") || says("INDICES") || says("STOCK") || says("ETF")) {
    return Session::kIndex;
  }
  return Session::kFx;
}

Result<std::vector<UtcRange>> Holidays(dom::object object) {
  std::vector<UtcRange> holidays;
  dom::array array;
  if (object["holidays"].get_array().get(array) != simdjson::SUCCESS) return holidays;
  for (const dom::element element : array) {
    dom::object entry;
    const bool is_object = element.get_object().get(entry) == simdjson::SUCCESS;
    const auto from = is_object ? Millis(entry, "from") : std::nullopt;
    const auto till = is_object ? Millis(entry, "till") : std::nullopt;
    if (!from || !till || *till < *from) {
      return Corrupt(fmt::format("\"holidays\"[{}] is no range of times", holidays.size()));
    }
    holidays.push_back({*from, *till});
  }
  std::sort(holidays.begin(), holidays.end());
  return holidays;
}

std::optional<UtcTime> FirstTick(dom::object object) {
  dom::array histories;
  if (object["histories"].get_array().get(histories) != simdjson::SUCCESS) return std::nullopt;
  for (const dom::element element : histories) {
    dom::object entry;
    if (element.get_object().get(entry) != simdjson::SUCCESS) continue;
    if (Text(entry, "period") == "TICK") return Millis(entry, "from");
  }
  return std::nullopt;
}

// "17:00:00"; -1 for anything else.
int32_t SecondsOfDay(std::string_view text) {
  if (text.size() != 8 || text[2] != ':' || text[5] != ':') return -1;
  int32_t parts[3];
  for (std::size_t i = 0; i < 3; ++i) {
    const char tens = text[i * 3];
    const char ones = text[i * 3 + 1];
    if (tens < '0' || tens > '9' || ones < '0' || ones > '9') return -1;
    parts[i] = (tens - '0') * 10 + (ones - '0');
  }
  return parts[0] * 3600 + parts[1] * 60 + parts[2];
}

int32_t Moment(dom::object session, std::string_view time, std::string_view previous_day) {
  bool previous = false;
  const bool told = session[previous_day].get_bool().get(previous) == simdjson::SUCCESS;
  return SecondsOfDay(Text(session, time)) - (told && previous ? 86'400 : 0);
}

Result<std::vector<WeeklySession>> SessionsOf(dom::object schedule) {
  static constexpr std::string_view kDays[] = {"MONDAY", "TUESDAY",  "WEDNESDAY", "THURSDAY",
                                               "FRIDAY", "SATURDAY", "SUNDAY"};
  std::vector<WeeklySession> sessions;
  for (int day = 0; day < 7; ++day) {
    dom::array array;
    if (schedule["sessions"][kDays[day]].get_array().get(array) != simdjson::SUCCESS) continue;
    for (const dom::element element : array) {
      dom::object entry;
      if (element.get_object().get(entry) != simdjson::SUCCESS ||
          SecondsOfDay(Text(entry, "start")) < 0 || SecondsOfDay(Text(entry, "end")) < 0) {
        return Corrupt(fmt::format("\"tradeSchedule\": a session of {} has no times", kDays[day]));
      }
      sessions.push_back({day, Moment(entry, "start", "previousDayStart"),
                          Moment(entry, "end", "previousDayEnd")});
    }
  }
  return sessions;
}

// The schedule that begins last is the one in force.
Result<std::vector<WeeklySession>> LatestSessions(dom::object object) {
  dom::array schedules;
  std::vector<WeeklySession> sessions;
  if (object["tradeSchedule"].get_array().get(schedules) != simdjson::SUCCESS) return sessions;
  std::optional<int64_t> latest;
  for (const dom::element element : schedules) {
    dom::object schedule;
    if (element.get_object().get(schedule) != simdjson::SUCCESS) continue;
    const int64_t from = Whole(schedule, "from").value_or(0);
    if (latest && from < *latest) continue;
    latest = from;
    TICKHOUSE_ASSIGN(sessions, SessionsOf(schedule));
  }
  return sessions;
}

}  // namespace

Result<DukascopyInstrument> ParseDukascopyInstrument(std::string_view json) {
  dom::parser parser;
  dom::object object;
  if (const auto error = parser.parse(json.data(), json.size()).get_object().get(object)) {
    return Corrupt(fmt::format("no JSON object: {}", simdjson::error_message(error)));
  }
  DukascopyInstrument out;
  Instrument& instrument = out.instrument;
  instrument.code = Text(object, "code");
  instrument.symbol = WithoutSeparators(instrument.code);
  if (instrument.symbol.empty()) return Corrupt("\"code\" is missing or no text");
  const auto decimals = Whole(object, "priceScale");
  if (!decimals || *decimals < 0 || *decimals > 9) {
    return Corrupt(fmt::format("{}: \"priceScale\" is missing or not in 0 to 9", instrument.code));
  }
  instrument.decimals = static_cast<int>(*decimals);
  instrument.description = Text(object, "description");
  instrument.session = SessionOfGroup(
      Text(object, "groupCode") + " " + Text(object, "platformGroupId"), instrument.symbol);
  instrument.first_tick = FirstTick(object);
  out.zone = Text(object, "defaultTimezone");
  double pip = 0;
  if (object["pipValue"].get_double().get(pip) == simdjson::SUCCESS) out.pip_value = pip;
  TICKHOUSE_ASSIGN(out.holidays, Holidays(object));
  TICKHOUSE_ASSIGN(out.sessions, LatestSessions(object));
  return out;
}

}  // namespace tickhouse::io
