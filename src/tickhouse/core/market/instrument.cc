#include "tickhouse/core/market/instrument.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>
#include <vector>

#include "tickhouse/core/check.h"
#include "tickhouse/core/market/instrument_table.h"

namespace tickhouse {

namespace {

std::string_view UnitName(std::string_view code) {
  for (const internal::UnitName& unit : internal::kUnitNames) {
    if (code == unit.code) return unit.name;
  }
  return code;
}

Instrument FromRow(const internal::InstrumentRow& row) {
  Instrument instrument;
  instrument.code = fmt::format("{}-{}", row.base, row.quote);
  instrument.symbol = CanonicalSymbol(instrument.code);
  instrument.decimals = row.decimals;
  instrument.session = row.session;
  instrument.description = row.description;
  if (instrument.description.empty()) {
    instrument.description = fmt::format("{} in {}", UnitName(row.base), UnitName(row.quote));
  }
  if (*row.first_tick != '\0') {
    const Result<UtcTime> first = ParseUtc(row.first_tick);
    TICKHOUSE_CHECK(first.has_value(), "the table holds readable times");
    instrument.first_tick = *first;
  }
  return instrument;
}

constexpr std::size_t kLongestName = 64;

// Edits (insert, drop, change, swap of neighbours) that turn one word into the other: the optimal
// string alignment distance. Both are at most kLongestName long.
int EditDistance(std::string_view a, std::string_view b) {
  std::array<std::array<int, kLongestName + 1>, 3> rows;
  int* two_back = rows[0].data();
  int* back = rows[1].data();
  int* row = rows[2].data();
  for (std::size_t j = 0; j <= b.size(); ++j) back[j] = static_cast<int>(j);
  for (std::size_t i = 1; i <= a.size(); ++i) {
    row[0] = static_cast<int>(i);
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const int change = back[j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1);
      row[j] = std::min({change, back[j] + 1, row[j - 1] + 1});
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1]) {
        row[j] = std::min(row[j], two_back[j - 2] + 1);
      }
    }
    int* const free = two_back;
    two_back = back;
    back = row;
    row = free;
  }
  return back[b.size()];
}

std::string Sorted(std::string_view text) {
  std::string letters(text);
  std::sort(letters.begin(), letters.end());
  return letters;
}

// Whether CanonicalSymbol(text) starts with `canonical`, which is not empty.
bool StartsWithCanonical(std::string_view text, std::string_view canonical) {
  std::size_t matched = 0;
  for (const char c : text) {
    const char upper = c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
    if ((upper < 'A' || upper > 'Z') && (upper < '0' || upper > '9')) continue;
    if (upper != canonical[matched]) return false;
    if (++matched == canonical.size()) return true;
  }
  return false;
}

// The beginning of a symbol ("USA500") or a word of its description ("gold") says more than
// letters.
const Instrument& Nearest(std::string_view canonical) {
  const std::span<const Instrument> all = BuiltInInstruments();
  if (canonical.size() >= 4) {
    for (const Instrument& instrument : all) {
      if (instrument.symbol.starts_with(canonical)) return instrument;
    }
    const Instrument* described = nullptr;
    for (const Instrument& instrument : all) {
      const bool in_dollars = instrument.symbol.ends_with("USD");
      if (!StartsWithCanonical(instrument.description, canonical)) continue;
      if (described == nullptr || in_dollars) described = &instrument;
    }
    if (described != nullptr) return *described;
  }
  const std::string letters = Sorted(canonical);
  const Instrument* nearest = nullptr;
  std::pair<int, bool> least;
  for (const Instrument& instrument : all) {
    const std::string_view symbol = instrument.symbol;
    // What the lengths alone cost says of most that they are no nearer.
    const auto longer =
        std::max(symbol.size(), canonical.size()) - std::min(symbol.size(), canonical.size());
    if (nearest != nullptr && static_cast<int>(longer) > least.first) continue;
    const int edits = EditDistance(canonical, symbol);
    if (nearest != nullptr && edits > least.first) continue;
    // Two swapped letters are the likelier slip where edits tie.
    const std::pair<int, bool> rank(edits, Sorted(symbol) != letters);
    if (nearest != nullptr && rank >= least) continue;
    nearest = &instrument;
    least = rank;
  }
  TICKHOUSE_CHECK(nearest != nullptr, "the table is not empty");
  return *nearest;
}

}  // namespace

std::span<const Instrument> BuiltInInstruments() {
  static const auto* const table = [] {
    auto* made = new std::vector<Instrument>();
    for (const internal::InstrumentRow& row : internal::kInstrumentRows) {
      made->push_back(FromRow(row));
    }
    return made;
  }();
  return *table;
}

Result<Instrument> FindInstrument(std::string_view name) {
  const std::string canonical = CanonicalSymbol(name.substr(0, kLongestName));
  const std::span<const Instrument> all = BuiltInInstruments();
  const auto found = std::lower_bound(
      all.begin(), all.end(), canonical,
      [](const Instrument& instrument, const std::string& key) { return instrument.symbol < key; });
  if (name.size() <= kLongestName && found != all.end() && found->symbol == canonical)
    return *found;
  if (canonical.empty()) {
    return Fail(ErrorKind::kNotFound, fmt::format("'{}' names no instrument", name));
  }
  return Fail(ErrorKind::kNotFound,
              fmt::format("instrument '{}' is not known; the nearest is {}",
                          name.substr(0, kLongestName), Nearest(canonical).symbol));
}

std::string CanonicalSymbol(std::string_view name) {
  std::string canonical;
  for (const char c : name) {
    if (c >= 'a' && c <= 'z') {
      canonical += static_cast<char>(c - 'a' + 'A');
    } else if ((c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9')) {
      canonical += c;
    }
  }
  return canonical;
}

}  // namespace tickhouse
