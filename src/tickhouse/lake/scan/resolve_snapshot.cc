#include "tickhouse/lake/scan/resolve_snapshot.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <optional>
#include <string>
#include <utility>

#include "tickhouse/lake/format/text/instant_text.h"

namespace tickhouse::lake {
namespace {

constexpr int64_t kMillisPerDay = 86'400'000;
constexpr int64_t kMostDays = 100'000'000;  // 273,000 years to either side.
constexpr std::size_t kMostRefsTold = 20;

bool IsDigit(char c) {
  return c >= '0' && c <= '9';
}

std::optional<int64_t> WholeNumber(std::string_view text) {
  int64_t number = 0;
  const auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (code != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return number;
}

std::optional<int64_t> InstantMillis(std::string_view text) {
  const auto days = TakeDate(&text);
  if (!days || *days < -kMostDays || *days > kMostDays) return std::nullopt;
  if (text.empty()) return *days * kMillisPerDay;
  if (text.front() != 'T' && text.front() != ' ') return std::nullopt;
  text.remove_prefix(1);
  const auto nanos = TakeTime(&text, 9);
  if (!nanos) return std::nullopt;
  const auto offset = text.empty() ? std::optional(0) : TakeOffset(&text);
  if (!offset || !text.empty()) return std::nullopt;
  return *days * kMillisPerDay + *nanos / 1'000'000 - int64_t{*offset} * 1'000;
}

bool LooksLikeDay(std::string_view text) {
  return text.size() > 4 && std::ranges::all_of(text.substr(0, 4), IsDigit) && text[4] == '-';
}

std::string InstantText(int64_t millis) {
  return TimestampText(millis, 3) + "Z";
}

Result<const Snapshot*> CurrentOf(const TableMetadata& metadata) {
  const Snapshot* const current = metadata.CurrentSnapshot();
  if (current == nullptr && metadata.current_snapshot_id) {
    return Fail(ErrorKind::kCorrupt, fmt::format("the current snapshot, {}, is not in the table",
                                                 *metadata.current_snapshot_id));
  }
  return current;
}

std::unexpected<Error> BeforeFirst(int64_t millis, int64_t first_id, int64_t first_ms) {
  return Fail(ErrorKind::kNotFound,
              fmt::format("no snapshot at {}: the first that is known, {}, is of {}",
                          InstantText(millis), first_id, InstantText(first_ms)));
}

Result<const Snapshot*> AsOfAncestor(const TableMetadata& metadata, const Snapshot& current,
                                     int64_t millis) {
  const Snapshot* oldest = nullptr;
  for (const int64_t id : metadata.AncestorsOf(current.id)) {
    oldest = metadata.FindSnapshot(id);
    if (oldest->timestamp_ms <= millis) return oldest;
  }
  return BeforeFirst(millis, oldest->id, oldest->timestamp_ms);
}

Result<const Snapshot*> AsOf(const TableMetadata& metadata, int64_t millis) {
  const auto& log = metadata.snapshot_log;
  if (log.empty()) {
    TICKHOUSE_ASSIGN(const Snapshot* const current, CurrentOf(metadata));
    if (current == nullptr) return Fail(ErrorKind::kNotFound, "the table has no snapshot yet");
    return AsOfAncestor(metadata, *current, millis);
  }
  const auto entry = std::find_if(log.rbegin(), log.rend(), [millis](const SnapshotLogEntry& each) {
    return each.timestamp_ms <= millis;
  });
  if (entry == log.rend()) {
    return BeforeFirst(millis, log.front().snapshot_id, log.front().timestamp_ms);
  }
  if (const Snapshot* found = metadata.FindSnapshot(entry->snapshot_id)) return found;
  return Fail(ErrorKind::kNotFound, fmt::format("at {} snapshot {} was current, which has expired",
                                                InstantText(millis), entry->snapshot_id));
}

Result<const Snapshot*> OfRef(const TableMetadata& metadata, const std::string& name,
                              const SnapshotRef& ref) {
  if (const Snapshot* found = metadata.FindSnapshot(ref.snapshot_id)) return found;
  return Fail(ErrorKind::kCorrupt,
              fmt::format("{} {} leads to snapshot {}, which is not in the "
                          "table",
                          ref.is_branch ? "branch" : "tag", name, ref.snapshot_id));
}

std::unexpected<Error> Unknown(const TableMetadata& metadata, std::string_view at) {
  if (LooksLikeDay(at)) {
    return Fail(ErrorKind::kInvalidArgument,
                fmt::format("\"{}\" is no instant; expected YYYY-MM-DD[THH:MM[:SS[.mmm]]"
                            "[Z|+HH:MM]]",
                            at));
  }
  std::string known;
  std::size_t told = 0;
  for (const auto& [name, ref] : metadata.refs) {
    if (told++ == kMostRefsTold) {
      known += ", ...";
      break;
    }
    known += (known.empty() ? "" : ", ") + name;
  }
  return Fail(ErrorKind::kNotFound,
              fmt::format("no snapshot, branch or tag \"{}\"; branches and tags: {}", at,
                          known.empty() ? "none" : known));
}

/// nullopt where `at` is neither an id nor a time.
Result<std::optional<const Snapshot*>> OfNumberOrTime(const TableMetadata& metadata,
                                                      std::string_view at) {
  std::optional<int64_t> millis;
  if (const auto number = WholeNumber(at)) {
    if (const Snapshot* found = metadata.FindSnapshot(*number)) return found;
    if (*number >= 0 && at.size() >= 11 && at.size() <= 14) millis = number;
  } else {
    millis = InstantMillis(at);
  }
  if (!millis) return std::nullopt;
  TICKHOUSE_ASSIGN(const Snapshot* const found, AsOf(metadata, *millis));
  return found;
}

}  // namespace

Result<const Schema*> SchemaOfSnapshot(const TableMetadata& metadata, const Snapshot& snapshot) {
  if (!snapshot.schema_id) return &metadata.CurrentSchema();
  if (const Schema* found = metadata.FindSchema(*snapshot.schema_id)) return found;
  return Fail(ErrorKind::kCorrupt, fmt::format("snapshot {} is of schema {}, which the table lacks",
                                               snapshot.id, *snapshot.schema_id));
}

Result<ReadPoint> ResolveReadPoint(const TableMetadata& metadata, std::string_view at) {
  ReadPoint point{.schema = &metadata.CurrentSchema()};
  if (at.empty()) {
    TICKHOUSE_ASSIGN(point.snapshot, CurrentOf(metadata));
    return point;
  }
  if (const auto ref = metadata.refs.find(std::string(at)); ref != metadata.refs.end()) {
    TICKHOUSE_ASSIGN(point.snapshot, OfRef(metadata, ref->first, ref->second));
    if (ref->second.is_branch) return point;
  } else {
    TICKHOUSE_ASSIGN(const auto found, OfNumberOrTime(metadata, at));
    if (!found) return Unknown(metadata, at);
    point.snapshot = *found;
  }
  TICKHOUSE_ASSIGN(point.schema, SchemaOfSnapshot(metadata, *point.snapshot));
  return point;
}

Result<const Snapshot*> ResolveSnapshot(const TableMetadata& metadata, std::string_view at) {
  TICKHOUSE_ASSIGN(const ReadPoint point, ResolveReadPoint(metadata, at));
  return point.snapshot;
}

}  // namespace tickhouse::lake
