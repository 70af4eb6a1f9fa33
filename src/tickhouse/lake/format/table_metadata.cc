#include "tickhouse/lake/format/table_metadata.h"

#include <fmt/format.h>

#include <algorithm>
#include <unordered_map>

#include "tickhouse/core/check.h"

namespace tickhouse::lake {

namespace {

template <typename T>
const T* FindPart(const std::vector<T>& parts, int id) {
  const auto found = std::ranges::find(parts, id, &T::id);
  return found == parts.end() ? nullptr : &*found;
}

Result<Type> TypeWithoutSource(const Transform& transform) {
  switch (transform.kind) {
    case TransformKind::kBucket:
    case TransformKind::kYear:
    case TransformKind::kMonth:
    case TransformKind::kHour: return Type{.kind = TypeKind::kInt};
    case TransformKind::kDay: return Type{.kind = TypeKind::kDate};
    default: return Type{.kind = TypeKind::kOpaque, .name = "unknown"};
  }
}

}  // namespace

Result<Type> PartitionSpec::PartitionType(const Schema& schema) const {
  Type type{.kind = TypeKind::kStruct};
  for (const PartitionField& field : fields) {
    const Field* const source = schema.FindById(field.source_id);
    auto result = source == nullptr ? TypeWithoutSource(field.transform)
                                    : field.transform.ResultType(source->type);
    if (!result) {
      return Fail(result.error().WithContext(fmt::format("partition field {}", field.name)));
    }
    type.fields.push_back({.id = field.field_id, .name = field.name, .type = std::move(*result)});
  }
  return type;
}

const Schema* TableMetadata::FindSchema(int id) const {
  return FindPart(schemas, id);
}

const Schema& TableMetadata::CurrentSchema() const {
  const Schema* const schema = FindSchema(current_schema_id);
  TICKHOUSE_CHECK(schema != nullptr, "the current schema is one of the table's");
  return *schema;
}

const PartitionSpec* TableMetadata::FindSpec(int id) const {
  return FindPart(specs, id);
}

const PartitionSpec& TableMetadata::DefaultSpec() const {
  const PartitionSpec* const spec = FindSpec(default_spec_id);
  TICKHOUSE_CHECK(spec != nullptr, "the default spec is one of the table's");
  return *spec;
}

const SortOrder* TableMetadata::FindSortOrder(int id) const {
  return FindPart(sort_orders, id);
}

const Snapshot* TableMetadata::FindSnapshot(int64_t id) const {
  return snapshots.Find(id);
}

const Snapshot* TableMetadata::CurrentSnapshot() const {
  return current_snapshot_id ? FindSnapshot(*current_snapshot_id) : nullptr;
}

const Snapshot* TableMetadata::FindRef(std::string_view name) const {
  const auto ref = refs.find(std::string(name));
  return ref == refs.end() ? nullptr : FindSnapshot(ref->second.snapshot_id);
}

const Snapshot* TableMetadata::SnapshotAsOf(int64_t timestamp_ms) const {
  // Not a binary search: clocks of writers differ, the order of the log is what happened.
  for (auto entry = snapshot_log.rbegin(); entry != snapshot_log.rend(); ++entry) {
    if (entry->timestamp_ms <= timestamp_ms) return FindSnapshot(entry->snapshot_id);
  }
  return nullptr;
}

std::vector<int64_t> TableMetadata::AncestorsOf(int64_t id) const {
  std::unordered_map<int64_t, const Snapshot*> by_id;
  by_id.reserve(snapshots.size());
  for (const Snapshot& snapshot : snapshots) by_id.emplace(snapshot.id, &snapshot);
  std::vector<int64_t> ids;
  std::optional<int64_t> next = id;
  while (next) {
    const auto found = by_id.find(*next);
    if (found == by_id.end()) break;
    ids.push_back(*next);
    next = found->second->parent_id;
    by_id.erase(found);  // A circle, in damaged metadata, ends.
  }
  return ids;
}

std::string_view TableMetadata::Property(std::string_view key, std::string_view fallback) const {
  const auto found = properties.find(std::string(key));
  return found == properties.end() ? fallback : std::string_view(found->second);
}

}  // namespace tickhouse::lake
