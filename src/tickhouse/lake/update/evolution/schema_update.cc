#include "tickhouse/lake/update/evolution/schema_update.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace tickhouse::lake {
namespace {

constexpr char kNameMapping[] = "schema.name-mapping.default";

std::unexpected<Error> Refuse(std::string text) {
  return Fail(ErrorKind::kInvalidArgument, std::move(text));
}

/// A column among its siblings, and the type that holds them (nullptr: the schema).
struct Spot {
  std::vector<Field>* siblings = nullptr;
  Type* holder = nullptr;
  std::size_t index = 0;
  Field& field() const { return (*siblings)[index]; }
};

std::optional<Spot> FindSpot(std::vector<Field>& fields, Type* holder, int id) {
  for (std::size_t i = 0; i < fields.size(); ++i) {
    if (fields[i].id == id) return Spot{.siblings = &fields, .holder = holder, .index = i};
    if (const auto inner = FindSpot(fields[i].type.fields, &fields[i].type, id)) return inner;
  }
  return {};
}

void AssignIds(Type* type, int* last_id) {
  for (Field& field : type->fields) field.id = ++*last_id;
  for (Field& field : type->fields) AssignIds(&field.type, last_id);
}

bool IsInStruct(const Spot& spot) {
  return spot.holder == nullptr || spot.holder->kind == TypeKind::kStruct;
}

class Evolution {
 public:
  explicit Evolution(const TableMetadata& metadata)
      : metadata_(metadata), schema_(metadata.CurrentSchema()), last_id_(metadata.last_column_id) {}

  Status operator()(const AddColumn& change);
  Status operator()(const DropColumn& change);
  Status operator()(const RenameColumn& change);
  Status operator()(const PromoteColumn& change);
  Status operator()(const MakeColumnOptional& change);
  Status operator()(const SetColumnDoc& change);
  Status operator()(const MoveColumn& change);
  Status operator()(const SetIdentifierColumns& change);

  Schema Take() && { return std::move(schema_); }

 private:
  Result<Spot> Find(const std::string& path);
  Result<std::vector<Field>*> FieldsBelow(const std::string& parent);
  Status CheckUnused(const Field& field) const;

  const TableMetadata& metadata_;
  Schema schema_;
  int last_id_;
};

Result<Spot> Evolution::Find(const std::string& path) {
  const Field* field = schema_.FindByName(path);
  if (field == nullptr) return Refuse(fmt::format("no column '{}'", path));
  return *FindSpot(schema_.fields, nullptr, field->id);
}

Result<std::vector<Field>*> Evolution::FieldsBelow(const std::string& parent) {
  if (parent.empty()) return &schema_.fields;
  TICKHOUSE_ASSIGN(const Spot spot, Find(parent));
  Type* type = &spot.field().type;
  if (type->kind == TypeKind::kList || type->kind == TypeKind::kMap) {
    type = &type->fields.back().type;
  }
  if (type->kind != TypeKind::kStruct) {
    return Refuse(
        fmt::format("column '{}' of type {} has no columns inside", parent, type->ToString()));
  }
  return &type->fields;
}

Status CheckName(const std::vector<Field>& siblings, const std::string& name) {
  if (name.empty()) return Refuse("a column needs a name");
  if (name.find('.') != std::string::npos) {
    return Refuse(fmt::format("column '{}': a dot parts columns from those inside them", name));
  }
  for (const Field& field : siblings) {
    if (field.name == name) return Refuse(fmt::format("column '{}' is there already", name));
  }
  return {};
}

Status Evolution::operator()(const AddColumn& change) {
  TICKHOUSE_ASSIGN(std::vector<Field> * siblings, FieldsBelow(change.parent));
  TICKHOUSE_TRY(CheckName(*siblings, change.name));
  if (change.required) {
    return Refuse(fmt::format("column '{}' must be optional: rows that are there have no value",
                              change.name));
  }
  Field field{.id = ++last_id_, .name = change.name, .type = change.type, .doc = change.doc};
  AssignIds(&field.type, &last_id_);
  siblings->push_back(std::move(field));
  return {};
}

Status Evolution::CheckUnused(const Field& field) const {
  const auto inside = [&](int id) {
    return field.id == id || Schema{.fields = field.type.fields}.FindById(id) != nullptr;
  };
  for (const PartitionField& part : metadata_.DefaultSpec().fields) {
    if (part.transform.kind != TransformKind::kVoid && inside(part.source_id)) {
      return Refuse(
          fmt::format("column '{}' partitions the table; remove partition field '{}' first",
                      field.name, part.name));
    }
  }
  if (const SortOrder* order = metadata_.FindSortOrder(metadata_.default_sort_order_id)) {
    for (const SortField& sort : order->fields) {
      if (inside(sort.source_id)) {
        return Refuse(
            fmt::format("column '{}' sorts the table; change the order first", field.name));
      }
    }
  }
  for (const int id : schema_.identifier_field_ids) {
    if (inside(id)) {
      return Refuse(fmt::format("column '{}' identifies rows; change that first", field.name));
    }
  }
  return {};
}

Status Evolution::operator()(const DropColumn& change) {
  TICKHOUSE_ASSIGN(const Spot spot, Find(change.path));
  if (!IsInStruct(spot)) {
    return Refuse(fmt::format("'{}' is part of its {} and cannot be dropped", change.path,
                              spot.holder->kind == TypeKind::kList ? "list" : "map"));
  }
  TICKHOUSE_TRY(CheckUnused(spot.field()));
  if (spot.siblings->size() == 1) {
    return Refuse(fmt::format("column '{}' is the last one", change.path));
  }
  spot.siblings->erase(spot.siblings->begin() + static_cast<std::ptrdiff_t>(spot.index));
  return {};
}

Status Evolution::operator()(const RenameColumn& change) {
  TICKHOUSE_ASSIGN(const Spot spot, Find(change.path));
  if (!IsInStruct(spot)) return Refuse(fmt::format("'{}' cannot be renamed", change.path));
  if (spot.field().name == change.name) return {};
  TICKHOUSE_TRY(CheckName(*spot.siblings, change.name));
  spot.field().name = change.name;
  return {};
}

Status Evolution::operator()(const PromoteColumn& change) {
  TICKHOUSE_ASSIGN(const Spot spot, Find(change.path));
  if (spot.field().type == change.type) return {};
  if (!CanPromote(spot.field().type, change.type)) {
    return Refuse(fmt::format("column '{}' of type {} cannot become {}", change.path,
                              spot.field().type.ToString(), change.type.ToString()));
  }
  if (spot.holder != nullptr && spot.holder->kind == TypeKind::kMap && spot.index == 0) {
    return Refuse(fmt::format("'{}' is the key of a map and stays", change.path));
  }
  spot.field().type = change.type;
  return {};
}

Status Evolution::operator()(const MakeColumnOptional& change) {
  TICKHOUSE_ASSIGN(const Spot spot, Find(change.path));
  if (std::ranges::count(schema_.identifier_field_ids, spot.field().id) > 0) {
    return Refuse(fmt::format("column '{}' identifies rows and stays required", change.path));
  }
  if (spot.holder != nullptr && spot.holder->kind == TypeKind::kMap && spot.index == 0) {
    return Refuse(fmt::format("'{}' is the key of a map and stays required", change.path));
  }
  spot.field().required = false;
  return {};
}

Status Evolution::operator()(const SetColumnDoc& change) {
  TICKHOUSE_ASSIGN(const Spot spot, Find(change.path));
  spot.field().doc = change.doc;
  return {};
}

Status Evolution::operator()(const MoveColumn& change) {
  TICKHOUSE_ASSIGN(const Spot spot, Find(change.path));
  if (!IsInStruct(spot)) return Refuse(fmt::format("'{}' cannot be moved", change.path));
  const bool beside = change.place == ColumnPlace::kBefore || change.place == ColumnPlace::kAfter;
  int other_id = 0;
  if (beside) {
    TICKHOUSE_ASSIGN(const Spot other, Find(change.other));
    if (other.siblings != spot.siblings) {
      return Refuse(
          fmt::format("'{}' and '{}' are not columns of one struct", change.path, change.other));
    }
    if (other.index == spot.index) {
      return Refuse(fmt::format("'{}' cannot be moved beside itself", change.path));
    }
    other_id = other.field().id;
  }
  std::vector<Field>& fields = *spot.siblings;
  Field moved = std::move(spot.field());
  fields.erase(fields.begin() + static_cast<std::ptrdiff_t>(spot.index));
  auto to = change.place == ColumnPlace::kFirst ? fields.begin() : fields.end();
  if (beside) {
    to = std::ranges::find(fields, other_id, &Field::id);
    if (change.place == ColumnPlace::kAfter) ++to;
  }
  fields.insert(to, std::move(moved));
  return {};
}

Status Evolution::operator()(const SetIdentifierColumns& change) {
  std::vector<int> ids;
  for (const std::string& path : change.paths) {
    TICKHOUSE_ASSIGN(const Spot spot, Find(path));
    const Field& field = spot.field();
    const bool fits = field.required && field.type.IsPrimitive() &&
                      field.type.kind != TypeKind::kFloat && field.type.kind != TypeKind::kDouble;
    if (!fits) {
      return Refuse(
          fmt::format("column '{}' cannot identify rows: such columns are required, of a "
                      "primitive type, and no floating-point numbers",
                      path));
    }
    if (std::ranges::count(ids, field.id) == 0) ids.push_back(field.id);
  }
  schema_.identifier_field_ids = std::move(ids);
  return {};
}

/// Compares one level by names and notes what is missing.
class Union {
 public:
  explicit Union(std::vector<SchemaChange>* changes) : changes_(changes) {}

  Status Fields(const std::vector<Field>& have, const std::vector<Field>& wanted,
                const std::string& parent) {
    for (const Field& field : wanted) {
      const auto found = std::ranges::find(have, field.name, &Field::name);
      const std::string path = parent.empty() ? field.name : parent + "." + field.name;
      if (found == have.end()) {
        changes_->push_back(
            AddColumn{.parent = parent, .name = field.name, .type = field.type, .doc = field.doc});
        continue;
      }
      TICKHOUSE_TRY(One(*found, field, path));
    }
    return {};
  }

 private:
  Status One(const Field& have, const Field& wanted, const std::string& path) {
    if (have.required && !wanted.required) changes_->push_back(MakeColumnOptional{path});
    if (wanted.doc && wanted.doc != have.doc) changes_->push_back(SetColumnDoc{path, wanted.doc});
    if (have.type.kind == wanted.type.kind && !have.type.IsPrimitive()) {
      return Fields(have.type.fields, wanted.type.fields, path);
    }
    const bool holds = have.type == wanted.type || CanPromote(wanted.type, have.type);
    if (holds) return {};
    if (!CanPromote(have.type, wanted.type)) {
      return Refuse(fmt::format("column '{}' is {} here and {} there: neither holds both", path,
                                have.type.ToString(), wanted.type.ToString()));
    }
    changes_->push_back(PromoteColumn{path, wanted.type});
    return {};
  }

  std::vector<SchemaChange>* changes_;
};

Result<TableChange> ChangeTo(const TableMetadata& metadata, Schema schema) {
  TableChange change;
  if (schema.SameFields(metadata.CurrentSchema())) return change;
  change.requirements = {AssertTableUuid{metadata.table_uuid},
                         AssertCurrentSchemaId{metadata.current_schema_id},
                         AssertLastAssignedFieldId{metadata.last_column_id}};
  const auto mapping = metadata.properties.find(kNameMapping);
  std::optional<std::string> mapped;
  if (mapping != metadata.properties.end()) {
    TICKHOUSE_ASSIGN(mapped, UpdateNameMapping(mapping->second, metadata.CurrentSchema(), schema));
  }
  change.updates.push_back(AddSchema{std::move(schema)});
  change.updates.push_back(SetCurrentSchema{-1});
  if (mapped && *mapped != mapping->second) {
    change.updates.push_back(SetProperties{{{kNameMapping, *mapped}}});
  }
  return change;
}

}  // namespace

Result<Schema> EvolveSchema(const TableMetadata& metadata,
                            const std::vector<SchemaChange>& changes) {
  Evolution evolution(metadata);
  for (const SchemaChange& change : changes) TICKHOUSE_TRY(std::visit(evolution, change));
  return std::move(evolution).Take();
}

Result<std::vector<SchemaChange>> ChangesToUnion(const TableMetadata& metadata,
                                                 const Schema& wanted) {
  std::vector<SchemaChange> changes;
  TICKHOUSE_TRY(Union(&changes).Fields(metadata.CurrentSchema().fields, wanted.fields, ""));
  return changes;
}

Result<CommitOutcome> UpdateSchema(UpdateSession& session, const TableIdentifier& identifier,
                                   const std::vector<SchemaChange>& changes) {
  return CommitChange(session, identifier,
                      [&](const LoadedTable& base, WrittenFiles&) -> Result<TableChange> {
                        TICKHOUSE_ASSIGN(Schema schema, EvolveSchema(*base.metadata, changes));
                        return ChangeTo(*base.metadata, std::move(schema));
                      });
}

Result<CommitOutcome> UnionSchema(UpdateSession& session, const TableIdentifier& identifier,
                                  const Schema& wanted) {
  return CommitChange(
      session, identifier, [&](const LoadedTable& base, WrittenFiles&) -> Result<TableChange> {
        TICKHOUSE_ASSIGN(const auto changes, ChangesToUnion(*base.metadata, wanted));
        TICKHOUSE_ASSIGN(Schema schema, EvolveSchema(*base.metadata, changes));
        return ChangeTo(*base.metadata, std::move(schema));
      });
}

}  // namespace tickhouse::lake
