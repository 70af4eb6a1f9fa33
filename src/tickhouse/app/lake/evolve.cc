#include "tickhouse/app/lake/evolve.h"

#include <fmt/format.h>

#include <optional>
#include <utility>

#include "tickhouse/app/lake/table_change.h"
#include "tickhouse/lake/update/evolution/schema_update.h"
#include "tickhouse/lake/update/evolution/spec_update.h"

namespace tickhouse::app {

namespace {

using lake::CommitOutcome;
using lake::SchemaChange;
using lake::SpecChange;

std::unexpected<Error> Wrong(std::string_view option, const std::string& text,
                             std::string_view form) {
  return Fail(ErrorKind::kInvalidArgument, fmt::format("{} '{}': write {}", option, text, form));
}

// "a b c" -> {"a", "b c"}; the second is empty when there is no space.
std::pair<std::string, std::string> Split(const std::string& text, char at) {
  const std::size_t place = text.find(at);
  if (place == std::string::npos) return {text, ""};
  std::string rest = text.substr(place + 1);
  if (at == ' ') rest.erase(0, rest.find_first_not_of(' '));
  return {text.substr(0, place), std::move(rest)};
}

Result<lake::Type> TypeNamed(std::string_view option, const std::string& text,
                             const std::string& type) {
  auto parsed = lake::ParsePrimitiveType(type);
  if (parsed) return parsed;
  return Wrong(option, text, "column and type, such as 'volume double' or 'lots decimal(9,2)'");
}

std::pair<std::string, std::string> ParentAndName(const std::string& path) {
  const std::size_t dot = path.rfind('.');
  if (dot == std::string::npos) return {"", path};
  return {path.substr(0, dot), path.substr(dot + 1)};
}

Result<SchemaChange> MoveOf(const std::string& text) {
  const auto [path, where] = Split(text, ' ');
  const auto [word, other] = Split(where, ' ');
  if (word == "first" && other.empty()) return lake::MoveColumn{path, lake::ColumnPlace::kFirst};
  if (word == "last" && other.empty()) return lake::MoveColumn{path, lake::ColumnPlace::kLast};
  if (word == "before" && !other.empty()) {
    return lake::MoveColumn{path, lake::ColumnPlace::kBefore, other};
  }
  if (word == "after" && !other.empty()) {
    return lake::MoveColumn{path, lake::ColumnPlace::kAfter, other};
  }
  return Wrong("--move-column", text, "'side first', 'side last' or 'side after bid'");
}

Result<std::vector<SchemaChange>> SchemaChanges(const EvolveRequest& request) {
  std::vector<SchemaChange> changes;
  for (const std::string& text : request.add_columns) {
    const auto [path, type] = Split(text, ' ');
    lake::AddColumn column;
    std::tie(column.parent, column.name) = ParentAndName(path);
    TICKHOUSE_ASSIGN(column.type, TypeNamed("--add-column", text, type));
    changes.emplace_back(std::move(column));
  }
  for (const std::string& path : request.drop_columns) changes.emplace_back(lake::DropColumn{path});
  for (const std::string& text : request.rename_columns) {
    const auto [path, name] = Split(text, '=');
    if (name.empty()) return Wrong("--rename-column", text, "old=new");
    changes.emplace_back(lake::RenameColumn{path, name});
  }
  for (const std::string& text : request.promote_columns) {
    const auto [path, type] = Split(text, ' ');
    lake::PromoteColumn column{.path = path, .type = {}};
    TICKHOUSE_ASSIGN(column.type, TypeNamed("--promote-column", text, type));
    changes.emplace_back(std::move(column));
  }
  for (const std::string& text : request.move_columns) {
    TICKHOUSE_ASSIGN(SchemaChange move, MoveOf(text));
    changes.push_back(std::move(move));
  }
  for (const std::string& text : request.doc_columns) {
    const auto [path, doc] = Split(text, '=');
    changes.emplace_back(
        lake::SetColumnDoc{path, doc.empty() ? std::optional<std::string>() : doc});
  }
  return changes;
}

// "month(datetime)" -> transform and column; "side" is identity.
Result<std::pair<lake::Transform, std::string>> TransformOf(std::string_view option,
                                                            const std::string& text) {
  const std::size_t open = text.find('(');
  if (open == std::string::npos) return std::pair{lake::Transform{}, text};
  const lake::Transform transform = lake::ParseTransform(text.substr(0, open));
  const std::string column =
      text.ends_with(')') ? text.substr(open + 1, text.size() - open - 2) : "";
  if (transform.kind == lake::TransformKind::kUnknown || column.empty()) {
    return Wrong(option, text,
                 "a transform of a column: year(datetime), month(...), day(...), hour(...), "
                 "bucket[16](...), truncate[4](...), or the column alone");
  }
  return std::pair{transform, column};
}

Result<std::vector<SpecChange>> SpecChanges(const EvolveRequest& request) {
  std::vector<SpecChange> changes;
  for (const std::string& name : request.drop_partitions) {
    changes.emplace_back(lake::RemovePartitionField{name});
  }
  for (const std::string& text : request.add_partitions) {
    TICKHOUSE_ASSIGN(const auto parsed, TransformOf("--add-partition", text));
    changes.emplace_back(
        lake::AddPartitionField{.source = parsed.second, .transform = parsed.first});
  }
  return changes;
}

Result<std::vector<lake::SortBy>> SortFields(const EvolveRequest& request) {
  std::vector<lake::SortBy> fields;
  if (request.sort_by.size() == 1 && request.sort_by[0] == "none") return fields;
  for (const std::string& text : request.sort_by) {
    const auto [what, direction] = Split(text, ' ');
    if (!direction.empty() && direction != "asc" && direction != "desc") {
      return Wrong("--sort-by", text, "a column, or 'column desc'; none for no order");
    }
    TICKHOUSE_ASSIGN(const auto parsed, TransformOf("--sort-by", what));
    const bool ascending = direction != "desc";
    fields.push_back({.source = parsed.second,
                      .transform = parsed.first,
                      .ascending = ascending,
                      .nulls_first = ascending});
  }
  return fields;
}

Result<lake::Properties> PropertiesOf(const EvolveRequest& request) {
  lake::Properties properties;
  for (const std::string& text : request.set_properties) {
    const auto [key, value] = Split(text, '=');
    if (key.empty() || text.find('=') == std::string::npos)
      return Wrong("--set", text, "key=value");
    properties[key] = value;
  }
  return properties;
}

// The steps that were made, as one.
struct Steps {
  CommitOutcome last = {};
  int made = 0;
  bool changed = false;

  Status Add(Result<CommitOutcome> outcome) {
    if (!outcome) {
      if (made == 0 || !changed) return Fail(std::move(outcome.error()));
      return Fail(outcome.error().WithContext("the changes before this one were made"));
    }
    changed = changed || outcome->changed;
    ++made;
    last = std::move(*outcome);
    return {};
  }
};

}  // namespace

Result<RunReport> LakeEvolve(const WorkspaceRequest& workspace, const EvolveRequest& request,
                             Environment& environment) {
  TICKHOUSE_ASSIGN(const std::vector<SchemaChange> schema, SchemaChanges(request));
  TICKHOUSE_ASSIGN(const std::vector<SpecChange> spec, SpecChanges(request));
  TICKHOUSE_ASSIGN(const std::vector<lake::SortBy> order, SortFields(request));
  TICKHOUSE_ASSIGN(const lake::Properties properties, PropertiesOf(request));
  TICKHOUSE_ASSIGN(const auto opened, OpenTable(workspace, request.table, environment));
  lake::UpdateSession& session = opened->session;
  Steps steps;
  if (request.format_version != 0) {
    TICKHOUSE_TRY(steps.Add(lake::UpgradeTable(session, opened->id, request.format_version)));
  }
  if (!schema.empty()) TICKHOUSE_TRY(steps.Add(lake::UpdateSchema(session, opened->id, schema)));
  if (!spec.empty()) TICKHOUSE_TRY(steps.Add(lake::UpdateSpec(session, opened->id, spec)));
  if (!request.sort_by.empty()) {
    TICKHOUSE_TRY(steps.Add(lake::ReplaceSortOrder(session, opened->id, order)));
  }
  if (!properties.empty() || !request.unset_properties.empty()) {
    TICKHOUSE_TRY(steps.Add(
        lake::UpdateProperties(session, opened->id, properties, request.unset_properties)));
  }
  if (steps.made == 0) {
    return Fail(ErrorKind::kInvalidArgument,
                "nothing to do: say what is to change, such as --add-column 'volume double'");
  }
  steps.last.changed = steps.changed;
  const lake::TableMetadata& now = *steps.last.table.metadata;
  return ChangeReport("lake evolve", *opened, steps.last,
                      fmt::format("schema {}, partition spec {}, sort order {}, {} properties",
                                  now.current_schema_id, now.default_spec_id,
                                  now.default_sort_order_id, now.properties.size()));
}

}  // namespace tickhouse::app
