#include "tickhouse/lake/update/evolution/spec_update.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

namespace tickhouse::lake {
namespace {

std::unexpected<Error> Refuse(std::string text) {
  return Fail(ErrorKind::kInvalidArgument, std::move(text));
}

bool IsTime(TransformKind kind) {
  return kind == TransformKind::kYear || kind == TransformKind::kMonth ||
         kind == TransformKind::kDay || kind == TransformKind::kHour;
}

std::string DefaultName(const Field& source, const Transform& transform) {
  switch (transform.kind) {
    case TransformKind::kIdentity: return source.name;
    case TransformKind::kBucket:
      return fmt::format("{}_bucket_{}", source.name, transform.parameter);
    case TransformKind::kTruncate:
      return fmt::format("{}_trunc_{}", source.name, transform.parameter);
    case TransformKind::kVoid: return source.name + "_null";
    default: return source.name + "_" + transform.ToString();
  }
}

class SpecEvolution {
 public:
  explicit SpecEvolution(const TableMetadata& metadata)
      : metadata_(metadata), spec_(metadata.DefaultSpec()), last_id_(metadata.last_partition_id) {}

  Status operator()(const AddPartitionField& change);
  Status operator()(const RemovePartitionField& change);
  Status operator()(const RenamePartitionField& change);
  PartitionSpec Take() && { return std::move(spec_); }

 private:
  const PartitionField* Before(int source_id, const Transform& transform) const;
  Result<std::size_t> Find(const std::string& name) const;
  Status CheckName(const PartitionField& field) const;
  Status CheckNew(const Field& source, const Transform& transform) const;

  const TableMetadata& metadata_;
  PartitionSpec spec_;
  int last_id_;
};

const PartitionField* SpecEvolution::Before(int source_id, const Transform& transform) const {
  for (const PartitionSpec& spec : metadata_.specs) {
    for (const PartitionField& field : spec.fields) {
      if (field.source_id == source_id && field.transform == transform) return &field;
    }
  }
  return nullptr;
}

Result<std::size_t> SpecEvolution::Find(const std::string& name) const {
  for (std::size_t i = 0; i < spec_.fields.size(); ++i) {
    if (spec_.fields[i].name == name && spec_.fields[i].transform.kind != TransformKind::kVoid) {
      return i;
    }
  }
  return Refuse(fmt::format("no partition field '{}'", name));
}

Status SpecEvolution::CheckName(const PartitionField& field) const {
  if (field.name.empty()) return Refuse("a partition field needs a name");
  for (const PartitionField& other : spec_.fields) {
    if (&other != &field && other.name == field.name) {
      return Refuse(fmt::format("partition field '{}' is there already", field.name));
    }
  }
  const Field* column = metadata_.CurrentSchema().FindByName(field.name);
  const bool own = column != nullptr && column->id == field.source_id &&
                   field.transform.kind == TransformKind::kIdentity;
  if (column != nullptr && !own) {
    return Refuse(fmt::format("'{}' is the name of a column; name the partition field otherwise",
                              field.name));
  }
  return {};
}

Status SpecEvolution::CheckNew(const Field& source, const Transform& transform) const {
  for (const PartitionField& other : spec_.fields) {
    if (other.source_id != source.id || other.transform.kind == TransformKind::kVoid) continue;
    if (other.transform == transform) {
      return Refuse(fmt::format("the table is partitioned by {}({}) already, as '{}'",
                                transform.ToString(), source.name, other.name));
    }
    if (IsTime(other.transform.kind) && IsTime(transform.kind)) {
      return Refuse(
          fmt::format("the table is partitioned by {}({}) already; remove partition field "
                      "'{}' first",
                      other.transform.ToString(), source.name, other.name));
    }
  }
  if (transform.kind == TransformKind::kUnknown || transform.kind == TransformKind::kVoid) {
    return Refuse(fmt::format("'{}' is no transform to partition by", transform.ToString()));
  }
  if (!source.type.IsPrimitive()) {
    return Refuse(fmt::format("column '{}' of type {} cannot partition a table", source.name,
                              source.type.ToString()));
  }
  const auto type = transform.ResultType(source.type);
  return type ? Status() : Status(std::unexpected(type.error()));
}

Status SpecEvolution::operator()(const AddPartitionField& change) {
  const Field* source = metadata_.CurrentSchema().FindByName(change.source);
  if (source == nullptr) return Refuse(fmt::format("no column '{}'", change.source));
  TICKHOUSE_TRY(CheckNew(*source, change.transform));
  PartitionField field{.source_id = source->id, .name = change.name, .transform = change.transform};
  const PartitionField* before = Before(source->id, change.transform);
  field.field_id = before != nullptr ? before->field_id : ++last_id_;
  if (field.name.empty()) {
    field.name = before != nullptr ? before->name : DefaultName(*source, change.transform);
  }
  TICKHOUSE_TRY(CheckName(field));
  spec_.fields.push_back(std::move(field));
  return {};
}

Status SpecEvolution::operator()(const RemovePartitionField& change) {
  TICKHOUSE_ASSIGN(const std::size_t index, Find(change.name));
  if (metadata_.format_version >= 2) {
    spec_.fields.erase(spec_.fields.begin() + static_cast<std::ptrdiff_t>(index));
    return {};
  }
  PartitionField& field = spec_.fields[index];
  field.transform = {.kind = TransformKind::kVoid};
  // Free for a field to come; a name of the spec is used once.
  field.name = fmt::format("{}_{}", field.name, field.field_id);
  return {};
}

Status SpecEvolution::operator()(const RenamePartitionField& change) {
  TICKHOUSE_ASSIGN(const std::size_t index, Find(change.name));
  spec_.fields[index].name = change.new_name;
  return CheckName(spec_.fields[index]);
}

bool SameFields(const PartitionSpec& a, const PartitionSpec& b) {
  return a.fields == b.fields;
}

bool IsReserved(const std::string& key) {
  static constexpr std::array<std::string_view, 9> kReserved = {
      "format-version",      "uuid",
      "snapshot-count",      "current-snapshot-summary",
      "current-snapshot-id", "current-snapshot-timestamp-ms",
      "current-schema",      "default-partition-spec",
      "default-sort-order"};
  return std::ranges::count(kReserved, key) > 0;
}

}  // namespace

Result<PartitionSpec> EvolveSpec(const TableMetadata& metadata,
                                 const std::vector<SpecChange>& changes) {
  SpecEvolution evolution(metadata);
  for (const SpecChange& change : changes) TICKHOUSE_TRY(std::visit(evolution, change));
  return std::move(evolution).Take();
}

Result<CommitOutcome> UpdateSpec(UpdateSession& session, const TableIdentifier& identifier,
                                 const std::vector<SpecChange>& changes) {
  return CommitChange(
      session, identifier, [&](const LoadedTable& base, WrittenFiles&) -> Result<TableChange> {
        const TableMetadata& metadata = *base.metadata;
        TICKHOUSE_ASSIGN(PartitionSpec spec, EvolveSpec(metadata, changes));
        TableChange change;
        if (SameFields(spec, metadata.DefaultSpec())) return change;
        change.requirements = {AssertTableUuid{metadata.table_uuid},
                               AssertDefaultSpecId{metadata.default_spec_id},
                               AssertCurrentSchemaId{metadata.current_schema_id},
                               AssertLastAssignedPartitionId{metadata.last_partition_id}};
        change.updates = {AddPartitionSpec{std::move(spec)}, SetDefaultSpec{-1}};
        return change;
      });
}

Result<CommitOutcome> ReplaceSortOrder(UpdateSession& session, const TableIdentifier& identifier,
                                       const std::vector<SortBy>& fields) {
  return CommitChange(
      session, identifier, [&](const LoadedTable& base, WrittenFiles&) -> Result<TableChange> {
        const TableMetadata& metadata = *base.metadata;
        SortOrder order;
        for (const SortBy& by : fields) {
          const Field* source = metadata.CurrentSchema().FindByName(by.source);
          if (source == nullptr) return Refuse(fmt::format("no column '{}'", by.source));
          if (!source->type.IsPrimitive()) {
            return Refuse(fmt::format("column '{}' of type {} has no order", by.source,
                                      source->type.ToString()));
          }
          TICKHOUSE_TRY(by.transform.ResultType(source->type));
          order.fields.push_back({.source_id = source->id,
                                  .transform = by.transform,
                                  .ascending = by.ascending,
                                  .nulls_first = by.nulls_first});
        }
        const SortOrder* now = metadata.FindSortOrder(metadata.default_sort_order_id);
        TableChange change;
        if (now != nullptr && now->fields == order.fields) return change;
        order.id = order.fields.empty() ? 0 : 1;
        change.requirements = {AssertTableUuid{metadata.table_uuid},
                               AssertCurrentSchemaId{metadata.current_schema_id},
                               AssertDefaultSortOrderId{metadata.default_sort_order_id}};
        change.updates = {AddSortOrder{std::move(order)}, SetDefaultSortOrder{-1}};
        return change;
      });
}

Result<CommitOutcome> UpdateProperties(UpdateSession& session, const TableIdentifier& identifier,
                                       const Properties& updates,
                                       const std::vector<std::string>& removals) {
  for (const auto& [key, value] : updates) {
    if (IsReserved(key)) {
      return Refuse(fmt::format("property '{}' is kept by the format and cannot be set", key));
    }
    if (std::ranges::count(removals, key) > 0) {
      return Refuse(fmt::format("property '{}' is both set and removed", key));
    }
  }
  return CommitChange(session, identifier,
                      [&](const LoadedTable& base, WrittenFiles&) -> Result<TableChange> {
                        const auto& have = base.metadata->properties;
                        SetProperties set;
                        for (const auto& [key, value] : updates) {
                          const auto found = have.find(key);
                          if (found == have.end() || found->second != value) {
                            set.updates[key] = value;
                          }
                        }
                        RemoveProperties remove;
                        for (const std::string& key : removals) {
                          if (have.contains(key)) remove.removals.push_back(key);
                        }
                        TableChange change;
                        change.requirements = {AssertTableUuid{base.metadata->table_uuid}};
                        if (!set.updates.empty()) change.updates.push_back(std::move(set));
                        if (!remove.removals.empty()) change.updates.push_back(std::move(remove));
                        return change;
                      });
}

Result<CommitOutcome> UpgradeTable(UpdateSession& session, const TableIdentifier& identifier,
                                   int format_version) {
  if (format_version > 2) {
    return Fail(ErrorKind::kUnsupported,
                fmt::format("format version {}: this version writes 1 and 2", format_version));
  }
  return CommitChange(
      session, identifier, [&](const LoadedTable& base, WrittenFiles&) -> Result<TableChange> {
        const int now = base.metadata->format_version;
        if (format_version < now) {
          return Refuse(fmt::format("the table has format version {} and cannot go back to {}", now,
                                    format_version));
        }
        TableChange change;
        if (format_version == now) return change;
        change.requirements = {AssertTableUuid{base.metadata->table_uuid}};
        change.updates = {UpgradeFormatVersion{format_version}};
        return change;
      });
}

}  // namespace tickhouse::lake
