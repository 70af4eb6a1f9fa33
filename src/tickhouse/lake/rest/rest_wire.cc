#include "tickhouse/lake/rest/rest_wire.h"

#include <fmt/format.h>

#include <charconv>
#include <utility>

#include "tickhouse/io/net/http_client.h"
#include "tickhouse/lake/format/json/parts.h"

namespace tickhouse::lake {

namespace {

constexpr char kSeparator = '\x1F';
constexpr char kFormatVersion[] = "format-version";

// Reads one document that must be an object.
template <typename T, typename Read>
Result<T> Body(std::string_view text, std::string_view name, Read read) {
  const auto parsed = [&]() -> Result<T> {
    const JsonPath root{nullptr, name, 0};
    simdjson::dom::parser parser;
    TICKHOUSE_ASSIGN(const JsonElement element, ParseJson(text, root, &parser));
    TICKHOUSE_ASSIGN(JsonObject object, JsonObject::Of(element, root));
    T value;
    TICKHOUSE_TRY(read(object, &value));
    return value;
  };
  auto value = parsed();
  if (!value && value.error().kind == ErrorKind::kCorrupt) {
    return Fail(ErrorKind::kInvalidArgument, value.error().message);
  }
  return value;
}

template <typename Print>
std::string Object(Print print) {
  JsonText json;
  json.BeginObject();
  print(json);
  json.EndObject();
  return std::move(json).Take();
}

void PrintIdentifier(const TableIdentifier& identifier, JsonText* json) {
  json->BeginObject();
  json->ArrayMember("namespace", identifier.ns);
  json->Member("name", identifier.name);
  json->EndObject();
}

Status ReadIdentifier(JsonElement element, const JsonPath& path, TableIdentifier* identifier) {
  TICKHOUSE_ASSIGN(JsonObject object, JsonObject::Of(element, path));
  TICKHOUSE_TRY(object.Read("namespace", &identifier->ns));
  return object.Read("name", &identifier->name);
}

Status ReadLevels(JsonElement element, const JsonPath& path, Namespace* ns) {
  return ReadJson(element, path, ns);
}

template <typename T, typename Read>
Status ReadList(JsonObject& object, std::string_view name, std::vector<T>* values, Read read) {
  TICKHOUSE_ASSIGN(const JsonElement element, object.TakeRequired(name));
  return ReadJsonArray(element, object.At(name), values, read);
}

template <typename T>
Status ReadPart(JsonObject& object, std::string_view name, T* value,
                Status (*read)(JsonElement, const JsonPath&, T*)) {
  const auto element = object.Take(name);
  return element ? read(*element, object.At(name), value) : Status();
}

Status TakeFormatVersion(CreateTableRequest* request) {
  const auto found = request->properties.find(kFormatVersion);
  if (found == request->properties.end()) return {};
  const std::string& text = found->second;
  const auto [end, error] =
      std::from_chars(text.data(), text.data() + text.size(), request->format_version);
  if (error != std::errc() || end != text.data() + text.size()) {
    return Fail(ErrorKind::kInvalidArgument,
                fmt::format("property {}: '{}' is no number", kFormatVersion, text));
  }
  request->properties.erase(found);
  return {};
}

void PrintCommitMembers(const TableCommit& commit, JsonText& json) {
  json.Key("identifier");
  PrintIdentifier(commit.identifier, &json);
  json.Key("requirements");
  json.BeginArray();
  for (const TableRequirement& requirement : commit.requirements) {
    json.Raw(RequirementToJson(requirement));
  }
  json.EndArray();
  json.Key("updates");
  json.BeginArray();
  for (const TableUpdate& update : commit.updates) json.Raw(UpdateToJson(update));
  json.EndArray();
}

Status ReadCommitMembers(JsonObject& object, TableCommit* commit) {
  TICKHOUSE_TRY(ReadPart(object, "identifier", &commit->identifier, ReadIdentifier));
  TICKHOUSE_TRY(ReadList(object, "requirements", &commit->requirements,
                         [](JsonElement each, const JsonPath&, TableRequirement* value) -> Status {
                           TICKHOUSE_ASSIGN(*value, ParseRequirement(JsonTextOf(each)));
                           return {};
                         }));
  return ReadList(object, "updates", &commit->updates,
                  [](JsonElement each, const JsonPath&, TableUpdate* value) -> Status {
                    TICKHOUSE_ASSIGN(*value, ParseUpdate(JsonTextOf(each)));
                    return {};
                  });
}

}  // namespace

std::string NamespacePath(const Namespace& ns) {
  return io::PercentEncode(fmt::format("{}", fmt::join(ns, std::string(1, kSeparator))));
}

Namespace ParseNamespacePath(std::string_view segment) {
  Namespace ns;
  while (true) {
    const std::size_t end = segment.find(kSeparator);
    ns.emplace_back(segment.substr(0, end));
    if (end == std::string_view::npos) return ns;
    segment.remove_prefix(end + 1);
  }
}

std::string PrintNamespaceBody(const NamespaceBody& body) {
  return Object([&](JsonText& json) {
    json.ArrayMember("namespace", body.ns);
    json.Member("properties", body.properties);
  });
}

Result<NamespaceBody> ParseNamespaceBody(std::string_view text) {
  return Body<NamespaceBody>(text, "namespace", [](JsonObject& object, NamespaceBody* body) {
    const Status read = object.Read("namespace", &body->ns);
    return read ? object.ReadIfThere("properties", &body->properties) : read;
  });
}

std::string PrintPropertiesChange(const PropertiesChange& change) {
  return Object([&](JsonText& json) {
    json.ArrayMember("removals", change.removals);
    json.Member("updates", change.updates);
  });
}

Result<PropertiesChange> ParsePropertiesChange(std::string_view text) {
  return Body<PropertiesChange>(
      text, "properties", [](JsonObject& object, PropertiesChange* change) {
        const Status read = object.ReadIfThere("removals", &change->removals);
        return read ? object.ReadIfThere("updates", &change->updates) : read;
      });
}

std::string PrintPropertiesAnswer(const PropertiesChange& change, const Properties& before) {
  std::vector<std::string> updated, removed, missing;
  for (const auto& [key, value] : change.updates) updated.push_back(key);
  for (const std::string& key : change.removals) {
    (before.contains(key) ? removed : missing).push_back(key);
  }
  return Object([&](JsonText& json) {
    json.ArrayMember("updated", updated);
    json.ArrayMember("removed", removed);
    json.ArrayMember("missing", missing);
  });
}

std::string PrintNamespacePage(const NamespacePage& page) {
  return Object([&](JsonText& json) {
    json.Key("namespaces");
    json.BeginArray();
    for (const Namespace& ns : page.namespaces) {
      json.BeginArray();
      for (const std::string& level : ns) json.String(level);
      json.EndArray();
    }
    json.EndArray();
    if (!page.next_page.empty()) json.Member("next-page-token", page.next_page);
  });
}

Result<NamespacePage> ParseNamespacePage(std::string_view text) {
  return Body<NamespacePage>(text, "namespaces", [](JsonObject& object, NamespacePage* page) {
    const Status read = ReadList(object, "namespaces", &page->namespaces, ReadLevels);
    return read ? object.ReadIfThere("next-page-token", &page->next_page) : read;
  });
}

std::string PrintTablePage(const TablePage& page) {
  return Object([&](JsonText& json) {
    json.Key("identifiers");
    json.BeginArray();
    for (const TableIdentifier& table : page.tables) PrintIdentifier(table, &json);
    json.EndArray();
    if (!page.next_page.empty()) json.Member("next-page-token", page.next_page);
  });
}

Result<TablePage> ParseTablePage(std::string_view text) {
  return Body<TablePage>(text, "tables", [](JsonObject& object, TablePage* page) {
    const Status read = ReadList(object, "identifiers", &page->tables, ReadIdentifier);
    return read ? object.ReadIfThere("next-page-token", &page->next_page) : read;
  });
}

std::string PrintCreateTable(const CreateTableRequest& request, bool stage) {
  return Object([&](JsonText& json) {
    json.Member("name", request.identifier.name);
    if (!request.location.empty()) json.Member("location", request.location);
    json.Key("schema");
    json.Raw(SchemaToJson(request.schema));
    json.Key("partition-spec");
    json.Raw(PartitionSpecToJson(request.spec));
    json.Key("write-order");
    json.Raw(SortOrderToJson(request.sort_order));
    json.Member("stage-create", stage);
    Properties properties = request.properties;
    properties[kFormatVersion] = fmt::to_string(request.format_version);
    json.Member("properties", properties);
  });
}

Result<CreateTableBody> ParseCreateTable(const Namespace& ns, std::string_view text) {
  return Body<CreateTableBody>(
      text, "table", [&](JsonObject& object, CreateTableBody* body) -> Status {
        CreateTableRequest& request = body->request;
        request.identifier.ns = ns;
        TICKHOUSE_TRY(object.Read("name", &request.identifier.name));
        TICKHOUSE_ASSIGN(const JsonElement schema, object.TakeRequired("schema"));
        TICKHOUSE_TRY(ReadSchema(schema, object.At("schema"), &request.schema));
        TICKHOUSE_TRY(ReadPart(object, "partition-spec", &request.spec, ReadPartitionSpec));
        TICKHOUSE_TRY(ReadPart(object, "write-order", &request.sort_order, ReadSortOrder));
        TICKHOUSE_TRY(object.ReadIfThere("location", &request.location));
        TICKHOUSE_TRY(object.ReadIfThere("properties", &request.properties));
        TICKHOUSE_TRY(object.ReadIfThere("stage-create", &body->stage));
        return TakeFormatVersion(&request);
      });
}

std::string PrintRegister(const RegisterBody& body) {
  return Object([&](JsonText& json) {
    json.Member("name", body.name);
    json.Member("metadata-location", body.metadata_location);
    if (body.overwrite) json.Member("overwrite", true);
  });
}

Result<RegisterBody> ParseRegister(std::string_view text) {
  return Body<RegisterBody>(text, "register", [](JsonObject& object, RegisterBody* body) -> Status {
    TICKHOUSE_TRY(object.Read("name", &body->name));
    TICKHOUSE_TRY(object.Read("metadata-location", &body->metadata_location));
    return object.ReadIfThere("overwrite", &body->overwrite);
  });
}

std::string PrintRename(const RenameBody& body) {
  return Object([&](JsonText& json) {
    json.Key("source");
    PrintIdentifier(body.source, &json);
    json.Key("destination");
    PrintIdentifier(body.destination, &json);
  });
}

Result<RenameBody> ParseRename(std::string_view text) {
  return Body<RenameBody>(text, "rename", [](JsonObject& object, RenameBody* body) -> Status {
    TICKHOUSE_ASSIGN(const JsonElement source, object.TakeRequired("source"));
    TICKHOUSE_ASSIGN(const JsonElement destination, object.TakeRequired("destination"));
    TICKHOUSE_TRY(ReadIdentifier(source, object.At("source"), &body->source));
    return ReadIdentifier(destination, object.At("destination"), &body->destination);
  });
}

std::string PrintCommit(const TableCommit& commit) {
  return Object([&](JsonText& json) { PrintCommitMembers(commit, json); });
}

Result<TableCommit> ParseCommit(const TableIdentifier& expected, std::string_view text) {
  return Body<TableCommit>(text, "commit", [&](JsonObject& object, TableCommit* commit) -> Status {
    TICKHOUSE_TRY(ReadCommitMembers(object, commit));
    if (commit->identifier == TableIdentifier()) commit->identifier = expected;
    if (commit->identifier == expected) return {};
    return Fail(ErrorKind::kInvalidArgument,
                fmt::format("commit: the body is for table {}, the path for {}",
                            commit->identifier.ToString(), expected.ToString()));
  });
}

std::string PrintTransaction(const std::vector<TableCommit>& commits) {
  return Object([&](JsonText& json) {
    json.Key("table-changes");
    json.BeginArray();
    for (const TableCommit& commit : commits) json.Raw(PrintCommit(commit));
    json.EndArray();
  });
}

Result<std::vector<TableCommit>> ParseTransaction(std::string_view text) {
  using Commits = std::vector<TableCommit>;
  return Body<Commits>(text, "transaction", [](JsonObject& object, Commits* commits) {
    return ReadList(object, "table-changes", commits,
                    [](JsonElement each, const JsonPath& path, TableCommit* commit) -> Status {
                      TICKHOUSE_ASSIGN(JsonObject change, JsonObject::Of(each, path));
                      TICKHOUSE_TRY(ReadCommitMembers(change, commit));
                      if (!commit->identifier.name.empty()) return {};
                      return JsonFault(change.At("identifier"), "missing");
                    });
  });
}

std::string PrintLoadedTable(const LoadedTable& table) {
  return Object([&](JsonText& json) {
    if (!table.metadata_location.empty()) {
      json.Member("metadata-location", table.metadata_location);
    }
    json.Key("metadata");
    json.Raw(TableMetadataToJson(*table.metadata));
    json.Member("config", Properties());
  });
}

Result<LoadedTable> ParseLoadedTable(const TableIdentifier& identifier, std::string_view text) {
  LoadedTable table{.identifier = identifier, .metadata_location = {}, .metadata = {}};
  const JsonPath root{nullptr, "table", 0};
  simdjson::dom::parser parser;
  TICKHOUSE_ASSIGN(const JsonElement element, ParseJson(text, root, &parser));
  TICKHOUSE_ASSIGN(JsonObject object, JsonObject::Of(element, root));
  TICKHOUSE_TRY(object.ReadIfThere("metadata-location", &table.metadata_location));
  TICKHOUSE_ASSIGN(const JsonElement inner, object.TakeRequired("metadata"));
  TICKHOUSE_ASSIGN(TableMetadata parsed, ParseTableMetadata(JsonTextOf(inner)));
  table.metadata = std::make_shared<const TableMetadata>(std::move(parsed));
  return table;
}

std::string PrintCatalogConfig(const CatalogConfig& config) {
  return Object([&](JsonText& json) {
    json.Member("defaults", config.defaults);
    json.Member("overrides", config.overrides);
    if (!config.endpoints.empty()) json.ArrayMember("endpoints", config.endpoints);
    if (!config.idempotency_key_lifetime.empty()) {
      json.Member("idempotency-key-lifetime", config.idempotency_key_lifetime);
    }
  });
}

Result<CatalogConfig> ParseCatalogConfig(std::string_view text) {
  return Body<CatalogConfig>(
      text, "config", [](JsonObject& object, CatalogConfig* config) -> Status {
        TICKHOUSE_TRY(object.ReadIfThere("defaults", &config->defaults));
        TICKHOUSE_TRY(object.ReadIfThere("overrides", &config->overrides));
        TICKHOUSE_TRY(object.ReadIfThere("endpoints", &config->endpoints));
        return object.ReadIfThere("idempotency-key-lifetime", &config->idempotency_key_lifetime);
      });
}

std::string PrintTokenAnswer(const TokenAnswer& answer) {
  return Object([&](JsonText& json) {
    json.Member("access_token", answer.access_token);
    json.Member("token_type", "bearer");
    json.Member("issued_token_type", "urn:ietf:params:oauth:token-type:access_token");
    if (answer.expires_in_s > 0) json.Member("expires_in", answer.expires_in_s);
  });
}

Result<TokenAnswer> ParseTokenAnswer(std::string_view text) {
  return Body<TokenAnswer>(text, "token", [](JsonObject& object, TokenAnswer* answer) -> Status {
    TICKHOUSE_TRY(object.Read("access_token", &answer->access_token));
    return object.ReadIfThere("expires_in", &answer->expires_in_s);
  });
}

}  // namespace tickhouse::lake
