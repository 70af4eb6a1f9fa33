#include "tickhouse/synth/anomaly.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <optional>

namespace tickhouse::synth {

namespace {

struct KindFacts {
  AnomalyKind kind;
  std::string_view name;
  double size;  ///< The default.
  double min_size;
  double max_size;
};

constexpr KindFacts kKinds[] = {
    {AnomalyKind::kSpike, "spike", 40, 5, 1'000},
    {AnomalyKind::kFlash, "flash", 1, 0.05, 50},
    {AnomalyKind::kStale, "stale", 180, 10, 7'200},
    {AnomalyKind::kBlowout, "blowout", 15, 3, 1'000},
    {AnomalyKind::kCrossed, "crossed", 1, 0.1, 100},
    {AnomalyKind::kGap, "gap", 1'800, 60, 43'200},
    {AnomalyKind::kBurst, "burst", 30, 3, 1'000},
};

const KindFacts& FactsOf(AnomalyKind kind) {
  return *std::find_if(std::begin(kKinds), std::end(kKinds),
                       [&](const KindFacts& facts) { return facts.kind == kind; });
}

const KindFacts* FindKind(std::string_view name) {
  const auto* found = std::find_if(std::begin(kKinds), std::end(kKinds),
                                   [&](const KindFacts& facts) { return facts.name == name; });
  return found == std::end(kKinds) ? nullptr : found;
}

std::optional<double> ParseNumber(std::string_view text) {
  double value = 0;
  const char* end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, value, std::chars_format::fixed);
  if (error != std::errc() || stop != end || !(value >= 0)) return std::nullopt;
  return value;
}

std::unexpected<Error> BadPart(std::string_view part, std::string_view why) {
  return Fail(ErrorKind::kInvalidArgument,
              fmt::format("anomalies '{}': {}; write for example spike=3,gap=2@3600,burst=0.5/day",
                          part, why));
}

Result<AnomalyRequest> ParseRequest(std::string_view part) {
  const std::size_t equals = part.find('=');
  const KindFacts* facts = FindKind(part.substr(0, equals));
  if (facts == nullptr) {
    std::string names;
    for (const KindFacts& known : kKinds) names += fmt::format(" {}", known.name);
    return BadPart(part, "the kinds are" + names);
  }
  AnomalyRequest request{.kind = facts->kind, .size = facts->size};
  if (equals == std::string_view::npos) return request;
  std::string_view amount = part.substr(equals + 1);
  if (const std::size_t at = amount.find('@'); at != std::string_view::npos) {
    const std::optional<double> size = ParseNumber(amount.substr(at + 1));
    if (!size || *size < facts->min_size || *size > facts->max_size) {
      return BadPart(part, fmt::format("the size of a {} lies between {} and {}", facts->name,
                                       facts->min_size, facts->max_size));
    }
    request.size = *size;
    amount = amount.substr(0, at);
  }
  if (amount.ends_with("/day")) {
    request.per_day = true;
    amount.remove_suffix(4);
  }
  const std::optional<double> count = ParseNumber(amount);
  const bool whole = count && *count == std::trunc(*count);
  if (!count || *count > 1e6 || (!request.per_day && !whole)) {
    return BadPart(part, "a count is a whole number, a rate ends in /day");
  }
  request.count = *count;
  return request;
}

}  // namespace

std::string_view AnomalyKindName(AnomalyKind kind) {
  return FactsOf(kind).name;
}

Result<std::vector<AnomalyRequest>> ParseAnomalies(std::string_view text) {
  std::vector<AnomalyRequest> requests;
  while (true) {
    const std::size_t comma = text.find(',');
    TICKHOUSE_ASSIGN(const AnomalyRequest request, ParseRequest(text.substr(0, comma)));
    requests.push_back(request);
    if (comma == std::string_view::npos) return requests;
    text.remove_prefix(comma + 1);
  }
}

std::vector<AnomalyRequest> DefaultAnomalies() {
  std::vector<AnomalyRequest> requests;
  for (const KindFacts& facts : kKinds) {
    requests.push_back({.kind = facts.kind,
                        .count = facts.kind == AnomalyKind::kSpike ? 3.0 : 1.0,
                        .size = facts.size});
  }
  return requests;
}

std::string FormatAnomalyLabels(std::span<const AnomalyLabel> labels) {
  std::string csv = "symbol,kind,begin,end,first_row,rows,size\n";
  for (const AnomalyLabel& label : labels) {
    csv += fmt::format("{},{},{},{},{},{},{}\n", label.symbol, AnomalyKindName(label.kind),
                       FormatUtc(FromNanos(label.begin_ns)), FormatUtc(FromNanos(label.end_ns)),
                       label.first_row, label.rows, label.size);
  }
  return csv;
}

}  // namespace tickhouse::synth
