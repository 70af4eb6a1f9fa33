#include "tickhouse/ingest/fetch/hour_record.h"

#include <fmt/format.h>

#include <array>
#include <charconv>
#include <vector>

namespace tickhouse::ingest {

namespace {

constexpr std::array<std::string_view, 6> kStateNames = {
    "ticks", "proven-empty", "closed-market", "missing-at-source", "refused", "corrupt"};

std::string OneLine(std::string text) {
  for (char& c : text) {
    if (c == '\t' || c == '\n' || c == '\r' || c == '\0') c = ' ';
  }
  return text;
}

std::vector<std::string_view> SplitTabs(std::string_view line) {
  std::vector<std::string_view> fields;
  while (true) {
    const std::size_t tab = line.find('\t');
    fields.push_back(line.substr(0, tab));
    if (tab == line.npos) return fields;
    line.remove_prefix(tab + 1);
  }
}

template <typename T>
bool Parse(std::string_view text, T* out) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), *out);
  return error == std::errc() && end == text.data() + text.size();
}

}  // namespace

std::string_view FeedKindName(FeedKind feed) {
  return feed == FeedKind::kJson ? "json" : "bi5";
}

Result<FeedKind> ParseFeedKind(std::string_view name) {
  if (name == "json") return FeedKind::kJson;
  if (name == "bi5") return FeedKind::kBi5;
  return Fail(ErrorKind::kInvalidArgument,
              fmt::format("\"{}\" is no feed; known are json and bi5", name));
}

std::string_view HourStateName(HourState state) {
  return kStateNames[static_cast<std::size_t>(state)];
}

Result<HourState> ParseHourState(std::string_view name) {
  for (std::size_t i = 0; i < kStateNames.size(); ++i) {
    if (kStateNames[i] == name) return static_cast<HourState>(i);
  }
  return Fail(ErrorKind::kCorrupt, fmt::format("\"{}\" is no state of an hour", name));
}

std::string FormatHourRecord(const HourRecord& r) {
  return fmt::format("h1\t{}\t{}\t{}\t{}\t{}\t{}\t{}\t{}\t{}\t{}\t{}\t{}\t{}", FeedKindName(r.feed),
                     r.hour_ns, HourStateName(r.state), r.ticks, r.bytes, r.sha256, OneLine(r.file),
                     OneLine(r.source), r.fetched_ns, r.first_price, r.last_price, r.volume,
                     OneLine(r.detail));
}

Result<HourRecord> ParseHourRecord(std::string_view line) {
  const auto corrupt = [line] {
    return Fail(ErrorKind::kCorrupt,
                fmt::format("manifest: \"{}\" is no record of an hour", line.substr(0, 200)));
  };
  const std::vector<std::string_view> f = SplitTabs(line);
  if (f.size() != 14 || f[0] != "h1") return corrupt();
  const auto feed = ParseFeedKind(f[1]);
  const auto state = ParseHourState(f[3]);
  HourRecord r;
  if (!feed || !state || !Parse(f[2], &r.hour_ns) || !Parse(f[4], &r.ticks) ||
      !Parse(f[5], &r.bytes) || !Parse(f[9], &r.fetched_ns) || !Parse(f[10], &r.first_price) ||
      !Parse(f[11], &r.last_price) || !Parse(f[12], &r.volume)) {
    return corrupt();
  }
  r.feed = *feed;
  r.state = *state;
  r.sha256 = f[6];
  r.file = f[7];
  r.source = f[8];
  r.detail = f[13];
  return r;
}

}  // namespace tickhouse::ingest
