#include "tickhouse/lake/format/snapshot.h"

#include <algorithm>

#include "tickhouse/lake/format/json/parts.h"

namespace tickhouse::lake {

std::string_view Snapshot::operation() const {
  const auto found = summary.find("operation");
  return found == summary.end() ? std::string_view() : found->second;
}

const Snapshot* SnapshotList::Find(int64_t id) const {
  // From the end: what is asked for is most often young.
  const auto found = std::find(ids_.rbegin(), ids_.rend(), id);
  if (found == ids_.rend()) return nullptr;
  return &items_[static_cast<std::size_t>(ids_.rend() - found) - 1]->snapshot;
}

void SnapshotList::reserve(std::size_t size) {
  items_.reserve(size);
  ids_.reserve(size);
}

void SnapshotList::push_back(Snapshot snapshot) {
  ids_.push_back(snapshot.id);
  items_.push_back(std::make_shared<const Item>(std::move(snapshot)));
}

void SnapshotList::AppendJson(std::string* text) const {
  *text += '[';
  JsonText json;  // One for all: the kept copies are then no larger than they need to be.
  for (const auto& item : items_) {
    std::call_once(item->printed, [&] {
      json.Clear();
      PrintSnapshot(item->snapshot, &json);
      item->json = *json.text();
    });
    if (text->back() != '[') *text += ',';
    *text += item->json;
  }
  *text += ']';
}

bool SnapshotList::operator==(const SnapshotList& other) const {
  return std::ranges::equal(items_, other.items_, [](const auto& a, const auto& b) {
    return a == b || a->snapshot == b->snapshot;
  });
}

}  // namespace tickhouse::lake
