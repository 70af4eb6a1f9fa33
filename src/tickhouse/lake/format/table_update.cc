#include "tickhouse/lake/format/table_update.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <nlohmann/json.hpp>
#include <set>
#include <utility>

namespace tickhouse::lake {

namespace {

constexpr char kMain[] = "main";
constexpr int kLast = -1;
// Clocks of writers differ; the reference implementation allows as much.
constexpr int64_t kClockSkewMs = 60'000;

bool SameUuid(std::string_view a, std::string_view b) {
  return std::ranges::equal(
      a, b, [](unsigned char x, unsigned char y) { return std::tolower(x) == std::tolower(y); });
}

std::string SnapshotText(const std::optional<int64_t>& id) {
  return id ? fmt::format("snapshot {}", *id) : "no snapshot";
}

std::unexpected<Error> Broken(std::string text) {
  return Fail(ErrorKind::kConflict, "the table has changed: " + std::move(text));
}

Status CheckNumber(std::string_view what, int64_t expected, int64_t found) {
  if (expected == found) return {};
  return Broken(fmt::format("{} is {}, not {}", what, found, expected));
}

struct RequirementCheck {
  const TableMetadata& base;

  Status operator()(const AssertCreate&) const {
    return Fail(ErrorKind::kConflict, "the table exists already");
  }
  Status operator()(const AssertTableUuid& r) const {
    if (SameUuid(r.uuid, base.table_uuid)) return {};
    return Broken(fmt::format("its uuid is {}, not {}; it was dropped and made anew",
                              base.table_uuid, r.uuid));
  }
  Status operator()(const AssertRefSnapshotId& r) const {
    const auto ref = base.refs.find(r.ref);
    std::optional<int64_t> found;
    if (ref != base.refs.end()) found = ref->second.snapshot_id;
    if (found == r.snapshot_id) return {};
    return Broken(fmt::format("ref {} is at {}, not at {}", r.ref, SnapshotText(found),
                              SnapshotText(r.snapshot_id)));
  }
  Status operator()(const AssertLastAssignedFieldId& r) const {
    return CheckNumber("the last column id", r.last_assigned_field_id, base.last_column_id);
  }
  Status operator()(const AssertCurrentSchemaId& r) const {
    return CheckNumber("the current schema", r.current_schema_id, base.current_schema_id);
  }
  Status operator()(const AssertLastAssignedPartitionId& r) const {
    return CheckNumber("the last partition id", r.last_assigned_partition_id,
                       base.last_partition_id);
  }
  Status operator()(const AssertDefaultSpecId& r) const {
    return CheckNumber("the default partition spec", r.default_spec_id, base.default_spec_id);
  }
  Status operator()(const AssertDefaultSortOrderId& r) const {
    return CheckNumber("the default sort order", r.default_sort_order_id,
                       base.default_sort_order_id);
  }
};

std::unexpected<Error> Invalid(std::string text) {
  return Fail(ErrorKind::kInvalidArgument, std::move(text));
}

template <typename T>
int NextId(const std::vector<T>& parts) {
  int next = 0;
  for (const T& part : parts) next = std::max(next, part.id + 1);
  return next;
}

// Without ids: what partitioning means.
bool SameFields(const PartitionSpec& a, const PartitionSpec& b) {
  return std::ranges::equal(a.fields, b.fields, [](const auto& x, const auto& y) {
    return x.source_id == y.source_id && x.name == y.name && x.transform == y.transform;
  });
}

bool NeedsVersion3(const Type& type) {
  if (type.kind == TypeKind::kTimestampNs || type.kind == TypeKind::kTimestampTzNs ||
      type.kind == TypeKind::kOpaque) {
    return true;
  }
  return std::ranges::any_of(type.fields,
                             [](const Field& field) { return NeedsVersion3(field.type); });
}

// A statistics array with the entries of `snapshot_id` taken out.
Result<nlohmann::ordered_json> WithoutSnapshot(const std::string& array_text,
                                               const std::set<int64_t>& snapshot_ids) {
  auto array =
      nlohmann::ordered_json::parse(array_text.empty() ? "[]" : array_text, nullptr, false);
  if (!array.is_array()) return Invalid("statistics: not an array");
  auto kept = nlohmann::ordered_json::array();
  for (auto& entry : array) {
    const auto id = entry.find("snapshot-id");
    const bool drop =
        id != entry.end() && id->is_number_integer() && snapshot_ids.contains(id->get<int64_t>());
    if (!drop) kept.push_back(std::move(entry));
  }
  return kept;
}

std::string ArrayText(const nlohmann::ordered_json& array) {
  return array.empty() ? std::string() : array.dump();
}

// Applies one update after the other to `now`.
class Application {
 public:
  Application(const TableMetadata* base, int64_t now_ms) : base_(base), now_ms_(now_ms) {
    if (base != nullptr) now_ = *base;
  }

  Status operator()(const AssignUuid& u) {
    if (base_ != nullptr && !base_->table_uuid.empty() && !SameUuid(base_->table_uuid, u.uuid)) {
      return Invalid("assign-uuid: a table keeps its uuid");
    }
    now_.table_uuid = u.uuid;
    return {};
  }

  Status operator()(const UpgradeFormatVersion& u) {
    const int floor = base_ == nullptr ? 1 : now_.format_version;
    if (u.format_version > 3) {
      return Fail(ErrorKind::kUnsupported,
                  fmt::format("upgrade-format-version: v{} is not known", u.format_version));
    }
    if (u.format_version < floor) {
      return Invalid(
          fmt::format("upgrade-format-version: the table is v{} and cannot go back to v{}",
                      now_.format_version, u.format_version));
    }
    now_.format_version = u.format_version;
    if (now_.format_version >= 3 && !now_.next_row_id) now_.next_row_id = 0;
    return {};
  }

  Status operator()(const AddSchema& u) {
    if (u.schema.fields.empty()) return Invalid("add-schema: it has no column");
    for (const int id : u.schema.identifier_field_ids) {
      if (u.schema.FindById(id) == nullptr) {
        return Invalid(fmt::format("add-schema: identifier field {} is no column", id));
      }
    }
    for (const Field& field : u.schema.fields) {
      if (now_.format_version < 3 && NeedsVersion3(field.type)) {
        return Invalid(fmt::format("add-schema: column {} of type {} needs format v3", field.name,
                                   field.type.ToString()));
      }
    }
    now_.last_column_id = std::max(now_.last_column_id, u.schema.MaxFieldId());
    for (const Schema& known : now_.schemas) {
      if (known.SameFields(u.schema)) {
        added_schema_ = known.id;
        return {};
      }
    }
    Schema schema = u.schema;
    schema.id = NextId(now_.schemas);
    added_schema_ = schema.id;
    now_.schemas.push_back(std::move(schema));
    return {};
  }

  Status operator()(const SetCurrentSchema& u) {
    TICKHOUSE_ASSIGN(const int id, Resolve("set-current-schema", u.schema_id, added_schema_));
    const Schema* const schema = now_.FindSchema(id);
    if (schema == nullptr) return Invalid(fmt::format("set-current-schema: no schema {}", id));
    TICKHOUSE_TRY(CheckSources(*schema));
    now_.current_schema_id = id;
    return {};
  }

  Status operator()(const AddPartitionSpec& u) {
    for (const PartitionSpec& known : now_.specs) {
      if (SameFields(known, u.spec)) {
        added_spec_ = known.id;
        return {};
      }
    }
    PartitionSpec spec = u.spec;
    TICKHOUSE_TRY(CheckSpec(spec));
    AssignPartitionIds(&spec);
    spec.id = NextId(now_.specs);
    added_spec_ = spec.id;
    now_.specs.push_back(std::move(spec));
    return {};
  }

  Status operator()(const SetDefaultSpec& u) {
    TICKHOUSE_ASSIGN(const int id, Resolve("set-default-spec", u.spec_id, added_spec_));
    if (now_.FindSpec(id) == nullptr)
      return Invalid(fmt::format("set-default-spec: no spec {}", id));
    now_.default_spec_id = id;
    return {};
  }

  Status operator()(const AddSortOrder& u) {
    for (const SortOrder& known : now_.sort_orders) {
      if (known.fields == u.order.fields) {
        added_order_ = known.id;
        return {};
      }
    }
    SortOrder order = u.order;
    const Schema* const schema = SchemaAtHand();
    for (const SortField& field : order.fields) {
      const Field* const source = schema == nullptr ? nullptr : schema->FindById(field.source_id);
      if (source == nullptr) {
        return Invalid(fmt::format("add-sort-order: no column with id {}", field.source_id));
      }
      TICKHOUSE_TRY(field.transform.ResultType(source->type));
    }
    order.id = order.fields.empty() ? 0 : std::max(1, NextId(now_.sort_orders));
    added_order_ = order.id;
    now_.sort_orders.push_back(std::move(order));
    return {};
  }

  Status operator()(const SetDefaultSortOrder& u) {
    TICKHOUSE_ASSIGN(const int id,
                     Resolve("set-default-sort-order", u.sort_order_id, added_order_));
    if (now_.FindSortOrder(id) == nullptr) {
      return Invalid(fmt::format("set-default-sort-order: no sort order {}", id));
    }
    now_.default_sort_order_id = id;
    return {};
  }

  Status operator()(const AddSnapshot& u) {
    const Snapshot& snapshot = u.snapshot;
    if (now_.FindSnapshot(snapshot.id) != nullptr) {
      return Invalid(fmt::format("add-snapshot: snapshot {} exists already", snapshot.id));
    }
    if (now_.format_version > 1 && snapshot.parent_id &&
        snapshot.sequence_number <= now_.last_sequence_number) {
      return Invalid(fmt::format("add-snapshot: sequence number {} is not above the last, {}",
                                 snapshot.sequence_number, now_.last_sequence_number));
    }
    if (snapshot.timestamp_ms < now_.last_updated_ms - kClockSkewMs) {
      return Invalid(
          fmt::format("add-snapshot: its time {} ms is more than a minute before the table's last "
                      "change, {} ms",
                      snapshot.timestamp_ms, now_.last_updated_ms));
    }
    TICKHOUSE_TRY(TakeRowIds(snapshot));
    now_.last_sequence_number = std::max(now_.last_sequence_number, snapshot.sequence_number);
    now_.last_updated_ms = std::max(now_.last_updated_ms, snapshot.timestamp_ms);
    added_snapshots_.insert(snapshot.id);
    now_.snapshots.push_back(snapshot);
    return {};
  }

  Status operator()(const SetSnapshotRef& u) {
    if (now_.FindSnapshot(u.ref.snapshot_id) == nullptr) {
      return Invalid(fmt::format("set-snapshot-ref {}: no snapshot {}", u.name, u.ref.snapshot_id));
    }
    if (u.name == kMain) {
      if (!u.ref.is_branch) return Invalid("set-snapshot-ref: main must be a branch");
      now_.current_snapshot_id = u.ref.snapshot_id;
    }
    now_.refs[u.name] = u.ref;
    return {};
  }

  Status operator()(const RemoveSnapshotRef& u) {
    now_.refs.erase(u.name);
    if (u.name == kMain) now_.current_snapshot_id.reset();
    return {};
  }

  Status operator()(const RemoveSnapshots& u) {
    const std::set<int64_t> gone(u.snapshot_ids.begin(), u.snapshot_ids.end());
    if (now_.current_snapshot_id && gone.contains(*now_.current_snapshot_id)) {
      return Invalid(
          fmt::format("remove-snapshots: {} is the current snapshot", *now_.current_snapshot_id));
    }
    // Somebody may have tagged it since the removal was planned: the tag is a wish to keep it.
    for (const auto& [name, ref] : now_.refs) {
      if (!gone.contains(ref.snapshot_id)) continue;
      return Invalid(fmt::format("remove-snapshots: {} is where {} '{}' points; remove that first",
                                 ref.snapshot_id, ref.is_branch ? "branch" : "tag", name));
    }
    now_.snapshots.EraseIf([&](const Snapshot& s) { return gone.contains(s.id); });
    for (std::string* text : {&now_.statistics, &now_.partition_statistics}) {
      if (text->empty()) continue;
      TICKHOUSE_ASSIGN(const nlohmann::ordered_json kept, WithoutSnapshot(*text, gone));
      *text = ArrayText(kept);
    }
    ForgetLogOf(gone);
    return {};
  }

  Status operator()(const SetLocation& u) {
    now_.location = u.location;
    while (now_.location.size() > 1 && now_.location.ends_with('/')) now_.location.pop_back();
    return {};
  }

  Status operator()(const SetProperties& u) {
    for (const auto& [key, value] : u.updates) now_.properties[key] = value;
    return {};
  }

  Status operator()(const RemoveProperties& u) {
    for (const std::string& key : u.removals) now_.properties.erase(key);
    return {};
  }

  Status operator()(const RemovePartitionSpecs& u) {
    if (std::ranges::count(u.spec_ids, now_.default_spec_id) > 0) {
      return Invalid("remove-partition-specs: the default spec stays");
    }
    std::erase_if(now_.specs,
                  [&](const PartitionSpec& s) { return std::ranges::count(u.spec_ids, s.id) > 0; });
    return {};
  }

  Status operator()(const RemoveSchemas& u) {
    if (std::ranges::count(u.schema_ids, now_.current_schema_id) > 0) {
      return Invalid("remove-schemas: the current schema stays");
    }
    std::erase_if(now_.schemas,
                  [&](const Schema& s) { return std::ranges::count(u.schema_ids, s.id) > 0; });
    return {};
  }

  Status operator()(const ChangeStatistics& u) {
    const bool partition = u.action.find("partition") != std::string::npos;
    const bool set = u.action.starts_with("set-");
    const auto update = nlohmann::ordered_json::parse(u.json, nullptr, false);
    const char* const member = partition ? "partition-statistics" : "statistics";
    const nlohmann::ordered_json* const entry = !update.is_object()       ? nullptr
                                                : !set                    ? &update
                                                : update.contains(member) ? &update.at(member)
                                                                          : nullptr;
    if (entry == nullptr || !entry->is_object() || !entry->contains("snapshot-id") ||
        !entry->at("snapshot-id").is_number_integer()) {
      return Invalid(u.action + ": snapshot-id is missing");
    }
    std::string* const text = partition ? &now_.partition_statistics : &now_.statistics;
    TICKHOUSE_ASSIGN(nlohmann::ordered_json kept,
                     WithoutSnapshot(*text, {entry->at("snapshot-id").get<int64_t>()}));
    if (set) kept.push_back(*entry);
    *text = ArrayText(kept);
    return {};
  }

  Result<TableMetadata> Finish() && {
    if (base_ == nullptr) TICKHOUSE_TRY(CompleteNewTable());
    KeepLog();
    now_.last_updated_ms = std::max(now_.last_updated_ms, now_ms_);
    return std::move(now_);
  }

 private:
  static Result<int> Resolve(std::string_view action, int id, const std::optional<int>& added) {
    if (id != kLast) return id;
    if (!added) return Invalid(fmt::format("{}: -1, but nothing was added before it", action));
    return *added;
  }

  const Schema* SchemaAtHand() const {
    const Schema* const current = now_.FindSchema(now_.current_schema_id);
    return current != nullptr || !added_schema_ ? current : now_.FindSchema(*added_schema_);
  }

  // A column that partitions or sorts the table cannot leave its schema.
  Status CheckSources(const Schema& schema) const {
    if (const PartitionSpec* const spec = now_.FindSpec(now_.default_spec_id)) {
      for (const PartitionField& field : spec->fields) {
        if (field.transform.kind != TransformKind::kVoid &&
            schema.FindById(field.source_id) == nullptr) {
          return Invalid(
              fmt::format("the column of partition field {} is missing in the schema; "
                          "change the partitioning first",
                          field.name));
        }
      }
    }
    const SortOrder* const order = now_.FindSortOrder(now_.default_sort_order_id);
    if (order == nullptr) return {};
    for (const SortField& field : order->fields) {
      if (schema.FindById(field.source_id) == nullptr) {
        return Invalid(fmt::format(
            "column {} sorts the table and is missing in the schema; change the order first",
            field.source_id));
      }
    }
    return {};
  }

  Status CheckSpec(const PartitionSpec& spec) const {
    const Schema* const schema = SchemaAtHand();
    std::set<std::string_view> names;
    std::set<std::pair<int, std::string>> sources;
    for (const PartitionField& field : spec.fields) {
      if (!names.insert(field.name).second || field.name.empty()) {
        return Invalid(fmt::format("add-spec: field name '{}' is empty or used twice", field.name));
      }
      if (!sources.insert({field.source_id, field.transform.ToString()}).second) {
        return Invalid(fmt::format("add-spec: {} partitions as another field does", field.name));
      }
      const Field* const source = schema == nullptr ? nullptr : schema->FindById(field.source_id);
      // What a v1 table no longer partitions by is void, and its column may be gone.
      if (source == nullptr && field.transform.kind == TransformKind::kVoid) continue;
      if (source == nullptr) {
        return Invalid(
            fmt::format("add-spec: {}: no column with id {}", field.name, field.source_id));
      }
      TICKHOUSE_TRY(field.transform.ResultType(source->type));
      const Field* const same_name = schema->FindByName(field.name);
      const bool own = same_name != nullptr && same_name->id == field.source_id &&
                       (field.transform.kind == TransformKind::kIdentity ||
                        field.transform.kind == TransformKind::kVoid);
      if (same_name != nullptr && !own) {
        return Invalid(fmt::format("add-spec: {} is the name of a column", field.name));
      }
    }
    return {};
  }

  // A field that an earlier spec had keeps its id, so that partition values stay comparable.
  void AssignPartitionIds(PartitionSpec* spec) {
    for (PartitionField& field : spec->fields) {
      if (field.field_id <= 0) field.field_id = KnownPartitionId(field);
      now_.last_partition_id = std::max(now_.last_partition_id, field.field_id);
    }
  }

  int KnownPartitionId(const PartitionField& field) const {
    for (const PartitionSpec& spec : now_.specs) {
      for (const PartitionField& known : spec.fields) {
        if (known.source_id == field.source_id && known.transform == field.transform) {
          return known.field_id;
        }
      }
    }
    return now_.last_partition_id + 1;
  }

  Status TakeRowIds(const Snapshot& snapshot) {
    if (now_.format_version < 3) return {};
    const int64_t next = now_.next_row_id.value_or(0);
    if (!snapshot.first_row_id || !snapshot.added_rows || *snapshot.first_row_id < next ||
        *snapshot.added_rows < 0) {
      return Invalid(
          fmt::format("add-snapshot: v3 needs first-row-id of at least {} and added-rows", next));
    }
    now_.next_row_id = *snapshot.first_row_id + *snapshot.added_rows;
    return {};
  }

  // A log with a hole would answer questions about the past wrongly: it begins behind the hole.
  void ForgetLogOf(const std::set<int64_t>& gone) {
    auto& log = now_.snapshot_log;
    const auto last = std::find_if(log.rbegin(), log.rend(), [&](const SnapshotLogEntry& entry) {
      return gone.contains(entry.snapshot_id);
    });
    log.erase(log.begin(), last.base());
  }

  void KeepLog() {
    const std::optional<int64_t> before =
        base_ == nullptr ? std::nullopt : base_->current_snapshot_id;
    if (now_.current_snapshot_id == before) return;
    if (!now_.current_snapshot_id) {
      now_.snapshot_log.clear();
      return;
    }
    const Snapshot* const current = now_.FindSnapshot(*now_.current_snapshot_id);
    const bool fresh = added_snapshots_.contains(current->id);
    int64_t at = fresh ? current->timestamp_ms : now_ms_;
    if (!now_.snapshot_log.empty()) at = std::max(at, now_.snapshot_log.back().timestamp_ms);
    now_.snapshot_log.push_back({at, current->id});
  }

  Status CompleteNewTable() {
    if (now_.table_uuid.empty()) return Invalid("a new table needs assign-uuid");
    if (now_.location.empty()) return Invalid("a new table needs set-location");
    if (now_.schemas.empty()) return Invalid("a new table needs add-schema");
    if (now_.specs.empty()) now_.specs.push_back({});
    if (now_.sort_orders.empty()) now_.sort_orders.push_back({});
    if (now_.FindSchema(now_.current_schema_id) == nullptr) {
      return Invalid("a new table needs set-current-schema");
    }
    if (now_.FindSpec(now_.default_spec_id) == nullptr) {
      return Invalid("a new table needs set-default-spec");
    }
    if (now_.FindSortOrder(now_.default_sort_order_id) == nullptr) {
      return Invalid("a new table needs set-default-sort-order");
    }
    return {};
  }

  const TableMetadata* base_;
  int64_t now_ms_;
  TableMetadata now_;
  std::optional<int> added_schema_, added_spec_, added_order_;
  std::set<int64_t> added_snapshots_;
};

}  // namespace

Status CheckRequirements(const std::vector<TableRequirement>& requirements,
                         const TableMetadata* base) {
  for (const TableRequirement& requirement : requirements) {
    if (base != nullptr) {
      TICKHOUSE_TRY(std::visit(RequirementCheck{*base}, requirement));
    } else if (!std::holds_alternative<AssertCreate>(requirement)) {
      return Fail(ErrorKind::kConflict, "the table does not exist");
    }
  }
  return {};
}

Result<TableMetadata> ApplyUpdates(const TableMetadata* base,
                                   const std::vector<TableUpdate>& updates, int64_t now_ms) {
  Application application(base, now_ms);
  for (const TableUpdate& update : updates) TICKHOUSE_TRY(std::visit(application, update));
  return std::move(application).Finish();
}

}  // namespace tickhouse::lake
