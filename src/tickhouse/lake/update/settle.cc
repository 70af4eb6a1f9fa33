#include "tickhouse/lake/update/settle.h"

#include <algorithm>

namespace tickhouse::lake {
namespace {

bool SameSpec(const PartitionSpec& a, const PartitionSpec& b) {
  return std::ranges::equal(a.fields, b.fields, [](const auto& x, const auto& y) {
    return x.source_id == y.source_id && x.name == y.name && x.transform == y.transform;
  });
}

bool SameRef(const SnapshotRef& a, const SnapshotRef& b) {
  return a.snapshot_id == b.snapshot_id && a.is_branch == b.is_branch &&
         a.max_ref_age_ms == b.max_ref_age_ms && a.max_snapshot_age_ms == b.max_snapshot_age_ms &&
         a.min_snapshots_to_keep == b.min_snapshots_to_keep;
}

bool HasSameSpec(const TableMetadata& now, const PartitionSpec& spec) {
  return std::ranges::any_of(now.specs, [&](const auto& each) { return SameSpec(each, spec); });
}

/// Walks the updates of one change in order; -1 stands for what was added last.
struct Shown {
  const TableMetadata& now;
  const Schema* last_schema = nullptr;
  const PartitionSpec* last_spec = nullptr;
  const SortOrder* last_order = nullptr;

  bool operator()(const AssignUuid& update) const { return now.table_uuid == update.uuid; }
  bool operator()(const UpgradeFormatVersion& update) const {
    return now.format_version >= update.format_version;
  }
  bool operator()(const AddSchema& update) {
    last_schema = &update.schema;
    return std::ranges::any_of(now.schemas,
                               [&](const auto& s) { return s.SameFields(update.schema); });
  }
  bool operator()(const SetCurrentSchema& update) const {
    if (update.schema_id != -1) return now.current_schema_id == update.schema_id;
    return last_schema != nullptr && now.CurrentSchema().SameFields(*last_schema);
  }
  bool operator()(const AddPartitionSpec& update) {
    last_spec = &update.spec;
    return HasSameSpec(now, update.spec);
  }
  bool operator()(const SetDefaultSpec& update) const {
    if (update.spec_id != -1) return now.default_spec_id == update.spec_id;
    return last_spec != nullptr && SameSpec(now.DefaultSpec(), *last_spec);
  }
  bool operator()(const AddSortOrder& update) {
    last_order = &update.order;
    return std::ranges::any_of(now.sort_orders,
                               [&](const auto& o) { return o.fields == update.order.fields; });
  }
  bool operator()(const SetDefaultSortOrder& update) const {
    if (update.sort_order_id != -1) return now.default_sort_order_id == update.sort_order_id;
    const SortOrder* order = now.FindSortOrder(now.default_sort_order_id);
    return last_order != nullptr && order != nullptr && order->fields == last_order->fields;
  }
  bool operator()(const AddSnapshot& update) const {
    return now.FindSnapshot(update.snapshot.id) != nullptr;
  }
  bool operator()(const SetSnapshotRef& update) const {
    const auto found = now.refs.find(update.name);
    return found != now.refs.end() && SameRef(found->second, update.ref);
  }
  bool operator()(const RemoveSnapshotRef& update) const { return !now.refs.contains(update.name); }
  bool operator()(const RemoveSnapshots& update) const {
    return std::ranges::none_of(update.snapshot_ids,
                                [&](int64_t id) { return now.FindSnapshot(id) != nullptr; });
  }
  bool operator()(const SetLocation& update) const { return now.location == update.location; }
  bool operator()(const SetProperties& update) const {
    return std::ranges::all_of(update.updates, [&](const auto& wanted) {
      const auto found = now.properties.find(wanted.first);
      return found != now.properties.end() && found->second == wanted.second;
    });
  }
  bool operator()(const RemoveProperties& update) const {
    return std::ranges::none_of(update.removals,
                                [&](const auto& key) { return now.properties.contains(key); });
  }
  bool operator()(const RemovePartitionSpecs& update) const {
    return std::ranges::none_of(update.spec_ids,
                                [&](int id) { return now.FindSpec(id) != nullptr; });
  }
  bool operator()(const RemoveSchemas& update) const {
    return std::ranges::none_of(update.schema_ids,
                                [&](int id) { return now.FindSchema(id) != nullptr; });
  }
  /// Statistics are kept as text: whether this one is among them cannot be told.
  bool operator()(const ChangeStatistics&) const { return false; }
};

/// The branch that a change moves, and where it must stand before.
const SetSnapshotRef* MovedRef(const TableChange& change) {
  for (const TableUpdate& update : change.updates) {
    if (const auto* set = std::get_if<SetSnapshotRef>(&update)) return set;
  }
  return nullptr;
}

/// True when the parents of `head` lead to `origin` (none: to a first snapshot) without a gap.
bool LeadsBackTo(const TableMetadata& now, const Snapshot* head, std::optional<int64_t> origin) {
  std::size_t steps = 0;
  while (head != nullptr && steps++ <= now.snapshots.size()) {
    if (origin && head->id == *origin) return true;
    if (!head->parent_id) return !origin;
    head = now.FindSnapshot(*head->parent_id);
  }
  return false;
}

}  // namespace

std::optional<int64_t> AddedSnapshotId(const TableChange& change) {
  for (const TableUpdate& update : change.updates) {
    if (const auto* add = std::get_if<AddSnapshot>(&update)) return add->snapshot.id;
  }
  return {};
}

bool ShowsChange(const TableMetadata& now, const TableChange& change) {
  if (const auto id = AddedSnapshotId(change)) return now.FindSnapshot(*id) != nullptr;
  Shown shown{now};
  return std::ranges::all_of(change.updates,
                             [&](const TableUpdate& each) { return std::visit(shown, each); });
}

bool DisprovesChange(const TableMetadata& base, const TableMetadata& now,
                     const TableChange& change) {
  if (ShowsChange(now, change)) return false;
  if (!AddedSnapshotId(change)) return true;
  const SetSnapshotRef* moved = MovedRef(change);
  // A staged snapshot hangs on no branch: only the set of all snapshots can tell, and it does when
  // none of those known before is gone.
  if (moved == nullptr) {
    return std::ranges::all_of(
        base.snapshots, [&](const auto& each) { return now.FindSnapshot(each.id) != nullptr; });
  }
  const Snapshot* before = base.FindRef(moved->name);
  const Snapshot* head = now.FindRef(moved->name);
  // The branch stands where it stood, or was never made: our swap would have moved it, and a
  // rollback leaves the snapshot.
  if (head == nullptr) return before == nullptr;
  return LeadsBackTo(now, head, before ? std::optional(before->id) : std::nullopt);
}

}  // namespace tickhouse::lake
