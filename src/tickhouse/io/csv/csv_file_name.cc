#include <algorithm>
#include <array>
#include <cctype>
#include <string>
#include <vector>

#include "tickhouse/core/market/instrument.h"
#include "tickhouse/io/csv/csv_dialect.h"

namespace tickhouse::io {

namespace {

bool IsDigit(char c) {
  return c >= '0' && c <= '9';
}
bool IsLetter(char c) {
  return std::isalpha(static_cast<unsigned char>(c)) != 0;
}
bool IsWordPart(char c) {
  return IsDigit(c) || IsLetter(c);
}

std::size_t SkipDigits(std::string_view text, std::size_t at, std::size_t most) {
  std::size_t end = at;
  while (end < text.size() && end - at < most && IsDigit(text[end])) ++end;
  return end;
}

/// Quant Data Manager glues the day of export before the symbol: "2026.1.4EURUSD". Empty when
/// `name` does not begin so.
std::string_view AfterExportDate(std::string_view name) {
  std::size_t at = SkipDigits(name, 0, 4);
  if (at != 4) return {};
  for (int part = 0; part < 2; ++part) {
    if (at >= name.size() || name[at] != '.') return {};
    const std::size_t end = SkipDigits(name, at + 1, 2);
    if (end == at + 1) return {};
    at = end;
  }
  return name.substr(at);
}

std::vector<std::string_view> Words(std::string_view name) {
  std::vector<std::string_view> words;
  std::size_t at = 0;
  while (at < name.size()) {
    std::size_t end = at;
    while (end < name.size() && IsWordPart(name[end])) ++end;
    if (end > at) words.push_back(name.substr(at, end - at));
    at = end + 1;
  }
  return words;
}

constexpr std::array<std::string_view, 20> kCurrencies = {
    "AUD", "CAD", "CHF", "CNH", "CZK", "DKK", "EUR", "GBP", "HKD", "HUF",
    "JPY", "MXN", "NOK", "NZD", "PLN", "SEK", "SGD", "TRY", "USD", "ZAR"};

bool IsCurrencyPair(const std::string& symbol) {
  if (symbol.size() != 6) return false;
  const auto known = [](std::string_view code) {
    return std::ranges::find(kCurrencies, code) != kCurrencies.end();
  };
  return known(std::string_view(symbol).substr(0, 3)) && known(std::string_view(symbol).substr(3));
}

/// By exact name only: a folder may hold thousands of files, and FindInstrument looks for the
/// nearest name when there is none.
bool IsKnownSymbol(std::string_view word) {
  if (word.size() < 4 || !std::ranges::any_of(word, IsLetter)) return false;
  const std::string symbol = CanonicalSymbol(word);
  return IsCurrencyPair(symbol) ||
         std::ranges::binary_search(BuiltInInstruments(), symbol, {}, &Instrument::symbol);
}

std::optional<std::string> SymbolOf(std::string_view name) {
  const std::string_view exported = AfterExportDate(name);
  if (!exported.empty()) {
    const std::string_view symbol = exported.substr(0, exported.find('_'));
    if (std::ranges::any_of(symbol, IsLetter)) return CanonicalSymbol(symbol);
  }
  for (const std::string_view word : Words(name)) {
    if (IsKnownSymbol(word)) return CanonicalSymbol(word);
  }
  return std::nullopt;
}

/// "UTC", "UTCPlus02", "UTCMinus0330" as a word of its own.
std::optional<Zone> ZoneOf(std::string_view name) {
  for (const std::string_view word : Words(name)) {
    if (!word.starts_with("UTC")) continue;
    auto zone = Zone::Parse(word);
    if (zone.has_value()) return *std::move(zone);
  }
  return std::nullopt;
}

}  // namespace

FileNameFacts ParseTickFileName(std::string_view base_name) {
  return {.symbol = SymbolOf(base_name), .zone = ZoneOf(base_name)};
}

}  // namespace tickhouse::io
