// A slow, obvious reading of tick CSV, written apart from the product: what the tests hold it
// against. Tests only.
#pragma once

#include <bit>
#include <chrono>
#include <cmath>
#include <cstdlib>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "tickhouse/core/tick.h"
#include "tickhouse/core/time.h"
#include "tickhouse/io/csv/csv_tick_parser.h"

namespace tickhouse::io {

struct ReferenceRows {
  TickBatch rows;
  std::vector<int64_t> rejected;
};

class CsvReference {
 public:
  CsvReference(CsvDialect dialect, const Zone& zone, bool with_volumes)
      : dialect_(dialect), zone_(zone), with_volumes_(with_volumes) {
    names_ = DefaultNames();
  }

  ReferenceRows Read(std::string_view text) {
    int64_t line_number = 0;
    while (!text.empty()) {
      const std::size_t end = text.find('\n');
      std::string line(text.substr(0, end));
      text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
      ++line_number;
      if (!line.empty() && line.back() == '\r') line.pop_back();
      if (line.starts_with("\xEF\xBB\xBF")) line.erase(0, 3);
      if (line.empty() || TakeHeader(line)) continue;
      if (!TakeRow(line)) {
        bid_.reset();
        ask_.reset();
        seen_.rejected.push_back(line_number);
      }
    }
    return std::move(seen_);
  }

 private:
  using Names = std::vector<std::string>;

  Names DefaultNames() const {
    switch (dialect_) {
      case CsvDialect::kQuantDataManager:
      case CsvDialect::kHistData: return {"time", "bid", "ask", "volume"};
      case CsvDialect::kDukascopyNode:
      case CsvDialect::kDukascopyWeb: return {"time", "ask", "bid", "askvolume", "bidvolume"};
      case CsvDialect::kTrueFx: return {"symbol", "time", "bid", "ask"};
      case CsvDialect::kMetaTrader5:
        return {"date", "time", "bid", "ask", "number", "volume", "number"};
      case CsvDialect::kIso: return {};
    }
    return {};
  }

  /// The headers that the tests write; mutated ones are no headers (their letters changed) unless
  /// only case, quotes or blanks did.
  bool TakeHeader(const std::string& line) {
    if (dialect_ == CsvDialect::kTrueFx || dialect_ == CsvDialect::kHistData) return false;
    const char first = line[0];
    if (std::isalpha(static_cast<unsigned char>(first)) == 0 && first != '<' && first != '"' &&
        first != ' ') {
      return false;
    }
    const auto fields = Split(line);
    if (!fields) return false;
    Names names;
    std::map<std::string, int> count;
    for (const std::string& field : *fields) {
      std::string bare;
      for (const char c : field) {
        if (std::isalnum(static_cast<unsigned char>(c)) != 0) {
          bare += static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
        }
      }
      names.push_back(Meaning(bare));
      ++count[names.back()];
    }
    if (count["time"] == 2) {
      for (std::size_t i = 0; i < names.size(); ++i) {
        if (names[i] == "time" && IsNamed((*fields)[i], "date")) {
          names[i] = "date";
          --count["time"];
          break;
        }
      }
      // Two times without one named "time" are not understood.
      bool has_time = false;
      for (const std::string& field : *fields) has_time |= IsNamed(field, "time");
      if (!has_time) return false;
    }
    if (count["time"] != 1 || count["bid"] != 1 || count["ask"] != 1) return false;
    if (count["volume"] > 1 || count["bidvolume"] > 1 || count["askvolume"] > 1) return false;
    names_ = names;
    FixVolumes();
    return true;
  }

  static bool IsNamed(const std::string& field, std::string_view name) {
    std::string bare;
    for (const char c : field) {
      if (std::isalnum(static_cast<unsigned char>(c)) != 0) {
        bare += static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
      }
    }
    return bare == name;
  }

  std::string Meaning(const std::string& bare) const {
    for (const char* name : {"datetime", "timestamp", "time", "gmttime", "localtime", "date"}) {
      if (bare == name) return "time";
    }
    if (bare == "bid" || bare == "bidprice") return "bid";
    if (bare == "ask" || bare == "askprice") return "ask";
    if (bare == "bidvolume" || bare == "bidvol") return "bidvolume";
    if (bare == "askvolume" || bare == "askvol") return "askvolume";
    if (bare == "volume") return "volume";
    const bool mt5 = dialect_ == CsvDialect::kMetaTrader5;
    return mt5 && (bare == "last" || bare == "flags") ? "number" : "ignored";
  }

  void FixVolumes() {
    if (volumes_fixed_) return;
    volumes_fixed_ = true;
    for (const std::string& name : names_) {
      single_ |= name == "volume";
      both_ |= name == "bidvolume" || name == "askvolume";
    }
  }

  std::optional<std::vector<std::string>> Split(const std::string& line) const {
    const char delimiter = dialect_ == CsvDialect::kMetaTrader5 ? '\t' : ',';
    std::vector<std::string> fields(1);
    const bool quotes = line.find('"') != std::string::npos;
    std::size_t i = 0;
    while (true) {
      while (quotes && i < line.size() && line[i] == ' ') ++i;
      if (i < line.size() && line[i] == '"') {
        const std::size_t close = line.find('"', i + 1);
        if (close == std::string::npos) return std::nullopt;
        fields.back() = line.substr(i + 1, close - i - 1);
        i = close + 1;
        while (i < line.size() && line[i] == ' ') ++i;
        if (i < line.size() && line[i] != delimiter) return std::nullopt;
      } else {
        while (i < line.size() && line[i] != delimiter) fields.back() += line[i++];
      }
      if (i >= line.size()) break;
      ++i;
      fields.emplace_back();
    }
    for (std::string& field : fields) {
      while (!field.empty() && (field.front() == ' ' || field.front() == '\t')) field.erase(0, 1);
      while (!field.empty() && (field.back() == ' ' || field.back() == '\t')) field.pop_back();
    }
    return fields;
  }

  bool TakeRow(const std::string& line) {
    if (line.find('\0') != std::string::npos || names_.empty()) return false;
    const auto fields = Split(line);
    if (!fields || fields->size() != names_.size()) return false;
    std::string date;
    std::string time;
    std::string symbol;
    std::map<std::string, double> value;
    const bool mt5 = dialect_ == CsvDialect::kMetaTrader5;
    for (std::size_t i = 0; i < names_.size(); ++i) {
      const std::string& name = names_[i];
      const std::string& field = (*fields)[i];
      if (name == "date") {
        date = field;
        if (field.empty()) return false;
      } else if (name == "time") {
        time = field;
      } else if (name == "symbol") {
        if (field.empty() || (!symbol_.empty() && field != symbol_)) return false;
        symbol = field;
      } else if (name != "ignored") {
        const bool millions = name.size() == 9 && (dialect_ == CsvDialect::kDukascopyNode ||
                                                   dialect_ == CsvDialect::kDukascopyWeb);
        if (field.empty() && mt5) {
          if (name == "bid" && !bid_) return false;
          if (name == "ask" && !ask_) return false;
          value[name] = name == "bid" ? *bid_ : name == "ask" ? *ask_ : std::nan("");
          continue;
        }
        const auto number = Number(field, millions);
        if (!number) return false;
        value[name] = *number;
      }
    }
    const auto instant = Instant(date, time);
    if (!instant) return false;
    FixVolumes();
    if (symbol_.empty()) symbol_ = symbol;
    bid_ = value["bid"];
    ask_ = value["ask"];
    TickBatch& rows = seen_.rows;
    rows.time_ns.push_back(*instant);
    rows.bid.push_back(*bid_);
    rows.ask.push_back(*ask_);
    const auto volume = [&](const char* name) {
      return value.contains(name) ? value[name] : std::nan("");
    };
    if (with_volumes_ && single_) rows.volume.push_back(volume("volume"));
    if (with_volumes_ && both_) rows.bid_volume.push_back(volume("bidvolume"));
    if (with_volumes_ && both_) rows.ask_volume.push_back(volume("askvolume"));
    return true;
  }

  static std::optional<double> Number(std::string text, bool millions) {
    std::size_t i = text.starts_with('-') || text.starts_with('+') ? 1 : 0;
    int digits = 0;
    int points = 0;
    for (; i < text.size() &&
           (std::isdigit(static_cast<unsigned char>(text[i])) != 0 || text[i] == '.');
         ++i) {
      if (text[i] == '.') ++points;
      if (text[i] != '.') ++digits;
    }
    if (digits == 0 || points > 1) return std::nullopt;
    bool exponent = false;
    if (i < text.size()) {
      if (text[i] != 'e' && text[i] != 'E') return std::nullopt;
      exponent = true;
      ++i;
      if (i < text.size() && (text[i] == '-' || text[i] == '+')) ++i;
      if (i >= text.size()) return std::nullopt;
      for (; i < text.size(); ++i) {
        if (std::isdigit(static_cast<unsigned char>(text[i])) == 0) return std::nullopt;
      }
    }
    if (millions && !exponent) text += "e6";
    double value = std::strtod(text.c_str(), nullptr);
    if (millions && exponent) value *= 1e6;
    if (!std::isfinite(value)) return std::nullopt;
    return value + 0.0;
  }

  /// Matches `pattern` (a character a digit of its kind, others for themselves) at `*at`.
  static bool Match(const std::string& text, std::size_t* at, std::string_view pattern,
                    std::map<char, int>* parts) {
    std::map<char, int> found;
    for (std::size_t i = 0; i < pattern.size(); ++i) {
      if (*at + i >= text.size()) return false;
      const char p = pattern[i];
      const char c = text[*at + i];
      if (std::isalpha(static_cast<unsigned char>(p)) != 0 && p != 'T') {
        if (c < '0' || c > '9') return false;
        found[p] = found[p] * 10 + (c - '0');
      } else if (p != c) {
        return false;
      }
    }
    for (const auto& [part, value] : found) (*parts)[part] = value;
    *at += pattern.size();
    return true;
  }

  std::optional<int64_t> Instant(const std::string& date, const std::string& time) {
    if (time.empty()) return std::nullopt;
    if (dialect_ == CsvDialect::kDukascopyNode && date.empty()) return EpochMillis(time);
    const std::string text = date.empty() ? time : date + " " + time;
    const bool iso = dialect_ == CsvDialect::kIso;
    const bool web = dialect_ == CsvDialect::kDukascopyWeb && date.empty();
    std::map<char, int> p;
    std::size_t at = 0;
    bool dated = false;
    for (const char* pattern : {"YYYYMMDD", "YYYY.MM.DD", "YYYY-MM-DD", "YYYY/MM/DD"}) {
      if (!web && !dated) dated = Match(text, &at, pattern, &p);
    }
    if (web) dated = Match(text, &at, "DD.MM.YYYY", &p);
    if (!dated || (!date.empty() && at != date.size())) return std::nullopt;
    if (!Match(text, &at, " ", &p) && !(iso && Match(text, &at, "T", &p))) return std::nullopt;
    int64_t fraction = 0;
    if (dialect_ == CsvDialect::kHistData) {
      if (!Match(text, &at, "hhmmssfff", &p) || at != text.size()) return std::nullopt;
      fraction = p['f'] * int64_t{1'000'000};
    } else {
      if (!Match(text, &at, "hh:mm", &p)) return std::nullopt;
      if (Match(text, &at, ":ss", &p)) {
        if (at < text.size() && (text[at] == '.' || text[at] == ',')) {
          int digits = 0;
          for (++at; at < text.size() && std::isdigit(static_cast<unsigned char>(text[at])) != 0;
               ++at, ++digits) {
            fraction = fraction * 10 + (text[at] - '0');
            if (digits == 9) return std::nullopt;
          }
          if (digits == 0) return std::nullopt;
          for (; digits < 9; ++digits) fraction *= 10;
        }
      } else if (!iso || (at < text.size() && text[at] == ':')) {
        return std::nullopt;
      }
    }
    std::optional<int64_t> offset_minutes;
    if (at < text.size()) {
      if (!iso && !web) return std::nullopt;
      offset_minutes = OffsetMinutes(text.substr(at));
      if (!offset_minutes) return std::nullopt;
    }
    const std::chrono::year_month_day day{std::chrono::year(p['Y']),
                                          std::chrono::month(static_cast<unsigned>(p['M'])),
                                          std::chrono::day(static_cast<unsigned>(p['D']))};
    if (!day.ok() || p['Y'] < 1678 || p['Y'] > 2261) return std::nullopt;
    if (p['h'] > 23 || p['m'] > 59 || p['s'] > 59) return std::nullopt;
    const int64_t days = std::chrono::sys_days(day).time_since_epoch().count();
    const int64_t seconds = ((days * 24 + p['h']) * 60 + p['m']) * 60 + p['s'];
    const int64_t local = seconds * 1'000'000'000 + fraction;
    if (offset_minutes) return local - *offset_minutes * 60'000'000'000;
    return ToUtc(local);
  }

  static std::optional<int64_t> OffsetMinutes(std::string text) {
    if (text.starts_with(' ')) text.erase(0, 1);
    bool named = false;
    for (const char* name : {"Z", "UTC", "GMT"}) {
      if (!named && text.starts_with(name)) {
        named = true;
        text.erase(0, std::string_view(name).size());
      }
    }
    if (text.empty()) return named ? std::optional<int64_t>(0) : std::nullopt;
    for (const char* pattern : {"hh", "hhmm", "hh:mm"}) {
      std::map<char, int> p;
      std::size_t at = 1;
      const bool sign = text[0] == '+' || text[0] == '-';
      if (sign && Match(text, &at, pattern, &p) && at == text.size()) {
        if (p['h'] > 18 || p['m'] > 59) return std::nullopt;
        const int64_t minutes = p['h'] * 60 + p['m'];
        return text[0] == '-' ? -minutes : minutes;
      }
    }
    return std::nullopt;
  }

  static std::optional<int64_t> EpochMillis(const std::string& text) {
    const bool negative = text.starts_with('-');
    const std::string digits = text.substr(negative ? 1 : 0);
    if (digits.empty() || digits.size() > 18 ||
        digits.find_first_not_of("0123456789") != std::string::npos) {
      return std::nullopt;
    }
    const double size = std::strtod(digits.c_str(), nullptr);
    if (size > 106'749.0 * 86'400'000) return std::nullopt;
    const long long millis = std::strtoll(digits.c_str(), nullptr, 10);
    return (negative ? -millis : millis) * 1'000'000;
  }

  int64_t ToUtc(int64_t local) const {
    const bool utc = dialect_ == CsvDialect::kTrueFx || dialect_ == CsvDialect::kDukascopyWeb;
    if (utc) return local;
    if (dialect_ == CsvDialect::kHistData) return local + 5 * kNanosPerHour;
    const Zone::LocalAnswer answer = zone_.FromLocalNanos(local);
    const int64_t first = ToNanos(answer.time);
    if (answer.kind != Zone::Kind::kRepeated || seen_.rows.empty()) return first;
    const auto later = zone_.SpanAt(zone_.SpanAt(answer.time).end);
    const int64_t second = local - later.offset.count() * kNanosPerSecond;
    const int64_t least = seen_.rows.time_ns.back() - 60 * kNanosPerSecond;
    return first < least && second >= least ? second : first;
  }

  CsvDialect dialect_;
  Zone zone_;
  bool with_volumes_;
  Names names_;
  bool volumes_fixed_ = false;
  bool single_ = false;
  bool both_ = false;
  std::optional<double> bid_;
  std::optional<double> ask_;
  std::string symbol_;
  ReferenceRows seen_;
};

}  // namespace tickhouse::io
