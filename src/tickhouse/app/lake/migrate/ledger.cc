#include "tickhouse/app/lake/migrate/ledger.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <optional>

namespace tickhouse::app {

namespace {

constexpr std::size_t kPlaceDigits = 12;
constexpr std::size_t kEntryLength = 29;

Status AddEntries(std::string_view text, std::string_view where, SourceLedger* ledger) {
  while (!text.empty()) {
    const std::string_view entry = text.substr(0, text.find(','));
    if (entry.size() != kEntryLength || entry[kPlaceDigits] != '-') {
      return Fail(ErrorKind::kCorrupt,
                  fmt::format("{}: '{}' is no entry of a migration, so that nobody knows what is "
                              "loaded; take the entry out",
                              where, entry.substr(0, 40)));
    }
    const std::string content(entry.substr(kPlaceDigits + 1));
    ledger->content_of_place[std::string(entry.substr(0, kPlaceDigits))] = content;
    ledger->contents.insert(content);
    text.remove_prefix(std::min(entry.size() + 1, text.size()));
  }
  return {};
}

std::optional<int64_t> SnapshotIdOf(std::string_view property) {
  if (!property.starts_with(kSourcesKey)) return std::nullopt;
  property.remove_prefix(kSourcesKey.size());
  if (!property.starts_with('.')) return std::nullopt;
  property.remove_prefix(1);
  int64_t id = 0;
  const auto [end, error] = std::from_chars(property.data(), property.data() + property.size(), id);
  if (error != std::errc() || end != property.data() + property.size()) return std::nullopt;
  return id;
}

}  // namespace

SourceLedger::State SourceLedger::StateOf(const MigrateSource& source) const {
  if (contents.contains(source.content)) return State::kLoaded;
  return content_of_place.contains(source.place) ? State::kChanged : State::kNew;
}

Result<SourceLedger> ReadLedger(const lake::TableMetadata& metadata) {
  SourceLedger ledger;
  std::set<int64_t> history;
  if (const lake::Snapshot* const current = metadata.CurrentSnapshot()) {
    for (const int64_t id : metadata.AncestorsOf(current->id)) history.insert(id);
  }
  for (const auto& [key, value] : metadata.properties) {
    const std::optional<int64_t> id = SnapshotIdOf(key);
    if (!id) continue;
    const bool rolled_back = metadata.FindSnapshot(*id) != nullptr && !history.contains(*id);
    if (!rolled_back) TICKHOUSE_TRY(AddEntries(value, "table property " + key, &ledger));
  }
  for (const int64_t id : history) {
    const lake::Snapshot* const snapshot = metadata.FindSnapshot(id);
    if (snapshot == nullptr) continue;
    const auto found = snapshot->summary.find(std::string(kSourcesKey));
    if (found == snapshot->summary.end()) continue;
    TICKHOUSE_TRY(AddEntries(found->second, fmt::format("summary of snapshot {}", id), &ledger));
  }
  return ledger;
}

std::string LedgerText(const std::vector<const MigrateSource*>& sources) {
  std::string text;
  for (const MigrateSource* const source : sources) {
    if (!text.empty()) text += ',';
    text += source->place + '-' + source->content;
  }
  return text;
}

}  // namespace tickhouse::app
