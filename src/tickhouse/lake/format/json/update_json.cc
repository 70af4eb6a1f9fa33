// Requirements and updates as REST bodies hold them; declared in table_update.h.
#include <fmt/format.h>

#include <array>

#include "tickhouse/lake/format/json/parts.h"
#include "tickhouse/lake/format/table_update.h"

namespace tickhouse::lake {

namespace {

// One kind on the wire: its word and how its members are read. A reader of nullptr ends a table.
template <typename Variant>
struct Kind {
  std::string_view word;
  Status (*read)(JsonObject* object, Variant* value);
};

template <typename Variant, typename T, typename Member>
Status ReadOne(JsonObject* object, Variant* value, std::string_view name, Member T::* member) {
  return object->Read(name, &(value->template emplace<T>().*member));
}

Status ReadRefRequirement(JsonObject* object, TableRequirement* value) {
  auto& requirement = value->emplace<AssertRefSnapshotId>();
  TICKHOUSE_TRY(object->Read("ref", &requirement.ref));
  return object->ReadIfThere("snapshot-id", &requirement.snapshot_id);
}

constexpr std::array<Kind<TableRequirement>, 8> kRequirements = {{
    {"assert-create",
     [](JsonObject*, TableRequirement* value) {
       value->emplace<AssertCreate>();
       return Status();
     }},
    {"assert-table-uuid",
     [](JsonObject* object, TableRequirement* value) {
       return ReadOne(object, value, "uuid", &AssertTableUuid::uuid);
     }},
    {"assert-ref-snapshot-id", ReadRefRequirement},
    {"assert-last-assigned-field-id",
     [](JsonObject* object, TableRequirement* value) {
       return ReadOne(object, value, "last-assigned-field-id",
                      &AssertLastAssignedFieldId::last_assigned_field_id);
     }},
    {"assert-current-schema-id",
     [](JsonObject* object, TableRequirement* value) {
       return ReadOne(object, value, "current-schema-id",
                      &AssertCurrentSchemaId::current_schema_id);
     }},
    {"assert-last-assigned-partition-id",
     [](JsonObject* object, TableRequirement* value) {
       return ReadOne(object, value, "last-assigned-partition-id",
                      &AssertLastAssignedPartitionId::last_assigned_partition_id);
     }},
    {"assert-default-spec-id",
     [](JsonObject* object, TableRequirement* value) {
       return ReadOne(object, value, "default-spec-id", &AssertDefaultSpecId::default_spec_id);
     }},
    {"assert-default-sort-order-id",
     [](JsonObject* object, TableRequirement* value) {
       return ReadOne(object, value, "default-sort-order-id",
                      &AssertDefaultSortOrderId::default_sort_order_id);
     }},
}};

// A member that is itself a part of table metadata.
template <typename T, typename Part>
Status ReadPartOf(JsonObject* object, TableUpdate* value, std::string_view name, Part T::* member,
                  Status (*read)(JsonElement, const JsonPath&, Part*)) {
  TICKHOUSE_ASSIGN(const JsonElement element, object->TakeRequired(name));
  return read(element, object->At(name), &(value->emplace<T>().*member));
}

Status ReadSetRef(JsonObject* object, TableUpdate* value) {
  auto& update = value->emplace<SetSnapshotRef>();
  TICKHOUSE_TRY(object->Read("ref-name", &update.name));
  return ReadSnapshotRef(object, &update.ref);
}

// Older clients say "updated" and "removed".
Status ReadSetProperties(JsonObject* object, TableUpdate* value) {
  auto& update = value->emplace<SetProperties>();
  if (const auto old = object->Take("updated")) {
    TICKHOUSE_TRY(ReadJson(*old, object->At("updated"), &update.updates));
    return object->ReadIfThere("updates", &update.updates);
  }
  return object->Read("updates", &update.updates);
}

Status ReadRemoveProperties(JsonObject* object, TableUpdate* value) {
  auto& update = value->emplace<RemoveProperties>();
  if (const auto old = object->Take("removed")) {
    TICKHOUSE_TRY(ReadJson(*old, object->At("removed"), &update.removals));
    return object->ReadIfThere("removals", &update.removals);
  }
  return object->Read("removals", &update.removals);
}

constexpr std::array<Kind<TableUpdate>, 17> kUpdates = {{
    {"assign-uuid",
     [](JsonObject* object, TableUpdate* value) {
       return ReadOne(object, value, "uuid", &AssignUuid::uuid);
     }},
    {"upgrade-format-version",
     [](JsonObject* object, TableUpdate* value) {
       return ReadOne(object, value, "format-version", &UpgradeFormatVersion::format_version);
     }},
    {"add-schema",
     [](JsonObject* object, TableUpdate* value) {
       return ReadPartOf(object, value, "schema", &AddSchema::schema, ReadSchema);
     }},
    {"set-current-schema",
     [](JsonObject* object, TableUpdate* value) {
       return ReadOne(object, value, "schema-id", &SetCurrentSchema::schema_id);
     }},
    {"add-spec",
     [](JsonObject* object, TableUpdate* value) {
       return ReadPartOf(object, value, "spec", &AddPartitionSpec::spec, ReadPartitionSpec);
     }},
    {"set-default-spec",
     [](JsonObject* object, TableUpdate* value) {
       return ReadOne(object, value, "spec-id", &SetDefaultSpec::spec_id);
     }},
    {"add-sort-order",
     [](JsonObject* object, TableUpdate* value) {
       return ReadPartOf(object, value, "sort-order", &AddSortOrder::order, ReadSortOrder);
     }},
    {"set-default-sort-order",
     [](JsonObject* object, TableUpdate* value) {
       return ReadOne(object, value, "sort-order-id", &SetDefaultSortOrder::sort_order_id);
     }},
    {"add-snapshot",
     [](JsonObject* object, TableUpdate* value) {
       return ReadPartOf(object, value, "snapshot", &AddSnapshot::snapshot, ReadSnapshot);
     }},
    {"set-snapshot-ref", ReadSetRef},
    {"remove-snapshot-ref",
     [](JsonObject* object, TableUpdate* value) {
       return ReadOne(object, value, "ref-name", &RemoveSnapshotRef::name);
     }},
    {"remove-snapshots",
     [](JsonObject* object, TableUpdate* value) {
       return ReadOne(object, value, "snapshot-ids", &RemoveSnapshots::snapshot_ids);
     }},
    {"set-location",
     [](JsonObject* object, TableUpdate* value) {
       return ReadOne(object, value, "location", &SetLocation::location);
     }},
    {"set-properties", ReadSetProperties},
    {"remove-properties", ReadRemoveProperties},
    {"remove-partition-specs",
     [](JsonObject* object, TableUpdate* value) {
       return ReadOne(object, value, "spec-ids", &RemovePartitionSpecs::spec_ids);
     }},
    {"remove-schemas",
     [](JsonObject* object, TableUpdate* value) {
       return ReadOne(object, value, "schema-ids", &RemoveSchemas::schema_ids);
     }},
}};

bool IsStatistics(std::string_view action) {
  return action == "set-statistics" || action == "remove-statistics" ||
         action == "set-partition-statistics" || action == "remove-partition-statistics";
}

// What a request holds is the requester's to mend.
std::unexpected<Error> Refused(Error error) {
  if (error.kind == ErrorKind::kCorrupt) error.kind = ErrorKind::kInvalidArgument;
  return std::unexpected(std::move(error));
}

template <typename Variant, std::size_t kCount>
Result<Variant> ReadKind(const std::array<Kind<Variant>, kCount>& kinds, JsonObject* object,
                         const std::string& word) {
  for (const Kind<Variant>& kind : kinds) {
    if (kind.word != word) continue;
    Variant value;
    TICKHOUSE_TRY(kind.read(object, &value));
    return value;
  }
  return Fail(ErrorKind::kInvalidArgument,
              fmt::format("{}: \"{}\" is not known", object->path().ToString(), word));
}

Result<TableRequirement> ReadRequirement(std::string_view text) {
  const JsonPath root{nullptr, "requirement", 0};
  simdjson::dom::parser parser;
  TICKHOUSE_ASSIGN(const JsonElement element, ParseJson(text, root, &parser));
  TICKHOUSE_ASSIGN(JsonObject object, JsonObject::Of(element, root));
  std::string type;
  TICKHOUSE_TRY(object.Read("type", &type));
  return ReadKind(kRequirements, &object, type);
}

Result<TableUpdate> ReadUpdate(std::string_view text) {
  const JsonPath root{nullptr, "update", 0};
  simdjson::dom::parser parser;
  TICKHOUSE_ASSIGN(const JsonElement element, ParseJson(text, root, &parser));
  TICKHOUSE_ASSIGN(JsonObject object, JsonObject::Of(element, root));
  std::string action;
  TICKHOUSE_TRY(object.Read("action", &action));
  if (IsStatistics(action)) return ChangeStatistics{action, JsonTextOf(element)};
  return ReadKind(kUpdates, &object, action);
}

template <typename T>
void PrintNumber(std::string_view word, std::string_view name, const T& value, JsonText* json) {
  json->Member("type", word);
  json->Member(name, value);
}

struct RequirementPrinter {
  JsonText* json;

  void operator()(const AssertCreate&) const {
    json->Member("type", std::string_view("assert-create"));
  }
  void operator()(const AssertTableUuid& r) const {
    PrintNumber("assert-table-uuid", "uuid", r.uuid, json);
  }
  void operator()(const AssertRefSnapshotId& r) const {
    PrintNumber("assert-ref-snapshot-id", "ref", r.ref, json);
    json->Key("snapshot-id");  // Null has a meaning here.
    if (r.snapshot_id) {
      json->Number(*r.snapshot_id);
    } else {
      json->Raw("null");
    }
  }
  void operator()(const AssertLastAssignedFieldId& r) const {
    PrintNumber("assert-last-assigned-field-id", "last-assigned-field-id", r.last_assigned_field_id,
                json);
  }
  void operator()(const AssertCurrentSchemaId& r) const {
    PrintNumber("assert-current-schema-id", "current-schema-id", r.current_schema_id, json);
  }
  void operator()(const AssertLastAssignedPartitionId& r) const {
    PrintNumber("assert-last-assigned-partition-id", "last-assigned-partition-id",
                r.last_assigned_partition_id, json);
  }
  void operator()(const AssertDefaultSpecId& r) const {
    PrintNumber("assert-default-spec-id", "default-spec-id", r.default_spec_id, json);
  }
  void operator()(const AssertDefaultSortOrderId& r) const {
    PrintNumber("assert-default-sort-order-id", "default-sort-order-id", r.default_sort_order_id,
                json);
  }
};

struct UpdatePrinter {
  JsonText* json;

  void Action(std::string_view word) const { json->Member("action", word); }

  template <typename T>
  void Part(std::string_view word, std::string_view name, const T& part,
            void (*print)(const T&, JsonText*)) const {
    Action(word);
    json->Key(name);
    print(part, json);
  }
  template <typename T>
  void One(std::string_view word, std::string_view name, const T& value) const {
    Action(word);
    json->Member(name, value);
  }
  template <typename T>
  void List(std::string_view word, std::string_view name, const T& values) const {
    Action(word);
    json->ArrayMember(name, values);
  }

  void operator()(const AssignUuid& u) const { One("assign-uuid", "uuid", u.uuid); }
  void operator()(const UpgradeFormatVersion& u) const {
    One("upgrade-format-version", "format-version", u.format_version);
  }
  void operator()(const AddSchema& u) const {
    Part("add-schema", "schema", u.schema, PrintSchema);
    json->Member("last-column-id", u.schema.MaxFieldId());  // Older servers ask for it.
  }
  void operator()(const SetCurrentSchema& u) const {
    One("set-current-schema", "schema-id", u.schema_id);
  }
  void operator()(const AddPartitionSpec& u) const {
    Part("add-spec", "spec", u.spec, PrintPartitionSpec);
  }
  void operator()(const SetDefaultSpec& u) const { One("set-default-spec", "spec-id", u.spec_id); }
  void operator()(const AddSortOrder& u) const {
    Part("add-sort-order", "sort-order", u.order, PrintSortOrder);
  }
  void operator()(const SetDefaultSortOrder& u) const {
    One("set-default-sort-order", "sort-order-id", u.sort_order_id);
  }
  void operator()(const AddSnapshot& u) const {
    Part("add-snapshot", "snapshot", u.snapshot, PrintSnapshot);
  }
  void operator()(const SetSnapshotRef& u) const {
    One("set-snapshot-ref", "ref-name", u.name);
    PrintSnapshotRefMembers(u.ref, json);
  }
  void operator()(const RemoveSnapshotRef& u) const {
    One("remove-snapshot-ref", "ref-name", u.name);
  }
  void operator()(const RemoveSnapshots& u) const {
    List("remove-snapshots", "snapshot-ids", u.snapshot_ids);
  }
  void operator()(const SetLocation& u) const { One("set-location", "location", u.location); }
  void operator()(const SetProperties& u) const { One("set-properties", "updates", u.updates); }
  void operator()(const RemoveProperties& u) const {
    List("remove-properties", "removals", u.removals);
  }
  void operator()(const RemovePartitionSpecs& u) const {
    List("remove-partition-specs", "spec-ids", u.spec_ids);
  }
  void operator()(const RemoveSchemas& u) const {
    List("remove-schemas", "schema-ids", u.schema_ids);
  }
  void operator()(const ChangeStatistics& u) const { json->MembersOf(u.json); }
};

template <typename Printer, typename Variant>
std::string Print(const Variant& variant) {
  JsonText json;
  json.BeginObject();
  std::visit(Printer{&json}, variant);
  json.EndObject();
  return std::move(json).Take();
}

}  // namespace

std::string RequirementToJson(const TableRequirement& requirement) {
  return Print<RequirementPrinter>(requirement);
}

Result<TableRequirement> ParseRequirement(std::string_view text) {
  auto requirement = ReadRequirement(text);
  if (!requirement) return Refused(std::move(requirement).error());
  return requirement;
}

std::string UpdateToJson(const TableUpdate& update) {
  return Print<UpdatePrinter>(update);
}

Result<TableUpdate> ParseUpdate(std::string_view text) {
  auto update = ReadUpdate(text);
  if (!update) return Refused(std::move(update).error());
  return update;
}

}  // namespace tickhouse::lake
